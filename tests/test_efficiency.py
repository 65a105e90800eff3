"""Attention that holds less, or computes less, against PyTorch's function and the plain formula."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close
from torch.utils.flop_counter import FlopCounterMode

from attention import (
    OnlineSoftmax,
    causal_linear_attention,
    causal_mask,
    influence,
    linear_attention,
    row_blocked_attention,
    scaled_dot_product_attention,
    sliding_window_attention,
    soft_lookup,
    tiled_attention,
    window_mask,
)
from attention.data.recall import lookup_recall, lookup_up_to
from attention.data.sentence import VECTORS, WHO
from attention.efficiency.linear_attention import feature_map
from attention.efficiency.tiles import blocks
from attention.models.toys.linear_recall import linear_recall, softmax_recall
from attention.models.training import accuracy, trained
from grading.tensor_memory import tensor_memory
from measuring import extra_memory, seconds, slope

BATCH, HEADS, QUERY_LEN, KEY_LEN, HEAD_DIM, VALUE_DIM = 2, 3, 4, 5, 6, 7
SOME = settings(deadline=None, max_examples=60)
LENGTH = st.integers(1, 9)


def tensors(query_len=QUERY_LEN, key_len=KEY_LEN, seed=0, **options):
    """Query, key and value, with no two sizes alike."""
    generator = torch.Generator().manual_seed(seed)
    shapes = (query_len, HEAD_DIM), (key_len, HEAD_DIM), (key_len, VALUE_DIM)
    draw = [torch.randn(BATCH, HEADS, *s, generator=generator, dtype=torch.float64) for s in shapes]
    return [x.to(**options).requires_grad_() for x in draw]


def assert_same_gradients(ours, theirs, inputs):
    upstream = torch.randn_like(ours)
    mine = torch.autograd.grad(ours, inputs, upstream)
    reference = torch.autograd.grad(theirs, inputs, upstream)
    for a, b in zip(mine, reference, strict=True):
        assert_close(a, b)


# The online softmax.


@SOME
@given(st.integers(1, 7), st.floats(-1e4, 1e4), st.integers(0, 99))
def test_scores_in_pieces_give_the_softmax_of_all(size, offset, seed):
    """Cut anywhere, in any order of sizes, however high the scores: one softmax, one average."""
    torch.manual_seed(seed)
    scores = torch.randn(QUERY_LEN, 7, dtype=torch.float64) * 50 + offset
    value = torch.randn(7, VALUE_DIM, dtype=torch.float64)
    running = OnlineSoftmax((QUERY_LEN,), VALUE_DIM, dtype=torch.float64)
    for tile in blocks(7, size):
        running.add(scores[:, tile].clone(), value[tile])
    assert_close(running.average(), scores.softmax(-1) @ value)
    assert_close(running.log_total(), scores.logsumexp(-1, keepdim=True))


def test_a_row_that_is_hidden_so_far_or_throughout_stays_at_zero():
    """−∞ alone gives zeros, before and after a tile in which something may be seen."""
    running = OnlineSoftmax((2,), 1)
    hidden = torch.full((2, 3), -math.inf)
    running.add(hidden.clone(), torch.ones(3, 1))
    assert (running.average() == 0).all() and (running.log_total() == math.inf).all()
    scores = torch.tensor([[-math.inf, -1e30], [-math.inf, -math.inf]])
    running.add(scores, torch.tensor([[5.0], [7.0]]))
    running.add(hidden.clone(), torch.ones(3, 1))
    assert running.average().tolist() == [[7.0], [0.0]]


# Tiles and row blocks.

EXACT = pytest.mark.parametrize("function", [tiled_attention, row_blocked_attention])


@EXACT
@pytest.mark.parametrize("is_causal", [False, True])
@SOME
@given(LENGTH, LENGTH, LENGTH, st.sampled_from(["none", "rows", "full"]), st.integers(0, 99))
def test_blocks_of_any_size_give_pytorchs_numbers_and_gradients(
    function, is_causal, query_len, key_len, block, masked, seed
):
    """Any lengths, any block, any mask that broadcasts, dead rows and the causal rule included."""
    inputs = tensors(query_len, key_len, seed)
    torch.manual_seed(seed)
    shapes = {"none": None, "rows": (key_len,), "full": (BATCH, 1, query_len, key_len)}
    mask = shapes[masked] and torch.rand(shapes[masked]) > 0.4
    ours = function(*inputs, mask, block, is_causal=is_causal, scale=0.3)
    allowed = causal_mask(query_len, key_len) | (not is_causal)
    allowed = allowed if mask is None else allowed & mask
    theirs = F.scaled_dot_product_attention(*inputs, attn_mask=allowed, scale=0.3)
    assert_close(ours, theirs)
    assert_same_gradients(ours, theirs, inputs)


@EXACT
def test_blocks_scale_by_the_width_of_a_query(function):
    """Without a scale it is 1/√d."""
    inputs = tensors()
    assert_close(function(*inputs, block=2), F.scaled_dot_product_attention(*inputs))


@pytest.mark.parametrize("is_causal", [False, True])
def test_the_backward_pass_of_tiles_is_the_slope_of_the_forward_pass(is_causal):
    """Nudging each number in float64 says the same, with two dead rows among them."""
    inputs = tensors()
    mask = torch.rand(BATCH, 1, QUERY_LEN, KEY_LEN) > 0.3
    mask[0, 0, 1] = False

    def attend(*inputs):
        return tiled_attention(*inputs, mask, 2, is_causal=is_causal)

    assert torch.autograd.gradcheck(attend, inputs)


@EXACT
def test_batch_and_head_axes_broadcast(function):
    """One key for all heads, one query for the whole batch; gradients are summed where shared."""
    query, key, value = tensors()
    inputs = query[:1], key[:, :1], value
    ours = function(*inputs, block=2)
    theirs = scaled_dot_product_attention(*inputs)
    assert ours.shape == (BATCH, HEADS, QUERY_LEN, VALUE_DIM)
    assert_close(ours, theirs)
    assert_same_gradients(ours, theirs, (query, key, value))


@EXACT
def test_tensors_that_do_not_lie_in_order_and_no_batch_work_too(function):
    """Heads split off by a transpose, and the bare (length, d)."""
    query, key, value = (x.detach().transpose(1, 2).contiguous().transpose(1, 2) for x in tensors())
    assert_close(function(query, key, value, block=2), scaled_dot_product_attention(*tensors()))
    bare = [x[0, 0] for x in (query, key, value)]
    assert_close(function(*bare, block=3), scaled_dot_product_attention(*bare))


@EXACT
@pytest.mark.parametrize("is_causal", [False, True])
def test_no_query_gives_no_output(function, is_causal):
    """A length of zero is a length."""
    query, key, value = tensors(0)
    output = function(query, key, value, is_causal=is_causal)
    assert output.shape == (BATCH, HEADS, 0, VALUE_DIM)
    output.sum().backward()
    assert (key.grad == 0).all()
    assert sliding_window_attention(query, key, value, 2).shape == output.shape


@EXACT
def test_a_dead_row_teaches_nobody(function):
    """Its output is zero, and so is the gradient of its query; nothing is NaN."""
    inputs = tensors(dtype=torch.float32)
    mask = torch.ones(QUERY_LEN, KEY_LEN, dtype=torch.bool)
    mask[1] = False
    output = function(*inputs, mask, 2)
    assert (output[..., 1, :] == 0).all()
    grads = torch.autograd.grad(output.square().sum(), inputs)
    assert (grads[0][..., 1, :] == 0).all()
    assert all(g.isfinite().all() for g in grads)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_tiles_in_half_precision_are_summed_in_float32(dtype):
    """Output and gradients keep the dtype and are the exact ones, rounded, at scores of ±10⁴."""
    inputs = [(x * 60).to(dtype).detach().requires_grad_() for x in tensors()]
    ours = tiled_attention(*inputs, block=2)
    wide = [x.detach().double().requires_grad_() for x in inputs]
    exact = scaled_dot_product_attention(*wide)
    assert ours.dtype == dtype
    tolerance = {"rtol": torch.finfo(dtype).eps, "atol": 1e-2}  # one rounding of numbers near 100
    assert_close(ours, exact.to(dtype), **tolerance)
    grads = torch.autograd.grad(ours.sum(), inputs)
    assert [g.dtype for g in grads] == [dtype] * 3 and all(g.isfinite().all() for g in grads)


def test_a_nan_stays_in_its_row():
    """A broken query breaks its own output, and no other."""
    query, key, value = (x.detach() for x in tensors())
    clean = tiled_attention(query, key, value, block=2)
    query[0, 0, 1] = math.nan
    output = tiled_attention(query, key, value, block=2)
    broken = torch.zeros_like(output, dtype=torch.bool)
    broken[0, 0, 1] = True
    assert output[broken].isnan().all()
    assert_close(output[~broken], clean[~broken])


@EXACT
def test_blocks_write_into_none_of_their_inputs(function):
    """Query, key, value and mask are what they were, after both passes."""
    inputs = tensors()
    mask = torch.rand(QUERY_LEN, KEY_LEN) > 0.3
    before = [x.clone() for x in (*inputs, mask)]
    function(*inputs, mask, 2, is_causal=True).sum().backward()
    for now, then in zip((*inputs, mask), before, strict=True):
        assert now.equal(then)


@EXACT
def test_blocks_name_the_rule_that_is_broken(function):
    """Shapes as everywhere, and the block itself."""
    query, key, value = tensors()
    with pytest.raises(ValueError, match=r"block must be at least 1, got 0"):
        function(query, key, value, block=0)
    with pytest.raises(TypeError, match=r"block must be a whole number, got 2\.0"):
        function(query, key, value, block=2.0)
    with pytest.raises(TypeError, match=r"block must be a whole number, got True"):
        function(query, key, value, block=True)
    with pytest.raises(ValueError, match="same last axis, got query"):
        function(query, value, value)
    with pytest.raises(ValueError, match=r"got mask \(2, 5\) and scores \(2, 3, 4, 5\)"):
        function(query, key, value, torch.ones(2, 5, dtype=torch.bool))
    with pytest.raises(TypeError, match="mask must be boolean"):
        function(query, key, value, torch.ones(5, dtype=torch.int))


def test_tiles_take_boolean_masks_alone_and_row_blocks_numbers_too():
    """Numbers to be added may want a gradient, which the tiles' backward pass does not make."""
    inputs, numbers = tensors(), torch.randn(QUERY_LEN, KEY_LEN, dtype=torch.float64)
    with pytest.raises(
        TypeError, match=r"mask must be boolean, True may attend, got torch.float64"
    ):
        tiled_attention(*inputs, numbers)
    ours = row_blocked_attention(*inputs, numbers, 3, is_causal=True)
    assert_close(ours, scaled_dot_product_attention(*inputs, numbers, is_causal=True))


