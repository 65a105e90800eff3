"""What Hugging Face calls the tensors of a Whisper, and what they are called in `Whisper`."""

import torch
from torch import Tensor

# Replaced in this order: the longer names before those that are a part of them.
NAMES = {
    "embed_tokens": "token",
    "encoder.embed_positions.weight": "encoder.position",
    "embed_positions": "position",
    "layers": "blocks",
    "encoder_attn_layer_norm": "cross_attention_norm",
    "encoder_attn": "cross_attention",
    "self_attn_layer_norm": "self_attention_norm",
    "self_attn": "self_attention",
    "q_proj": "to_query",
    "k_proj": "to_key",
    "v_proj": "to_value",
    "out_proj": "to_output",
    "final_layer_norm": "feed_forward_norm",
    "layer_norm": "norm",
    "fc1": "feed_forward.expand",
    "fc2": "feed_forward.contract",
}
PREFIX = "model."  # of the model under its head; the head is the token table once more
IN_ENCODER = "encoder.blocks."  # its blocks have one attention, called so


def rename(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Give Hugging Face's Whisper tensors the names that they have in `Whisper`, in float32.

    Whisper's keys have no bias, since one would change nothing. Ours have, and are given zeros.
    """
    renamed = {}
    for name, tensor in state.items():
        if not name.startswith(PREFIX):
            continue
        name = name.removeprefix(PREFIX)
        for theirs, ours in NAMES.items():
            name = name.replace(theirs, ours)
        if name.startswith(IN_ENCODER):
            name = name.replace("self_attention", "attention")
        renamed[name] = tensor.float()
        if name.endswith("to_key.weight"):
            renamed[name.replace("weight", "bias")] = torch.zeros(len(tensor))
    return renamed
