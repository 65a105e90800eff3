"""PyTorch's fused attention under the book's contract, against the book's own."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from attention import causal_mask, fast_attention, scaled_dot_product_attention

BATCH, HEADS, QUERY_LEN, KEY_LEN, HEAD_DIM, VALUE_DIM = 2, 3, 4, 5, 6, 7


def tensors(query_len, key_len):
    torch.manual_seed(0)
    shapes = (query_len, HEAD_DIM), (key_len, HEAD_DIM), (key_len, VALUE_DIM)
    return [torch.randn(BATCH, HEADS, *shape, requires_grad=True) for shape in shapes]


def masks(query_len, key_len):
    """Nothing, a boolean mask with a dead row, and numbers to be added with a dead row."""
    boolean = torch.rand(BATCH, 1, query_len, key_len) > 0.4
    boolean[0, 0, 0] = False
    numbers = torch.randn(HEADS, query_len, key_len)
    numbers[1, -1] = -math.inf
    return {"none": None, "boolean": boolean, "numbers": numbers}


@pytest.mark.parametrize("lengths", [(4, 4), (4, 5), (5, 3), (1, 5), (1, 1), (0, 5)])
@pytest.mark.parametrize("is_causal", [False, True])
@pytest.mark.parametrize("kind", ["none", "boolean", "numbers"])
def test_fast_attention_is_attention(lengths, is_causal, kind):
    """Output and gradients agree for every mask, and a dead row gives zeros in both."""
    inputs, mask = tensors(*lengths), masks(*lengths)[kind] if lengths[0] else None
    fast = fast_attention(*inputs, mask, is_causal=is_causal, scale=0.3)
    plain = scaled_dot_product_attention(*inputs, mask, is_causal=is_causal, scale=0.3)
    assert_close(fast, plain)
    upstream = torch.randn_like(fast)
    for mine, reference in zip(
        torch.autograd.grad(fast, inputs, upstream),
        torch.autograd.grad(plain, inputs, upstream),
        strict=True,
    ):
        assert_close(mine, reference)


@settings(deadline=None, max_examples=80)
@given(
    heads=st.sampled_from([(1, 1), (3, 3), (3, 1), (4, 2), (6, 3)]),
    shape=st.tuples(st.sampled_from([1, 4]), st.sampled_from([1, 5])),
    in_front=st.sampled_from([(), (1,), ("heads",), (1, 1), (2, 1), (2, "heads")]),
    value_dim=st.sampled_from([HEAD_DIM, VALUE_DIM]),  # two kernels of PyTorch's
    is_causal=st.booleans(),
    added=st.booleans(),
    seed=st.integers(0, 9),
)
def test_any_mask_that_broadcasts_and_any_grouping(
    heads, shape, in_front, value_dim, is_causal, added, seed
):
    """Output and gradients agree, that of added numbers included; the inputs are views."""
    torch.manual_seed(seed)
    inputs = [
        torch.randn(BATCH, length, n, d).transpose(1, 2).requires_grad_()
        for n, length, d in zip(
            (heads[0], heads[1], heads[1]), (4, 5, 5), (HEAD_DIM, HEAD_DIM, value_dim), strict=True
        )
    ]
    shape = (*(heads[0] if n == "heads" else n for n in in_front), *shape)
    mask = torch.rand(shape) > 0.4
    if added:
        mask = torch.randn(shape).masked_fill(~mask, -math.inf).requires_grad_()
        inputs.append(mask)
    query, key, value = inputs[:3]
    outputs = [
        attention(query, key, value, mask, is_causal=is_causal, enable_gqa=True)
        for attention in (fast_attention, scaled_dot_product_attention)
    ]
    assert_close(*outputs)
    upstream = torch.randn_like(outputs[0])
    fast, plain = (torch.autograd.grad(output, inputs, upstream) for output in outputs)
    for mine, reference in zip(fast, plain, strict=True):
        assert_close(mine, reference)


@pytest.mark.parametrize("mask", [torch.tensor([True, False, True, True, False]),
                                  torch.randn(KEY_LEN), torch.tensor(True)])  # fmt: skip
def test_a_mask_may_lack_axes(mask):
    """One row for all queries, or one answer for all."""
    inputs = tensors(QUERY_LEN, KEY_LEN)
    assert_close(fast_attention(*inputs, mask), scaled_dot_product_attention(*inputs, mask))


@pytest.mark.parametrize("value_dim", [HEAD_DIM, VALUE_DIM])  # two kernels of PyTorch's
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_mask_of_another_precision_is_taken_as_it_is_meant(value_dim, dtype):
    """Numbers in float64 beside queries in bfloat16: PyTorch alone refuses them."""
    inputs = [x.detach().bfloat16() for x in tensors(QUERY_LEN, KEY_LEN)]
    inputs[2] = inputs[2][..., :value_dim]
    added = torch.zeros(QUERY_LEN, KEY_LEN, dtype=dtype).masked_fill(
        ~causal_mask(QUERY_LEN, KEY_LEN), -math.inf
    )
    assert_close(fast_attention(*inputs, added), fast_attention(*inputs, is_causal=True))


def test_fast_attention_refuses_what_attention_refuses():
    """The checks are the same ones."""
    query, key, value = tensors(QUERY_LEN, KEY_LEN)
    with pytest.raises(ValueError, match="same last axis, got query"):
        fast_attention(query, value, value)
    with pytest.raises(ValueError, match="mask must broadcast to the scores"):
        fast_attention(query, key, value, torch.ones(3, dtype=torch.bool))
    with pytest.raises(TypeError, match="mask must be boolean"):
        fast_attention(query, key, value, torch.ones(KEY_LEN, dtype=torch.int64))
    with pytest.raises(ValueError, match="multiple of n_kv_heads, got n_heads 3 and n_kv_heads 2"):
        fast_attention(query, key[:, :2], value, enable_gqa=True)
    with pytest.raises(ValueError, match="multiple of n_kv_heads, got n_heads 3 and n_kv_heads 2"):
        fast_attention(query, key, value[:, :2], enable_gqa=True)
    with pytest.raises(ValueError, match=r"value must have at least 3 axes, got shape \(5, 7\)"):
        fast_attention(query, key, value[0, 0], enable_gqa=True)


def test_nan_in_a_hidden_key_shows_where_the_explicit_form_hides_it():
    """What the docstring warns of: PyTorch adds −∞ to a score of NaN, which stays NaN."""
    query, key, value = (x.detach() for x in tensors(QUERY_LEN, KEY_LEN))
    key[..., 2, :] = math.nan
    mask = torch.arange(KEY_LEN) != 2
    assert fast_attention(query, key, value, mask).isnan().all()
    assert scaled_dot_product_attention(query, key, value, mask).isfinite().all()
