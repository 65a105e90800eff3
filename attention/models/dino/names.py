"""Hugging Face's names of DINOv2's weights, and the book's."""

import re

from torch import Tensor

# Regular expressions, for the part of a name behind "encoder.layer.3."
PARTS = {
    r"norm1": "attention_norm",
    r"norm2": "feed_forward_norm",
    r"attention\.(attention\.query|q_proj)": "attention.to_query",
    r"attention\.(attention\.key|k_proj)": "attention.to_key",
    r"attention\.(attention\.value|v_proj)": "attention.to_value",
    r"attention\.(output\.dense|o_proj)": "attention.to_output",
    r"mlp\.fc1": "feed_forward.expand",
    r"mlp\.fc2": "feed_forward.contract",
}
# Numbers that each layer's answer is multiplied by: the map that makes the answer takes them in.
SCALES = {"layer_scale1": "attention.to_output", "layer_scale2": "feed_forward.contract"}


def rename(theirs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Give weights the book's names and shapes.

    DINOv2 multiplies what a layer writes into the stream by a learned number for each of its
    d_model columns, its layer scale λ. As λ · (x W + b) = x (W λ) + λ b, the map takes λ in, and
    the block needs no part for it.

    Args:
        theirs: {name: tensor} as `Dinov2Model` has them.

    Returns:
        {name: tensor} as `Dino` has them. What is not known, such as the token that hides a patch
        in training, is left out.

    Raises:
        KeyError: a weight is missing.

    Source: Touvron et al. (2021), Going Deeper with Image Transformers, section 2, for layer scale.
    """
    patches = "embeddings.patch_embeddings.projection"
    ours = {
        "class_token": theirs["embeddings.cls_token"].flatten(),
        "position": theirs["embeddings.position_embeddings"][0],
        "to_token.weight": theirs[f"{patches}.weight"].flatten(1),  # (d_model, 3 · patch²)
        "to_token.bias": theirs[f"{patches}.bias"],
        "norm.weight": theirs["layernorm.weight"],
        "norm.bias": theirs["layernorm.bias"],
    }
    for name, tensor in theirs.items():
        layer = re.fullmatch(r"encoder\.layer\.(\d+)\.(.+)\.(weight|bias)", name)
        part = layer and next((p for t, p in PARTS.items() if re.fullmatch(t, layer[2])), None)
        if part:
            ours[f"blocks.{layer[1]}.{part}.{layer[3]}"] = tensor
    for name, scale in theirs.items():
        layer = re.fullmatch(r"encoder\.layer\.(\d+)\.(layer_scale[12])\.lambda1", name)
        if layer:
            part = f"blocks.{layer[1]}.{SCALES[layer[2]]}"
            ours[f"{part}.weight"] = ours[f"{part}.weight"] * scale[:, None]
            ours[f"{part}.bias"] = ours[f"{part}.bias"] * scale
    return ours
