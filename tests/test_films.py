"""What the chapter `films` claims: of MovieLens itself, and of the stored results.

Full trainings take minutes; `python bench/films.py` has stored them. Here what counts is counted
again, which must give what is stored, and tests/models/films proves the code at small scale.
"""

import json
from statistics import mean

import pytest
import torch

from attention.models.films.counting import baselines
from attention.models.films.held_out import split
from attention.models.films.list_order import order_agreement, tied_share
from attention.models.films.measuring import ORDERS, by_group, groups, in_order
from attention.models.films.orders import in_any_order
from attention.models.films.practising import STEPS
from grading.paths import ROOT

STORED = json.loads((ROOT / "book" / "films.json").read_text("utf-8"))


def seeds(order, name="SASRec", group="all", measure=0):
    """HR@10 of each stored seed, or NDCG@10."""
    return [run["found"][name][group][measure] for run in STORED["runs"] if run["order"] == order]


def test_the_record_is_whole():
    """At least three seeds of each order, all with the steps that a training has now."""
    assert STORED["steps"] == STEPS and STORED["date"] and STORED["command"]
    for order in ORDERS:
        assert sorted(run["seed"] for run in STORED["runs"] if run["order"] == order)[:3] == [
            0,
            1,
            2,
        ]


@pytest.mark.parametrize("order", ORDERS)
def test_what_is_counted_again_is_what_is_stored(movielens, order):
    """Each group and counter, to four digits: so data, split and lots are the same."""
    train, _, test = split(in_order(movielens, order, seed=1))
    (stored,) = (
        run["found"] for run in STORED["runs"] if run["order"] == order and run["seed"] == 1
    )
    for name, scores in baselines(train, test.known, len(movielens.titles)).items():
        for group, found in by_group(scores, test, groups(movielens)).items():
            assert stored[name][group] == pytest.approx(found, abs=6e-5), (name, group)


def test_the_lead_is_in_one_measure():
    """HR@10 in each seed; NDCG@10 not even in the mean."""
    assert min(seeds("as rated")) > seeds("as rated", "neighbours")[0]
    assert mean(seeds("as rated", measure=1)) < seeds("as rated", "neighbours", measure=1)[0]
    for name in ("popularity", "pairs"):
        assert min(seeds("as rated")) > seeds("as rated", name)[0]


def test_without_the_order_sasrec_falls_behind():
    """Over a third is lost in each seed; ties by lot lose nothing in the mean."""
    lost, kept = seeds("any order"), seeds("as rated")
    assert max(lost) < 2 / 3 * min(kept)
    neighbours = seeds("any order", "neighbours")
    assert all(a < b for a, b in zip(lost, neighbours, strict=True))
    assert mean(seeds("ties by lot")) > mean(kept) - 0.01


def test_it_is_the_time_of_rating(movielens):
    """Most ratings share their second, and most people were done within an hour."""
    assert tied_share(movielens.times) > 0.5
    spans = torch.stack([times[-1] - times[0] for times in movielens.times])
    assert (spans < 3600).double().mean() > 0.5


def test_strangers_agree_on_the_order(movielens):
    """A rank correlation over .15; shuffled, within .03 of none."""
    dice = torch.Generator().manual_seed(5)
    assert order_agreement(movielens.people, 1500, dice) > 0.15
    assert abs(order_agreement(in_any_order(movielens.people, dice), 1500, dice)) < 0.03


def test_the_file_is_in_no_order_within_a_second(movielens):
    """Ties were broken by lot: film numbers go up as often as down, to one in a hundred."""
    up, down = 0, 0
    for films, times in zip(movielens.people, movielens.times, strict=True):
        tied = times.diff() == 0
        up += int((films.diff()[tied] > 0).sum())
        down += int((films.diff()[tied] < 0).sum())
    assert abs(up - down) < 0.01 * (up + down)


def test_the_lead_is_where_time_passed():
    """Over a day against within a day, each seed."""
    leads = {
        group: [
            a - b
            for a, b in zip(
                seeds("as rated", "SASRec", group),
                seeds("as rated", "neighbours", group),
                strict=True,
            )
        ]
        for group in ("over a day", "within a day")
    }
    assert all(
        a > b + 0.02 for a, b in zip(leads["over a day"], leads["within a day"], strict=True)
    )


def test_the_last_five_are_what_counts():
    """In each seed shuffling all costs over twice what shuffling the last five costs."""
    whole = seeds("as rated")
    for before, few, far, everything in zip(
        whole,
        seeds("as rated", "SASRec: last 5 in any order"),
        seeds("as rated", "SASRec: all but the last 5 in any order"),
        seeds("as rated", "SASRec: last 50 in any order"),
        strict=True,
    ):
        assert before - everything > 2 * (before - few)
        assert before - far < 0.01


def test_recboles_own_is_stored_with_its_conditions():
    """Three seeds, ahead of the neighbours in the mean and not in each; the measures are equal."""
    theirs = STORED["recbole"]
    assert theirs["date"] and theirs["command"] and theirs["measures differ by"] < 1e-6
    for measure in (0, 1):
        found = [seed[measure] for seed in theirs["sasrec"]]
        (neighbours,) = set(seeds("as rated", "neighbours", measure=measure))
        assert len(found) == 3 and mean(found) > neighbours
    assert min(seed[1] for seed in theirs["sasrec"]) < neighbours
