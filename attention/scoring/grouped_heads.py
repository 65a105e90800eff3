"""Grouped-query attention: several query heads look things up in the same keys and values.

One key and value head for all queries is multi-query attention, one for each is the usual kind.
What it saves is memory: a model that writes text keeps the keys and values of all it has read.
"""

from torch import Tensor

from attention.shapes import check_tensor


def share_heads(heads: Tensor, n_heads: int) -> Tensor:
    """Repeat each key (or value) head for the query heads that share it.

    The first n_heads / n_kv_heads query heads get head 0, as many again get head 1, and so on.

    Args:
        heads: (..., n_kv_heads, key_len, d), keys or values.
        n_heads: how many query heads there are, a multiple of n_kv_heads.

    Returns:
        (..., n_heads, key_len, d): a copy, or `heads` itself where nothing is shared.

    Raises:
        ValueError: there is no head axis, or n_heads is not a multiple of n_kv_heads.

    Source: Ainslie et al. (2023), section 2.2.
    """
    check_tensor("heads", heads, axes=3)
    check_groups(n_heads, heads.shape[-3])
    group = n_heads // heads.shape[-3]
    return heads if group == 1 else heads.repeat_interleave(group, dim=-3)


def check_shared(name: str, heads: Tensor, query: Tensor) -> None:
    """Raise unless the query heads fall into equal groups, one for each of these heads."""
    check_tensor("query", query, axes=3)
    check_tensor(name, heads, axes=3)
    check_groups(query.shape[-3], heads.shape[-3])


def check_groups(n_heads: int, n_kv_heads: int) -> None:
    """Raise unless n_heads divides into n_kv_heads equal groups."""
    if n_kv_heads < 1 or n_heads % n_kv_heads != 0:
        raise ValueError(
            "n_heads must be a multiple of n_kv_heads, "
            f"got n_heads {n_heads} and n_kv_heads {n_kv_heads}"
        )
