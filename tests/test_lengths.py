"""What the chapter lengths claims: which positions fit which task, and how far they carry."""

from functools import cache

import pytest
import torch

from attention import attention_weights
from attention.data.order import (
    N_SYMBOLS,
    SIGNALS,
    copied_from,
    latest_signal,
    own_place,
    steps_back,
)
from attention.models.toys.order import (
    LENGTH,
    MAX_LEN,
    OrderModel,
    accuracy_by_place,
    train_order,
)
from attention.models.training import accuracy, trained


def dice(seed=0):
    return torch.Generator().manual_seed(seed)


@cache
def order_model(positions, task):
    """Trained once for all tests."""
    return train_order(positions, task, seed=0)


@cache
def shares(positions, task):
    """Right answers at the trained length, up to twice it, and up to four times."""
    found = accuracy_by_place(order_model(positions, task), task)
    parts = found[:LENGTH], found[LENGTH : 2 * LENGTH], found[2 * LENGTH :]
    return [part.nanmean().item() for part in parts]


def test_three_steps_back_is_for_t5_and_rope_and_never_for_alibi():
    """At the trained length four ways solve it; beyond it T5 does, and RoPE up to twice."""
    for positions in ("sinusoidal", "learned", "T5", "RoPE"):
        assert shares(positions, steps_back)[0] > 0.98
    assert min(shares("T5", steps_back)) > 0.8 and shares("T5", steps_back)[1] > 0.95
    assert shares("RoPE", steps_back)[1] > 0.95 and shares("RoPE", steps_back)[2] < 0.6
    assert max(shares("sinusoidal", steps_back)[1:]) < 0.6
    assert max(shares("learned", steps_back)[1:]) < 0.2  # guessing is 1 in 8
    assert max(*shares("ALiBi", steps_back), *shares("none", steps_back)) < 0.45


def test_the_latest_signal_is_for_alibi():
    """All five solve it at the trained length; at four times, ALiBi alone."""
    for positions in ("sinusoidal", "learned", "T5", "RoPE", "ALiBi"):
        assert shares(positions, latest_signal)[0] > 0.95
    assert min(shares("ALiBi", latest_signal)) > 0.9
    for positions in ("none", "sinusoidal", "learned", "T5", "RoPE"):
        assert shares(positions, latest_signal)[2] < 0.88


@pytest.mark.parametrize("task", [steps_back, latest_signal])
def test_counting_the_past_does_as_well_as_no_positions(task):
    """Name the symbol, or the signal, that has come most often so far: about as often right."""
    symbols, target = task(1000, MAX_LEN, dice(5))
    counts = torch.nn.functional.one_hot(symbols, N_SYMBOLS).cumsum(1).double()
    if task is latest_signal:
        counts[..., SIGNALS:] = 0
    commonest = (counts + torch.rand(counts.shape, generator=dice()) / 2).argmax(-1)  # ties by lot
    right = (commonest == target).float().where(target >= 0, torch.nan)
    parts = right.split([LENGTH, LENGTH, MAX_LEN - 2 * LENGTH], dim=1)
    for counting, none in zip(parts, shares("none", task), strict=True):
        assert abs(counting.nanmean() - none) < 0.12


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_far_out_rope_takes_47_back_for_3_back(seed):
    """44 radians are seven turns of the quickest pair, and nothing slower saw that in training."""
    symbols, _ = steps_back(200, MAX_LEN, dice(5))
    answer = train_order("RoPE", steps_back, seed)(symbols).argmax(-1)
    back = copied_from(answer, symbols, farthest=52)
    assert back.argmax() == 47
    assert back[47] > 0.4 and back[3] < 0.2


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_t5s_table_learns_a_peak_for_one_task_and_a_slope_for_the_other(seed):
    """Three steps back: highest at 3 in every head. The latest signal: falling from 1 on."""
    peak, slope = (
        train_order("T5", task, seed).positions.table.bias.weight.T.detach()  # (heads, buckets)
        for task in (steps_back, latest_signal)
    )
    assert (peak.argmax(-1) == 3).all()
    assert (slope[:, 1:].diff() < 0).all()


def test_the_causal_rule_alone_tells_where_a_token_stands():
    """Without positions a causal layer names its place; one that sees everything cannot."""
    shares = {}
    for is_causal in (True, False):
        model = trained(
            lambda is_causal=is_causal: OrderModel("none", is_causal),
            lambda dice: own_place(16, dice),
            200,
        )
        shares[is_causal] = accuracy(model, lambda dice: own_place(500, dice))
    assert shares[True] > 0.99
    assert shares[False] < 0.3  # START's own place, and one guess in seven for the others


def test_without_positions_the_start_symbol_gets_less_the_later_a_token_stands():
    """In every head, its share falls from place to place."""
    model = trained(lambda: OrderModel("none"), lambda dice: own_place(16, dice), 200)
    _, query, key, _ = model.heads(own_place(500, dice())[0])
    to_start = attention_weights(query, key, is_causal=True)[..., 0].mean(0)  # (heads, places)
    assert (to_start.diff() < 0).all()