# Windows.


@SOME
@given(LENGTH, LENGTH, st.integers(1, 10), LENGTH)
def test_a_window_is_full_attention_under_its_mask(query_len, key_len, window, block):
    """Numbers and gradients, for any lengths and blocks; a wide window is causal attention."""
    inputs = tensors(query_len, key_len)
    ahead = key_len - query_len
    back = torch.arange(query_len)[:, None] + ahead - torch.arange(key_len)
    mask = (back >= 0) & (back < window)
    ours = sliding_window_attention(*inputs, window, block, scale=0.3)
    theirs = scaled_dot_product_attention(*inputs, mask, scale=0.3)
    assert_close(ours, theirs)
    assert_same_gradients(ours, theirs, inputs)
    if window >= key_len:
        assert_close(ours, scaled_dot_product_attention(*inputs, is_causal=True, scale=0.3))


def test_a_window_of_one_is_the_token_alone():
    """Each position receives its own value."""
    _, key, value = (x.detach() for x in tensors())
    assert_close(sliding_window_attention(key, key, value, 1, 2), value)


@pytest.mark.parametrize("window", [1, 2, 4])
def test_a_window_is_one_number_everywhere(window):
    """The same in the function, in the mask and in Mistral, whose mask Hugging Face makes."""
    from transformers.masking_utils import sliding_window_causal_mask_function

    query, key, value = (x.detach() for x in tensors(6, 6))
    place = torch.arange(6)
    mistral = sliding_window_causal_mask_function(window)(0, 0, place[:, None], place)
    assert mistral.equal(window_mask(6, window=window) & causal_mask(6))
    ours = sliding_window_attention(query, key, value, window, 2)
    assert_close(ours, scaled_dot_product_attention(query, key, value, mistral))


