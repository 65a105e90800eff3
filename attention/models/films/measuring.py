"""How well each recommender foresees the last film: by the order it learned from, and by person."""

import torch
from torch import Tensor

from attention.data.films import Films
from attention.models.films.counting import baselines
from attention.models.films.held_out import Question, judge, split
from attention.models.films.orders import in_any_order, last_in_any_order, ties_in_any_order
from attention.models.films.practising import STEPS, next_scores, train_on_films

HOLD = 2  # films at the end of each list, which are asked for
MINUTE, DAY = 60, 24 * 60 * 60
ORDERS = ("as rated", "ties by lot", "any order")

Measures = dict[str, tuple[float, float]]  # {who is asked: (HR@10, NDCG@10)}


def in_order(films: Films, order: str, seed: int) -> list[Tensor]:
    """Bring what each person rated, but for the two films that are asked for, into an order.

    Args:
        films: as loaded.
        order: "as rated"; "ties by lot", in which only films of the same second change places; or
            "any order".
        seed: of the lot.
    """
    dice = torch.Generator().manual_seed(seed)
    if order == "as rated":
        return films.people
    if order == "ties by lot":
        return ties_in_any_order(films.people, films.times, dice, keep=HOLD)
    return in_any_order(films.people, dice, keep=HOLD)


def groups(films: Films) -> dict[str, Tensor]:
    """Tell people apart by how long they rated, and how long after the one before the last came.

    Returns:
        {name: (n_people,) booleans}.
    """
    span = torch.stack([times[-1] - times[0] for times in films.times])
    wait = torch.stack([times[-1] - times[-2] for times in films.times])
    return {
        "all": span >= 0,
        "over a day": span > DAY,
        "within a day": span <= DAY,
        "last in the same second": wait == 0,
        "last within a minute": (wait > 0) & (wait <= MINUTE),
        "last later": wait > MINUTE,
    }


def by_group(scores: Tensor, question: Question, people: dict[str, Tensor]) -> Measures:
    """Judge a recommender on each group of people, (HR@10, NDCG@10)."""
    found = {}
    for name, chosen in people.items():
        known = [films for films, asked in zip(question.known, chosen, strict=True) if asked]
        if known:
            found[name] = judge(scores[chosen], Question(known, question.target[chosen]))
    return found


def measure(
    films: Films, order: str, seed: int, steps: int = STEPS, d_model: int = 64
) -> dict[str, Measures]:
    """Train on films in an order, and judge: all recommenders, and SASRec on changed questions.

    Returns:
        {recommender: {group: (HR@10, NDCG@10)}}. Names with a colon are SASRec, asked about lists
        that were changed after the training.
    """
    n_films, people = len(films.titles), groups(films)
    train, validation, test = split(in_order(films, order, seed))
    scores = baselines(train, test.known, n_films)
    model = train_on_films(train, validation, n_films, seed, steps, d_model)
    dice = torch.Generator().manual_seed(seed)
    asked = {
        "SASRec": test.known,
        "SASRec: as rated": split(films.people)[2].known,
        "SASRec: last 5 in any order": last_in_any_order(test.known, 5, dice),
        "SASRec: last 50 in any order": last_in_any_order(test.known, 50, dice),
        "SASRec: all but the last in any order": in_any_order(test.known, dice, keep=1),
        "SASRec: all but the last 5 in any order": in_any_order(test.known, dice, keep=5),
    }
    scores |= {name: next_scores(model, known) for name, known in asked.items()}
    return {name: by_group(each, test, people) for name, each in scores.items()}
