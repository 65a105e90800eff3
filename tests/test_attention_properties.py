"""What holds of attention whatever its numbers, for the functions and for the module with heads."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd.functional import jacobian
from torch.testing import assert_close

from attention import (
    KVCache,
    MultiHeadAttention,
    causal_mask,
    fast_attention,
    padding_mask,
    scaled_dot_product_attention,
)

BATCH, HEAD_DIM, VALUE_DIM = 2, 4, 3
BOTH = pytest.mark.parametrize("attention", [scaled_dot_product_attention, fast_attention])
lengths = st.integers(1, 5)
groups = st.sampled_from([(1, 1), (2, 1), (3, 3), (4, 2), (6, 3)])  # heads, and of keys and values
often = settings(deadline=None, max_examples=30)


def draw(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def some_mask(seed, *shape):
    """Any mask, rows without a single key included."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) > 0.5


def heads(n_heads, n_kv_heads=None, seed=0):
    """A module whose biases are not zero."""
    torch.manual_seed(seed)
    return MultiHeadAttention(n_heads * HEAD_DIM, n_heads, n_kv_heads).requires_grad_(False)


def reach(function, x):
    """How much output i of one sequence depends on input j: (length_out, length_in)."""
    slopes = jacobian(function, x)[0, :, :, 0]  # (length_out, width_out, length_in, width_in)
    return slopes.abs().sum(dim=(1, 3))


# Order.


@BOTH
@often
@given(query_len=lengths, key_len=lengths, seed=st.integers(0, 99))
def test_keys_have_no_order_and_queries_keep_theirs(attention, query_len, key_len, seed):
    """Shuffled keys, with their values and columns of the mask, change nothing at all."""
    query, key = draw(BATCH, query_len, HEAD_DIM), draw(BATCH, key_len, HEAD_DIM, seed=1)
    value, mask = draw(BATCH, key_len, VALUE_DIM, seed=2), some_mask(seed, query_len, key_len)
    plain = attention(query, key, value, mask)
    order = draw(key_len, seed=3).argsort()
    shuffled = attention(query, key[:, order], value[:, order], mask[:, order])
    assert_close(shuffled, plain)
    order = draw(query_len, seed=4).argsort()
    assert_close(attention(query[:, order], key, value, mask[order]), plain[:, order])


@often
@given(n=groups, query_len=lengths, key_len=lengths)
def test_heads_know_no_order_of_tokens(n, query_len, key_len):
    """The output follows a shuffle of x, and a shuffled memory changes nothing."""
    module, x = heads(*n), draw(BATCH, query_len, n[0] * HEAD_DIM)
    memory = draw(BATCH, key_len, n[0] * HEAD_DIM, seed=1)
    order, other = draw(query_len, seed=2).argsort(), draw(key_len, seed=3).argsort()
    assert_close(module(x[:, order]), module(x)[:, order])
    shuffled = module(x[:, order], memory[:, other])
    assert_close(shuffled, module(x, memory)[:, order])


# No leak.


@BOTH
@often
@given(query_len=lengths, key_len=lengths, is_causal=st.booleans(), seed=st.integers(0, 99))
def test_an_output_depends_on_what_its_query_may_see_and_on_nothing_else(
    attention, query_len, key_len, is_causal, seed
):
    """By the Jacobian: exactly the allowed values have a part, and no hidden key."""
    query, key = draw(1, query_len, HEAD_DIM), draw(1, key_len, HEAD_DIM, seed=1)
    value, mask = draw(1, key_len, VALUE_DIM, seed=2), some_mask(seed, query_len, key_len)
    allowed = mask & causal_mask(query_len, key_len) if is_causal else mask
    by_value = reach(lambda value: attention(query, key, value, mask, is_causal=is_causal), value)
    assert_close(by_value > 0, allowed)
    by_key = reach(lambda key: attention(query, key, value, mask, is_causal=is_causal), key)
    assert (by_key[~allowed] == 0).all()


@often
@given(n=groups, length=lengths, how=st.sampled_from(["mask", "is_causal", "weights"]))
def test_no_token_hears_the_future(n, length, how):
    """Output i depends on tokens 0 to i, each of them, by mask or by rule, fused or explicit."""
    module, x = heads(*n), draw(1, length, n[0] * HEAD_DIM)
    options = {"mask": causal_mask(length)} if how == "mask" else {"is_causal": True}

    def output(x):
        found = module(x, return_weights=how == "weights", **options)
        return found[0] if how == "weights" else found

    assert_close(reach(output, x) > 0, causal_mask(length))


@often
@given(n=groups, kept=st.integers(0, 4), new=lengths)
def test_no_token_hears_the_future_through_a_cache(n, kept, new):
    """Whatever stands in the cache, a new token hears itself and the new ones before it."""
    module, width = heads(*n), n[0] * HEAD_DIM
    x, old = draw(1, new, width), draw(1, kept, width, seed=1)

    def output(x):
        cache = KVCache(1, n[1], kept + new, HEAD_DIM)
        if kept:
            module(old, is_causal=True, cache=cache)
        return module(x, is_causal=True, cache=Differentiable(cache))

    assert_close(reach(output, x) > 0, causal_mask(new))


class Differentiable:
    """A cache that puts the newest keys in front of the gradient, which a KVCache cuts off."""

    def __init__(self, cache):
        self.kept = cache.keys[:, :, : cache.length], cache.values[:, :, : cache.length]
        self.length = cache.length

    def append(self, key, value):
        return tuple(torch.cat(pair, dim=2) for pair in zip(self.kept, (key, value), strict=True))


# Shared keys and values.


