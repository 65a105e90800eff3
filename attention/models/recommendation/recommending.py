"""Training and judging the chapter's recommenders, all on the same sessions."""

from collections.abc import Callable

import torch
from torch import Tensor

from attention.data.dice import by
from attention.data.sessions import N_ITEMS
from attention.models.recommendation.counting import follows, popularity
from attention.models.recommendation.sasrec import SASRec
from attention.models.training import trained, warmup_cosine
from attention.tokens.training_pairs import training_pairs

LENGTH = 25  # items in a session; the last one is to be named


def train_sasrec(sessions: Tensor, seed: int = 0, steps: int = 300) -> SASRec:
    """Train a SASRec of one block with two heads on batches of 64 sessions."""

    def draw(dice: torch.Generator) -> tuple[Tensor, Tensor]:
        return training_pairs(sessions[torch.randint(len(sessions), (64,), **by(dice))])

    def build() -> SASRec:
        return SASRec(N_ITEMS, d_model=48, n_heads=2, n_layers=1, max_len=sessions.shape[1])

    return trained(build, draw, steps, seed=seed, lr=5e-3, schedule=warmup_cosine)


@torch.no_grad()
def last_scores(model: SASRec, sessions: Tensor) -> Tensor:
    """Score every item as the one that ends each session, which the model has not read.

    Returns:
        (n_sessions, n_items).
    """
    return model(sessions[:, :-1])[:, -1]


def recommenders(
    train: Tensor, seed: int = 0, steps: int = 300
) -> dict[str, Callable[[Tensor], Tensor]]:
    """Make each recommender ready from the same training sessions.

    Returns:
        {name: function of sessions (n, length) that scores their last items, (n, n_items)}.
    """
    popular, model = popularity(train, N_ITEMS), train_sasrec(train, seed, steps)
    after = {back: follows(train, N_ITEMS, back) for back in (1, 3)}
    return {
        "popularity": lambda sessions: popular.expand(len(sessions), -1),
        "bigram": lambda sessions: after[1][sessions[:, -2]],
        "three back": lambda sessions: after[3][sessions[:, -4]],
        "SASRec": lambda sessions: last_scores(model, sessions),
    }
