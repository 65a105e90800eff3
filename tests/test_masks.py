"""Masks: padding, causal, and the contract that they keep."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from attention import (
    block_mask,
    causal_mask,
    fast_attention,
    influence_map,
    padding_mask,
    prefix_mask,
    scaled_dot_product_attention,
    window_mask,
)
from attention.join_masks import add_bias, add_head_axis, combine_masks

BATCH, HEADS, QUERY_LEN, KEY_LEN = 2, 3, 4, 5


@settings(deadline=None)
@given(st.integers(0, 6), st.integers(0, 6))
def test_a_causal_mask_lines_the_last_query_up_with_the_last_key(query_len, key_len):
    """Counted from the end, no query sees a key that comes after it."""
    mask = causal_mask(query_len, key_len)
    assert mask.shape == (query_len, key_len) and mask.dtype == torch.bool
    for i in range(query_len):
        for j in range(key_len):
            assert mask[i, j] == (key_len - 1 - j >= query_len - 1 - i)


def test_a_causal_mask_is_square_unless_told_otherwise():
    """One length makes the lower triangle."""
    assert causal_mask(3).tolist() == [[True, False, False], [True, True, False], [True] * 3]


def test_the_newest_query_alone_sees_every_key():
    """A model that keeps its earlier keys asks with one query."""
    assert causal_mask(1, KEY_LEN).all()


def test_a_causal_mask_rejects_negative_lengths():
    """A length counts something."""
    with pytest.raises(ValueError, match=r"must not be negative, got query_len -1 and key_len 5"):
        causal_mask(-1, KEY_LEN)


@settings(deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=4))
def test_a_padding_mask_allows_as_many_keys_as_there_are_tokens(lengths):
    """Row b has lengths[b] True first, and False after them."""
    mask = padding_mask(torch.tensor(lengths), 5)
    assert mask.shape == (len(lengths), 1, 5) and mask.dtype == torch.bool
    for row, length in zip(mask[:, 0].tolist(), lengths, strict=True):
        assert row == [True] * length + [False] * (5 - length)


def test_a_padding_mask_takes_a_list_too():
    """A list of lengths means the same as a tensor."""
    assert padding_mask([2, 0], 3).tolist() == [[[True, True, False]], [[False] * 3]]


def test_a_padding_mask_names_the_rule_that_its_lengths_break():
    """Each error says which rule, and the lengths that came."""
    with pytest.raises(ValueError, match=r"between 0 and max_len = 3, got \[2, 4\]"):
        padding_mask([2, 4], 3)
    with pytest.raises(ValueError, match=r"between 0 and max_len = 3, got \[-1\]"):
        padding_mask([-1], 3)
    with pytest.raises(ValueError, match=r"lengths must have shape \(batch,\), got \(1, 2\)"):
        padding_mask([[1, 2]], 3)
    for wrong, dtype in ((torch.tensor([1.0]), "float32"), (torch.tensor([True]), "bool")):
        with pytest.raises(TypeError, match=f"lengths must be whole numbers, got torch.{dtype}"):
            padding_mask(wrong, 3)


def test_combined_masks_allow_what_both_allow():
    """Padding and causal together: a key must be real and not in the future."""
    query, key = torch.zeros(BATCH, KEY_LEN, HEADS), torch.zeros(KEY_LEN, HEADS)
    padding = padding_mask([KEY_LEN, 2], KEY_LEN)
    both = combine_masks(padding, True, query, key)
    for b, length in enumerate([KEY_LEN, 2]):
        for i in range(KEY_LEN):
            for j in range(KEY_LEN):
                assert both[b, i, j] == (j <= i and j < length)
    assert combine_masks(None, False, query, key) is None
    assert combine_masks(padding, False, query, key) is padding
    assert combine_masks(None, True, query, key).equal(causal_mask(KEY_LEN))


def test_a_mask_of_numbers_stays_one_and_hides_the_future_too():
    """What is added stays where looking back is allowed, and is −∞ elsewhere."""
    added = torch.randn(BATCH, QUERY_LEN, KEY_LEN)
    query, key = torch.zeros(BATCH, QUERY_LEN, HEADS), torch.zeros(KEY_LEN, HEADS)
    both = combine_masks(added, True, query, key)
    allowed = causal_mask(QUERY_LEN, KEY_LEN).expand_as(added)
    assert both[allowed].equal(added[allowed])
    assert both[~allowed].isneginf().all()


def test_combining_refuses_what_attention_refuses():
    """A wrong mask is refused whether or not the causal one joins it."""
    query, key = torch.zeros(BATCH, QUERY_LEN, HEADS), torch.zeros(BATCH, KEY_LEN, HEADS)
    for is_causal in (False, True):
        with pytest.raises(TypeError, match=r"mask must be boolean, .* got torch\.int64"):
            combine_masks(torch.ones(KEY_LEN, dtype=torch.int64), is_causal, query, key)
        with pytest.raises(ValueError, match=r"got mask \(2, 5\) and scores \(2, 4, 5\)"):
            combine_masks(torch.ones(BATCH, KEY_LEN, dtype=torch.bool), is_causal, query, key)
        with pytest.raises(ValueError, match="got mask on meta and scores on cpu"):
            combine_masks(torch.zeros(KEY_LEN, device="meta"), is_causal, query, key)


def test_a_mask_and_a_bias_become_one():
    """The bias where the mask allows, −∞ where it hides, and either alone as it came."""
    bias, mask = torch.randn(HEADS, QUERY_LEN, KEY_LEN), torch.rand(BATCH, 1, 1, KEY_LEN) > 0.5
    both, allowed = add_bias(mask, bias), mask.expand(BATCH, HEADS, QUERY_LEN, KEY_LEN)
    assert both[allowed].equal(bias.expand_as(both)[allowed])
    assert both[~allowed].isneginf().all()
    assert add_bias(None, bias) is bias and add_bias(mask, None) is mask
    with pytest.raises(TypeError, match=r"bias must hold floating-point numbers, got torch\.bool"):
        add_bias(mask, mask)


@pytest.mark.parametrize(
    ("shape", "with_heads"),
    [
        ((QUERY_LEN, KEY_LEN), (1, QUERY_LEN, KEY_LEN)),
        ((BATCH, 1, KEY_LEN), (BATCH, 1, 1, KEY_LEN)),
        ((BATCH, HEADS, QUERY_LEN, KEY_LEN), (BATCH, HEADS, QUERY_LEN, KEY_LEN)),
    ],
)
def test_the_head_axis_goes_where_it_is_missing(shape, with_heads):
    """Two or three axes get one for the heads; four are taken as they are."""
    mask = add_head_axis(torch.ones(shape, dtype=torch.bool))
    assert mask.shape == with_heads
    assert add_head_axis(None) is None


def test_the_head_axis_is_only_given_to_boolean_masks():
    """A mask of numbers is refused here too."""
    with pytest.raises(TypeError, match="mask must be boolean"):
        add_head_axis(torch.ones(QUERY_LEN, KEY_LEN))


# --- nothing leaks: whatever the mask hides, no output hears ---


def patterns(query_len, key_len):
    """A mask of each kind for these lengths."""
    causal = causal_mask(query_len, key_len)
    padding = padding_mask([key_len - 1], key_len)[0]
    texts = block_mask(torch.arange(key_len) // 2)[-query_len:]
    return {
        "causal": causal,
        "padding": padding.expand(query_len, key_len),
        "window": window_mask(query_len, key_len, window=2),
        "prefix": prefix_mask(1, query_len, key_len),
        "texts": texts,
        "causal, padded, of several texts": causal & padding & texts,
    }


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_an_output_hears_exactly_the_keys_and_values_that_its_mask_allows(data):
    """By the Jacobian, for each pattern and any lengths: no leak, and nothing missed."""
    key_len = data.draw(st.integers(1, 5))
    query_len = data.draw(st.integers(1, key_len))
    query = torch.randn(1, query_len, 3, dtype=torch.float64)
    memory = torch.randn(key_len, 3, dtype=torch.float64)
    for name, mask in patterns(query_len, key_len).items():
        heard = influence_map(
            lambda x, m=mask: scaled_dot_product_attention(query, x, x, m), memory
        )
        assert (heard > 0).equal(mask), name


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 5), st.integers(1, 5))
def test_no_output_hears_the_future(query_len, key_len):
    """By the Jacobian, also with more queries than keys, whose first rows hear nothing."""
    query = torch.randn(1, query_len, 3, dtype=torch.float64)
    memory = torch.randn(key_len, 3, dtype=torch.float64)
    for attention in (scaled_dot_product_attention, fast_attention):
        heard = influence_map(lambda x, a=attention: a(query, x, x, is_causal=True), memory)
        assert (heard > 0).equal(causal_mask(query_len, key_len))
