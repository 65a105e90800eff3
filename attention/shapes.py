"""Checks at the package's door.

Each error names the rule, the argument that broke it and the shapes that came, so that the
reader of a traceback can act on its last line.
"""

import math

import torch
from torch import Tensor

from attention.precision import is_autocast


def check_tensor(name: str, tensor: Tensor, axes: int = 2) -> None:
    """Raise unless `tensor` is a floating-point tensor with at least `axes` axes."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, got {type(tensor).__name__}")
    if not tensor.is_floating_point():
        raise TypeError(f"{name} must hold floating-point numbers, got {tensor.dtype}")
    if tensor.ndim < axes:
        raise ValueError(f"{name} must have at least {axes} axes, got shape {tuple(tensor.shape)}")


def check_last_axis(name: str, tensor: Tensor, rule: str, size: int) -> None:
    """Raise unless the last axis of `tensor` has `size` numbers; `rule` is what they are called."""
    check_tensor(name, tensor)
    if tensor.shape[-1] != size:
        raise ValueError(
            f"the last axis of {name} must be {rule} = {size}, got shape {tuple(tensor.shape)}"
        )


def check_shape(name: str, tensor: Tensor, rule: str, shape: tuple[int, ...]) -> None:
    """Raise unless `tensor` has exactly this shape; `rule` names its axes."""
    if tuple(tensor.shape) != tuple(shape):
        raise ValueError(
            f"{name} must have shape {rule} = {tuple(shape)}, got {tuple(tensor.shape)}"
        )


def axes_in_front(left: Tensor, right: Tensor) -> tuple[int, ...]:
    """The axes before the last two (batch, heads) to which both broadcast."""
    front = left.shape[:-2]
    if front == right.shape[:-2]:
        return front  # as nearly always; broadcast_shapes takes as long as a small attention
    return torch.broadcast_shapes(front, right.shape[:-2])


def same_kind(left: Tensor, right: Tensor) -> bool:
    """Tell whether two share device and dtype; where autocast is on, it mends another dtype."""
    if left.dtype != right.dtype and not (is_autocast(left) and is_autocast(right)):
        return False
    return left.device == right.device


def check_kind(first: str, left: Tensor, second: str, right: Tensor) -> None:
    """Raise unless the two are `same_kind`."""
    if not same_kind(left, right):
        raise ValueError(
            f"{first} and {second} must have the same dtype and device, got {first} {left.dtype} "
            f"on {left.device} and {second} {right.dtype} on {right.device}"
        )


def check_alike(first: str, left: Tensor, second: str, right: Tensor) -> None:
    """Raise unless the two share dtype, device and, by broadcasting, the axes in front."""
    check_kind(first, left, second, right)
    try:
        axes_in_front(left, right)
    except RuntimeError:
        raise ValueError(
            f"the axes of {first} and {second} before the last two (batch, heads) must match, "
            f"got {first} {tuple(left.shape)} and {second} {tuple(right.shape)}"
        ) from None


def check_query_key(query: Tensor, key: Tensor, *, same_width: bool = True) -> None:
    """Raise unless each query can be compared with each key.

    Args:
        query: (..., query_len, d), d at least 1.
        key: (..., key_len, d), with at least one key.
        same_width: whether `d` must be the same in both (a learned score can join two widths).
    """
    check_tensor("query", query)
    check_tensor("key", key)
    if same_width and query.shape[-1] != key.shape[-1]:
        raise ValueError(
            "query and key must have the same last axis, "
            f"got query {tuple(query.shape)} and key {tuple(key.shape)}"
        )
    if query.shape[-1] == 0:
        raise ValueError(f"a query must hold at least one number, got query {tuple(query.shape)}")
    check_some_key(key)
    check_alike("query", query, "key", key)


def check_some_key(key: Tensor) -> None:
    """Raise unless there is a key (..., key_len, d): to attend to nothing is no average."""
    if key.shape[-2] == 0:
        raise ValueError(f"there must be at least one key, got key {tuple(key.shape)}")


def check_key_value(key: Tensor, value: Tensor) -> None:
    """Raise unless each key has exactly one value.

    Args:
        key: (..., key_len, d).
        value: (..., key_len, value_dim).
    """
    check_tensor("value", value)
    if key.shape[-2] != value.shape[-2]:
        raise ValueError(
            "each key needs one value (the same axis -2), "
            f"got key {tuple(key.shape)} and value {tuple(value.shape)}"
        )
    check_alike("key", key, "value", value)


def check_attention(query: Tensor, key: Tensor, value: Tensor) -> None:
    """Raise unless query (..., query_len, d), key and value (..., key_len, ·) belong together."""
    check_query_key(query, key)
    check_key_value(key, value)
    check_alike("query", query, "value", value)


def check_scale(scale: float | None) -> None:
    """Raise unless scores can be multiplied by it: ∞ · 0 is NaN."""
    if scale is not None and not math.isfinite(scale):
        raise ValueError(f"scale must be a finite number, got {scale}")


def check_positive(name: str, number: float) -> None:
    """Raise unless `number` is greater than zero."""
    if not number > 0:
        raise ValueError(f"{name} must be greater than zero, got {number}")


def check_count(name: str, number: int, least: int) -> None:
    """Raise unless `number` is a whole number and not below `least`."""
    if not isinstance(number, int) or isinstance(number, bool):
        raise TypeError(f"{name} must be a whole number, got {number!r}")
    if number < least:
        raise ValueError(f"{name} must be at least {least}, got {number}")