@often
@given(n=groups, query_len=lengths, key_len=lengths, weights=st.booleans())
def test_shared_heads_are_separate_heads_that_happen_to_be_equal(n, query_len, key_len, weights):
    """Repeat the rows of the shared maps, and plain multi-head attention gives the same."""
    grouped, plain = heads(*n), heads(n[0], seed=1)
    state = grouped.state_dict()
    for name in ("to_key.weight", "to_key.bias", "to_value.weight", "to_value.bias"):
        rows = state[name].unflatten(0, (n[1], HEAD_DIM))
        state[name] = rows.repeat_interleave(n[0] // n[1], dim=0).flatten(0, 1)
    plain.load_state_dict(state)
    x, memory = (draw(BATCH, size, n[0] * HEAD_DIM, seed=size) for size in (query_len, key_len))
    mask = some_mask(key_len, BATCH, query_len, key_len)
    assert_close(
        grouped(x, memory, mask, return_weights=weights),
        plain(x, memory, mask, return_weights=weights),
    )


def test_a_state_of_other_shapes_is_refused_by_name():
    """Weights of a module with other key and value heads do not slip in."""
    rule = r"size mismatch for to_key\.weight.*\[4, 24\].*\[24, 24\]"
    with pytest.raises(RuntimeError, match=f"(?s){rule}"):
        heads(6).load_state_dict(heads(6, 1).state_dict())


# Extremes.


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("n_kv_heads", [6, 2, 1])
def test_the_shortest_sequences(n_kv_heads, weights):
    """No query gives no output, one key gives its value, and no key at all is refused."""
    module, x, one = heads(6, n_kv_heads), draw(BATCH, 5, 24), draw(BATCH, 1, 24, seed=1)
    answer = (lambda *args: module(*args, return_weights=True)[0]) if weights else module
    assert answer(x[:, :0], one).shape == (BATCH, 0, 24)
    only = module.to_value(one).unflatten(-1, (n_kv_heads, HEAD_DIM))
    only = only.repeat_interleave(6 // n_kv_heads, dim=2).flatten(2)
    assert_close(answer(x, one), module.to_output(only).expand(BATCH, 5, 24))
    assert answer(x[:0]).shape == (0, 5, 24)
    with pytest.raises(ValueError, match="there must be at least one key, got key"):
        answer(x, x[:, :0])


@pytest.mark.parametrize("n_kv_heads", [6, 2])
def test_a_query_without_keys_keeps_the_output_bias_alone(n_kv_heads):
    """Fused and explicit, with a mask, a bias of −∞, or both."""
    module, x = heads(6, n_kv_heads), draw(BATCH, 5, 24)
    hides = padding_mask([5, 0], 5)
    minus = torch.zeros(BATCH, 1, 1, 5).masked_fill(~hides[:, None], -math.inf)
    for options in ({"mask": hides}, {"bias": minus}, {"mask": hides, "bias": minus}):
        output, weights = module(x, return_weights=True, **options)
        assert (weights[1] == 0).all()
        for answer in (output, module(x, **options)):
            assert_close(answer[1], module.to_output.bias.expand(5, 24))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_tokens_of_ten_thousand_in_half_precision(dtype):
    """Scores beyond float16's 65 504 neither overflow nor differ from float32's choice of key."""
    module, signs = heads(3), draw(BATCH, 5, 12).sign()
    exact, weights = module(1e4 * signs, return_weights=True)
    module.to(dtype)
    halves = (1e4 * signs).to(dtype)
    fused, (explicit, half_weights) = module(halves), module(halves, return_weights=True)
    assert half_weights.dtype == explicit.dtype == fused.dtype == dtype
    assert_close(half_weights.argmax(-1), weights.argmax(-1))
    for output in (fused, explicit):  # 11 or 8 bits, and sums of terms that cancel
        assert_close(output.float(), exact, rtol=0.02, atol=0.02 * exact.abs().max().item())


def test_views_are_served_like_copies():
    """Transposed, strided and expanded inputs, and a memory and bias shared by the batch."""
    module = heads(3)
    x = draw(5, BATCH, 24)[..., ::2].transpose(0, 1)
    memory, bias = draw(1, 4, 12, seed=1), draw(3, 1, 1, seed=2)
    mask = some_mask(3, 5, 1).expand(BATCH, 5, 4)
    copies = [t.expand(BATCH, *t.shape[1:]).contiguous() for t in (x, memory, mask)]
    for weights in (False, True):
        assert_close(
            module(x, memory, mask, bias=bias, return_weights=weights),
            module(*copies, bias=bias.expand(BATCH, 3, 5, 4).contiguous(), return_weights=weights),
        )
    assert_close(module(x[1], memory[0], mask[1]), module(x, memory, mask)[1])  # no batch axis
    many, each = draw(BATCH, 4, 12, seed=4), draw(BATCH, 1, 1, 4, seed=5)
    assert_close(module(x[:1], many, bias=each)[1], module(x[0], many[1], bias=each[1]))


@pytest.mark.parametrize("weights", [False, True])
def test_nothing_handed_over_is_written_to(weights):
    """Tokens, memory, mask and bias are what they were, and so is what a cache has handed out."""
    module, x, memory = heads(6, 3), draw(BATCH, 5, 24), draw(BATCH, 4, 24, seed=1)
    given = x, memory, some_mask(0, BATCH, 5, 4), draw(6, 5, 4, seed=2)
    before = [tensor.clone() for tensor in given]
    module(*given[:3], bias=given[3], is_causal=True, return_weights=weights)
    assert all(now.equal(then) for now, then in zip(given, before, strict=True))
    cache = KVCache(BATCH, 3, 7, HEAD_DIM)
    new = draw(BATCH, 3, 2, HEAD_DIM)
    keys, values = cache.append(new, new + 1)
    module(x, is_causal=True, cache=cache, return_weights=weights)
    assert keys.equal(new) and values.equal(new + 1) and x.equal(before[0])
