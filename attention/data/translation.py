"""A tiny English and a made-up language, so that every translation and every alignment is known.

Synthetic: sentences are drawn by chance, and the other language is invented. Each word has one
translation, but the order differs: there, adjectives follow their noun, the nearest first, and the
verb stands at the end.

    big black cats see dogs   →   miu mel gra vaf luka
"""

from collections.abc import Iterable

import torch
from torch import Tensor

NOUNS = {"cats": "miu", "dogs": "vaf", "birds": "pip", "cows": "mul", "frogs": "kva", "bees": "zum"}
ADJECTIVES = {"big": "gra", "small": "mik", "black": "mel", "white": "alb", "old": "vek", "new": "nov"}
VERBS = {"see": "luka", "hear": "oda", "find": "tova", "follow": "sega"}
WORDS = {**ADJECTIVES, **NOUNS, **VERBS}

PAD, START, END = 0, 1, 2
"""Tokens that are no words: filler, what stands before the first word, what stands after the last."""
ENGLISH = ("·", "<start>", "<end>", *WORDS)
INVENTED = ("·", "<start>", "<end>", *WORDS.values())
N_TOKENS = len(ENGLISH)
"""The size of either vocabulary. The two have separate embeddings: nothing says which words agree."""


def draw_pairs(
    size: int, generator: torch.Generator, least: int = 0, most: int = 2
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw sentences, "adjectives noun verb adjectives noun", and translate them.

    Args:
        size: how many.
        generator: the source of chance.
        least, most: how many adjectives each noun has, drawn between the two; 6 at most.

    Returns:
        source: (size, source_len) English, filled up with PAD.
        translation: (size, source_len + 1) the same words in the other order, then END, then PAD.
        alignment: (size, source_len + 1) where in the source each of them comes from; −1 for END
            and PAD.

    Raises:
        ValueError: not 0 ≤ least ≤ most ≤ 6.
    """
    if not 0 <= least <= most <= len(ADJECTIVES):
        raise ValueError(
            f"0 ≤ least ≤ most ≤ {len(ADJECTIVES)} must hold, got least {least} and most {most}"
        )
    (subject, said), (thing, seen) = (_noun_phrase(size, generator, least, most) for _ in range(2))
    verb = torch.randint(len(VERBS), (size, 1), generator=generator) + ENGLISH.index("see")
    words = torch.cat([subject, verb, thing], dim=1)  # (size, 2 · most + 3), with gaps
    kept = torch.cat([said, torch.ones_like(verb, dtype=torch.bool), seen], dim=1)
    places = kept.cumsum(1) - 1  # where each word stands once the gaps are closed

    n = most + 1  # words in a noun phrase without gaps
    order = [*range(most, -1, -1), *range(2 * n, n, -1), n]
    words_there, places_there, kept_there = words[:, order], places[:, order], kept[:, order]
    longest = int(kept.sum(1).max())
    source = _close_gaps(words, kept, PAD)[:, :longest]
    translation = _close_gaps(words_there, kept_there, PAD)[:, :longest]
    alignment = _close_gaps(places_there, kept_there, -1)[:, :longest]
    ends = torch.nn.functional.pad(translation, (0, 1), value=PAD)
    ends[torch.arange(size), kept.sum(1)] = END
    return source, ends, torch.nn.functional.pad(alignment, (0, 1), value=-1)


def teacher_forced(source: Tensor, translation: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Turn pairs into a batch for training: each word is asked for, given the right ones before it.

    Returns:
        source: as it came.
        written: START and the translation without its last token: what the decoder reads.
        target: the translation; −100, which the loss leaves out, in place of PAD.
    """
    written = torch.nn.functional.pad(translation[:, :-1], (1, 0), value=START)
    return source, written, translation.masked_fill(translation == PAD, -100)


def translation_batch(generator: torch.Generator, size: int = 64) -> tuple[Tensor, Tensor, Tensor]:
    """Draw a batch for `attention.training.train`."""
    source, translation, _ = draw_pairs(size, generator)
    return teacher_forced(source, translation)


def read(tokens: Iterable[int] | Tensor, vocabulary: tuple[str, ...]) -> list[str]:
    """Spell out tokens (length,), without filler."""
    return [vocabulary[token] for token in map(int, tokens) if token != PAD]


def _noun_phrase(size, generator, least, most) -> tuple[Tensor, Tensor]:
    """Draw `most` different adjectives and a noun, and which of them are kept."""
    first = ENGLISH.index("big")
    shuffled = torch.rand(size, len(ADJECTIVES), generator=generator).argsort(dim=-1)
    noun = torch.randint(len(NOUNS), (size, 1), generator=generator) + ENGLISH.index("cats")
    count = torch.randint(least, most + 1, (size, 1), generator=generator)
    words = torch.cat([first + shuffled[:, :most], noun], dim=1)  # (size, most + 1)
    return words, torch.arange(most + 1) >= most - count


def _close_gaps(tokens: Tensor, kept: Tensor, filler: int) -> Tensor:
    """Move what is kept to the front, in its order, and fill up behind it."""
    order = (~kept).to(torch.uint8).argsort(dim=1, stable=True)
    return tokens.masked_fill(~kept, filler).gather(1, order)
