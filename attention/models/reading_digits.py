"""Train models to read the digits, and see what a Vision Transformer looked at."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from attention.data.digits import N_CLASSES, SIDE, Part, batches
from attention.models.digit_cnn import DigitCNN
from attention.models.vit import BagOfPatches, VisionTransformer
from attention.rollout import rollout
from attention.training import trained, warmup_cosine

PATCH = 2  # pixels: 16 patches an image
SIZES = {"d_model": 48, "n_heads": 4, "n_layers": 3, "d_ff": 96, "dropout": 0.2}
STEPS, BATCH = 600, 32


def new_vit() -> VisionTransformer:
    """Build an untrained Vision Transformer for the digits."""
    return VisionTransformer(SIDE, PATCH, N_CLASSES, **SIZES)


def new_bag() -> BagOfPatches:
    """Build the same without positions."""
    return BagOfPatches(SIDE, PATCH, N_CLASSES, **SIZES)


def new_cnn() -> DigitCNN:
    """Build an untrained convolutional network with as many parameters, to one part in a hundred."""
    return DigitCNN(SIDE, N_CLASSES, (46, 128))


def practise(
    build: Callable[[], nn.Module], part: Part, seed: int, steps: int = STEPS
) -> nn.Module:
    """Build a model and train it on some digits; each model gets the same batches.

    Args:
        build: `new_vit`, `new_bag` or `new_cnn`.
        part: the images to train on.
        seed: of the first weights and of the batches.
        steps: batches of 32 images.
    """
    return trained(
        build,
        batches(part, BATCH),
        steps,
        lr=3e-3,
        schedule=warmup_cosine,
        weight_decay=0.05,
        seed=seed,
    )


@torch.no_grad()
def share_right(model: nn.Module, part: Part) -> float:
    """Measure the share of images that a trained model calls by their names."""
    return (model(part.images).argmax(-1) == part.labels).double().mean().item()


@torch.no_grad()
def class_rollout(model: VisionTransformer, images: Tensor) -> Tensor:
    """Follow the class token's attention down to the patches, for each image.

    Returns:
        (n, n_patches) shares: each row sums to one. What leads back to the class token itself is
        left out.
    """
    _, maps = model(images, return_weights=True)
    ways = torch.stack([rollout(each) for each in maps.unbind(1)])  # (n, length, length)
    to_patches = ways[:, 0, 1:]
    return to_patches / to_patches.sum(-1, keepdim=True)


def cover(images: Tensor, scores: Tensor, n_covered: int) -> Tensor:
    """Lay paper over the patches of each image that score highest.

    Args:
        images: (n, side, side).
        scores: (n, n_patches) numbers, for square patches in rows.
        n_covered: how many patches of each image.

    Returns:
        (n, side, side) new images.
    """
    n, n_patches = scores.shape
    covered = torch.zeros(n, n_patches, dtype=torch.bool)
    covered.scatter_(1, scores.topk(n_covered).indices, True)
    per_side = round(n_patches**0.5)
    squares = covered.view(n, per_side, per_side)
    size = images.shape[-1] // per_side
    return images.masked_fill(squares.repeat_interleave(size, 1).repeat_interleave(size, 2), 0.0)
