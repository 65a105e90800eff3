"""One session is many training examples: at each place, name what comes next."""

import torch
from torch import Tensor


def training_pairs(session: Tensor) -> tuple[Tensor, Tensor]:
    """Lay what a model reads beside what it is to name: the same session, one place further.

        inputs[i] = session[i],   targets[i] = session[i + 1]

    Args:
        session: (..., length) items in the order in which they were looked at, at least two.

    Returns:
        (inputs, targets), each (..., length − 1). Having read inputs up to and including place i,
        and under a causal mask nothing after it, a model is to name targets[i].

    Raises:
        ValueError: the session has fewer than two items.
        TypeError: it does not hold whole numbers.

    Source: Kang and McAuley (2018), Self-Attentive Sequential Recommendation, section 3.
    """
    if session.is_floating_point() or session.is_complex() or session.dtype == torch.bool:
        raise TypeError(f"session must hold whole numbers, one for each item, got {session.dtype}")
    if session.ndim == 0 or session.shape[-1] < 2:
        raise ValueError(
            "a session must have at least two items, one to read and one to name, "
            f"got shape {tuple(session.shape)}"
        )
    return session[..., :-1], session[..., 1:]
