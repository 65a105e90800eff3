"""More patterns of who may attend to whom: windows, several texts in one row, prefixes.

They keep the contract of `attention.masks`, and combine as sets do: `a & b` allows what both
allow, `a | b` what either allows.
"""

import torch
from torch import Tensor

from attention.masks.causal import causal_mask
from attention.masks.checks import check_lengths, check_whole
from attention.shapes import check_positive


def window_mask(
    query_len: int,
    key_len: int | None = None,
    *,
    window: float,
    device: torch.device | None = None,
) -> Tensor:
    """Allow each query the keys near it: its own place, and `window` − 1 on either side.

        mask[i, j] = −window < i + (key_len − query_len) − j < window

    The last query lines up with the last key. `& causal_mask(query_len, key_len)` leaves the
    newest `window` tokens, the query's own among them: the window of Mistral, Gemma and gpt-oss.
    Others count otherwise, on two sides above all; see `attention.masks.window_conventions`.

    Args:
        query_len: how many queries.
        key_len: how many keys; the same number if not given.
        window: how far a query looks, itself included: 1 is itself alone, ∞ is everything.
        device: where the mask lives.

    Returns:
        (query_len, key_len) boolean.

    Raises:
        ValueError: a length is negative, or the window is not positive.

    Source: Beltagy, Peters and Cohan (2020), section 3.1.
    """
    key_len = query_len if key_len is None else key_len
    check_lengths(query_len, key_len)
    check_positive("window", window)
    queries = torch.arange(key_len - query_len, key_len, device=device)  # (query_len,)
    keys = torch.arange(key_len, device=device)  # (key_len,)
    return (queries[:, None] - keys).abs() < window  # (query_len, key_len)


def block_mask(segments: Tensor) -> Tensor:
    """Allow each token its own text, where several texts stand packed in one row.

        mask[i, j] = segments[i] == segments[j]

    Args:
        segments: (..., length) whole numbers, the same one for all tokens of a text.

    Returns:
        (..., length, length) boolean.

    Raises:
        TypeError: the segments are not whole numbers.
    """
    check_whole("segments", segments)
    return segments.unsqueeze(-1) == segments.unsqueeze(-2)  # (..., length, length)


def prefix_mask(
    prefix_len: int,
    query_len: int,
    key_len: int | None = None,
    *,
    device: torch.device | None = None,
) -> Tensor:
    """Allow everybody the prefix, such as a question to be answered, and beyond it the past.

        mask[i, j] = j < prefix_len  or  j ≤ i + (key_len − query_len)

    For a batch whose prefixes differ: `causal_mask(length) | padding_mask(prefix_lens, length)`.

    Args:
        prefix_len: how many keys, from the first, everybody may attend to.
        query_len: how many queries.
        key_len: how many keys; the same number if not given.
        device: where the mask lives.

    Returns:
        (query_len, key_len) boolean.

    Raises:
        ValueError: a length is negative, or the prefix is longer than the keys.

    Source: Raffel et al. (2020), section 3.2.1, "causal masking with prefix".
    """
    causal = causal_mask(query_len, key_len, device=device)
    key_len = causal.shape[-1]
    if not 0 <= prefix_len <= key_len:
        raise ValueError(f"prefix_len must lie between 0 and key_len = {key_len}, got {prefix_len}")
    return causal | (torch.arange(key_len, device=device) < prefix_len)
