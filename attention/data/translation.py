"""A tiny English and a made-up language, so that every translation and every alignment is known.

Synthetic: sentences are drawn by chance, and the other language is invented. Each word has one
translation, but the order differs: there, adjectives follow their noun, the nearest first, and the
verb stands at the end.

    big black cats see dogs   →   miu mel gra vaf luka
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from attention.data.dice import by, shuffled
from attention.encoder_decoder.next_token import shift_right

ADJECTIVES = dict(big="gra", small="mik", black="mel", white="alb", old="vek", new="nov")
NOUNS = dict(cats="miu", dogs="vaf", birds="pip", cows="mul", frogs="kva", bees="zum")
VERBS = dict(see="luka", hear="oda", find="tova", follow="sega")
_WORDS = {**ADJECTIVES, **NOUNS, **VERBS}

PAD, START, END = range(3)
"""Tokens that are no words: filler, what stands before the first word, and after the last."""
ENGLISH = ("·", "<start>", "<end>", *_WORDS)
INVENTED = ("·", "<start>", "<end>", *_WORDS.values())
N_TOKENS = len(ENGLISH)
"""The size of either vocabulary. A model embeds the two apart: it is not told which words agree."""


def draw_pairs(
    size: int, generator: torch.Generator, least: int = 0, most: int = 2
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw sentences, "adjectives noun verb adjectives noun", and translate them.

    Args:
        size: how many.
        generator: the source of chance.
        least, most: how many adjectives each noun has, drawn between the two; 6 at most.

    Returns:
        (source, translation, alignment), whole numbers. source (size, source_len) is English,
        filled up with PAD; translation (size, source_len + 1) the same words in the other order,
        then END, then PAD; alignment (size, source_len + 1) says where in the source each of them
        comes from, −1 for END and PAD.

    Raises:
        ValueError: not 0 ≤ least ≤ most ≤ 6.
    """
    if not 0 <= least <= most <= len(ADJECTIVES):
        raise ValueError(
            f"0 ≤ least ≤ most ≤ {len(ADJECTIVES)} must hold, got least {least} and most {most}"
        )
    subject, subject_kept = _noun_phrases(size, generator, least, most)
    thing, thing_kept = _noun_phrases(size, generator, least, most)
    verb = torch.randint(len(VERBS), (size, 1), **by(generator)) + ENGLISH.index("see")
    words = torch.cat([subject, verb, thing], dim=1)  # (size, 2 · most + 3), with gaps
    kept = torch.cat([subject_kept, verb > 0, thing_kept], dim=1)
    place = kept.cumsum(1) - 1  # where each word stands once the gaps are closed

    noun, verb_at = most, most + 1
    order = [*range(noun, -1, -1), *range(2 * most + 2, verb_at, -1), verb_at]
    lengths = kept.sum(1)
    longest = int(lengths.max())
    source = _close_gaps(words, kept, PAD)[:, :longest]
    translation = _close_gaps(words[:, order], kept[:, order], PAD)[:, :longest]
    alignment = _close_gaps(place[:, order], kept[:, order], -1)[:, :longest]
    translation = F.pad(translation, (0, 1), value=PAD)
    translation[torch.arange(size, device=lengths.device), lengths] = END
    return source, translation, F.pad(alignment, (0, 1), value=-1)


def teacher_forced(source: Tensor, translation: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Turn pairs into a batch for training: each word is asked for, given the right ones before it.

    Returns:
        source: as it came.
        written: START and the translation without its last token: what the decoder reads.
        target: the translation; −100, which the loss leaves out, in place of PAD.
    """
    written = shift_right(translation, START)
    return source, written, translation.masked_fill(translation == PAD, -100)


def spell(tokens: Tensor, vocabulary: tuple[str, ...]) -> list[str]:
    """Spell out tokens (length,), without filler."""
    return [vocabulary[token] for token in tokens.tolist() if token != PAD]


def _noun_phrases(size: int, generator: torch.Generator, least: int, most: int):
    """Draw `most` different adjectives and a noun, (size, most + 1), and which words are kept."""
    different = shuffled((size, len(ADJECTIVES)), generator)[:, :most]
    adjectives = different + ENGLISH.index("big")
    noun = torch.randint(len(NOUNS), (size, 1), **by(generator)) + ENGLISH.index("cats")
    count = torch.randint(least, most + 1, (size, 1), **by(generator))
    kept = torch.arange(most + 1, device=count.device) >= most - count
    return torch.cat([adjectives, noun], dim=1), kept


def _close_gaps(tokens: Tensor, kept: Tensor, filler: int) -> Tensor:
    """Move what is kept to the front, in its order, and fill up behind it."""
    order = (~kept).to(torch.uint8).argsort(dim=1, stable=True)
    return tokens.masked_fill(~kept, filler).gather(1, order)
