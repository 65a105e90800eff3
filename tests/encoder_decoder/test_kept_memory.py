"""A memory whose keys and values are kept answers as the memory itself."""

import pytest
import torch
from torch.testing import assert_close

from attention import DecoderBlock
from attention.encoder_decoder.kept_memory import CrossAttention


@pytest.fixture
def layer():
    torch.manual_seed(0)
    return CrossAttention(12, 3)


X, MEMORY = torch.randn(2, 2, 4, 12, generator=torch.Generator().manual_seed(1))
MEMORY = torch.cat([MEMORY, MEMORY[:, :1] * 2], dim=1)  # (2, 5, 12)


@pytest.mark.parametrize("hidden", [None, 1, 5])
def test_a_kept_memory_answers_as_the_memory(layer, hidden):
    """With its weights and without, with some of it hidden or all."""
    mask = None if hidden is None else torch.arange(5) >= hidden
    mask = None if mask is None else mask.expand(2, 1, 5)
    expected, weights = layer(X, MEMORY, mask, return_weights=True)
    got, got_weights = layer(X, layer.keep(MEMORY), mask, return_weights=True)
    assert_close(got, expected)
    assert_close(got_weights, weights)
    assert_close(layer(X, layer.keep(MEMORY), mask), expected)


def test_heads_that_share_keys_keep_fewer(layer):
    """Grouped queries: three heads on one."""
    shared = CrossAttention(12, 3, n_kv_heads=1)
    kept = shared.keep(MEMORY)
    assert kept.keys.shape == (2, 1, 5, 4)
    assert_close(shared(X, kept, return_weights=True)[0], shared(X, MEMORY))
    assert_close(shared(X, kept), shared(X, MEMORY))


def test_a_decoder_block_takes_either():
    """The memory is only asked by its cross-attention."""
    torch.manual_seed(0)
    block = DecoderBlock(12, 3, 8)
    kept = block.cross_attention.keep(MEMORY)
    assert_close(block(X, kept), block(X, MEMORY))


def test_what_does_not_fit_is_told(layer):
    """A width, a dtype, a mask, turned keys, an option that asks for more than a mask."""
    kept = layer.keep(MEMORY)
    with pytest.raises(ValueError, match=r"last axis of memory must be d_model = 12"):
        layer.keep(MEMORY[..., :7])
    with pytest.raises(ValueError, match=r"last axis of x must be d_model = 12"):
        layer(X[..., :7], kept)
    with pytest.raises(ValueError, match=r"x and the kept memory must have the same dtype"):
        layer(X.double(), kept)
    with pytest.raises(ValueError, match=r"mask"):
        layer(X, kept, torch.ones(4, 6, dtype=torch.bool))
    with pytest.raises(ValueError, match=r"rotary positions count along one sequence"):
        CrossAttention(12, 3, rotary_base=1e4).keep(MEMORY)
    with pytest.raises(ValueError, match=r"asked with a mask alone, got \['is_causal'\] too"):
        layer(X, kept, is_causal=True)
