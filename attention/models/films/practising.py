"""SASRec on what people rated: how it is trained, and how it scores the next film."""

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from attention.data.dice import by
from attention.models.films.held_out import Question, judge, windows
from attention.models.recommendation.sasrec import SASRec
from attention.models.training import trained, warmup_cosine

LENGTH = 50  # films that the model reads, at most
BATCH = 32  # pieces of LENGTH films
STEPS = 1000


def train_on_films(
    train: list[Tensor],
    validation: Question,
    n_films: int,
    seed: int = 0,
    steps: int = STEPS,
    d_model: int = 64,
) -> SASRec:
    """Train a SASRec of two blocks with two heads each.

    Args:
        train: (length,) films of each person, oldest first.
        validation: of the models on the way, the one with the best NDCG@10 on it is kept.
        n_films: how many different films.
        seed: of the first weights, of the batches and of dropout.
        steps: batches, at most; the training ends when three checks in a row bring nothing better.
        d_model: the width of a film's vector.
    """
    inputs, targets = windows(train, LENGTH)

    def draw(dice: torch.Generator) -> tuple[Tensor, Tensor]:
        chosen = torch.randint(len(inputs), (BATCH,), **by(dice))
        return inputs[chosen], targets[chosen]

    return trained(
        lambda: SASRec(n_films, d_model, n_heads=2, n_layers=2, max_len=LENGTH, dropout=0.3),
        draw,
        steps,
        seed=seed,
        lr=3e-3,
        schedule=warmup_cosine,
        weight_decay=1e-2,
        validate=lambda model: -judge(next_scores(model, validation.known), validation)[1],
        check_every=100,
    )


@torch.no_grad()
def next_scores(model: SASRec, known: list[Tensor]) -> Tensor:
    """Score every film as the next of each person, from the last that they rated.

    Args:
        model: trained.
        known: (length,) films of each person, oldest first; at most `max_len` of them are read.

    Returns:
        (n_people, n_films).
    """
    last = [films[-model.max_len :] for films in known]
    ends = torch.tensor([len(films) - 1 for films in last], device=last[0].device)
    padded = pad_sequence(last, batch_first=True)  # behind, where under a causal mask nobody looks
    some = zip(padded.split(100), ends.split(100), strict=True)
    return torch.cat([model(films)[torch.arange(len(films)), end] for films, end in some])
