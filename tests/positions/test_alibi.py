"""ALiBi against BLOOM's implementation, and as a mask among masks."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close
from transformers.models.bloom.modeling_bloom import build_alibi_tensor

from attention import (
    MultiHeadAttention,
    alibi_bias,
    alibi_slopes,
    attention_weights,
    causal_mask,
    padding_mask,
    scaled_dot_product_attention,
)

BATCH, HEADS, QUERY_LEN, KEY_LEN, HEAD_DIM, VALUE_DIM = 2, 3, 4, 6, 5, 7


@pytest.mark.parametrize("n_heads", [1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 32, 40, 112])
def test_slopes_are_those_of_bloom(n_heads):
    """Powers of two and others; BLOOM itself has 112 heads."""
    one_step = build_alibi_tensor(torch.ones(1, 2), n_heads, torch.float32)[:, 0]
    assert_close(alibi_slopes(n_heads), one_step[:, 1] - one_step[:, 0])


def test_eight_heads_have_the_papers_slopes():
    """1/2, 1/4, … 1/256."""
    assert_close(alibi_slopes(8), torch.tensor([2.0**-h for h in range(1, 9)]))


def test_weights_are_those_of_blooms_bias():
    """BLOOM adds slope · key position, which differs by a constant in each row."""
    torch.manual_seed(0)
    query, key = torch.randn(2, HEADS, KEY_LEN, HEAD_DIM)
    bias = alibi_bias(HEADS, KEY_LEN, KEY_LEN)
    blooms = build_alibi_tensor(torch.ones(1, KEY_LEN), HEADS, torch.float32)
    hidden = ~causal_mask(KEY_LEN)
    scores = (query @ key.mT / HEAD_DIM**0.5 + blooms).masked_fill(hidden, float("-inf"))
    assert_close(attention_weights(query, key, bias, is_causal=True), scores.softmax(-1))


def test_the_bias_is_minus_slope_times_distance():
    """Entry by entry, the last query beside the last key; keys ahead lose as much."""
    bias, slopes = alibi_bias(HEADS, QUERY_LEN, KEY_LEN), alibi_slopes(HEADS)
    assert bias.shape == (HEADS, QUERY_LEN, KEY_LEN)
    for h in range(HEADS):
        for i in range(QUERY_LEN):
            for j in range(KEY_LEN):
                away = abs(i + KEY_LEN - QUERY_LEN - j)
                assert bias[h, i, j].item() == pytest.approx(-slopes[h].item() * away)
    assert (bias[:, -1, -1] == 0).all() and not bias[:, -1, -1].signbit().any()  # 0, and not −0


@settings(deadline=None)
@given(st.integers(1, 5), st.integers(1, 6), st.integers(0, 6), st.integers(0, 99))
def test_alibi_and_masks_compose(n_heads, query_len, earlier, seed):
    """Bias and masks in one floating-point mask: softmax of scores + bias over what is allowed."""
    key_len = query_len + earlier
    dice = torch.Generator().manual_seed(seed)
    query = torch.randn(BATCH, n_heads, query_len, HEAD_DIM, generator=dice)
    key = torch.randn(BATCH, n_heads, key_len, HEAD_DIM, generator=dice)
    value = torch.randn(BATCH, n_heads, key_len, VALUE_DIM, generator=dice)
    lengths = torch.randint(0, key_len + 1, (BATCH,), generator=dice)  # 0: everything is hidden
    mask = (causal_mask(query_len, key_len) & padding_mask(lengths, key_len))[:, None]
    bias = alibi_bias(n_heads, query_len, key_len)
    output = scaled_dot_product_attention(query, key, value, bias.masked_fill(~mask, float("-inf")))
    for b in range(BATCH):
        for h in range(n_heads):
            for i in range(query_len):
                allowed = mask[b, 0, i]
                scores = key[b, h, allowed] @ query[b, h, i] / HEAD_DIM**0.5 + bias[h, i, allowed]
                expected = scores.softmax(-1) @ value[b, h, allowed]
                assert_close(output[b, h, i], expected)  # without any key: zeros


def test_a_module_with_heads_takes_the_bias():
    """As `bias`, beside a padding mask, each head with a slope of its own."""
    torch.manual_seed(0)
    module = MultiHeadAttention(HEADS * HEAD_DIM + 3, HEADS)
    x, mask = torch.randn(BATCH, KEY_LEN, module.d_model), padding_mask([KEY_LEN, 2], KEY_LEN)
    bias = alibi_bias(HEADS, KEY_LEN, KEY_LEN)
    plain, weights = (module(x, mask=mask, bias=b, return_weights=True)[1] for b in (None, bias))
    expected = plain * bias.exp()
    assert_close(weights, expected / expected.sum(-1, keepdim=True))


def test_alibi_names_the_rule_that_is_broken():
    """No heads, or fewer than no tokens."""
    with pytest.raises(ValueError, match="n_heads must be at least 1, got 0"):
        alibi_bias(0, QUERY_LEN, KEY_LEN)
    with pytest.raises(ValueError, match="got query_len 2 and key_len -3"):
        alibi_bias(HEADS, 2, -3)


def test_the_bias_lives_where_it_is_asked_for():
    """The meta device holds no numbers, but says where they would be."""
    assert alibi_bias(HEADS, QUERY_LEN, KEY_LEN, device="meta").device.type == "meta"
