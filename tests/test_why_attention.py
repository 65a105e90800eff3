"""Why attention: influence, path lengths, the recall tasks, and what the chapter claims.

The claims are the chapter's experiments at a smaller scale: shorter sequences, fewer seeds.
"""

from functools import partial
from itertools import count, repeat

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from attention import (
    SelfAttention,
    compare_influence,
    influence,
    influence_map,
    output_slopes,
    path_length,
)
from attention.data.recall import (
    ASK,
    KEEP,
    N_TAGS,
    N_WORDS,
    NOISE,
    announced_recall,
    announced_up_to,
    lookup_recall,
    lookup_up_to,
)
from attention.models.toys.recall import GRU, attention_recall, gru_recall
from attention.models.training import accuracy, trained
from attention.why_attention.paths import reads_back

BATCH, LENGTH, DIM, DIM_OUT = 2, 5, 3, 4


# --- slopes and influence ---


@pytest.mark.parametrize("layer", [GRU, SelfAttention])
def test_the_slopes_of_one_number_agree_with_finite_differences(layer):
    """Each slope, with its sign, is what a tiny nudge to one number of x does to that number."""
    torch.manual_seed(0)
    model, x = layer(DIM, DIM_OUT).double(), torch.randn(LENGTH, DIM, dtype=torch.float64)
    nudges = 1e-6 * torch.eye(LENGTH * DIM, dtype=torch.float64).view(-1, LENGTH, DIM)
    with torch.no_grad():
        moved = (model(x + nudges) - model(x - nudges))[:, -1] / 2e-6  # (length·d, d_out)
    for entry in (0, DIM_OUT - 1, -1):
        found = output_slopes(model, x, entry)
        # central differences in float64 keep about nine digits
        assert_close(found, moved[:, entry].view(LENGTH, DIM), rtol=1e-6, atol=1e-9)


def test_the_slopes_touch_neither_x_nor_the_model_and_need_no_switch():
    """Nothing is left behind, also where gradients are switched off or none depends on x."""
    model, x = GRU(DIM, DIM_OUT), torch.randn(LENGTH, DIM)
    with torch.no_grad():
        found = output_slopes(model, x, 1)
    assert found.shape == (LENGTH, DIM) and found.any() and not found.requires_grad
    assert x.grad is None and not x.requires_grad
    assert all(p.grad is None for p in model.parameters())
    for silent in (torch.ones_like, lambda x: torch.ones_like(x) * model(x).shape[0]):
        assert not output_slopes(silent, x, 0).any()
    weight = torch.ones(LENGTH, DIM, requires_grad=True)
    assert not output_slopes(lambda x: weight[None], x, 0).any()


def test_the_slopes_of_all_numbers_make_the_influence():
    """The root of the sum of squares, over the output's numbers and those of a position."""
    torch.manual_seed(0)
    model, x = GRU(DIM, DIM_OUT), torch.randn(LENGTH, DIM)
    slopes = torch.stack([output_slopes(model, x, entry) for entry in range(DIM_OUT)])
    assert_close(slopes.square().sum(dim=(0, 2)).sqrt(), influence(model, x))
    with pytest.raises(ValueError, match=r"x must have shape \(length, d\), got \(2, 5, 3\)"):
        output_slopes(model, torch.randn(BATCH, LENGTH, DIM), 0)


@pytest.mark.parametrize("layer", [GRU, SelfAttention])
def test_influence_agrees_with_finite_differences(layer):
    """Each influence is the root of the summed squares of what tiny nudges do to the output."""
    torch.manual_seed(0)
    model, x = layer(DIM, DIM_OUT).double(), torch.randn(LENGTH, DIM, dtype=torch.float64)
    nudges = 1e-6 * torch.eye(LENGTH * DIM, dtype=torch.float64).view(-1, LENGTH, DIM)
    with torch.no_grad():
        slopes = (model(x + nudges) - model(x - nudges))[:, -1] / 2e-6  # (length·d, d_out)
    expected = slopes.square().view(LENGTH, -1).sum(-1).sqrt()
    # central differences in float64 keep about nine digits
    assert_close(influence(model, x), expected, rtol=1e-6, atol=1e-9)


