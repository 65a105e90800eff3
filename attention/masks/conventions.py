"""Masks in the words of other libraries, and back.

A mask the wrong way round raises no error: the model runs, and attends to what it should not. So
each pair of functions is called by the argument that it is for. All raise TypeError for a dtype
that cannot be read, and ValueError for other axes.
"""

import torch
from torch import Tensor

from attention.masks.checks import check_boolean
from attention.masks.join import add_head_axis
from attention.shapes import check_tensor

HIDES = -1e4
"""Added to a score, this or less is meant to hide: −∞, a dtype's lowest number, or −10 000."""


def to_added_mask(mask: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """Write a mask as numbers to be added to the scores: 0 where it allows, −∞ where it hides.

    PyTorch takes it everywhere, and Hugging Face's models once it has four axes.

    Args:
        mask: boolean, True may attend.
        dtype: of the numbers; PyTorch's default if not given.

    Returns:
        The same shape, floating point.
    """
    check_boolean(mask)
    return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill(~mask, -torch.inf)


def from_added_mask(added: Tensor, name: str = "added") -> Tensor:
    """Read numbers that are added to the scores: 0 allows, and −10 000 or less hides.

    Args:
        added: floating point.
        name: what it is called, for the errors.

    Returns:
        The same shape, boolean, True may attend.

    Raises:
        ValueError: a number does neither; then it is a bias, and more than a mask.
    """
    check_tensor(name, added, axes=0)
    mask = added == 0
    neither = ~mask & ~(added <= HIDES)
    if neither.any():
        raise ValueError(
            f"{name} must hold 0 (may attend) or at most {HIDES:g} (hidden), got "
            f"{added[neither][0].item():g}: that is a bias, and more than a mask"
        )
    return mask


def to_attn_mask(mask: Tensor, n_heads: int) -> Tensor:
    """Turn a mask round for the `attn_mask` of `nn.MultiheadAttention`, where True is hidden.

    Args:
        mask: boolean, True may attend: (query_len, key_len), (batch, query_len, key_len) or
            (batch, n_heads, query_len, key_len), a row for every query.
        n_heads: the module's.

    Returns:
        (query_len, key_len) or (batch · n_heads, query_len, key_len).
    """
    check_boolean(mask)
    if mask.ndim == 2:
        return ~mask
    heads = add_head_axis(mask)  # (batch, 1 or n_heads, query_len, key_len)
    if heads.ndim != 4 or heads.shape[1] not in (1, n_heads):
        raise ValueError(
            "mask must have axes (query_len, key_len), with a batch in front, or a batch and "
            f"n_heads = {n_heads}, got {tuple(mask.shape)}"
        )
    return ~heads.expand(-1, n_heads, -1, -1).flatten(0, 1)


def from_attn_mask(attn_mask: Tensor, n_heads: int) -> Tensor:
    """Read the `attn_mask` of `nn.MultiheadAttention`.

    Args:
        attn_mask: (query_len, key_len) or (batch · n_heads, query_len, key_len); boolean, True is
            hidden, or floating point, added.
        n_heads: the module's.

    Returns:
        (query_len, key_len) or (batch, n_heads, query_len, key_len), boolean, True may attend.
    """
    mask = _turned_round("attn_mask", attn_mask)
    if mask.ndim == 2:
        return mask
    if mask.ndim != 3 or len(mask) % n_heads != 0:
        raise ValueError(
            "attn_mask must have axes (query_len, key_len) or (batch · n_heads, query_len, "
            f"key_len) with n_heads = {n_heads}, got {tuple(mask.shape)}"
        )
    return mask.unflatten(0, (-1, n_heads))


def to_key_padding_mask(mask: Tensor) -> Tensor:
    """Turn a padding mask round for `nn.MultiheadAttention`: (batch, key_len), True is hidden.

    Args:
        mask: (batch, 1, key_len) boolean, True may attend.
    """
    return ~_for_every_query(mask)


def from_key_padding_mask(key_padding_mask: Tensor) -> Tensor:
    """Read the `key_padding_mask` of `nn.MultiheadAttention`: (batch, 1, key_len), True may attend.

    Args:
        key_padding_mask: (batch, key_len); boolean, True is hidden, or floating point, added.
    """
    return _turned_round("key_padding_mask", key_padding_mask).unsqueeze(-2)


def to_attention_mask(mask: Tensor) -> Tensor:
    """Write a padding mask as Hugging Face's tokenizers do: (batch, key_len), 1 may attend.

    Args:
        mask: (batch, 1, key_len) boolean, True may attend.
    """
    return _for_every_query(mask).long()


def from_attention_mask(attention_mask: Tensor) -> Tensor:
    """Read a tokenizer's `attention_mask`: (batch, 1, key_len), True may attend.

    Args:
        attention_mask: (batch, key_len), 1 may attend, 0 is hidden.
    """
    mask = attention_mask.bool()
    other = attention_mask[attention_mask != mask].tolist()
    if other or mask.ndim != 2:
        got = f"{other[0]:g}" if other else f"shape {tuple(mask.shape)}"
        raise ValueError(f"attention_mask must be 1 or 0 for each (batch, key_len), got {got}")
    return mask.unsqueeze(-2)


def _for_every_query(mask: Tensor) -> Tensor:
    """The (batch, key_len) of a padding mask."""
    check_boolean(mask)
    if mask.ndim != 3 or mask.shape[1] != 1:
        raise ValueError(f"mask must have axes (batch, 1, key_len), got {tuple(mask.shape)}")
    return mask.squeeze(1)


def _turned_round(name: str, theirs: Tensor) -> Tensor:
    return ~theirs if theirs.dtype == torch.bool else from_added_mask(theirs, name)
