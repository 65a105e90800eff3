"""What a decoder reads in training, and how wrong it is about what comes next."""

import torch
from torch import Tensor
from torch.nn import functional as F

from attention.masks.checks import check_whole
from attention.precision import wide
from attention.shapes import check_shape, check_tensor


def shift_right(tokens: Tensor, start: int) -> Tensor:
    """Lay out what a decoder reads in training, so that at each place the next token is missing.

        read[0] = start,   read[t] = tokens[t − 1]

    Args:
        tokens: (..., length) token numbers, the text to be written, with its end.
        start: the number of the token that stands before the first word.

    Returns:
        (..., length): start first, then the tokens without the last. Under a causal mask, place t
        has read everything before tokens[t], and not tokens[t].

    Raises:
        ValueError: there is no axis of tokens, or none among them.
        TypeError: the tokens are not whole numbers.

    Source: Vaswani et al. (2017), section 3.1, "offset by one position".
    """
    check_whole("tokens", tokens)
    if tokens.ndim == 0 or tokens.shape[-1] == 0:
        raise ValueError(f"tokens must have at least one token, got shape {tuple(tokens.shape)}")
    first = torch.full_like(tokens[..., :1], start)
    return torch.cat([first, tokens[..., :-1]], dim=-1)


def next_token_loss(logits: Tensor, tokens: Tensor, padding: int | None = None) -> Tensor:
    """Average how surprised a model is by each next token, in nats.

        loss = mean over t of −ln softmax(logits[t])[tokens[t + 1]]

    The last place has no next token and is not asked.

    Args:
        logits: (batch, length, vocab_size), a score at each place for each token as the next.
        tokens: (batch, length) token numbers, what the model read, at least two.
        padding: the number of the filler. Where the next token is filler, nothing is asked, and
            the mean is over the other places alone.

    Returns:
        A number, to be made smaller.

    Raises:
        ValueError: the shapes do not belong together, or nothing is left to be asked.
        TypeError: the tokens are not whole numbers, or the logits not floating point.

    Source: Bengio et al. (2003), A Neural Probabilistic Language Model, section 2.
    """
    check_tensor("logits", logits, axes=3)
    check_whole("tokens", tokens)
    check_shape("tokens", tokens, "(batch, length)", logits.shape[:2])
    target = tokens[:, 1:]  # (batch, length − 1)
    asked = torch.ones_like(target, dtype=torch.bool) if padding is None else target != padding
    if not asked.any():
        raise ValueError(
            "there must be at least one next token that is no padding, "
            f"got tokens of shape {tuple(tokens.shape)}"
        )
    return F.cross_entropy(wide(logits[:, :-1])[asked], target[asked].long())
