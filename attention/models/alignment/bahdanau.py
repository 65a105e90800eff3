"""The translator in which attention was born: the decoder looks back before each word."""

import torch
from torch import Tensor, nn

from attention.alignment.context import context
from attention.models.alignment.seq2seq import Reading, Seq2Seq
from attention.scoring.scorers import AdditiveScorer


class Bahdanau(Seq2Seq):
    """A decoder that asks with its last state, and takes a step with what it found.

        c_t = context(g′_{t−1}, g),   g′_t = GRU([y_{t−1}; c_t], g′_{t−1})

    The word is read off [g′_t; c_t] by one linear map. (The paper's readout has a hidden layer,
    and its first state is made of the backward direction alone.)

    Args:
        n_source, n_target, d_embed, hidden: as for `Seq2Seq`.

    Source: Bahdanau, Cho and Bengio (2015), section 3.
    """

    def __init__(self, n_source: int, n_target: int, d_embed: int, hidden: int):
        super().__init__(n_source, n_target, d_embed, hidden)
        self.scorer = AdditiveScorer(hidden, 2 * hidden, hidden)
        self.cell = nn.GRUCell(d_embed + 2 * hidden, hidden)
        self.answer = nn.Linear(3 * hidden, n_target)

    def step(self, word: Tensor, state: Tensor, reading: Reading):
        """Look back, then write one word; see `Seq2Seq.step`."""
        found, weights = context(state, reading.memory, reading.lengths, self.scorer)
        state = self.cell(torch.cat([word, found], dim=-1), state)
        return torch.cat([state, found], dim=-1), state, weights