def test_a_window_names_the_rule_that_is_broken():
    """It counts keys."""
    with pytest.raises(ValueError, match="window must be at least 1, got 0"):
        sliding_window_attention(*tensors(), 0)
    with pytest.raises(TypeError, match=r"window must be a whole number, got 1\.5"):
        sliding_window_attention(*tensors(), 1.5)
    with pytest.raises(ValueError, match="block must be at least 1, got 0"):
        sliding_window_attention(*tensors(), 1, 0)
    query, _, value = tensors()
    with pytest.raises(ValueError, match="same last axis"):
        sliding_window_attention(query, value, value, 1)


# Linear attention.


def explicit_linear(query, key, value, allowed=1.0):
    """The same kernel, with all pairs: the slow side of the equation."""
    weights = torch.einsum("...qd,...kd->...qk", feature_map(query), feature_map(key)) * allowed
    return weights @ value / weights.sum(-1, keepdim=True)


def test_linear_attention_is_its_quadratic_form():
    """Summing over the keys first changes nothing but the cost."""
    inputs = tensors()
    ours, theirs = linear_attention(*inputs), explicit_linear(*inputs)
    assert_close(ours, theirs)
    assert_same_gradients(ours, theirs, inputs)


@SOME
@given(LENGTH, LENGTH)
def test_causal_linear_attention_is_its_quadratic_form(length, block):
    """A state carried from block to block hears the past and nothing else."""
    inputs = tensors(length, length)
    ours = causal_linear_attention(*inputs, block)
    theirs = explicit_linear(*inputs, causal_mask(length).double())
    assert_close(ours, theirs)
    assert_same_gradients(ours, theirs, inputs)


