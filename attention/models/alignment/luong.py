"""The simpler translator that came next: take the step first, then look back."""

import torch
from torch import Tensor, nn

from attention.alignment.context import context
from attention.models.alignment.seq2seq import Reading, Seq2Seq
from attention.scoring.scorers import BilinearScorer


class Luong(Seq2Seq):
    """A decoder that asks with its new state; what it finds goes into the word, not the state.

        g′_t = GRU(y_{t−1}, g′_{t−1}),   c_t = context(g′_t, g),   g̃_t = tanh([c_t; g′_t] W_c)

    This is the paper's global attention with the "general" score, without "input feeding".

    Args:
        n_source, n_target, d_embed, hidden: as for `Seq2Seq`.

    Source: Luong, Pham and Manning (2015), section 3.1, equation 5.
    """

    def __init__(self, n_source: int, n_target: int, d_embed: int, hidden: int):
        super().__init__(n_source, n_target, d_embed, hidden)
        self.scorer = BilinearScorer(hidden, 2 * hidden)
        self.cell = nn.GRUCell(d_embed, hidden)
        self.join = nn.Linear(3 * hidden, hidden)
        self.answer = nn.Linear(hidden, n_target)

    def step(self, word: Tensor, state: Tensor, reading: Reading):
        """Take a step, then look back; see `Seq2Seq.step`."""
        state = self.cell(word, state)
        found, weights = context(state, reading.memory, reading.lengths, self.scorer)
        return self.join(torch.cat([found, state], dim=-1)).tanh(), state, weights
