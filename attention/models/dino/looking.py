"""What a Vision Transformer's heads look at in a photograph, and what its vectors tell apart."""

import torch
from torch import Tensor


def class_maps(maps: Tensor, rows: int, columns: int) -> Tensor:
    """Lay out what the class token gives to each patch as pictures, one for each head.

    Args:
        maps: (n_layers, n_heads, length, length) weights of one image, length = 1 + rows · columns.
        rows, columns: of patches.

    Returns:
        (n_layers, n_heads, rows, columns). What the class token gives to itself is left out, so
        that a picture sums to less than one.
    """
    return maps[:, :, 0, 1:].unflatten(-1, (rows, columns))


def distances(rows: int, columns: int) -> Tensor:
    """Measure how far every patch is from every other, in patches.

    Returns:
        (rows · columns, rows · columns).
    """
    row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    places = torch.stack([row.flatten(), column.flatten()], dim=-1).float()
    return torch.cdist(places, places)


def mean_distance(maps: Tensor, rows: int, columns: int) -> Tensor:
    """Measure how far away each head looks, from patch to patch.

        far_h = mean over patches i of Σ_j w_ij · distance_ij / Σ_j w_ij, over the same for equal w

    Args:
        maps, rows, columns: as for `class_maps`.

    Returns:
        (n_layers, n_heads): 1 for a head that looks everywhere alike, 0 for one in which each patch
        looks at itself.

    Source: Dosovitskiy et al. (2021), figure 7, right, in pixels there.
    """
    far = distances(rows, columns).to(maps)
    weights = maps[:, :, 1:, 1:]
    looked = (weights * far).sum(-1) / weights.sum(-1)  # (n_layers, n_heads, n_patches)
    return looked.mean(-1) / far.mean()


def main_colours(vectors: Tensor, count: int = 3) -> Tensor:
    """Project vectors on the directions in which they differ most, each brought to 0 … 1.

    Args:
        vectors: (n, d_model).
        count: how many directions; three can be shown as red, green and blue.

    Returns:
        (n, count).
    """
    around = vectors - vectors.mean(dim=0)
    # The sign of a direction is nobody's: let the numbers that are far out be large
    _, _, directions = torch.linalg.svd(around, full_matrices=False)
    along = around @ directions[:count].T
    along = along * along.pow(3).sum(dim=0).sign()
    return (along - along.amin(0)) / (along.amax(0) - along.amin(0)).clamp(min=1e-12)


def ranks_inside(scores: Tensor, mask: Tensor) -> Tensor:
    """Ask how often a place inside a mask scores higher than one outside of it.

    Args:
        scores: (..., n) numbers.
        mask: (n,) booleans, True inside.

    Returns:
        (...) from 0 to 1, ties counting half: 0.5 is chance. (The area under the ROC curve.)

    Raises:
        ValueError: nothing is inside, or nothing outside.

    Source: Hanley and McNeil (1982), The Meaning and Use of the Area under a ROC Curve.
    """
    if mask.all() or not mask.any():
        raise ValueError(
            f"a mask must have an inside and an outside, got {int(mask.sum())} of {mask.numel()}"
        )
    inside, outside = scores[..., mask, None], scores[..., None, ~mask]
    wins = (inside > outside).float() + 0.5 * (inside == outside).float()
    return wins.mean(dim=(-1, -2))
