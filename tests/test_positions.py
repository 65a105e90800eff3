"""What the chapter positions claims, and the tasks and the model it measures with."""

from copy import deepcopy
from functools import cache
from itertools import pairwise

import pytest
import torch
from torch.nn.functional import normalize
from torch.testing import assert_close

from attention import (
    SelfAttention,
    attention_weights,
    rotate,
    rotate_halves,
    soft_lookup,
)
from attention.data.order import (
    N_SYMBOLS,
    SIGNALS,
    START,
    copied_from,
    latest_signal,
    own_place,
    steps_back,
)
from attention.data.sentence import TOKENS, VECTORS
from attention.models.bert.pretrained import encode
from attention.models.toys.order import (
    LENGTH,
    MAX_LEN,
    N_HEADS,
    POSITIONS,
    OrderModel,
    accuracy_by_place,
    copied_with_queries_at,
    train_order,
)
from attention.models.training import accuracy, trained

SWAPPED = [0, 5, 2, 3, 4, 1]  # the mat sat on the cat
HEAD_DIM = 8


def dice(seed=0):
    return torch.Generator().manual_seed(seed)


# The tasks, against a loop.


def test_steps_back_asks_for_the_symbol_that_many_places_before():
    """Every symbol occurs, and the first places are not asked."""
    symbols, target = steps_back(50, 9, dice(), steps=2)
    assert symbols.shape == target.shape == (50, 9)
    assert symbols.unique().tolist() == list(range(N_SYMBOLS))
    assert (target[:, :2] == -100).all()
    for place in range(2, 9):
        assert target[:, place].equal(symbols[:, place - 2])


def test_latest_signal_asks_for_the_last_symbol_that_is_no_noise():
    """Signals are the symbols below SIGNALS, and a signal answers for itself."""
    symbols, target = latest_signal(50, 9, dice())
    assert symbols.unique().tolist() == list(range(N_SYMBOLS))
    for row, answers in zip(symbols.tolist(), target.tolist(), strict=True):
        latest = -100
        for symbol, answer in zip(row, answers, strict=True):
            latest = symbol if symbol < SIGNALS else latest
            assert answer == latest
    assert (target == -100).any() and (target >= 0).any()


def test_own_place_opens_with_the_start():
    """The answer is the place itself."""
    symbols, target = own_place(3, dice())
    assert (symbols[:, 0] == START).all() and (symbols[:, 1:] < N_SYMBOLS).all()
    assert target.equal(torch.arange(N_SYMBOLS).expand(3, -1))


def test_copies_are_counted_by_how_far_back_they_stand():
    """What is copied three back is found there, and elsewhere by chance alone."""
    symbols, target = steps_back(50, 9, dice())
    found = copied_from(target, symbols, farthest=4)
    assert found.shape == (5,) and found[3] == 1 and found[[0, 1, 2, 4]].max() < 0.3
    by_hand = copied_from(torch.tensor([[9, 9, 1, 0]]), torch.tensor([[0, 1, 1, 5]]), farthest=2)
    assert by_hand.tolist() == [0.5, 0.5, 0.0]


# The model.


@pytest.mark.parametrize("positions", POSITIONS)
def test_no_answer_depends_on_what_follows(positions):
    """So one test on long sequences tells how a model does at every length."""
    torch.manual_seed(0)
    model, (symbols, _) = OrderModel(positions), steps_back(4, 12, dice())
    assert model(symbols).shape == (4, 12, N_SYMBOLS)
    assert_close(model(symbols[:, :7]), model(symbols)[:, :7])


@pytest.mark.parametrize("positions", [name for name in POSITIONS if name != "none"])
def test_positions_tell_equal_symbols_apart(positions):
    """In a row of different symbols, exchanging two changes the last answer."""
    torch.manual_seed(0)
    symbols = torch.arange(N_SYMBOLS)[None]
    exchanged = symbols[:, [0, 1, 2, 3, 4, 6, 5, 7]]
    last = [OrderModel("none"), OrderModel(positions)]
    if positions == "T5":  # it starts at zero, like none
        torch.nn.init.normal_(last[1].positions.table.bias.weight)
    same = [torch.allclose(m(symbols)[:, -1], m(exchanged)[:, -1], atol=1e-5) for m in last]
    assert same == [True, False]


# What the chapter claims.


def test_exchanging_two_words_exchanges_their_vectors_and_no_more():
    """The cat sat on the mat, or the mat on the cat: each word gets the same vector."""
    torch.manual_seed(0)
    learned = SelfAttention(2, 3)
    for read in (lambda x: soft_lookup(x, x, x), lambda x: learned(x[None])[0]):
        assert_close(read(VECTORS[SWAPPED]), read(VECTORS)[SWAPPED])


