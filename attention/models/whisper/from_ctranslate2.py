"""Takes a Whisper out of a file of CTranslate2, under the names that Hugging Face gives it."""

import json
import re
from pathlib import Path

from torch import Tensor

from attention.data.ctranslate2 import read_ctranslate2

KIND = "WhisperSpec"
SIDES = "encoder", "decoder"
NAMES = {  # CTranslate2's, Hugging Face's
    "embeddings": "embed_tokens",
    "position_encodings/encodings": "embed_positions/weight",
    "layer_norm/gamma": "layer_norm/weight",
    "layer_norm/beta": "layer_norm/bias",
    "layer_": "layers/",
    "layers/norm": "layer_norm",  # which the line above has taken apart
    "self_attention/layer_norm": "self_attn_layer_norm",
    "self_attention/linear_1": "self_attn/out_proj",
    "ffn/layer_norm": "final_layer_norm",
    "ffn/linear_0": "fc1",
    "ffn/linear_1": "fc2",
    "attention/layer_norm": "encoder_attn_layer_norm",
    "attention/linear_0": "encoder_attn/q_proj",
    "attention/linear_2": "encoder_attn/out_proj",
}
STACKED = {  # several maps in one matrix, from the top
    "self_attention/linear_0": [f"self_attn/{part}_proj" for part in "qkv"],
    "attention/linear_1": [f"encoder_attn/{part}_proj" for part in "kv"],
}


def read_whisper(path: Path | str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read the weights of a Whisper under Hugging Face's names, as float32.

    The file has them as float16; to make float32 of 38 million numbers takes longer than to load
    them, and is done once here.

    Returns:
        (tensors, {"config": …}): the sizes as Hugging Face's config.json has them.

    Raises:
        ValueError: the file is cut short, of another version or kind of model, or its numbers are
            quantised.
    """
    kind, tensors = read_ctranslate2(path)
    if kind != KIND:
        raise ValueError(f"{path} holds a model of the kind {kind!r}, wanted {KIND!r}")
    named = {}
    for name, tensor in tensors.items():
        if name == "decoder/projection/weight" or tensor.ndim == 0:
            continue  # the token table once more; a setting
        if not tensor.is_floating_point():
            raise ValueError(
                f"{path} is quantised: {name} holds {tensor.dtype}, wanted float16 or float32"
            )
        for part, piece in _unstacked(name, tensor).items():
            if not part.endswith("k_proj/bias"):  # all zeros: a key's bias changes nothing
                named["model." + part.replace("/", ".")] = piece
    return named, {"config": json.dumps(_sizes(tensors))}


def _unstacked(name: str, tensor: Tensor) -> dict[str, Tensor]:
    """Cut a stack of maps apart, and translate the name of each."""
    stack = next((stack for stack in STACKED if f"/{stack}/" in name), name)
    names = [name.replace(stack, part) for part in STACKED.get(stack, [name])]
    for theirs, ours in NAMES.items():
        names = [name.replace(theirs, ours) for name in names]
    pieces = tensor.float().chunk(len(names))
    return {name: piece.clone() for name, piece in zip(names, pieces, strict=True)}


def _sizes(tensors: dict[str, Tensor]) -> dict[str, int | str]:
    names = " ".join(tensors)
    depth = {side: len(set(re.findall(rf"{side}/layer_\d+/", names))) for side in SIDES}
    vocab_size, d_model = tensors["decoder/embeddings/weight"].shape
    return {
        "model_type": "whisper",
        "vocab_size": vocab_size,
        "d_model": d_model,
        "encoder_layers": depth["encoder"],
        "decoder_layers": depth["decoder"],
        "encoder_attention_heads": int(tensors["encoder/num_heads"]),
        "decoder_attention_heads": int(tensors["decoder/num_heads"]),
        "encoder_ffn_dim": len(tensors["encoder/layer_0/ffn/linear_0/bias"]),
        "decoder_ffn_dim": len(tensors["decoder/layer_0/ffn/linear_0/bias"]),
        "num_mel_bins": tensors["encoder/conv1/weight"].shape[1],
        "max_source_positions": len(tensors["encoder/position_encodings/encodings"]),
        "max_target_positions": len(tensors["decoder/position_encodings/encodings"]),
    }
