"""Self-attention: one head on one sequence."""

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from attention import SelfAttention, causal_mask, padding_mask

BATCH, LENGTH, D_MODEL, HEAD_DIM = 2, 5, 6, 7


@pytest.fixture
def module():
    torch.manual_seed(0)
    return SelfAttention(D_MODEL, HEAD_DIM)


@pytest.mark.parametrize("mask", [None, causal_mask(LENGTH), padding_mask([LENGTH, 3], LENGTH)])
def test_self_attention_is_attention_between_three_views_of_one_sequence(module, mask):
    """PyTorch's function on x W_q, x W_k, x W_v gives the same output."""
    x = torch.randn(BATCH, LENGTH, D_MODEL)
    views = [x @ linear.weight.T for linear in (module.to_query, module.to_key, module.to_value)]
    output, weights = module(x, mask, return_weights=True)
    assert output.shape == (BATCH, LENGTH, HEAD_DIM) and weights.shape == (BATCH, LENGTH, LENGTH)
    assert_close(output, F.scaled_dot_product_attention(*views, attn_mask=mask))
    assert_close(weights @ views[2], output)
    assert_close(module(x, mask), output)


def test_its_three_maps_have_no_bias(module):
    """The parameters are three matrices."""
    shapes = {name: tuple(p.shape) for name, p in module.named_parameters()}
    assert shapes == {f"to_{w}.weight": (HEAD_DIM, D_MODEL) for w in ("query", "key", "value")}


def test_permuting_the_tokens_permutes_the_output(module):
    """Without positions, self-attention does not know the order of its tokens."""
    x, order = torch.randn(BATCH, LENGTH, D_MODEL), torch.randperm(LENGTH)
    assert_close(module(x[:, order]), module(x)[:, order])


def test_under_a_causal_mask_the_future_does_not_leak(module):
    """Changing the last tokens changes no earlier output."""
    x = torch.randn(BATCH, LENGTH, D_MODEL)
    changed = x.clone()
    changed[:, 3:] += 10
    before, after = (module(y, causal_mask(LENGTH)) for y in (x, changed))
    assert_close(before[:, :3], after[:, :3])
    assert (before[:, 3:] != after[:, 3:]).any()


def test_a_sequence_without_a_batch_is_served_too(module):
    """Two axes are enough."""
    x = torch.randn(BATCH, LENGTH, D_MODEL)
    assert_close(module(x[1]), module(x)[1])


def test_self_attention_names_the_width_that_it_wants(module):
    """The error shows d_model and the shape that came."""
    with pytest.raises(ValueError, match=r"axis of x must be d_model = 6, got shape \(2, 5, 7\)"):
        module(torch.randn(BATCH, LENGTH, HEAD_DIM))
