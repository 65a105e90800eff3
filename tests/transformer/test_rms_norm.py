"""`rms_norm` and `swiglu`, beside PyTorch's."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.testing import assert_close

from attention import RMSNorm, SwiGLU
from attention.transformer.rms_norm import PreRMSNorm

BATCH, LENGTH, D_MODEL, D_FF = 2, 3, 6, 10


@pytest.fixture
def norms():
    """Ours and PyTorch's, with the same weights and a large ε, so that it shows."""
    torch.manual_seed(0)
    ours, theirs = RMSNorm(D_MODEL, eps=0.3), nn.RMSNorm(D_MODEL, eps=0.3)
    nn.init.normal_(theirs.weight)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def test_it_is_pytorchs(norms):
    """Values and slopes."""
    ours, theirs = norms
    x = torch.randn(BATCH, LENGTH, D_MODEL, requires_grad=True)
    assert_close(ours(x), theirs(x))
    slopes = [torch.autograd.grad(norm(x).square().sum(), x)[0] for norm in norms]
    assert_close(*slopes)


def test_what_is_too_large_for_half_precision_is_squared_in_float32(norms):
    """float16 ends at 65 504, and 300² is more."""
    ours = norms[0].half()
    x = torch.full((1, D_MODEL), 300.0, dtype=torch.float16)
    assert ours(x).dtype == torch.float16
    assert_close(ours(x)[0], ours.weight)


def test_length_is_lost_and_the_mean_is_not(norms):
    """A vector three times as long gives the same answer; a shifted one another."""
    ours = RMSNorm(D_MODEL, eps=0)
    x = torch.randn(LENGTH, D_MODEL)
    assert_close(ours(3 * x), ours(x))
    assert not torch.allclose(ours(x + 1), ours(x))
    layer_norm = nn.LayerNorm(D_MODEL, eps=0)
    assert_close(layer_norm(x + 1), layer_norm(x))


def test_a_layer_reads_the_norm_and_writes_beside_it():
    """The stream itself is kept."""
    norm = PreRMSNorm(D_MODEL)
    x, change = torch.randn(2, LENGTH, D_MODEL)
    assert norm.read(x).equal(norm(x)) and norm.write(x, change).equal(x + change)


def test_swiglu_is_its_formula():
    """One number at a time."""
    torch.manual_seed(0)
    layer, x = SwiGLU(D_MODEL, D_FF), torch.randn(1, D_MODEL)
    found, x = layer(x)[0], x[0]
    gated = [
        F.silu(layer.gate.weight[k] @ x) * (layer.up.weight[k] @ x) for k in range(D_FF)
    ]  # one for each of the d_ff numbers
    assert_close(found, layer.down.weight @ torch.stack(gated))


@pytest.mark.parametrize("layer", [RMSNorm(D_MODEL), PreRMSNorm(D_MODEL), SwiGLU(D_MODEL, D_FF)])
def test_another_width_is_refused(layer):
    """A single number a token would be broadcast without an error."""
    for width in (1, D_MODEL + 1):
        with pytest.raises(ValueError, match=rf"x must .*d_model.*{D_MODEL}"):
            layer(torch.randn(LENGTH, width))
