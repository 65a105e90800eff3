"""Scaled dot-product attention against PyTorch's function and a slow double loop."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from attention import attention_weights, causal_mask, scaled_dot_product_attention

BATCH, HEADS, QUERY_LEN, KEY_LEN, HEAD_DIM, VALUE_DIM = 2, 3, 4, 5, 6, 7


@pytest.fixture
def inputs():
    torch.manual_seed(0)
    query = torch.randn(BATCH, HEADS, QUERY_LEN, HEAD_DIM, requires_grad=True)
    key = torch.randn(BATCH, HEADS, KEY_LEN, HEAD_DIM, requires_grad=True)
    value = torch.randn(BATCH, HEADS, KEY_LEN, VALUE_DIM, requires_grad=True)
    return query, key, value


def some_mask():
    """A mask in which each query may attend to at least one key."""
    mask = torch.rand(BATCH, 1, QUERY_LEN, KEY_LEN) > 0.5
    mask[..., 2] = True
    return mask


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("scale", [None, 0.0, 0.3])
def test_attention_agrees_with_pytorch(inputs, masked, scale):
    """Output and all three gradients are those of F.scaled_dot_product_attention."""
    mask = some_mask() if masked else None
    ours = scaled_dot_product_attention(*inputs, mask, scale=scale)
    theirs = F.scaled_dot_product_attention(*inputs, attn_mask=mask, scale=scale)
    assert ours.shape == (BATCH, HEADS, QUERY_LEN, VALUE_DIM)
    assert_close(ours, theirs)
    upstream = torch.randn_like(ours)
    ours_grads = torch.autograd.grad(ours, inputs, upstream)
    theirs_grads = torch.autograd.grad(theirs, inputs, upstream)
    for mine, reference in zip(ours_grads, theirs_grads, strict=True):
        assert_close(mine, reference)


def test_attention_agrees_with_a_slow_double_loop(inputs):
    """The formula, one pair at a time, in float64."""
    query, key, value = (x.detach().double() for x in inputs)
    mask = some_mask()
    expected = torch.zeros(BATCH, HEADS, QUERY_LEN, VALUE_DIM, dtype=torch.float64)
    for b in range(BATCH):
        for h in range(HEADS):
            for i in range(QUERY_LEN):
                exps = [
                    math.exp(query[b, h, i] @ key[b, h, j] / HEAD_DIM**0.5) * mask[b, 0, i, j]
                    for j in range(KEY_LEN)
                ]
                expected[b, h, i] = sum(e * v for e, v in zip(exps, value[b, h], strict=True))
                expected[b, h, i] /= sum(exps)
    assert_close(scaled_dot_product_attention(query, key, value, mask), expected)


@pytest.mark.parametrize("is_causal", [False, True])
def test_the_weights_are_what_the_output_mixes_the_values_with(inputs, is_causal):
    """The identity matrix as value makes the output show the weights."""
    query, key, _ = inputs
    mask = some_mask()
    identity = torch.eye(KEY_LEN)
    shown = scaled_dot_product_attention(query, key, identity, mask, is_causal=is_causal, scale=0.3)
    weights = attention_weights(query, key, mask, is_causal=is_causal, scale=0.3)
    assert weights.shape == (BATCH, HEADS, QUERY_LEN, KEY_LEN)
    assert_close(weights, shown)
    if not is_causal:  # with both, a row may be empty
        assert_close(weights.sum(-1), torch.ones(BATCH, HEADS, QUERY_LEN))


def test_causal_attention_of_equal_lengths_agrees_with_pytorch(inputs):
    """On a square the two ways to line up are one."""
    query, key, value = inputs
    key, value = key[..., :QUERY_LEN, :], value[..., :QUERY_LEN, :]
    theirs = F.scaled_dot_product_attention(query, key, value, is_causal=True)
    assert_close(scaled_dot_product_attention(query, key, value, is_causal=True), theirs)


@pytest.mark.parametrize("key_len", [2, KEY_LEN])
def test_causal_attention_lines_the_last_query_up_with_the_last_key(inputs, key_len):
    """With more keys the queries are the newest; with fewer, the first see nothing: zeros."""
    query, key, value = inputs[0], inputs[1][..., :key_len, :], inputs[2][..., :key_len, :]
    ours = scaled_dot_product_attention(query, key, value, is_causal=True)
    mask = causal_mask(QUERY_LEN, key_len)
    assert_close(ours, F.scaled_dot_product_attention(query, key, value, attn_mask=mask))
    assert (ours[:, :, : max(QUERY_LEN - key_len, 0)] == 0).all()


def test_a_causal_rule_and_a_mask_must_both_allow(inputs):
    """Asking for both hides what either hides."""
    mask = some_mask()
    both = mask & causal_mask(QUERY_LEN, KEY_LEN)
    ours = attention_weights(*inputs[:2], mask, is_causal=True)
    assert (ours[(~both).expand_as(ours)] == 0).all()
    assert_close(ours, attention_weights(*inputs[:2], both))


def test_a_query_with_nothing_to_attend_to_gets_zeros_and_no_gradient(inputs):
    """Its output is zero, nothing is NaN, and it teaches neither itself nor the keys."""
    mask = torch.ones(QUERY_LEN, KEY_LEN, dtype=torch.bool)
    mask[1] = False
    output = scaled_dot_product_attention(*inputs, mask)
    assert (output[..., 1, :] == 0).all()
    grads = torch.autograd.grad(output.square().sum(), inputs, retain_graph=True)
    assert all(grad.isfinite().all() for grad in grads)
    assert (grads[0][..., 1, :] == 0).all() and (grads[0][..., 0, :] != 0).any()
    for grad in torch.autograd.grad(output[..., 1, :].sum(), inputs):
        assert (grad == 0).all()


def test_half_precision_keeps_its_dtype_and_its_zeros(inputs):
    """float16 in, float16 out, near the float32 answer."""
    mask = some_mask()
    mask[0, 0, 0] = False
    halves = [x.detach().half() for x in inputs]
    output = scaled_dot_product_attention(*halves, mask)
    assert output.dtype == torch.float16
    assert (output[0, :, 0] == 0).all()
    exact = scaled_dot_product_attention(*(x.float() for x in halves), mask)
    assert_close(output.float(), exact, rtol=5e-3, atol=5e-3)  # float16 has 11 bits


def test_attention_writes_into_none_of_its_inputs(inputs):
    """Query, key, value and mask are what they were."""
    mask = some_mask()
    before = [x.clone() for x in (*inputs, mask)]
    scaled_dot_product_attention(*inputs, mask, is_causal=True)
    for now, then in zip((*inputs, mask), before, strict=True):
        assert_close(now, then, rtol=0, atol=0)  # untouched is exact


def test_attention_names_the_rule_that_its_inputs_break(inputs):
    """Each error says which rule, which argument, and the shapes that came."""
    query, key, value = inputs
    with pytest.raises(ValueError, match=r"same last axis, got query .*4, 6\) and key .*5, 7\)"):
        scaled_dot_product_attention(query, value, value)
    with pytest.raises(ValueError, match=r"same last axis, got query .*4, 6\) and key .*5, 7\)"):
        attention_weights(query, value)
    with pytest.raises(ValueError, match=r"one value .* key \(2, 3, 5, 6\) and value \(2, 3, 4, 7"):
        scaled_dot_product_attention(query, key, value[..., 1:, :])
    with pytest.raises(ValueError, match=r"mask must broadcast .* \(2, 1, 5\) and scores \(2, 3"):
        scaled_dot_product_attention(*inputs, torch.ones(BATCH, 1, KEY_LEN, dtype=torch.bool))
    with pytest.raises(TypeError, match=r"mask must be boolean, .*, got torch\.int64"):
        scaled_dot_product_attention(*inputs, torch.ones(QUERY_LEN, KEY_LEN, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"key torch\.float32 on cpu and value torch\.float16"):
        scaled_dot_product_attention(query, key, value.half())
    with pytest.raises(ValueError, match=r"same dtype and device, got query .*cpu and key .*meta"):
        attention_weights(query, key.to("meta"))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_a_mask_of_numbers_is_added_as_pytorch_adds_it(inputs, dtype):
    """Output and gradients agree, also in a row where all is −∞; the mask keeps its own dtype."""
    mask = torch.randn(HEADS, QUERY_LEN, KEY_LEN, dtype=dtype)
    mask[0, 1], mask[:, 2, 3] = -math.inf, -math.inf
    inputs = [x.detach().to(dtype).requires_grad_() for x in inputs]
    tolerance = {} if dtype.itemsize > 2 else {"rtol": 0.05, "atol": 0.02}  # 8 or 11 bits
    ours = scaled_dot_product_attention(*inputs, mask)
    theirs = F.scaled_dot_product_attention(*inputs, attn_mask=mask)
    assert ours.dtype == dtype and (ours[:, 0, 1] == 0).all()
    assert_close(ours, theirs, **tolerance)
    upstream = torch.randn_like(ours)
    for mine, reference in zip(
        torch.autograd.grad(ours, inputs, upstream),
        torch.autograd.grad(theirs, inputs, upstream),
        strict=True,
    ):
        assert_close(mine, reference, **tolerance)


def test_query_heads_share_keys_and_values_in_groups_as_in_pytorch():
    """Six heads on two: heads 0, 1, 2 on the first, the others on the second."""
    query, key = (
        torch.randn(BATCH, 6, QUERY_LEN, HEAD_DIM),
        torch.randn(BATCH, 2, KEY_LEN, HEAD_DIM),
    )
    value = torch.randn(BATCH, 2, KEY_LEN, VALUE_DIM)
    ours = scaled_dot_product_attention(query, key, value, enable_gqa=True)
    assert_close(ours, F.scaled_dot_product_attention(query, key, value, enable_gqa=True))
    assert_close(attention_weights(query, key, enable_gqa=True)[:, 4],
                 attention_weights(query[:, 4], key[:, 1]))  # fmt: skip
    with pytest.raises(ValueError, match=r"must match, got query .* and key"):
        scaled_dot_product_attention(query, key, value)
    with pytest.raises(ValueError, match="multiple of n_kv_heads, got n_heads 5 and n_kv_heads 2"):
        scaled_dot_product_attention(query[:, :5], key, value, enable_gqa=True)


def test_scores_are_capped_before_the_mask(inputs):
    """As Gemma 2 does: cap · tanh(score / cap), then what is hidden is hidden."""
    query, key, value = inputs
    mask = some_mask()
    capped = 0.5 * torch.tanh(query @ key.transpose(-2, -1) / HEAD_DIM**0.5 / 0.5)
    expected = capped.masked_fill(~mask, -math.inf).softmax(-1) @ value
    assert_close(scaled_dot_product_attention(*inputs, mask, softcap=0.5), expected)
    with pytest.raises(ValueError, match="cap must be greater than zero, got 0"):
        scaled_dot_product_attention(*inputs, softcap=0.0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_scores_of_ten_thousand_are_no_infinity(dtype):
    """Scores that float16 could hold, though not their products before the scaling."""
    query = torch.full((1, 1, 64), 100.0, dtype=dtype)  # q · k = 64 · 10 000, and 80 000 scaled
    key = torch.tensor([[12.5], [-12.5], [12.4]], dtype=dtype).expand(3, 64)[None]
    weights = attention_weights(query, key)  # scores 10 000, −10 000 and a little less
    assert_close(weights, torch.tensor([[[1, 0, 0]]], dtype=dtype))


def test_scores_beyond_float16_are_no_infinity():
    """Scores of ±800 000, of which the largest takes all, as by PyTorch's function."""
    query = torch.full((1, 1, 64), 1e4, dtype=torch.float16)
    key = torch.tensor([[10.0], [-10.0], [9.0]], dtype=torch.float16).expand(1, 3, 64)
    value = torch.randn(1, 3, VALUE_DIM).half()
    assert attention_weights(query, key).tolist() == [[[1.0, 0.0, 0.0]]]
    ours = scaled_dot_product_attention(query, key, value)
    assert_close(ours, F.scaled_dot_product_attention(query, key, value))


