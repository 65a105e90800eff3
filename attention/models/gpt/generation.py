"""Writing token by token: score what comes next, choose, and read the choice like the rest."""

import math

import torch
from torch import Tensor, nn

from attention.precision import wide
from attention.soft_lookup.softmax import tempered


@torch.no_grad()
def generate(
    model: nn.Module,
    prompt: Tensor,
    n_new: int,
    *,
    temperature: float = 0.0,
    top_k: int | None = None,
    generator: torch.Generator | None = None,
    use_cache: bool = True,
) -> Tensor:
    """Go on from a prompt with n_new tokens, each chosen by `choose` from the model's scores.

    Args:
        model: a `GPT`, or what is called as it is and has `new_cache` and `max_len` as well.
        prompt: (batch, length) token ids, at least one.
        n_new: how many tokens to write.
        temperature, top_k, generator: as in `choose`.
        use_cache: keep keys and values instead of reading everything again for each new token.
            It changes the time, not the tokens (but for scores that differ by rounding alone).

    Returns:
        (batch, length + n_new), the prompt and what was written.

    Raises:
        ValueError: the prompt is empty, or too long for the model with what is to be written, or
            an option is out of its range.
    """
    if prompt.ndim != 2 or prompt.shape[1] == 0:
        raise ValueError(
            "prompt must have shape (batch, length) with at least one token, "
            f"got {tuple(prompt.shape)}"
        )
    if n_new < 0:
        raise ValueError(f"n_new must not be negative, got {n_new}")
    batch, length = prompt.shape
    if length + n_new > model.max_len:
        raise ValueError(
            f"prompt and new tokens must fit into the model's max_len = {model.max_len}, "
            f"got {length} and {n_new}"
        )
    check_choice(temperature, top_k)
    caches = model.new_cache(batch, length + n_new) if use_cache else None
    tokens = unread = prompt
    for _ in range(n_new):
        scores = model(unread, caches, newest_only=True)[:, -1]  # (batch, vocab_size)
        newest = choose(scores, temperature=temperature, top_k=top_k, generator=generator)
        tokens = torch.cat([tokens, newest], dim=1)
        unread = newest if use_cache else tokens
    return tokens


def choose(
    scores: Tensor,
    *,
    temperature: float = 0.0,
    top_k: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Choose one token for each row of scores.

        p = softmax(scores / temperature), over the top_k best

    Args:
        scores: (batch, vocab_size).
        temperature: how freely to draw: towards 0 the best, 1 as the model says, ∞ as if all scores
            were alike. At 0 nothing is drawn: the best is taken.
        top_k: draw only from so many best; from all if not given.
        generator: the dice.

    Returns:
        (batch, 1) token ids.

    Raises:
        ValueError: the temperature is negative, top_k less than one, or a row has no best score,
            for there is NaN in it, +∞, or nothing but −∞.

    Source: Fan, Lewis and Dauphin (2018), Hierarchical Neural Story Generation, for top_k.
    """
    check_choice(temperature, top_k)
    if temperature == 0:
        best, tokens = scores.max(dim=-1, keepdim=True)
    else:
        best, tokens = scores.topk(min(top_k or scores.shape[-1], scores.shape[-1]))
    highest = best[..., 0].flatten().tolist()  # NaN if one of them is
    if not all(map(math.isfinite, highest)):
        raise ValueError(
            f"the best score of each row must be a finite number, got {highest}: "
            "the model is NaN or overflows, or every token is forbidden"
        )
    if temperature == 0:
        return tokens
    weights = tempered(wide(best), temperature).softmax(dim=-1)  # (batch, top_k)
    return tokens.gather(-1, weights.multinomial(1, generator=generator))


def check_choice(temperature: float, top_k: int | None) -> None:
    """Raise unless a token can be chosen so."""
    if not temperature >= 0:
        raise ValueError(f"temperature must not be negative, got {temperature}")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be at least 1, got {top_k}")
