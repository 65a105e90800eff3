"""Softmax over scores that come in pieces, each seen once and thrown away."""

import torch
from torch import Tensor

from attention.precision import wide_product


class OnlineSoftmax:
    """Average values by the softmax of their scores, without ever having all the scores.

    Three running results stand for everything read so far: the largest score μ, the sum l of all
    exponentials, and the mixture õ of the values. When a tile of scores s with values v arrives,

        μ′ = max(μ, max s),   l′ = e^(μ − μ′) l + Σ e^(s − μ′),   õ′ = e^(μ − μ′) õ + Σ e^(s − μ′) v

    The factor e^(μ − μ′) is what keeps it exact: the old sums were counted from the old maximum.
    At the end the average is õ / l.

    Args:
        rows: the shape of the queries, (..., query_len).
        value_dim: numbers in one value.
        dtype, device: of the scores and values to come.

    Attributes:
        largest: μ, (..., query_len, 1).
        total: l, (..., query_len, 1).
        mixed: õ, (..., query_len, value_dim).

    Source: Milakov and Gimelshein (2018), algorithm 3, and Dao et al. (2022), algorithm 1.
    """

    def __init__(
        self,
        rows: tuple[int, ...],
        value_dim: int,
        *,
        dtype: torch.dtype | None = None,
        device: torch.device | None = None,
    ):
        # Not −∞: a row whose scores are all hidden would compute −∞ − (−∞) = NaN.
        lowest = torch.finfo(dtype or torch.get_default_dtype()).min
        self.largest = torch.full((*rows, 1), lowest, dtype=dtype, device=device)
        self.total = torch.zeros((*rows, 1), dtype=dtype, device=device)
        self.mixed = torch.zeros((*rows, value_dim), dtype=dtype, device=device)

    def add(self, scores: Tensor, value: Tensor) -> None:
        """Take in one tile.

        Args:
            scores: (..., query_len, tile), −∞ where hidden. They are overwritten: a tile is made to
                be used up, and a copy of each would cost a tenth of the time.
            value: (..., tile, value_dim).
        """
        largest = torch.maximum(self.largest, scores.amax(dim=-1, keepdim=True))
        rescale = (self.largest - largest).exp_()  # (..., query_len, 1), at most one
        exponentials = scores.sub_(largest).exp_()  # (..., query_len, tile), at most one
        self.total.mul_(rescale).add_(exponentials.sum(dim=-1, keepdim=True))
        self.mixed.mul_(rescale).add_(wide_product(exponentials, value))
        self.largest = largest

    def average(self) -> Tensor:
        """Average all values so far by the softmax of their scores.

        Returns:
            (..., query_len, value_dim); zeros where all is hidden.
        """
        return self.mixed / self.total.masked_fill(self.total == 0, 1.0)

    def log_total(self) -> Tensor:
        """Take the logarithm of the sum of all e^score, from which weights can be had again.

        A weight is e^(score − log_total).

        Returns:
            (..., query_len, 1); +∞ where all is hidden, which makes every weight zero.
        """
        return torch.where(self.total == 0, torch.inf, self.largest + self.total.log())