def test_numbers_that_the_scores_dtype_turns_into_minus_infinity_hide():
    """A mask in float64 may hold −10³⁰⁰; a row of nothing else is a dead row, not NaN."""
    query, key = torch.randn(2, HEAD_DIM), torch.randn(KEY_LEN, HEAD_DIM)
    mask = torch.tensor([[-1e300], [0.0]], dtype=torch.float64)
    weights = attention_weights(query, key, mask)
    assert (weights[0] == 0).all()
    assert_close(weights[1:], attention_weights(query[1:], key))


def test_nan_reaches_the_rows_that_may_see_it_and_no_other(inputs):
    """A NaN in a query spoils its row, one in a key those that may attend to it."""
    query, key, value = (x.detach() for x in inputs)
    clean = scaled_dot_product_attention(query, key, value, is_causal=True)
    poisoned = query.clone()
    poisoned[0, 1, 2] = math.nan
    spoilt = scaled_dot_product_attention(poisoned, key, value, is_causal=True).isnan().any(-1)
    assert spoilt.nonzero().tolist() == [[0, 1, 2]]
    poisoned = key.clone()
    poisoned[..., -1, :] = math.nan  # the newest key: only the newest query may see it
    output = scaled_dot_product_attention(query, poisoned, value, is_causal=True)
    assert output[..., -1, :].isnan().all()
    assert_close(output[..., :-1, :], clean[..., :-1, :])


