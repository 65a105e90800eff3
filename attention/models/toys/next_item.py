"""The smallest model that is trained to say what comes next, and a test that it cannot pass.

Source: Kang and McAuley (2018), Self-Attentive Sequential Recommendation, reduced to one head
of attention with neither feed-forward network nor normalisation.
"""

import torch
from torch import Tensor, nn

from attention.data.dice import by
from attention.models.judging import best
from attention.models.training import train
from attention.self_attention import SelfAttention


class NextItem(nn.Module):
    """What an item is, plus where it stands; one head of attention; a score for each item.

    Args:
        n_items: how many different items.
        length: the longest sequence.
        d_model: the width of each item's vector.
    """

    def __init__(self, n_items: int, length: int, d_model: int):
        super().__init__()
        self.item = nn.Embedding(n_items, d_model)
        self.position = nn.Embedding(length, d_model)
        self.attention = SelfAttention(d_model, d_model)
        self.score = nn.Linear(d_model, n_items)

    def forward(self, items: Tensor, mask: Tensor | None = None) -> Tensor:
        """Score, at each position of items (batch, length), every item as the next.

        Returns:
            (batch, length, n_items).
        """
        x = self.item(items) + self.position.weight[: items.shape[1]]
        return self.score(self.attention(x, mask))


def accuracy_on_noise(mask: Tensor | None, *, length=8, n_items=10, steps=120, seed=0) -> Tensor:
    """Train on random sequences, in which nothing predicts the next item, and count hits.

    Every sequence is new, so there is nothing to learn by heart. An honest model is right once
    in n_items times; one that is right more often has seen the answer.

    Args:
        mask: boolean, broadcast to (batch, length, length); True may attend.
        length: how many items the model reads; the last one's successor is never among them.
        n_items, steps, seed: how many items there are, of training steps, and of dice.

    Returns:
        (length,) the share of hits at each position, on 1000 new sequences.
    """
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        model = NextItem(n_items, length, d_model=32)

    def draw(dice: torch.Generator) -> tuple[Tensor, Tensor | None, Tensor]:
        sequences = torch.randint(n_items, (64, length + 1), **by(dice))
        return sequences[:, :-1], mask, sequences[:, 1:]

    train(model, draw, steps, seed=seed)
    dice = torch.Generator().manual_seed(1000 + seed)
    sequences = torch.randint(n_items, (1000, length + 1), **by(dice))
    with torch.no_grad():
        named = best(model(sequences[:, :-1], mask))  # (batch, length)
    return (named == sequences[:, 1:]).float().mean(0)
