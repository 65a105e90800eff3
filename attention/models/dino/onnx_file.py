"""Reads the weights of a DINOv2 that was exported to ONNX, a format for whole computations."""

import json
from pathlib import Path

import torch
from torch import Tensor

# Exporting joins some weights with what is computed from them. What is left has the name of the
# step that reads it: the places' vectors, the class token's and the others', are apart.
PLACES = ("embeddings.Concat_6", "embeddings.Reshape_1")


def read_onnx(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read the weights under the names that Hugging Face's model has for them.

    What the model in the file computes besides, from DINOv2's vectors, is left out.

    Returns:
        (tensors, {"config": settings as JSON, with Hugging Face's words}).

    Raises:
        ValueError: the file is damaged, no ONNX, or holds another model.
    """
    named = _named(path)
    try:
        class_place, patch_places = (named.pop(name) for name in PLACES)
        width, _, patch, _ = named["embeddings.patch_embeddings.projection.weight"].shape
    except KeyError as error:
        raise ValueError(f"{path} holds no DINOv2: it has no weights called {error}") from None
    places = torch.cat([class_place, patch_places], dim=1)  # (1, 1 + side², d_model)
    n_layers = sum(name.endswith(".norm1.weight") for name in named)
    config = {
        "model_type": "dinov2",
        "hidden_size": width,
        "num_attention_heads": width // 64,  # no file says it; every DINOv2 has heads of 64
        "num_hidden_layers": n_layers,
        "patch_size": patch,
        "image_size": patch * round((places.shape[1] - 1) ** 0.5),
        "layer_norm_eps": 1e-6,
    }
    named["embeddings.position_embeddings"] = places
    return named, {"config": json.dumps(config)}


def _named(path: Path) -> dict[str, Tensor]:
    """The tensors of the part called "backbone"; one without a name takes that of its step."""
    import onnx  # here, for whoever has weights in another format
    from onnx import numpy_helper

    try:
        graph = onnx.load(str(path), load_external_data=False).graph
    except Exception as error:  # protobuf's own, of several kinds
        raise ValueError(f"{path} is damaged or no ONNX file, fetch it again: {error}") from error
    found = {tensor.name: tensor for tensor in graph.initializer}
    named = {name: tensor for name, tensor in found.items() if not name.startswith("onnx::")}
    turned = {}
    for step in graph.node:
        for source in step.input:
            if source in found and source not in named:
                turned[step.name.strip("/").replace("/", ".")] = found[source]
    tensors = {name: _tensor(tensor, numpy_helper) for name, tensor in named.items()}
    for name, tensor in turned.items():  # x W here, x Wᵀ in PyTorch
        matrix = name.removesuffix(".MatMul")
        numbers = _tensor(tensor, numpy_helper)
        tensors |= {f"{matrix}.weight": numbers.T} if matrix != name else {name: numbers}
    backbone = "backbone."
    return {
        name.removeprefix(backbone): tensor.contiguous()
        for name, tensor in tensors.items()
        if name.startswith(backbone) and tensor.is_floating_point()
    }


def _tensor(tensor, numpy_helper) -> Tensor:
    return torch.from_numpy(numpy_helper.to_array(tensor).copy())