def test_the_features_are_positive():
    """They are elu(x) + 1, also where that sum would be rounded to zero."""
    x = torch.linspace(-20, 20, 101, requires_grad=True)
    assert (feature_map(x) > 0).all()
    assert_close(feature_map(x), F.elu(x) + 1)
    (slopes,) = torch.autograd.grad(feature_map(x).sum(), x)
    assert_close(slopes, torch.autograd.grad(F.elu(x).sum(), x)[0])


def test_causal_linear_attention_names_the_rule_that_is_broken():
    """Its state goes on from position to position, so there is one query for each key."""
    inputs = tensors()
    with pytest.raises(
        ValueError, match=r"as many queries as keys, got query .*4, 6\) and key .*5"
    ):
        causal_linear_attention(*inputs)
    with pytest.raises(ValueError, match="block must be at least 1, got 0"):
        causal_linear_attention(*tensors(5), block=0)
    with pytest.raises(ValueError, match="same last axis"):
        linear_attention(inputs[0], inputs[2], inputs[2])


# Measuring.


def test_a_slope_is_an_exponent():
    """n² has slope 2, whatever the factor."""
    assert math.isclose(slope([1, 2, 4], [5, 20, 80]), 2)


def test_extra_memory_sees_what_a_call_holds():
    """A tensor of 64 MB costs 64 MB, give or take a page; two at once cost both."""
    held = extra_memory(lambda: torch.ones(16_000_000))
    if math.isnan(held):
        pytest.skip("only Linux tells")
    assert math.isclose(held, 64e6, rel_tol=0.05)
    assert math.isclose(extra_memory(lambda: torch.ones(16_000_000) + 1), 128e6, rel_tol=0.05)


def test_tensor_memory_counts_what_is_held_at_once():
    """A result that is dropped is counted until then; views and what was given are not."""
    given = torch.zeros(1000)
    assert tensor_memory(lambda: (given + 1).sum()) == 4000 + 4
    assert tensor_memory(lambda: [given + 1, given.double()]) == 4000 + 8000
    assert tensor_memory(lambda: [(given + 1).sum() for _ in range(3)]) == 4000 + 12
    assert tensor_memory(lambda: given[:10].add_(1).expand(5, 10)) == 0
    assert tensor_memory(lambda: torch.cat([given + 1, given])[:1]) == 4000 + 8000


