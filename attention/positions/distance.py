"""How far apart a query and a key stand."""

import torch
from torch import Tensor


def query_key_distance(
    query_len: int, key_len: int, *, device: torch.device | None = None
) -> Tensor:
    """Count how far each key stands before each query; the last two stand side by side.

        distance[i, j] = i + (key_len − query_len) − j

    Returns:
        (query_len, key_len) whole numbers, negative for keys after the query.

    Raises:
        ValueError: a length is negative.
    """
    if query_len < 0 or key_len < 0:
        raise ValueError(
            f"lengths must not be negative, got query_len {query_len} and key_len {key_len}"
        )
    query = torch.arange(key_len - query_len, key_len, device=device)  # (query_len,)
    return query[:, None] - torch.arange(key_len, device=device)  # (query_len, key_len)
