"""T5's relative positions: a learned number for each head and distance, added to the scores."""

import math

import torch
from torch import Tensor, nn

from attention.positions.distance import query_key_distance


def causal_buckets(distance: Tensor, n_buckets: int = 32, max_distance: int = 128) -> Tensor:
    """Number the distances: each short one by itself, longer ones in ever wider groups.

        bucket = distance                      for distance < n_exact = ⌊n_buckets/2⌋
        bucket = n_exact + ⌊(n_buckets − n_exact) · share⌋                   from there on,
        share = log(distance / n_exact) / log(max_distance / n_exact)

    Args:
        distance: whole numbers of any shape, position of the query minus that of the key. What is
            negative, a key in the future, shares bucket 0 and is a mask's business.
        n_buckets: how many groups.
        max_distance: from here on, all distances share the last group.

    Returns:
        Whole numbers from 0 to n_buckets − 1, of the same shape.

    Raises:
        ValueError: there are fewer than 2 buckets, or max_distance leaves no room for groups.

    Source: Raffel et al. (2020), section 2.1; T5's decoder.
    """
    n_exact = n_buckets // 2
    if n_buckets < 2:
        raise ValueError(f"n_buckets must be at least 2 for each side, got {n_buckets}")
    if max_distance <= n_exact:
        raise ValueError(
            "max_distance must exceed half the buckets of a side, each of which is one distance, "
            f"got max_distance {max_distance} and half {n_exact}"
        )
    distance = distance.clamp(min=0)
    # In float32 and in this order, as T5 does: at the edge of a group the rounding decides, and
    # a trained bias belongs to the group that it was trained in.
    share = torch.log(distance.clamp(min=1).float() / n_exact) / math.log(max_distance / n_exact)
    group = n_exact + (share * (n_buckets - n_exact)).long()
    return torch.where(distance < n_exact, distance, group.clamp(max=n_buckets - 1))


def relative_buckets(distance: Tensor, n_buckets: int = 32, max_distance: int = 128) -> Tensor:
    """Number the distances on both sides: half of the buckets look back, half look ahead.

    Args:
        distance: whole numbers of any shape, position of the query minus that of the key.
        n_buckets: how many groups for both sides together, an even number.
        max_distance: from here on, all distances of a side share its last group.

    Returns:
        Whole numbers from 0 to n_buckets − 1, of the same shape.

    Raises:
        ValueError: n_buckets is odd, less than 4, or max_distance leaves no room for groups.

    Source: Raffel et al. (2020), section 2.1; T5's encoder.
    """
    if n_buckets % 2:
        raise ValueError(f"n_buckets must be even, half for each side, got {n_buckets}")
    side = causal_buckets(distance.abs(), n_buckets // 2, max_distance)
    return torch.where(distance < 0, side + n_buckets // 2, side)


class RelativeBias(nn.Module):
    """A learned number for each head and bucket of distances, to be added to the scores.

        scores[head, i, j] + bias[head, bucket(i − j)]

    T5 shares one such table among all its layers and does not scale its scores by √d.

    Args:
        n_heads: how many heads; each has numbers of its own.
        n_buckets, max_distance: how distances are grouped.
        is_causal: whether all buckets look back, as in a decoder.

    Raises:
        ValueError: as for `relative_buckets` or, if causal, `causal_buckets`.

    Source: Raffel et al. (2020), section 2.1.
    """

    def __init__(
        self,
        n_heads: int,
        n_buckets: int = 32,
        max_distance: int = 128,
        *,
        is_causal: bool = False,
    ):
        super().__init__()
        self.n_buckets, self.max_distance = n_buckets, max_distance
        self.to_bucket = causal_buckets if is_causal else relative_buckets
        self.to_bucket(torch.arange(0), n_buckets, max_distance)  # raises now, not in training
        self.bias = nn.Embedding(n_buckets, n_heads)
        nn.init.zeros_(self.bias.weight)  # untrained, no distance is preferred

    def forward(self, query_len: int, key_len: int) -> Tensor:
        """Look up what to add to each score; the last query lines up with the last key.

        Returns:
            (n_heads, query_len, key_len).
        """
        distance = query_key_distance(query_len, key_len, device=self.bias.weight.device)
        bucket = self.to_bucket(distance, self.n_buckets, self.max_distance)
        return self.bias(bucket).permute(2, 0, 1)  # (n_heads, query_len, key_len)
