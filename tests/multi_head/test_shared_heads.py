"""Heads of keys and values that several query heads share."""

import pytest
import torch
from torch.testing import assert_close

from attention import share_heads

BATCH, KEY_LEN, HEAD_DIM = 2, 5, 4


@pytest.mark.parametrize(("n_kv_heads", "n_heads"), [(1, 3), (2, 6), (3, 3), (4, 8)])
def test_neighbouring_query_heads_get_the_same_head(n_kv_heads, n_heads):
    """Query head h gets head h · n_kv_heads / n_heads, rounded down."""
    heads = torch.randn(BATCH, n_kv_heads, KEY_LEN, HEAD_DIM)
    shared = share_heads(heads, n_heads)
    assert shared.shape == (BATCH, n_heads, KEY_LEN, HEAD_DIM)
    for h in range(n_heads):
        assert_close(shared[:, h], heads[:, h * n_kv_heads // n_heads])


def test_a_shared_head_learns_from_all_who_share_it():
    """Its gradient is the sum of theirs."""
    heads = torch.randn(BATCH, 2, KEY_LEN, HEAD_DIM, requires_grad=True)
    share_heads(heads, 6).sum().backward()
    assert_close(heads.grad, torch.full_like(heads, 3))


@pytest.mark.parametrize("n_heads", [2, 4])
def test_heads_that_cannot_be_dealt_out_evenly_are_refused(n_heads):
    """The message names both numbers."""
    with pytest.raises(ValueError, match=f"got n_heads {n_heads} and n_kv_heads 3"):
        share_heads(torch.randn(BATCH, 3, KEY_LEN, HEAD_DIM), n_heads)


def test_heads_without_a_head_axis_are_refused():
    """Two axes are one head's alone."""
    with pytest.raises(ValueError, match="heads"):
        share_heads(torch.randn(KEY_LEN, HEAD_DIM), 2)
