"""Train listeners on synthetic keywords, and ask what they listen to."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from attention.data.dice import by
from attention.data.framed import SIZE, STEP, framed
from attention.data.keywords import ORDER, RATE, Spoken, draw_words
from attention.models.judging import best, share
from attention.models.speech.listener import Listener
from attention.models.training import trained, warmup_cosine


class Heard(NamedTuple):
    """Words as a model reads them."""

    frames: Tensor  # (batch, length, n_mels)
    n_frames: Tensor  # (batch,)
    target: Tensor  # (batch,) which of WORDS
    vowels: Tensor  # (batch, 3, length) boolean: the frame's middle lies in this vowel of the word


def hear(spoken: Spoken, rate: int = RATE) -> Heard:
    """Turn recordings into frames, and mark where their vowels are."""
    frames, n_frames = framed(spoken.waves, spoken.lengths, rate)
    middle = torch.arange(frames.shape[1], device=frames.device) * STEP + SIZE // 2  # (length,)
    begin, end = spoken.spans[..., None].unbind(dim=2)  # (batch, 3, 1) each
    return Heard(frames, n_frames, spoken.target, (begin <= middle) & (middle < end))


def hear_words(size: int, seed: int, **options) -> Heard:
    """Draw `size` words, always the same for one seed, and hear them; options as for `speak`."""
    return hear(draw_words(size, seed, **options))


def practise(
    build: Callable[[], nn.Module], data: Heard, seed: int, steps: int = 240, lr: float = 8e-3
) -> nn.Module:
    """Build a model and train it on batches of 32 words, for a fixed number of steps."""

    def draw(generator):
        chosen = torch.randint(len(data.target), (32,), **by(generator))
        n_frames = data.n_frames[chosen]
        return data.frames[chosen, : n_frames.max()], n_frames, data.target[chosen]

    return trained(build, draw, steps, seed=seed, lr=lr, schedule=warmup_cosine)


@torch.no_grad()
def answers(model: nn.Module, data: Heard, audible: Tensor | None = None) -> Tensor:
    """Name the word in each recording, (batch,); `audible` as for a Listener."""
    hidden = () if audible is None else (audible,)
    return best(model(data.frames, data.n_frames, *hidden))


def right(model: nn.Module, data: Heard, audible: Tensor | None = None) -> float:
    """Measure the share of words that are named right."""
    return share(answers(model, data, audible) == data.target)


@torch.no_grad()
def shares(model: Listener, data: Heard) -> Tensor:
    """Add up the class token's weights over each vowel, head by head, averaged over recordings.

    Args:
        model: with one block.

    Returns:
        (n_heads, 7): the share of the first, second and third vowel of a word; of a, i and u, which
        are the same weights in another order; and what is left for the pauses and the class token.
    """
    _, weights = model(data.frames, data.n_frames, return_weights=True)
    asks = weights[0, :, :, 0, 1:]  # (batch, n_heads, length) from the class token to the frames
    by_place = asks @ data.vowels.float().mT  # (batch, n_heads, 3)
    order = ORDER.to(data.target.device)[data.target]
    where = order.argsort(dim=-1)  # (batch, 3) the places of a, i and u
    by_vowel = by_place.gather(-1, where[:, None].expand_as(by_place))
    rest = 1 - by_place.sum(dim=-1, keepdim=True)
    return torch.cat([by_place, by_vowel, rest.clamp(min=0)], dim=-1).mean(dim=0)


def second_taken_for_first(model: nn.Module, data: Heard) -> float:
    """Hide the first vowel, and measure how often the answer begins with the second one."""
    order = ORDER.to(data.target.device)
    begins = order[answers(model, data, ~data.vowels[:, 0])][:, 0]
    return share(begins == order[data.target][:, 1])
