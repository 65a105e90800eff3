"""Mirror English, a synthetic language: each word spelled backwards, in backward order.

"the cat sat" is "tas tac eht". Which word comes from which is known, so that an alignment can be
right or wrong. The sentences are random words, so that no grammar helps to guess.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from attention.data.dice import by
from attention.data.tokens import EDGE

WORDS = (
    *("the", "cat", "sat", "on", "mat", "dog", "ran", "to"),
    *("saw", "king", "who", "fed", "my", "old", "hat", "then"),
)
N_WORDS = 1 + len(WORDS)  # number 0 is EDGE: padding in a source, the full stop of a target


def mirrored(lengths: Tensor, generator: torch.Generator) -> tuple[Tensor, ...]:
    """Draw a random sentence of each length, and its translation.

    Args:
        lengths: (batch,) how many words each sentence has, at least 1.
        generator: the source of chance.

    Returns:
        source: (batch, src_len) word numbers, EDGE after the end; src_len is the largest length.
        lengths: as they came.
        previous: (batch, src_len + 1) what stands before each word of the target.
        target: (batch, src_len + 1) the words mirrored, then EDGE; −100 after that.
    """
    src_len = int(lengths.max())
    source = torch.randint(1, N_WORDS, (len(lengths), src_len), **by(generator))
    position = torch.arange(src_len, device=source.device)
    source = source.where(position < lengths[:, None], EDGE)
    back = lengths[:, None] - 1 - position  # (batch, src_len), negative after the end
    words = source.gather(1, back.clamp_min(0)).where(back >= 0, EDGE)
    edge = torch.full_like(words[:, :1], EDGE)
    previous, target = torch.cat([edge, words], 1), torch.cat([words, edge], 1)
    after_the_end = torch.arange(src_len + 1, device=source.device) > lengths[:, None]
    return source, lengths, previous, target.masked_fill(after_the_end, -100)


def mirrored_up_to(batch_size: int, longest: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    """Draw a batch of `mirrored` whose lengths are anything from 1 to `longest`."""
    return mirrored(torch.randint(1, longest + 1, (batch_size,), **by(generator)), generator)


def numbers(words: Sequence[str]) -> Tensor:
    """Look up words, as (1, length) numbers on the CPU."""
    return torch.tensor([[1 + WORDS.index(word) for word in words]], device="cpu")


def in_mirror_english(words: Sequence[int]) -> list[str]:
    """Spell a target: each word backwards, and EDGE as a full stop."""
    return ["." if word == EDGE else WORDS[word - 1][::-1] for word in words]
