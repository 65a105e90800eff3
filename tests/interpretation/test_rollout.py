"""Attention rollout: ways through all layers, and rows that still sum to one."""

import pytest
import torch
from torch.testing import assert_close

from attention import rollout

N_LAYERS, N_HEADS, LENGTH = 3, 2, 5


def draw_maps(*shape):
    return torch.randn(shape, dtype=torch.float64).softmax(-1)


def test_rollout_sums_over_every_way():
    """Weight of each way from an input token to token i, summed one by one: the definition."""
    maps = draw_maps(2, N_HEADS, LENGTH, LENGTH)
    found = rollout(maps)
    for i in range(LENGTH):
        for j in range(LENGTH):
            ways = 0.0
            for via in range(LENGTH):
                last = (maps[1, :, i, via].mean() + (i == via)) / 2
                first = (maps[0, :, via, j].mean() + (via == j)) / 2
                ways += (last * first).item()
            assert found[i, j].item() == pytest.approx(ways)


def test_rows_sum_to_one():
    """Half and half of two rows that sum to one."""
    found = rollout(draw_maps(N_LAYERS, N_HEADS, LENGTH, LENGTH))
    assert_close(found.sum(-1), torch.ones(LENGTH, dtype=torch.float64))


def test_heads_that_look_at_themselves_change_nothing():
    """Then every way ends where it began."""
    maps = torch.eye(LENGTH).expand(N_LAYERS, N_HEADS, LENGTH, LENGTH)
    assert torch.equal(rollout(maps), torch.eye(LENGTH))


def test_a_causal_stack_stays_causal():
    """No way leads from a later token."""
    assert rollout(draw_maps(N_LAYERS, N_HEADS, LENGTH, LENGTH).tril()).triu(1).eq(0).all()


def test_no_layers_leave_each_token_to_itself():
    """An empty product."""
    assert torch.equal(rollout(torch.empty(0, N_HEADS, LENGTH, LENGTH)), torch.eye(LENGTH))


@pytest.mark.parametrize("shape", [(N_HEADS, LENGTH, LENGTH), (N_LAYERS, N_HEADS, 4, LENGTH)])
def test_other_shapes_are_refused(shape):
    """One map for each head of each layer, with as many queries as keys."""
    with pytest.raises(ValueError, match=r"4 axes|must have shape \(n_layers, n_heads, length"):
        rollout(torch.ones(shape))
    with pytest.raises(TypeError, match="maps must hold floating-point numbers"):
        rollout(torch.ones(1, 1, 2, 2, dtype=torch.long))
