"""The causal mask: nobody reads the future."""

import torch
from torch import Tensor

from attention.masks.checks import check_lengths


def causal_mask(
    query_len: int, key_len: int | None = None, *, device: torch.device | None = None
) -> Tensor:
    """Allow each query its own position and the ones before: nobody reads the future.

        mask[i, j] = j ≤ i + (key_len − query_len)

    The last query lines up with the last key, so that a model which has kept its earlier keys
    may ask with its newest queries alone. (PyTorch's `is_causal=True` lines up the first ones.)

    Args:
        query_len: how many queries.
        key_len: how many keys; the same number if not given.
        device: where the mask lives.

    Returns:
        (query_len, key_len) boolean. With more queries than keys the first rows are all False.

    Raises:
        ValueError: a length is negative.

    Source: Vaswani et al. (2017), section 3.2.3, the third kind of attention.
    """
    key_len = query_len if key_len is None else key_len
    check_lengths(query_len, key_len)
    everything = torch.ones(query_len, key_len, dtype=torch.bool, device=device)
    return everything.tril(key_len - query_len)