def test_learned_positions_are_waves(minilm):
    """MiniLM's position vectors: neighbours are alike, and six apart more than three apart."""
    table = normalize(minilm[0].embed.position.weight.detach()[1:])  # 0 belongs to [CLS]
    alike = table @ table.T
    at = {distance: alike.diagonal(distance) for distance in (1, 3, 6, 256)}
    assert at[1].mean() > 0.8
    assert at[6].mean() > at[3].mean() + 0.2
    assert (at[6] > at[3][: len(at[6])]).float().mean() > 0.9
    assert at[256].mean().abs() < 0.1


def test_learned_waves_form_a_ladder(minilm):
    """The five strongest peaks of their spectrum: each wave about three times the next."""
    rows = minilm[0].embed.position.weight.detach()[1:-1]
    power = torch.fft.rfft(rows - rows.mean(0), dim=0).abs().square().sum(1)
    peaks = [k for k in range(1, len(power) - 1) if power[k] > max(power[k - 1], power[k + 1])]
    strongest = sorted(sorted(peaks, key=lambda k: -power[k])[:5])
    for longer, shorter in pairwise(strongest):  # how often each fits into the table
        assert 2.7 < shorter / longer < 3.4


def test_positions_added_twice_change_minilm_without_an_error(minilm):
    """Every vector is another one, by more than a quarter of its length on average."""
    encoder, tokenizer = minilm
    twice = deepcopy(encoder)
    ids, _ = encode(tokenizer, "The cat sat on the mat")
    with torch.no_grad():
        twice.embed.position.weight *= 2
        once, changed = encoder(ids[None])[0], twice(ids[None])[0]
    share = (changed - once).norm(dim=-1) / once.norm(dim=-1)
    assert share.mean() > 0.25 and share.isfinite().all()


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


@cache
def order_model(positions, task):
    """Trained once for all tests; copy it before you change it."""
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
    assert min(shares("T5", steps_back)) > 0.8
    assert shares("RoPE", steps_back)[1] > 0.95 and shares("RoPE", steps_back)[2] < 0.6
    assert shares("sinusoidal", steps_back)[1] < 0.6
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


def halves_of_each_head():
    """The rows of a map whose heads are to be read in halves instead of neighbours."""
    halves = torch.cat([torch.arange(0, HEAD_DIM, 2), torch.arange(1, HEAD_DIM, 2)])
    return torch.arange(N_HEADS)[:, None].mul(HEAD_DIM).add(halves).flatten()


def test_weights_read_in_the_other_layout_need_their_columns_sorted():
    """Trained on neighbours and read in halves, RoPE is lost; sorted, all scores are back."""
    model = deepcopy(order_model("RoPE", steps_back)).requires_grad_(False)
    symbols, target = steps_back(200, LENGTH, dice(5))
    before = model(symbols)

    def share(answers):
        return (answers.argmax(-1) == target)[:, 3:].float().mean()

    model.positions.turn = lambda x: rotate_halves(x, torch.arange(x.shape[-2]))
    assert share(before) > 0.99 and share(model(symbols)) < 0.7
    for linear in (model.to_query, model.to_key):
        linear.weight.copy_(linear.weight[halves_of_each_head()])
        linear.bias.copy_(linear.bias[halves_of_each_head()])
    assert_close(model(symbols), before, rtol=0, atol=1e-4)  # sums in another order


@pytest.mark.parametrize(("slip", "copied"), [(-1, 4), (0, 3), (1, 2)])
def test_an_offset_wrong_by_one_copies_the_wrong_token(slip, copied):
    """Queries one position ahead of the keys copy 2 back instead of 3, one behind 4 back."""
    query_at = torch.arange(LENGTH) + slip
    found = copied_with_queries_at(query_at, order_model("RoPE", steps_back))
    assert found.argmax() == copied and found[copied] > 0.99


def test_moved_words_keep_their_score():
    """In "on the mat the cat sat", sat scores cat as it did three places earlier."""
    cat, sat = VECTORS[[TOKENS.index("cat")]], VECTORS[[TOKENS.index("sat")]]
    scores = [
        rotate(sat, torch.tensor([at + 1])) @ rotate(cat, torch.tensor([at])).T for at in (1, 4)
    ]
    assert_close(*scores)
    assert not torch.allclose(scores[0], sat @ cat.T, atol=0.1)  # and a distance of 0 differs


def test_accuracy_is_counted_where_something_is_asked():
    """Before the third place nothing is asked, and the rest is a share."""
    torch.manual_seed(0)
    found = accuracy_by_place(OrderModel("none"), steps_back)
    assert found.shape == (MAX_LEN,)
    assert found[:3].isnan().all() and ((found[3:] >= 0) & (found[3:] <= 1)).all()
