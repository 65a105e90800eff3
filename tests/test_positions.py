"""What the chapter positions claims, and the tasks and the model it measures with."""

from copy import deepcopy
from functools import cache

import pytest
import torch
from torch.nn.functional import normalize
from torch.testing import assert_close

from attention import (
    SelfAttention,
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
    """MiniLM's position vectors: neighbours are alike, and 6 or 12 apart more than 3 or 9 apart."""
    table = normalize(minilm[0].embed.position.weight.detach()[1:])  # 0 belongs to [CLS]
    alike = table @ table.T
    at = {distance: alike.diagonal(distance) for distance in (1, 3, 6, 9, 12, 256)}
    assert at[1].mean() > 0.8
    assert min(at[6].mean(), at[12].mean()) > max(at[3].mean(), at[9].mean()) + 0.1
    assert (at[6] > at[3][: len(at[6])]).float().mean() > 0.9
    assert at[256].mean().abs() < 0.1


@cache
def order_model(positions, task):
    """Trained once for all tests; copy it before you change it."""
    return train_order(positions, task, seed=0)


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
