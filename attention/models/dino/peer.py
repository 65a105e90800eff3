"""Hugging Face's DINOv2 with the weights of the book's, to be compared with."""

import warnings

import torch

from attention.models.dino.pretrained import as_published

NEWER = {"attention.query": "q_proj", "attention.key": "k_proj", "attention.value": "v_proj",
         "output.dense": "o_proj"}  # fmt: skip


def hugging_faces_dino(name: str | None = None):
    """Load what `load_dino` loads into `transformers`' own model.

    Args:
        name: as for `load_dino`.

    Returns:
        A `Dinov2Model` in evaluation mode. It expects colours that are normalised already.

    Raises:
        FileNotFoundError, ValueError: as `load_dino`.
        RuntimeError: a weight is missing or left over.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="IProgress")  # no progress bars here
        from transformers import Dinov2Config, Dinov2Model

    settings, weights, _ = as_published(name)
    config = Dinov2Config(**settings)
    for old, new in NEWER.items():
        parts = (f"attention.{old}", f"attention.{new}")
        weights = {key.replace(*parts): weight for key, weight in weights.items()}
    weights.setdefault("embeddings.mask_token", torch.zeros(1, config.hidden_size))  # for training
    with torch.device("meta"):
        model = Dinov2Model(config)
    model.load_state_dict(weights, assign=True)
    return model.eval().requires_grad_(False)
