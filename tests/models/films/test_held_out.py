"""What is asked and what may be learned from, the counters, and the orders."""

from itertools import pairwise

import pytest
import torch
from torch.testing import assert_close

from attention.data.films import Films
from attention.models.films.counting import LAST, baselines, likeness, pairs, seen_by
from attention.models.films.held_out import NOTHING, judge, split, unseen, windows
from attention.models.films.measuring import ORDERS, groups, in_order, measure
from attention.models.films.orders import in_any_order, last_in_any_order, ties_in_any_order
from attention.models.films.practising import next_scores, train_on_films

N_FILMS = 9


def dice(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def people():
    """Three people who rated 5, 7 and 4 of nine films."""
    lists = ([4, 2, 7, 1, 0], [1, 2, 3, 4, 5, 6, 8], [8, 0, 4, 2])
    return [torch.tensor(films) for films in lists]


def test_two_films_of_each_are_held_out(people):
    """The last for the test, the one before for the validation, and the test knows that one."""
    train, validation, test = split(people)
    assert [films.tolist() for films in train] == [[4, 2, 7], [1, 2, 3, 4, 5], [8, 0]]
    assert validation.target.tolist() == [1, 6, 4] and test.target.tolist() == [0, 8, 2]
    assert all(known.equal(films) for known, films in zip(validation.known, train, strict=True))
    assert [known.tolist() for known in test.known] == [f[:-1].tolist() for f in people]


def test_a_list_is_ranked_among_what_is_unseen(people):
    """What a person has rated stands in nobody's way, however high its score."""
    _, _, test = split(people)
    scores = torch.zeros(3, N_FILMS)
    for row, known, target in zip(scores, test.known, test.target, strict=True):
        row[known] = 5
        row[target] = 1
    assert judge(scores, test, k=1) == (1, 1)
    assert judge(-scores, test, k=1) == (0, 0)
    assert unseen(scores, test.known).isneginf().sum(-1).tolist() == [4, 6, 3]
    assert scores.isfinite().all()  # the scores that came are left alone


@pytest.mark.parametrize("length", [2, 3, 50])
def test_windows_hold_every_step_once(people, length):
    """Each film after another is a target once, behind the film that came before it."""
    inputs, targets = windows(people, length)
    real = targets != NOTHING
    steps = sorted(zip(inputs[real].tolist(), targets[real].tolist(), strict=True))
    expected = [step for films in people for step in pairwise(films)]
    assert steps == sorted((int(a), int(b)) for a, b in expected)
    assert inputs.shape[1] == length and (real[:, :-1] >= real[:, 1:]).all()  # filled up behind


def test_counters_count_as_a_loop_does(people):
    """Who rated what, which came after which, and how alike two films are."""
    marks, after, alike = (f(people, N_FILMS) for f in (seen_by, pairs, likeness))
    assert marks.sum(-1).tolist() == [5, 7, 4]
    for i in range(N_FILMS):
        for j in range(N_FILMS):
            both = sum(i in f and j in f for f in people)
            each = sum(i in f for f in people) * sum(j in f for f in people)
            assert alike[i, j] == pytest.approx(both / each**0.5 if i != j and each else 0)
            steps = sum((int(a), int(b)) == (i, j) for f in people for a, b in pairwise(f))
            assert after[i, j].floor() == steps
    assert after[0].argmax() == 4  # after film 0 came film 4, once, and nothing else


def test_baselines_ask_the_right_films(people):
    """Pairs the last film, neighbours the last five, popularity nobody."""
    found = baselines(people, people, N_FILMS)
    assert_close(found["popularity"][0], found["popularity"][2])
    assert_close(found["pairs"], pairs(people, N_FILMS)[[0, 8, 2]])
    recent = people[1][-LAST:]
    assert_close(found["neighbours"][1], likeness(people, N_FILMS)[recent].sum(0))


@pytest.mark.parametrize(
    "change, stays",
    [
        (lambda people: in_any_order(people, dice()), slice(0, 0)),
        (lambda people: in_any_order(people, dice(), keep=2), slice(-2, None)),
        (lambda people: last_in_any_order(people, 3, dice()), slice(0, -3)),
    ],
)
def test_shuffling_keeps_the_films_and_what_it_should(people, change, stays):
    """The same films of the same people; some of them where they were."""
    before = [films.clone() for films in people]
    after = change(people)
    for films, other in zip(people, after, strict=True):
        assert sorted(films.tolist()) == sorted(other.tolist())
        assert films[stays].equal(other[stays])
    assert any(not films.equal(other) for films, other in zip(people, after, strict=True))
    assert all(a.equal(b) for a, b in zip(people, before, strict=True))


def test_ties_are_shuffled_and_nothing_else(people):
    """A film stays among those of its second, and what is held out where it is."""
    times = [torch.tensor(t) for t in ([1, 1, 1, 4, 4], [1, 2, 3, 4, 5, 6, 7], [0, 0, 0, 0])]
    seen = set()
    for seed in range(40):
        first, second, third = ties_in_any_order(people, times, dice(seed), keep=2)
        assert sorted(first[:3].tolist()) == [2, 4, 7] and first[3:].tolist() == [1, 0]
        assert second.equal(people[1]) and third[2:].tolist() == [4, 2]
        seen.add(tuple(first.tolist()))
    assert len(seen) == 6


# --- SASRec on a small copy of the world, in which the next film follows from the last ---


@pytest.fixture(scope="module")
def chains():
    """120 people, each of whom goes through 60 films in a circle, a film a minute."""
    start = torch.randint(60, (120,), generator=dice(1))
    people = [(first + torch.arange(12)) % 60 for first in start]
    times = [60 * torch.arange(12)] * 120
    return Films(people, times, [f"film {i}" for i in range(60)])


@pytest.fixture(scope="module")
def measured(chains):
    """What is measured of it for two of the orders, after a short training."""
    return {order: measure(chains, order, 0, steps=120, d_model=16) for order in ORDERS[::2]}


def test_what_order_decides_is_lost_with_the_order(measured):
    """As rated the last film says all; of the shuffled lists neither pairs nor SASRec learn it."""
    rated, shuffled = (measured[order] for order in ("as rated", "any order"))
    for name in ("pairs", "SASRec"):
        assert rated[name]["all"][1] > 0.9 and shuffled[name]["all"][1] < 0.75


def test_a_changed_question_is_another_one(measured):
    """The model that learned the order needs it when it is asked, too."""
    found = measured["as rated"]
    assert found["SASRec: as rated"] == found["SASRec"]
    assert found["SASRec: all but the last in any order"]["all"][1] > 0.8
    assert found["SASRec: last 50 in any order"]["all"][1] < 0.8


def test_the_same_seed_measures_the_same(chains, measured):
    """To the last digit, or no stored figure could be held to anything."""
    assert measure(chains, "as rated", 0, steps=120, d_model=16) == measured["as rated"]


def test_groups_share_everybody_out(chains, movielens):
    """By the span of their times, and by the wait before the last film."""
    for films in (chains, movielens):
        people = groups(films)
        assert people["all"].all()
        assert (people["over a day"] ^ people["within a day"]).all()
        waits = [people[name].int() for name in people if name.startswith("last")]
        assert (sum(waits) == 1).all()
    assert groups(chains)["last within a minute"].all()


def test_orders_leave_what_is_asked_for(chains):
    """Each recommender is asked for the same films, whatever order it learned from."""
    for order in ORDERS:
        people = in_order(chains, order, seed=3)
        assert all(a[-2:].equal(b[-2:]) for a, b in zip(people, chains.people, strict=True))


def test_lists_of_any_length_are_scored_alone(chains):
    """What stands behind a shorter list, to fill it up, changes no score."""
    train, validation, _ = split(chains.people)
    model = train_on_films(train, validation, 60, steps=3, d_model=16)
    lists = [torch.arange(length) % 60 for length in (3, 60, 1)]
    together = next_scores(model, lists)
    for row, films in zip(together, lists, strict=True):
        assert_close(row, next_scores(model, [films])[0])
    assert_close(next_scores(model, [lists[1][-50:]])[0], together[1])