def test_seconds_warm_up_once_and_take_as_many_rounds_as_asked():
    """The first call, which fills caches, is not counted."""
    calls = []
    assert seconds(lambda: calls.append("a"), rounds=3) > 0
    assert calls == ["a"] * 4


# What the chapter claims.


def growth(function, width=20, both_passes=False):
    """The exponent with which the memory for tensors grows."""

    def call(length):
        inputs = [torch.randn(length, width, requires_grad=both_passes) for _ in range(3)]
        output = function(*inputs)
        if both_passes:
            output.sum().backward()

    lengths = 128, 256, 512
    return slope(lengths, [tensor_memory(lambda n=n: call(n)) for n in lengths])


@pytest.mark.parametrize("both_passes", [False, True])
def test_tiles_never_hold_the_table(both_passes):
    """The memory of the explicit form grows like n², that of tiles like the output: n."""
    explicit = growth(scaled_dot_product_attention, both_passes=both_passes)
    tiled = growth(lambda *x: tiled_attention(*x, block=16), both_passes=both_passes)
    causal = growth(
        lambda *x: tiled_attention(*x, block=16, is_causal=True), both_passes=both_passes
    )
    assert explicit > 1.8
    assert tiled < 1.1 and causal < 1.1


def test_a_mask_that_broadcasts_is_never_written_out():
    """A padding mask of n numbers does not become n² of them on the way."""

    def padded(*inputs):
        mask = torch.ones(1, len(inputs[0]), dtype=torch.bool)
        return tiled_attention(*inputs, mask, block=16)

    assert growth(padded) < 1.1


def test_row_blocks_hold_a_strip_until_a_gradient_is_wanted():
    """Some queries against all keys take memory like n; recorded for a gradient, like n² again."""

    def strips(*inputs):
        return row_blocked_attention(*inputs, block=8)

    assert growth(strips) < 1.1
    assert growth(strips, both_passes=True) > 1.8


def test_windows_and_linear_attention_hold_memory_in_proportion_to_the_length():
    """No pair is looked at that is not wanted, so none is kept."""
    assert growth(lambda *x: sliding_window_attention(*x, 8, 8)) < 1.1
    assert growth(linear_attention) < 1.1
    assert growth(lambda *x: causal_linear_attention(*x, 8)) < 1.1


def multiplications(function, length, width=8):
    # two axes, because the counter does not see into the fused kernels that take more
    inputs = [torch.randn(length, width) for _ in range(3)]
    with FlopCounterMode(display=False) as counter:
        function(*inputs)
    return counter.get_total_flops()


def test_tiles_do_all_the_multiplications():
    """Exact means every pair: as many products as the formula, so n² of them."""
    for length in (64, 96):
        explicit = multiplications(scaled_dot_product_attention, length)
        assert multiplications(lambda *x: tiled_attention(*x, block=16), length) == explicit


def test_causal_tiles_skip_what_is_hidden():
    """About half of the pairs lie in the future; tiles that hold nothing else are not computed."""
    full = multiplications(lambda *x: tiled_attention(*x, block=8), 128)
    causal = multiplications(lambda *x: tiled_attention(*x, block=8, is_causal=True), 128)
    assert causal / full == (1 + 8 / 128) / 2


def test_windows_and_linear_attention_multiply_in_proportion_to_the_length():
    """Twice as long, twice the products; the explicit form makes four times as many."""
    near = {
        "window": lambda *x: sliding_window_attention(*x, 8, 8),
        "linear": linear_attention,
        "causal": lambda *x: causal_linear_attention(*x, 8),
    }
    lengths = 128, 256, 512
    for function in near.values():
        assert slope(lengths, [multiplications(function, n) for n in lengths]) < 1.1
    explicit = [multiplications(scaled_dot_product_attention, n) for n in lengths]
    assert slope(lengths, explicit) > 1.99


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_two_tiles_of_the_sentence_give_the_soft_lookup(order, size):
    """The words of "who?" in pieces, from either end, answer as they did in one piece."""
    running = OnlineSoftmax((1,), 2)
    for tile in blocks(6, size)[::order]:
        running.add(WHO @ VECTORS[tile].T, VECTORS[tile])
    assert_close(running.average(), soft_lookup(WHO, VECTORS, VECTORS))


