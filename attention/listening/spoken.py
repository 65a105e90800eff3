"""A recording with its transcript, as Whisper reads them: which token belongs to which word."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from attention.data.austen import Word
from attention.encoder_decoder.kept_memory import KeptMemory
from attention.models.whisper.model import Whisper
from attention.models.whisper.vocabulary import Vocabulary


class Spoken(NamedTuple):
    """What was heard, what was written, and when it was said."""

    kept: list[KeptMemory]  # one for each block of the decoder
    tokens: Tensor  # (1, length): the start, the transcript, the end
    word: Tensor  # (n,) for each token that is of a word: which word, counted from 0
    row: Tensor  # (n,) for each of them: the row of a map that predicts it
    times: Tensor  # (n_words, 2) seconds: when each word began and ended

    def span(self, shift: int = 0) -> tuple[Tensor, Tensor]:
        """When the word of each token was said, or the word `shift` places from it.

        Returns:
            (begin, end), each (n,) seconds; −1 where there is no such word.
        """
        word = self.word + shift
        there = (word >= 0) & (word < len(self.times))
        begin, end = self.times[word.clamp(0, len(self.times) - 1)].where(there[:, None], -1.0).T
        return begin, end


def spoken(
    model: Whisper, vocabulary: Vocabulary, memory: Tensor, written: list[int], words: list[Word]
) -> Spoken:
    """Lay a transcript beside the times of its words.

    A token that begins with a space begins a word; marks such as "." belong to none.

    Args:
        memory: (1, memory_len, d_model), what the encoder has heard.
        written: the tokens of the transcript, as `write_down` returns them.
        words: what was said, and when.

    Raises:
        ValueError: the words of the transcript are not those that were said.
    """
    owner = word_of_each(vocabulary.pieces(written), [word.text for word in words])
    inside = [i for i, word in enumerate(owner) if word is not None]
    n_start = len(vocabulary.start)
    return Spoken(
        model.decoder.keep(memory),
        torch.tensor([[*vocabulary.start, *written, vocabulary.end]]),
        torch.tensor([owner[i] for i in inside]),
        torch.tensor(inside) + n_start - 1,
        torch.tensor([[word.begin, word.end] for word in words]),
    )


def word_of_each(pieces: Sequence[str], words: Sequence[str]) -> list[int | None]:
    """Say which word each piece of a transcript belongs to; None for marks.

    Raises:
        ValueError: the pieces do not make up these words.
    """
    place, spelt, owner = -1, [], []
    for piece in pieces:
        if piece.startswith(" ") or place < 0:
            place += 1
            spelt.append("")
        spelt[place] += piece
        owner.append(place if any(map(str.isalnum, piece)) else None)
    said, wrote = (["".join(filter(str.isalnum, w)).lower() for w in x] for x in (words, spelt))
    if said != wrote:
        raise ValueError(f"the transcript must have the words that were said, {said}, got {wrote}")
    return owner


@torch.no_grad()
def cross_maps(model: Whisper, heard: Spoken) -> Tensor:
    """Record where each head looks when it is about to write each token of a word.

    Returns:
        (n_layers, n_heads, n, memory_len).
    """
    _, maps = model.decoder(heard.tokens, heard.kept, return_weights=True)
    return maps[:, 0, :, heard.row]