def test_influence_touches_neither_x_nor_the_model():
    """Measuring leaves no gradient and no switch behind."""
    model, x = GRU(DIM, DIM_OUT), torch.randn(LENGTH, DIM)
    found = influence(model, x)
    assert found.shape == (LENGTH,) and not found.requires_grad
    assert x.grad is None and not x.requires_grad
    assert all(p.grad is None for p in model.parameters())


def test_influence_of_what_is_not_heard_is_exactly_zero():
    """A window of two hears the last two positions and nothing before them."""
    found = influence(lambda x: x + x.roll(1, dims=1), torch.randn(LENGTH, DIM))
    assert (found[:-2] == 0).all()
    assert_close(found[-2:], torch.full((2,), DIM**0.5))


def test_influence_says_which_shape_it_wants():
    """A batch, a model that returns a tuple and one that drops the batch are refused by name."""
    with pytest.raises(ValueError, match=r"x must have shape \(length, d\), got \(2, 5, 3\)"):
        influence(GRU(DIM, DIM_OUT), torch.randn(BATCH, LENGTH, DIM))
    with pytest.raises(ValueError, match=r"map \(1, 5, d\) to \(1, 5, d_out\), got a tuple"):
        influence(nn.GRU(DIM, DIM_OUT, batch_first=True), torch.randn(LENGTH, DIM))
    with pytest.raises(ValueError, match=r"map \(1, 5, d\) to \(1, 5, d_out\), got shape \(5, 3\)"):
        influence(lambda x: x[0], torch.randn(LENGTH, DIM))


def test_the_last_row_of_the_map_is_the_influence():
    """The map asks for every output what `influence` asks for the last; outputs may be fewer."""
    torch.manual_seed(0)
    layer, x = SelfAttention(DIM, DIM_OUT), torch.randn(LENGTH, DIM)
    whole = influence_map(layer, x)
    assert whole.shape == (LENGTH, LENGTH)
    for i in range(LENGTH):
        assert_close(whole[i], influence(lambda x, i=i: layer(x).roll(-1 - i, dims=1), x))
    assert influence_map(lambda x: layer(x)[:, 1:3], x).equal(whole[1:3])
    with pytest.raises(ValueError, match=r"x must have shape \(length, d\), got \(1, "):
        influence_map(layer, x[None])


def test_compared_influences_are_shares_of_each_model():
    """Each row is a model's influences over their sum, the RNN's first; widths may differ."""
    rnn, attention, x = GRU(DIM, DIM_OUT), SelfAttention(DIM, 7), torch.randn(LENGTH, DIM)
    shares = compare_influence(rnn, attention, x)
    assert_close(shares.sum(-1), torch.ones(2))
    for row, model in zip(shares, (rnn, attention), strict=True):
        assert_close(row * influence(model, x).sum(), influence(model, x))


# --- paths ---


def test_path_length_agrees_with_powers_of_the_map():
    """The path length is the smallest power of the map that joins the first and last position."""
    torch.manual_seed(0)
    for _ in range(20):
        reads = torch.rand(6, 6) < 0.25
        powers, product = [], torch.eye(6)
        for _ in range(6):
            product = reads.float() @ product
            powers.append(product[-1, 0] > 0)
        if any(powers):
            assert path_length(repeat(reads)) == powers.index(True) + 1
        else:
            with pytest.raises(ValueError, match="the last position never hears of the first"):
                path_length(repeat(reads))


def test_path_length_ends_when_the_maps_do():
    """A stack that is too shallow does not join the ends."""
    with pytest.raises(ValueError, match="the last position never hears of the first"):
        path_length([reads_back(7, 2)] * 5)
    assert path_length([reads_back(7, 2)] * 6) == 6