def test_tiles_are_as_exact_as_the_formula():
    """Against float64, the error of tiles in float32 is that of the explicit form, or less."""
    for seed in range(3):
        torch.manual_seed(seed)
        inputs = torch.randn(3, 512, 64).unbind()
        exact = scaled_dot_product_attention(*(x.double() for x in inputs))
        explicit, tiled = (
            (f(*inputs) - exact).abs().max()
            for f in (scaled_dot_product_attention, tiled_attention)
        )
        assert tiled < 1.5 * explicit


def test_linear_attention_pays_from_n_equal_to_d():
    """Fewer tokens than numbers in a head: more multiplications than the formula. More: fewer."""
    d = 32
    for length, cheaper in ((d // 2, False), (2 * d, True)):
        linear = multiplications(linear_attention, length, d)
        assert (linear < multiplications(scaled_dot_product_attention, length, d)) == cheaper


def test_without_the_rescale_an_early_tile_counts_too_much():
    """When the maximum rises by r, what came before is overcounted by e^r."""
    scores, value = torch.tensor([[0.0, 3.0]]), torch.tensor([[1.0], [0.0]])
    weight = scores.softmax(-1)[0, 0]
    forgotten = 1 / (1 + 1)  # e^(0 − 0) from the first tile, e^(3 − 3) from the second
    assert_close(forgotten / (1 - forgotten), (weight / (1 - weight) * math.exp(3)).item())
    sorted_down = OnlineSoftmax((1,), 1)
    for tile in (1, 0):  # a maximum that never rises needs no rescale
        sorted_down.add(scores[:, [tile]], value[[tile]])
    assert_close(sorted_down.average(), scores.softmax(-1) @ value)


def windows(x, layers, window=3):
    for _ in range(layers):
        x = sliding_window_attention(x, x, x, window, 4)
    return x


def test_a_window_needs_no_older_keys():
    """The newest query gets the same from the last `window` keys as from all of them."""
    query, key, value = tensors(9, 9)
    everything = sliding_window_attention(query, key, value, 4, 2)
    newest, kept = query[..., -1:, :], (x[..., -4:, :] for x in (key, value))
    assert_close(sliding_window_attention(newest, *kept, 4), everything[..., -1:, :])


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_stacked_windows_reach_further(layers):
    """With k layers the last output hears k · (window − 1) positions back, and not one more."""
    torch.manual_seed(0)
    heard = influence(lambda x: windows(x, layers, window=3), torch.randn(12, 3))
    back = 11 - torch.arange(12)
    assert (heard > 0).equal(back <= (3 - 1) * layers)


def test_what_is_many_layers_away_is_heard_faintly():
    """Through three layers of windows, the farthest position moves the output least."""
    far, near = [], []
    for seed in range(5):
        torch.manual_seed(seed)
        heard = influence(lambda x: windows(x, 3), torch.randn(12, 3))
        far.append(heard[11 - 6])
        near.append(heard[11 - 2 : 11].mean())
    assert sum(far) < 0.2 * sum(near)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_narrow_state_mixes_up_what_it_holds(seed):
    """16 pairs: a softmax 8 wide recalls them, linear attention 8 wide does not, 32 wide better."""
    draw = lambda generator: lookup_up_to(32, 16, generator)  # noqa: E731
    test = lambda generator: lookup_recall(500, 16, generator)  # noqa: E731
    builds = [(softmax_recall, 8), (linear_recall, 8), (linear_recall, 32)]
    softmax, narrow, wide = (
        accuracy(trained(lambda b=b, w=w: b(w), draw, 400, lr=0.007, seed=seed), test)
        for b, w in builds
    )
    assert softmax > 0.99
    assert narrow < 0.7
    assert narrow + 0.1 < wide < softmax


def test_linear_weights_cannot_be_sharp():
    """Longer queries sharpen a softmax without end; the ratio of linear weights is bounded."""
    identity = torch.eye(len(VECTORS))
    for sharpness in (1, 10, 100, 1000):
        weights = linear_attention(sharpness * WHO, VECTORS, identity)
        assert weights.max() < 0.34
    assert soft_lookup(1000 * WHO, VECTORS, identity).max() > 0.999
