"""What a trained Vision Transformer looks at in the digits, and whether its answers need it."""

import torch
from torch import Tensor

from attention.interpretation.rollout import rollout
from attention.models.judging import check_numbers
from attention.models.vision.vit import VisionTransformer


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

    Raises:
        ValueError: a score is NaN.
    """
    check_numbers("scores", scores)
    n, n_patches = scores.shape
    covered = torch.zeros(n, n_patches, dtype=torch.bool, device=scores.device)
    covered.scatter_(1, scores.topk(n_covered).indices, True)
    per_side = round(n_patches**0.5)
    squares = covered.view(n, per_side, per_side)
    size = images.shape[-1] // per_side
    return images.masked_fill(squares.repeat_interleave(size, 1).repeat_interleave(size, 2), 0.0)
