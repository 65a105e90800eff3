"""Which head does what: a guess is a pattern of cells, and a head's score is its weight in them."""

from collections.abc import Sequence

import torch
from torch import Tensor

from attention.models.judging import check_numbers
from attention.shapes import check_tensor


def pattern_scores(maps: Tensor, pattern: Tensor) -> Tensor:
    """Measure how much of its weight each head gives to the cells of a pattern.

        score = mean over i in R of Σ_j P_ij w_ij,   R = the rows of P with a True in them

    A row without a True says nothing about the guess (the first token has no token before it) and
    is left out.

    Args:
        maps: (n_layers, n_heads, length, length), each row's weights sum to one.
        pattern: (length, length) boolean; True where a head that does this would look.

    Returns:
        (n_layers, n_heads), in [0, 1]: the pattern's share of a row, averaged over its rows.

    Raises:
        ValueError: the shapes do not fit, the pattern is empty, or a weight is NaN.
        TypeError: the pattern is not boolean, or the maps are not floating point.

    Source: Clark et al. (2019), What Does BERT Look At?, section 3, who average what a head gives
    to the tokens before and after, to [SEP] and to the token itself.
    """
    _check(maps, pattern)
    shares = (maps * pattern).sum(-1)  # (n_layers, n_heads, length)
    return shares[..., pattern.any(-1)].mean(-1)


def head_by_pattern(maps: Tensor, pattern: Tensor) -> tuple[int, int, float]:
    """Find the head that gives a pattern the largest share of its weight.

    Args:
        maps: (n_layers, n_heads, length, length), as `attention_maps` returns them.
        pattern: (length, length) boolean; rows without a True are left out of the average.

    Returns:
        (layer, head, score): which head, each counted from zero, and its `pattern_scores`.

    Raises:
        ValueError: the shapes do not fit, the pattern is empty, or a weight is NaN.
        TypeError: the pattern is not boolean, or the maps are not floating point.

    Source: Clark et al. (2019), section 3.
    """
    # as pattern_scores, written out: this is what the exercise asks for
    _check(maps, pattern)
    shares = (maps * pattern).sum(-1)  # (n_layers, n_heads, length)
    scores = shares[..., pattern.any(-1)].mean(-1)  # (n_layers, n_heads)
    layer, head = divmod(scores.argmax().item(), scores.shape[1])
    return layer, head, scores[layer, head].item()


def token_before(length: int) -> Tensor:
    """(length, length): each token but the first looks at the one before it."""
    return torch.ones(length, length, dtype=torch.bool).tril(-1).triu(-1)


def token_after(length: int) -> Tensor:
    """(length, length): each token but the last looks at the one after it."""
    return token_before(length).T


def one_column(length: int, column: int) -> Tensor:
    """(length, length): every token, itself included, looks at one column; −1 is the last.

    Raises:
        ValueError: there is no such column.
    """
    if not -length <= column < length:
        raise ValueError(f"column must be from {-length} to {length - 1}, got {column}")
    pattern = torch.zeros(length, length, dtype=torch.bool)
    pattern[:, column] = True
    return pattern


def same_word(tokens: Sequence[str]) -> Tensor:
    """(length, length): a token looks at the other places where the same word stands."""
    return torch.tensor([[i != j and a == b for j, b in enumerate(tokens)]
                         for i, a in enumerate(tokens)])  # fmt: skip


def _check(maps: Tensor, pattern: Tensor) -> None:
    """Raise unless a pattern that is not empty fits the maps."""
    check_tensor("maps", maps, axes=4)
    if pattern.dtype != torch.bool:
        raise TypeError(f"pattern must be boolean, True where a head looks, got {pattern.dtype}")
    if maps.ndim != 4 or pattern.shape != maps.shape[-2:]:
        raise ValueError(
            "maps must have shape (n_layers, n_heads, length, length) and the pattern "
            f"(length, length), got {tuple(maps.shape)} and {tuple(pattern.shape)}"
        )
    check_numbers("maps", maps)
    if not pattern.any():
        raise ValueError("the pattern has no True, so no head can be better at it than another")