def test_reads_back_draws_kernels_windows_and_gaps():
    """Each position reads itself and earlier ones, as far and as often as told."""
    assert [row.nonzero().flatten().tolist() for row in reads_back(6, 3)[[0, 1, 5]]] == [
        [0],
        [0, 1],
        [3, 4, 5],
    ]
    assert reads_back(6, 3, gap=2)[5].nonzero().flatten().tolist() == [1, 3, 5]
    assert torch.equal(reads_back(6, 6), torch.ones(6, 6).tril().bool())


def test_paths_grow_as_the_table_says():
    """n − 1 for a chain, (n − 1)/(k − 1) for a kernel of k, log n if dilated, 1 for attention."""
    for n in (9, 17, 65):
        assert path_length(repeat(reads_back(n, 2))) == n - 1
        assert path_length(repeat(reads_back(n, 3))) == (n - 1) / 2
        assert path_length(repeat(reads_back(n, 5))) == (n - 1) / 4
        assert path_length(reads_back(n, 2, 2**i) for i in count()) == (n - 1).bit_length()
        assert path_length(repeat(reads_back(n, n))) == 1
    # 3⁴ is the first power of 3 that exceeds 64
    assert path_length(reads_back(65, 3, 3**i) for i in count()) == 4


# --- data, models, training ---


def test_announced_recall_asks_for_the_first_word():
    """Keep, noise, ask; the target is the word that was tagged keep."""
    words, tags, target = announced_recall(BATCH, 4, torch.Generator().manual_seed(0))
    assert words.shape == tags.shape == (BATCH, 5)
    assert tags.tolist() == [[KEEP, NOISE, NOISE, NOISE, ASK]] * BATCH
    assert torch.equal(target, words[:, 0]) and words.max() < N_WORDS
    with pytest.raises(ValueError, match="distance must be at least 1, got 0"):
        announced_recall(BATCH, 0, torch.Generator())


def test_lookup_recall_has_exactly_one_answer():
    """The tags before the question differ, and the target is the word under the one asked for."""
    words, tags, target = lookup_recall(30, 6, torch.Generator().manual_seed(0))
    assert words.shape == tags.shape == (30, 7)
    assert (words[:, -1] == N_WORDS).all() and (words[:, :-1] < N_WORDS).all()
    for word, tag, wanted in zip(words, tags, target, strict=True):
        (place,) = (tag[:-1] == tag[-1]).nonzero()
        assert word[place] == wanted
        assert len(set(tag[:-1].tolist())) == 6
    with pytest.raises(ValueError, match=f"between 1 and {N_TAGS}, got 17"):
        lookup_recall(BATCH, N_TAGS + 1, torch.Generator())


def test_up_to_includes_both_ends():
    """Every distance, and every number of pairs, of the range is drawn, and none outside it."""
    for draw in (announced_up_to, lookup_up_to):
        generator = torch.Generator().manual_seed(0)
        assert {draw(1, 3, generator)[0].shape[1] for _ in range(60)} == {2, 3, 4}


# --- what the chapter claims ---


def after(build, draw, size, steps=150):
    """A model trained as on the page, on tasks of this size."""
    return trained(build, partial(draw, 32, size), steps, lr=0.007)


def right(model, task, size):
    """The share of right answers on tasks of this size."""
    return accuracy(model, partial(task, 500, size))


def shares(seed):
    torch.manual_seed(seed)
    x = torch.randn(25, 16)
    return compare_influence(GRU(16, 32), SelfAttention(16, 83), x).flip(-1)  # by distance


def test_a_loop_that_halves_keeps_half_as_much_with_every_step():
    """The influence of the word k steps back is one half to the power k + 1."""

    def halving(x):
        state, states = torch.zeros_like(x[:, 0]), []
        for t in range(x.shape[1]):
            state = state / 2 + x[:, t] / 2
            states.append(state)
        return torch.stack(states, dim=1)

    found = influence(halving, torch.randn(LENGTH, DIM))
    assert_close(found.flip(0), DIM**0.5 * 0.5 ** (torch.arange(LENGTH) + 1.0))


