"""The model to beat: a table of how often each token followed the few before it."""

import torch
from torch import Tensor

DISCOUNTS = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


class NGram:
    """Count what followed the last `order` − 1 tokens, and ask shorter pasts where counts are few.

        pₙ(x | past) = (max(c(past x) − D, 0) + D · u(past) · pₙ₋₁(x | shorter past)) / c(past)

    c counts, and u(past) is how many different tokens followed. Each of them gives up D of its
    count, and the shorter past shares that out. A past that never came leaves everything to the
    shorter one; the shortest, p₀, is 1 / vocab_size. Order 3 is a trigram model.

    Args:
        order: how many tokens the longest counted piece has.
        tokens: (text_len,) what is counted.
        vocab_size: how many different tokens there are.
        discount: D, between 0 and 1.

    Raises:
        ValueError: the order is less than 1 or too large to number its pieces, or the text shorter.

    Source: Ney, Essen and Kneser (1994), equation for absolute discounting, interpolated.
    """

    def __init__(self, order: int, tokens: Tensor, vocab_size: int, discount: float = 0.7):
        if order < 1 or vocab_size**order >= 2**63:
            raise ValueError(
                f"order must be at least 1, and vocab_size ** order below 2**63, got {order} "
                f"for {vocab_size} tokens"
            )
        _check_length(tokens, order)
        tokens = tokens.cpu()  # as every count: float64, which the rest needs, is there at least
        self.order, self.vocab_size, self.discount = order, vocab_size, discount
        self.counts = [_numbered(tokens, n, vocab_size).unique(return_counts=True)
                       for n in range(1, order + 1)]  # fmt: skip
        self.pasts = [_pasts(pieces, count, vocab_size) for pieces, count in self.counts]

    def surprise(self, tokens: Tensor) -> Tensor:
        """Measure −ln p of each token that has order − 1 tokens before it.

        Args:
            tokens: (text_len,).

        Returns:
            (text_len − order + 1,) in nats, float64, on the CPU.

        Raises:
            ValueError: there are fewer tokens than `order`.
        """
        _check_length(tokens, self.order)
        tokens = tokens.cpu()
        length = len(tokens) - self.order + 1
        p = torch.full((length,), 1 / self.vocab_size, dtype=torch.float64, device="cpu")
        for n in range(1, self.order + 1):
            piece = _numbered(tokens, n, self.vocab_size)[-length:]
            (count,) = _look_up(piece, self.counts[n - 1][0], self.counts[n - 1][1])
            total, kinds = _look_up(piece // self.vocab_size, *self.pasts[n - 1])
            kept = (count - self.discount).clamp(min=0)
            p = torch.where(total > 0, (kept + self.discount * kinds * p) / total, p)
        return -p.log()


def fit_ngram(order: int, tokens: Tensor, validation: Tensor, vocab_size: int) -> NGram:
    """Count in one text, and choose the discount that surprises least in another."""
    model = NGram(order, tokens, vocab_size)  # counts once: no count depends on the discount

    def surprise_with(discount: float) -> float:
        model.discount = discount
        return model.surprise(validation).mean().item()

    model.discount = min(DISCOUNTS, key=surprise_with)
    return model


def _check_length(tokens: Tensor, order: int) -> None:
    if len(tokens) < order:
        raise ValueError(f"the text must have at least order = {order} tokens, got {len(tokens)}")


def _numbered(tokens: Tensor, n: int, vocab_size: int) -> Tensor:
    """Give each piece of n tokens a number of its own, (text_len − n + 1,)."""
    pieces = tokens.unfold(0, n, 1)  # (text_len − n + 1, n)
    return (pieces * vocab_size ** torch.arange(n - 1, -1, -1, device="cpu")).sum(-1)


def _pasts(pieces: Tensor, count: Tensor, vocab_size: int) -> tuple[Tensor, Tensor, Tensor]:
    """For each past: its number, how often it came, and how many different tokens followed."""
    pasts, which = (pieces // vocab_size).unique(return_inverse=True)
    total = torch.zeros_like(pasts).index_add(0, which, count)
    return pasts, total, which.bincount(minlength=len(pasts))


def _look_up(wanted: Tensor, keys: Tensor, *values: Tensor) -> tuple[Tensor, ...]:
    """Find each wanted number among sorted keys: its values, or zeros."""
    place = torch.searchsorted(keys, wanted).clamp(max=len(keys) - 1)
    found = keys[place] == wanted
    return tuple(torch.where(found, value[place], 0).double() for value in values)
