"""Sequence to sequence: an encoder reads, a decoder writes word by word.

What a decoder takes from the encoder at each step differs from model to model; each has a file
of its own: `fixed_context`, `bahdanau`, `luong`.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from attention.data.tokens import EDGE
from attention.models.judging import best


class Reading(NamedTuple):
    """What the encoder hands to the decoder."""

    memory: Tensor  # (batch, src_len, 2 · hidden) a state for each source token
    lengths: Tensor  # (batch,) how many of them are real
    summary: Tensor  # (batch, 2 · hidden) where reading ended, in either direction


class Seq2Seq(nn.Module):
    """A GRU that reads in both directions, and the loop of a decoder whose step is left open.

    Args:
        n_source: how many different tokens the source has.
        n_target: how many the target has. In both, number 0 is EDGE.
        d_embed: the width of a token's vector.
        hidden: the width of each direction's state, and of the decoder's.

    A subclass writes `step` and sets `answer`, the map from a step's features to scores of the
    n_target tokens.
    """

    def __init__(self, n_source: int, n_target: int, d_embed: int, hidden: int):
        super().__init__()
        self.source = nn.Embedding(n_source, d_embed)
        self.encoder = nn.GRU(d_embed, hidden, batch_first=True, bidirectional=True)
        self.target = nn.Embedding(n_target, d_embed)
        self.start = nn.Linear(2 * hidden, hidden)

    def read(self, source: Tensor, lengths: Tensor) -> Reading:
        """Read each source in both directions; the backward one starts at its last real token.

        Args:
            source: (batch, src_len) token numbers.
            lengths: (batch,) how many are real, at least 1.
        """
        vectors = self.source(source)  # (batch, src_len, d_embed)
        packed = pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
        states, last = self.encoder(packed)  # last: (2, batch, hidden)
        memory, _ = pad_packed_sequence(states, batch_first=True, total_length=source.shape[1])
        return Reading(memory, lengths, last.transpose(0, 1).flatten(1))

    def step(self, word: Tensor, state: Tensor, reading: Reading):
        """Write one word.

        Args:
            word: (batch, d_embed) the vector of the word written before.
            state: (batch, hidden).
            reading: what the encoder handed over.

        Returns:
            features (batch, n) for `answer`, the new state (batch, hidden), and the weights
            (batch, src_len), or None where there are none.
        """
        raise NotImplementedError

    def forward(self, source: Tensor, lengths: Tensor, previous: Tensor) -> Tensor:
        """Score each next word, told what really stands before it ("teacher forcing").

        Args:
            source: (batch, src_len) token numbers.
            lengths: (batch,) how many are real, at least 1.
            previous: (batch, tgt_len) the words before each step: EDGE, then the target's.

        Returns:
            (batch, tgt_len, n_target) scores.
        """
        reading = self.read(source, lengths)
        state = self.start(reading.summary).tanh()
        features = []
        for word in self.target(previous).unbind(1):
            feature, state, _ = self.step(word, state, reading)
            features.append(feature)
        return self.answer(torch.stack(features, dim=1))

    @torch.no_grad()
    def translate(
        self, source: Tensor, lengths: Tensor, steps: int
    ) -> tuple[Tensor, Tensor | None]:
        """Write word by word, each time the likeliest ("greedy"), and read on from there.

        Args:
            source: (batch, src_len) token numbers.
            lengths: (batch,) how many are real, at least 1.
            steps: how many words to write; what follows an EDGE means nothing.

        Returns:
            (batch, steps) token numbers, and the weights (batch, steps, src_len), or None.
        """
        reading = self.read(source, lengths)
        state = self.start(reading.summary).tanh()
        word = torch.full_like(source[:, 0], EDGE)
        words, alignment = [], []
        for _ in range(steps):
            feature, state, weights = self.step(self.target(word), state, reading)
            word = best(self.answer(feature))  # (batch,)
            words.append(word)
            alignment.append(weights)
        looked = weights is not None
        return torch.stack(words, dim=1), torch.stack(alignment, dim=1) if looked else None
