"""Scores with parameters of their own, as modules that a model can train."""

import math

import torch
from torch import Tensor, nn

from attention.scoring.scores import additive_scores, bilinear_scores


class AdditiveScorer(nn.Module):
    """The additive score: a small network with one hidden layer reads query and key together.

        score = a · tanh(q W_q + k W_k)

    Args:
        query_dim: the width of a query.
        key_dim: the width of a key.
        hidden: the width of the layer between.

    Source: Bahdanau, Cho and Bengio (2015), appendix A.1.2.
    """

    def __init__(self, query_dim: int, key_dim: int, hidden: int):
        super().__init__()
        # Entries of variance 1/width keep the variance of what passes through them near one.
        self.w_query = nn.Parameter(torch.randn(query_dim, hidden) / math.sqrt(query_dim))
        self.w_key = nn.Parameter(torch.randn(key_dim, hidden) / math.sqrt(key_dim))
        self.a = nn.Parameter(torch.randn(hidden) / math.sqrt(hidden))

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        """Score query (..., query_len, query_dim) against key (..., key_len, key_dim).

        Returns:
            (..., query_len, key_len).
        """
        return additive_scores(query, key, self.w_query, self.w_key, self.a)


class BilinearScorer(nn.Module):
    """The bilinear score: one learned matrix between query and key.

        score = q W_b · k

    Args:
        query_dim: the width of a query.
        key_dim: the width of a key.

    Source: Luong, Pham and Manning (2015), equation 8, "general".
    """

    def __init__(self, query_dim: int, key_dim: int):
        super().__init__()
        # A score sums query_dim · key_dim products, so this gives it the variance one.
        weight = torch.randn(query_dim, key_dim) / math.sqrt(query_dim * key_dim)
        self.weight = nn.Parameter(weight)

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        """Score query (..., query_len, query_dim) against key (..., key_len, key_dim).

        Returns:
            (..., query_len, key_len).
        """
        return bilinear_scores(query, key, self.weight)