def test_an_untrained_gru_hears_less_with_every_step_back():
    """The share falls by about the same factor at each step: a straight line on a log axis."""
    for seed in range(3):
        logs = shares(seed)[0].log()
        assert (logs[:-8] - logs[8:] > 2).all()  # eight steps cost a factor of e² at least
        straight = torch.corrcoef(torch.stack([torch.arange(25.0), logs]))[0, 1]
        assert straight < -0.98


def test_untrained_self_attention_hears_far_and_near_alike():
    """The average share of the far half is that of the near half, the last position aside."""
    ratios = [shares(seed)[1, 13:].mean() / shares(seed)[1, 1:13].mean() for seed in range(5)]
    assert 0.6 < torch.stack(ratios).mean() < 1.6


def test_both_models_have_the_same_number_of_parameters():
    """Neither wins by size."""
    sizes = [
        sum(p.numel() for p in build().parameters()) for build in (gru_recall, attention_recall)
    ]
    assert sizes[0] == sizes[1]


def test_gru_learns_a_short_distance_and_not_a_long_one():
    """In 150 steps: everything at distance 4, little at distance 32."""
    assert right(after(gru_recall, announced_recall, 4), announced_recall, 4) > 0.95
    assert right(after(gru_recall, announced_recall, 32), announced_recall, 32) < 0.4


def test_attention_learns_every_distance_alike():
    """In the same 150 steps: everything at distance 4 and at distance 32."""
    for distance in (4, 32):
        model = after(attention_recall, announced_recall, distance)
        assert right(model, announced_recall, distance) > 0.95


def test_gru_that_has_also_seen_short_distances_recalls_long_ones():
    """The same GRU, the same 150 steps, distances mixed: everything at distance 32."""
    model = after(gru_recall, announced_up_to, 32)
    assert right(model, announced_recall, 32) > 0.95
    words, tags, _ = announced_recall(1, 24, torch.Generator().manual_seed(1))
    torch.manual_seed(0)
    before = influence(gru_recall().mixer, torch.randn(25, 16))
    later = influence(model.mixer, model.embed(words, tags)[0].detach())
    assert later[0] > 1000 * before[0]  # the announced word is the first


def test_gru_forgets_what_it_was_not_told_to_keep():
    """Asked afterwards for one of several words, attention finds it and the GRU guesses."""
    ready = {}
    for build in (gru_recall, attention_recall):
        model = after(build, lookup_up_to, 8, steps=300)
        ready[build] = [right(model, lookup_recall, n_pairs) for n_pairs in (1, 8)]
    assert ready[gru_recall][0] > 0.95 and ready[gru_recall][1] < 0.4
    assert min(ready[attention_recall]) > 0.95


def test_self_attention_cannot_tell_the_order():
    """Shuffle what came before: the last output of attention stays, the GRU's does not."""
    torch.manual_seed(0)
    x = torch.randn(1, LENGTH, DIM)
    shuffled = x[:, [2, 0, 3, 1, 4]]
    attention, gru = SelfAttention(DIM, DIM_OUT), GRU(DIM, DIM_OUT)
    assert_close(attention(shuffled)[:, -1], attention(x)[:, -1])
    assert (gru(shuffled)[:, -1] - gru(x)[:, -1]).abs().max() > 0.01


def test_a_stack_that_reaches_far_hears_its_edge_hardly():
    """Averages of three, stacked until they cover 2·depth + 1 positions: the edge has 3^−depth."""
    depth = 6

    def stack(x):
        for _ in range(depth):
            x = nn.functional.pad(x, (0, 0, 2, 0))  # (batch, length + 2, d)
            x = (x[:, :-2] + x[:, 1:-1] + x[:, 2:]) / 3
        return x

    found = influence(stack, torch.randn(2 * depth + 2, DIM, dtype=torch.float64)) / DIM**0.5
    assert found[0] == 0  # one position further than the stack reaches
    assert_close(found[1], torch.tensor(3.0**-depth, dtype=torch.float64))
    assert found[1 + depth] == found.max()  # the middle