@pytest.mark.parametrize(
    ("query_len", "key_len"), [(0, KEY_LEN), (1, 1), (1, KEY_LEN), (QUERY_LEN, 1)]
)
def test_short_sequences(inputs, query_len, key_len):
    """No query, one query or one key, with each mask that can be built for them."""
    query, key, value = inputs[0][..., :query_len, :], *(x[..., :key_len, :] for x in inputs[1:])
    for is_causal in (False, True):
        mask = causal_mask(query_len, key_len) if is_causal else None
        ours = scaled_dot_product_attention(query, key, value, is_causal=is_causal)
        assert_close(ours, F.scaled_dot_product_attention(query, key, value, attn_mask=mask))


def test_mask_may_have_the_axes_in_front_that_only_the_keys_have():
    """A query of two axes in front beside keys of three: the scores have three."""
    query, key = torch.randn(2, 2, 3, 4), torch.randn(2, 2, 2, 5, 4)
    mask = torch.rand(2, 2, 2, 3, 5) > 0.4
    found = scaled_dot_product_attention(query, key, key, mask)
    assert_close(found, scaled_dot_product_attention(query.expand(2, 2, 2, 3, 4), key, key, mask))


def test_inputs_need_not_be_contiguous_and_the_axes_in_front_broadcast(inputs):
    """Transposed, expanded and missing axes give what copies of them give."""
    query = inputs[0].transpose(0, 1).contiguous().transpose(0, 1)
    key, value = inputs[1][:1].expand(BATCH, -1, -1, -1), inputs[2][0, :1]
    copies = query.contiguous(), key.contiguous(), value.repeat(BATCH, HEADS, 1, 1)
    assert_close(
        scaled_dot_product_attention(query, key, value),
        F.scaled_dot_product_attention(*copies),
    )
