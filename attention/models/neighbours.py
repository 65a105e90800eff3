"""A task made for two questions: name the symbol to your left and the symbol to your right.

The data are synthetic: random symbols. Used by the chapter on multi-head attention to ask what a
second head buys when nothing else is added.
"""

import torch
from torch import Tensor, nn

from attention.multi_head import MultiHeadAttention

N_SYMBOLS, LENGTH = 8, 10


class Neighbours(nn.Module):
    """Embeddings, one multi-head attention, and a read-out of two symbols for each token.

    Args:
        n_heads: heads of the attention; the number of parameters does not depend on it.
        d_model: the width of each token's vector.
        hidden: the width of a hidden layer in the read-out; 0 for a linear read-out.
    """

    def __init__(self, n_heads: int, d_model: int = 16, hidden: int = 0):
        super().__init__()
        self.symbol = nn.Embedding(N_SYMBOLS, d_model)
        self.position = nn.Embedding(LENGTH, d_model)
        self.attention = MultiHeadAttention(d_model, n_heads)
        self.read = nn.Linear(d_model, 2 * N_SYMBOLS)
        if hidden:
            read = nn.Linear(d_model, hidden), nn.ReLU(), nn.Linear(hidden, 2 * N_SYMBOLS)
            self.read = nn.Sequential(*read)

    def forward(self, symbols: Tensor, *, return_weights: bool = False):
        """Score, for each of symbols (batch, LENGTH), what stands left and right of it.

        Returns:
            (batch, LENGTH, 2, N_SYMBOLS) scores, or those and the weights of each head.
        """
        x = self.symbol(symbols) + self.position.weight  # (batch, LENGTH, d_model)
        found, weights = self.attention(x, return_weights=True)
        scores = self.read(found).unflatten(-1, (2, N_SYMBOLS))
        return (scores, weights) if return_weights else scores


def neighbours_batch(size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw random symbols and their neighbours; the two tokens at the ends are not asked.

    Returns:
        (symbols, targets): (size, LENGTH) and (size, LENGTH − 2, 2), left neighbour first.
    """
    symbols = torch.randint(N_SYMBOLS, (size, LENGTH), generator=generator)
    return symbols, torch.stack([symbols[:, :-2], symbols[:, 2:]], dim=-1)


def train_neighbours(n_heads: int, seed: int, hidden: int = 0, steps: int = 200) -> Neighbours:
    """Train a fresh model on fresh batches for a fixed number of steps."""
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Neighbours(n_heads, hidden=hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(steps):
        symbols, targets = neighbours_batch(64, generator)
        scores = model(symbols)[:, 1:-1]  # (batch, LENGTH − 2, 2, N_SYMBOLS)
        loss = nn.functional.cross_entropy(scores.flatten(0, 2), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


@torch.no_grad()
def neighbours_accuracy(model: Neighbours) -> tuple[float, float]:
    """Measure, on symbols that training never saw, the share of right answers (left, right)."""
    symbols, targets = neighbours_batch(300, torch.Generator().manual_seed(10_000))
    right = model(symbols)[:, 1:-1].argmax(-1) == targets  # (size, LENGTH − 2, 2)
    left_share, right_share = right.float().mean(dim=(0, 1)).tolist()
    return left_share, right_share
