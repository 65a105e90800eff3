"""PyTorch's fused attention under the book's contract, against the book's own."""

import math

import pytest
import torch
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


@pytest.mark.parametrize("value_dim", [HEAD_DIM, VALUE_DIM])  # two kernels of PyTorch's
def test_a_mask_of_another_precision_is_taken_as_it_is_meant(value_dim):
    """Numbers in float32 beside queries in bfloat16: PyTorch alone may refuse them."""
    inputs = [x.detach().bfloat16() for x in tensors(QUERY_LEN, KEY_LEN)]
    inputs[2] = inputs[2][..., :value_dim]
    added = torch.zeros(QUERY_LEN, KEY_LEN).masked_fill(~causal_mask(QUERY_LEN, KEY_LEN), -math.inf)
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
