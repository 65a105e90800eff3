"""A small GPT that learns to write, character by character, in seconds."""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from attention.data.characters import check_length, draw_windows
from attention.models.gpt.generation import generate
from attention.models.gpt.model import GPT
from attention.models.training import train, warmup_cosine
from attention.positions.sinusoidal import sinusoidal

STEPS = 800


def new_storyteller(
    vocab_size: int, *, d_model: int = 64, n_heads: int = 4, n_layers: int = 1, max_len: int = 64
) -> GPT:
    """Make a new GPT that learns fast although it is narrow.

    GPT-2 starts its embeddings with a spread of 0.02, which makes a vector of 768 numbers 0.55
    long and one of 64 only 0.16: too faint beside what the blocks add. Here all start 1 long. And
    positions start as sinusoids, in which neighbours are alike, and are learned from there.

    Args: as for `GPT`.
    """
    model = GPT(vocab_size, d_model, n_heads, n_layers, max_len)
    with torch.no_grad():
        nn.init.normal_(model.token.weight, std=d_model**-0.5)
        model.position.weight.copy_(sinusoidal(max_len, d_model) * (2 / d_model) ** 0.5)
    return model


def learn_to_write(
    training: Tensor,
    validation: Tensor,
    vocab_size: int,
    *,
    steps: int = STEPS,
    seed: int = 0,
    **sizes: int,
) -> tuple[GPT, list[float], list[float]]:
    """Train a new storyteller on pieces of a text, eight at a time.

    Every 100 steps it reads the validation text; if that gets no better three times in a row,
    training ends, and the best model so far is kept.

    Args:
        training, validation: tokens (text_len,), each more than max_len of them.
        vocab_size, sizes: as for `new_storyteller`.
        steps: of Adam, at most.
        seed: of the first weights and of the pieces.

    Returns:
        (model, losses, checks): the loss of every step, and of every check, in nats.

    Raises:
        ValueError: a text is no longer than the model's context.
    """
    torch.manual_seed(seed)
    model, checks = new_storyteller(vocab_size, **sizes), []
    check_length(validation, model.max_len)

    def validate(model):
        checks.append(surprise(model, validation).mean().item())
        return checks[-1]

    losses = train(
        model,
        partial(draw_windows, training, 8, model.max_len),
        steps,
        lr=0.01,
        schedule=warmup_cosine,
        weight_decay=0.1,
        seed=seed,
        validate=validate,
        check_every=100,
    )
    return model, losses, checks


@torch.no_grad()
def surprise(model: GPT, tokens: Tensor) -> Tensor:
    """Measure −ln p of each token that has at least half of the model's context before it.

    Windows of the model's length overlap by half, and only their second halves count.

    Args:
        model: in evaluation mode.
        tokens: (text_len,), more than the context.

    Returns:
        (n,) in nats: for the tokens from max_len / 2 + 1 on, up to the last whole window.

    Raises:
        ValueError: the text is no longer than the context.
    """
    check_length(tokens, model.max_len)
    half = model.max_len // 2
    windows = tokens.unfold(0, model.max_len + 1, half)  # (n_windows, max_len + 1)
    found = []
    for some in windows.split(64):
        scores = model(some[:, :-1])[:, -half:]  # (n_windows, half, vocab_size)
        target = some[:, -half:]
        found.append(F.cross_entropy(scores.flatten(0, 1), target.flatten(), reduction="none"))
    return torch.cat(found)


def write(model: GPT, prompt: Tensor, n_new: int, **options) -> Tensor:
    """Go on from a prompt for as long as you like.

    When the model's positions are used up, it starts afresh from the last half of them.

    Args:
        model, options: as for `generate`.
        prompt: (length,) tokens.
        n_new: how many tokens to write.

    Returns:
        (length + n_new,), the prompt and what was written.
    """
    text, half = prompt, model.max_len // 2
    end = len(prompt) + n_new
    while len(text) < end:
        kept = text[-half:]
        n = min(end - len(text), model.max_len - len(kept))
        text = torch.cat([text, generate(model, kept[None], n, **options)[0, len(kept) :]])
    return text
