"""Two toy tasks of recall, both synthetic: a word announced, and a word asked for afterwards.

Each step of a sequence is a word and a tag, two integers. The last step is the question.
"""

import torch
from torch import Tensor

from attention.data.dice import by, shuffled

N_WORDS = 16
N_TAGS = 16
NOISE, KEEP, ASK = 0, 1, 2


def announced_recall(
    batch_size: int, distance: int, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw sequences whose first word is tagged "keep this"; the question asks for it again.

    Between the two stand distance − 1 other words to be ignored. The model knows at once which
    word matters, so that nothing is hard but the distance.

    Args:
        batch_size: how many sequences.
        distance: how many steps before the question the word stands, at least 1.
        generator: the source of chance.

    Returns:
        words: (batch_size, distance + 1) integers below N_WORDS.
        tags: (batch_size, distance + 1): KEEP, then NOISE, and ASK at the end.
        target: (batch_size,) the word to recall.

    Raises:
        ValueError: the distance is below 1.
    """
    if distance < 1:
        raise ValueError(f"distance must be at least 1, got {distance}")
    words = torch.randint(N_WORDS, (batch_size, distance + 1), **by(generator))
    tags = torch.full_like(words, NOISE)
    tags[:, 0], tags[:, -1] = KEEP, ASK
    return words, tags, words[:, 0].clone()


def announced_up_to(
    batch_size: int, longest: int, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw a batch of `announced_recall` whose distance is anything from 1 to `longest`."""
    return announced_recall(batch_size, _between(1, longest, generator), generator)


def lookup_recall(
    batch_size: int, n_pairs: int, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw sequences of tagged words; the question repeats one tag and asks for its word.

    Which word matters is known only at the end, so that all of them have to be kept.

    Args:
        batch_size: how many sequences.
        n_pairs: how many tagged words stand before the question, from 1 to N_TAGS.
        generator: the source of chance.

    Returns:
        words: (batch_size, n_pairs + 1) integers below N_WORDS; N_WORDS itself, "?", at the end.
        tags: (batch_size, n_pairs + 1): each tag once, and at the end the tag asked for.
        target: (batch_size,) the word that stood with that tag.

    Raises:
        ValueError: there are not between 1 and N_TAGS pairs.
    """
    if not 1 <= n_pairs <= N_TAGS:
        raise ValueError(f"n_pairs must lie between 1 and {N_TAGS}, got {n_pairs}")
    words = torch.randint(N_WORDS, (batch_size, n_pairs), **by(generator))
    tags = shuffled((batch_size, N_TAGS), generator)[:, :n_pairs]  # (batch_size, n_pairs)
    asked = torch.randint(n_pairs, (batch_size, 1), **by(generator))
    target = words.gather(1, asked)  # (batch_size, 1)
    words = torch.cat([words, torch.full_like(target, N_WORDS)], dim=1)
    tags = torch.cat([tags, tags.gather(1, asked)], dim=1)
    return words, tags, target.squeeze(1)


def lookup_up_to(
    batch_size: int, most: int, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw a batch of `lookup_recall` that has anything from 1 to `most` pairs."""
    return lookup_recall(batch_size, _between(1, most, generator), generator)


def _between(low: int, high: int, generator: torch.Generator) -> int:
    return int(torch.randint(low, high + 1, (), **by(generator)))
