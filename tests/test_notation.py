"""What the notation page says about other libraries' masks, on the pinned versions."""

import torch
from torch import nn
from torch.testing import assert_close

from attention import causal_mask, scaled_dot_product_attention

pytorch = nn.functional.scaled_dot_product_attention


def inputs(query_len, key_len):
    torch.manual_seed(0)
    return torch.randn(2, query_len, 6), torch.randn(2, key_len, 6), torch.randn(2, key_len, 7)


def test_pytorch_lines_the_causal_rule_up_at_the_start():
    """With more keys than queries, `is_causal=True` hides what ours allows."""
    query, key, value = inputs(3, 5)
    theirs = pytorch(query, key, value, is_causal=True)
    from_the_start = torch.ones(3, 5, dtype=torch.bool).tril()
    assert_close(theirs, scaled_dot_product_attention(query, key, value, from_the_start))
    ours = scaled_dot_product_attention(query, key, value, is_causal=True)
    assert_close(ours, pytorch(query, key, value, attn_mask=causal_mask(3, 5)))
    assert not torch.allclose(theirs, ours)


@torch.no_grad()
def test_what_a_query_gets_that_may_attend_to_nothing():
    """Zeros, NaN or an average: it depends on the library and on what is asked of it."""
    query, key, value = inputs(4, 5)
    nothing = torch.zeros(4, 5, dtype=torch.bool)
    zeros = torch.zeros(2, 4, 7)
    assert_close(scaled_dot_product_attention(query, key, value, nothing), zeros)
    assert_close(pytorch(query, key, value, attn_mask=nothing), zeros)

    added = torch.zeros(4, 5).masked_fill(~nothing, torch.finfo(torch.float32).min)
    average = value.mean(dim=1, keepdim=True).expand(2, 4, 7)
    assert_close(pytorch(query, key, value, attn_mask=added), average)

    module = nn.MultiheadAttention(6, 3, kdim=6, vdim=7, batch_first=True)
    output, _ = module(query, key, value, attn_mask=~nothing, need_weights=True)
    assert output.isnan().all()
