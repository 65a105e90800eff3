"""Checks of masks and biases: what kind they are, where they are, and that they broadcast."""

from typing import NamedTuple

import torch
from torch import Tensor

from attention.shapes import check_tensor


class Checked(NamedTuple):
    """A mask that was held against its scores at a public door: inner steps take it as it is."""

    mask: Tensor | None


def check_boolean(mask: Tensor, or_else: str = "") -> None:
    """Raise unless the mask is a boolean tensor: a 0/1 mask has two possible readings.

    Args:
        mask: what came.
        or_else: what else the caller takes, for the message.
    """
    if not isinstance(mask, Tensor):
        raise TypeError(f"mask must be a torch.Tensor, got {type(mask).__name__}")
    if mask.dtype != torch.bool:
        rule = " ".join(["boolean, True may attend,", or_else]).rstrip(" ,")
        raise TypeError(f"mask must be {rule}, got {mask.dtype}")


def check_mask(mask: Tensor, scores_shape: tuple[int, ...], device: torch.device) -> None:
    """Raise unless `mask` is boolean or floating point, there, and broadcasts to the scores."""
    if not (isinstance(mask, Tensor) and mask.is_floating_point()):
        check_boolean(mask, "or floating point, to be added to the scores")
    check_mask_fits(mask, scores_shape, device)


def check_mask_fits(mask: Tensor, scores_shape: tuple[int, ...], device: torch.device) -> None:
    """Raise unless a mask, of whichever kind, is there and broadcasts to the scores."""
    hint = "a padding mask has shape (batch, 1, key_len)"
    check_broadcast("mask", mask, scores_shape, device, hint)


def check_bias(bias: Tensor, scores_shape: tuple[int, ...], device: torch.device) -> None:
    """Raise unless `bias` is floating point, there, and broadcasts to the scores."""
    check_tensor("bias", bias, axes=0)
    hint = "one number for each head, query and key"
    check_broadcast("bias", bias, scores_shape, device, hint)


def check_broadcast(
    name: str, tensor: Tensor, scores_shape: tuple[int, ...], device: torch.device, hint: str
) -> None:
    """Raise unless `tensor` is with the scores and broadcasts to their shape, and no further."""
    wanted = tuple(scores_shape)
    # By hand: torch.broadcast_shapes takes twice as long as a small attention.
    axes = zip(reversed(tensor.shape), reversed(wanted), strict=False)
    if tensor.ndim > len(wanted) or any(size not in (1, want) for size, want in axes):
        raise ValueError(
            f"{name} must broadcast to the scores, got {name} {tuple(tensor.shape)} "
            f"and scores {wanted} ({hint})"
        )
    if tensor.device != device:
        raise ValueError(
            f"{name} must be on the device of the scores, got {name} on {tensor.device} "
            f"and scores on {device}"
        )


def check_lengths(query_len: int, key_len: int) -> None:
    """Raise if a length is negative."""
    if query_len < 0 or key_len < 0:
        raise ValueError(
            f"lengths must not be negative, got query_len {query_len} and key_len {key_len}"
        )


def check_whole(name: str, tensor: Tensor) -> None:
    """Raise unless the tensor holds whole numbers."""
    if tensor.dtype == torch.bool or tensor.is_floating_point() or tensor.is_complex():
        raise TypeError(f"{name} must be whole numbers, got {tensor.dtype}")
