"""Widths of windows in the words of other libraries, held to those libraries."""

import pytest
import torch

from attention import causal_mask, sliding_window_attention, window_mask
from attention.masks.window_conventions import (
    from_attention_window,
    from_each_side,
    to_attention_window,
    to_each_side,
)

LENGTH = 9
PLACE = torch.arange(LENGTH)


@pytest.mark.parametrize("each_side", [0, 1, 3])
def test_hugging_faces_two_sided_window_is_read(each_side):
    """Its rule is a distance of at most so many places."""
    from transformers.masking_utils import sliding_window_bidirectional_mask_function

    theirs = sliding_window_bidirectional_mask_function(each_side)(0, 0, PLACE[:, None], PLACE)
    assert window_mask(LENGTH, window=from_each_side(each_side)).equal(theirs)


def test_modernberts_local_attention_is_read():
    """It counts both sides together, and its layers see what its masks show."""
    from transformers import ModernBertConfig, ModernBertModel

    config = ModernBertConfig(
        vocab_size=11, hidden_size=12, num_attention_heads=3, num_hidden_layers=2,
        intermediate_size=7, local_attention=4, pad_token_id=0, attn_implementation="eager",
        layer_types=["sliding_attention"] * 2,
    )  # fmt: skip
    model = ModernBertModel(config).eval()
    with torch.no_grad():
        maps = model(torch.arange(1, 1 + LENGTH)[None], output_attentions=True).attentions
    ours = window_mask(LENGTH, window=from_attention_window(4))
    assert (maps[0][0] > 0).all(dim=0).equal(ours)


def test_a_gemma_that_looks_both_ways_is_read():
    """Its file says the width of both sides; once loaded, it counts as we do."""
    from transformers import Gemma3TextConfig
    from transformers.models.gemma3.modeling_gemma3 import _bidirectional_window_overlay

    config = Gemma3TextConfig(sliding_window=6, use_bidirectional_attention=True)
    assert config.sliding_window == from_attention_window(6) == 4
    theirs = _bidirectional_window_overlay(config.sliding_window)(0, 0, PLACE[:, None], PLACE)
    assert window_mask(LENGTH, window=from_attention_window(6)).equal(theirs)


def test_longformers_window_is_read():
    """Of a token it keeps one weight for itself, and attention_window others."""
    from transformers import LongformerConfig, LongformerModel

    config = LongformerConfig(
        vocab_size=20, hidden_size=12, num_attention_heads=3, num_hidden_layers=1,
        intermediate_size=7, attention_window=4, max_position_embeddings=40, pad_token_id=1,
    )  # fmt: skip
    model = LongformerModel(config).eval()
    tokens = torch.arange(4, 16)[None]  # a multiple of the window, so that nothing is filled up
    with torch.no_grad():
        weights = model(tokens, output_attentions=True).attentions[0][0, 0]  # (12, 1 + 4)
    allowed = window_mask(12, window=from_attention_window(4))
    assert (weights > 0).sum(-1).equal(allowed.sum(-1))


def test_every_width_comes_back():
    """What is read and written again is what it was."""
    for window in range(1, 6):
        assert from_each_side(to_each_side(window)) == window
        assert from_attention_window(to_attention_window(window)) == window
    assert to_each_side(4096) == 4095  # FlashAttention's window_size of Mistral is (4095, 0)


def test_a_width_that_is_none_is_refused():
    """The argument is called by its name."""
    with pytest.raises(ValueError, match=r"^attention_window must be even, .* got 5$"):
        from_attention_window(5)
    with pytest.raises(ValueError, match=r"^window must be at least 1, got 0$"):
        to_each_side(0)
    with pytest.raises(ValueError, match=r"^each_side must be at least 0, got -1$"):
        from_each_side(-1)
    with pytest.raises(TypeError, match=r"^attention_window must be a whole number, got 4\.0$"):
        from_attention_window(4.0)


def test_the_function_counts_as_the_mask_does():
    """A window of one is the token alone."""
    value = torch.randn(LENGTH, 2)
    assert sliding_window_attention(value, value, value, 1).equal(value)
    assert (window_mask(LENGTH, window=1) & causal_mask(LENGTH)).equal(torch.eye(LENGTH) > 0)
