"""A translator without attention: everything it read has to fit into one vector."""

import torch
from torch import Tensor, nn

from attention.models.alignment.seq2seq import Reading, Seq2Seq


class FixedContext(Seq2Seq):
    """A decoder that is given the same summary of the source at every step.

        g′_t = GRU([y_{t−1}; c], g′_{t−1}),   c = the encoder's last states

    Args:
        n_source, n_target, d_embed, hidden: as for `Seq2Seq`.

    Source: Cho et al. (2014), section 2.2, with an encoder that reads in both directions.
    """

    def __init__(self, n_source: int, n_target: int, d_embed: int, hidden: int):
        super().__init__(n_source, n_target, d_embed, hidden)
        self.cell = nn.GRUCell(d_embed + 2 * hidden, hidden)
        self.answer = nn.Linear(3 * hidden, n_target)

    def step(self, word: Tensor, state: Tensor, reading: Reading):
        """Write one word from the last one and the summary; see `Seq2Seq.step`."""
        state = self.cell(torch.cat([word, reading.summary], dim=-1), state)
        return torch.cat([state, reading.summary], dim=-1), state, None
