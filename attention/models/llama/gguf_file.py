"""Reads a model of the Llama family from a GGUF file, the format of llama.cpp.

GGUF holds everything in one file: sizes, vocabulary and weights, these in blocks of 32 small whole
numbers with a scale each. The package `gguf`, by the makers of the format, reads it.
"""

import json
from pathlib import Path

import torch
from torch import Tensor

from attention.models.llama.tokens import tokenizer_of

NAMES = {
    "token_embd": "token",
    "output_norm": "norm",
    "attn_norm": "attention_norm",
    "attn_q": "attention.to_query",
    "attn_k": "attention.to_key",
    "attn_v": "attention.to_value",
    "attn_output": "attention.to_output",
    "ffn_norm": "feed_forward_norm",
    "ffn_gate": "feed_forward.gate",
    "ffn_up": "feed_forward.up",
    "ffn_down": "feed_forward.down",
}
SIZES = {
    "vocab_size": "vocab_size",
    "d_model": "embedding_length",
    "n_heads": "attention.head_count",
    "n_kv_heads": "attention.head_count_kv",
    "n_layers": "block_count",
    "d_ff": "feed_forward_length",
    "max_len": "context_length",
    "rotary_base": "rope.freq_base",
    "norm_eps": "attention.layer_norm_rms_epsilon",
}


def read_gguf(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read weights, sizes and vocabulary.

    llama.cpp keeps the rows of each head's query and key maps in the order of neighbouring pairs,
    as `rotate` wants them, whatever the order in which the model was trained.

    Args:
        path: a GGUF file of version 2 or 3.

    Returns:
        (weights, texts): float32 tensors by their names in `Llama`, and as JSON the "sizes" that
        `Llama` takes and the "tokenizer".

    Raises:
        ValueError: the file is cut short, no GGUF, of another version, or holds another kind of
            model, or of tensors, than is read here.
    """
    from gguf import GGUFReader, dequantize  # here, for few need it: a quarter of a second

    try:
        file = GGUFReader(path)
        known = {name: field.contents() for name, field in file.fields.items()}
        tensors = {
            each.name: dequantize(each.data, each.tensor_type).astype("float32")
            for each in file.tensors
        }
    except Exception as error:  # of many kinds, as the bytes have it
        raise ValueError(
            f"{path} is cut short, damaged, or not a GGUF file of version 2 or 3 in a format that "
            f"the package gguf reads: {error}"
        ) from error
    if known.get("general.architecture") != "llama":
        raise ValueError(
            f"{path} must hold a model of the architecture 'llama', got "
            f"{known.get('general.architecture')!r}"
        )
    weights = {_name(name, path): torch.from_numpy(numbers) for name, numbers in tensors.items()}
    sizes = {ours: known[f"llama.{theirs}"] for ours, theirs in SIZES.items()}
    return weights, {"sizes": json.dumps(sizes), "tokenizer": tokenizer_of(known).to_str()}


def _name(name: str, path: Path) -> str:
    """Ours for llama.cpp's, such as "blk.0.attn_q.weight"."""
    *layer, kind, end = name.removeprefix("blk.").split(".")
    if kind not in NAMES or end != "weight":
        raise ValueError(f"{path} holds a tensor that `Llama` has no place for: {name}")
    return "".join(f"blocks.{number}." for number in layer) + f"{NAMES[kind]}.weight"
