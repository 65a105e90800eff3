"""Windows, packed texts and prefixes: each against a double loop, and combined."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from attention import block_mask, causal_mask, padding_mask, prefix_mask, window_mask

LENGTHS = st.integers(0, 6), st.integers(0, 6)


def by_loops(query_len, key_len, allowed):
    """The mask of a rule about two places, both counted so that the last query is the last key."""
    return torch.tensor(
        [[allowed(i + key_len - query_len, j) for j in range(key_len)] for i in range(query_len)],
        dtype=torch.bool,
    ).reshape(query_len, key_len)


@settings(deadline=None)
@given(*LENGTHS, st.integers(1, 7))
def test_a_window_reaches_as_far_on_both_sides(query_len, key_len, window):
    """A key fewer than `window` places away is seen; with the causal rule, only those before."""
    mask = window_mask(query_len, key_len, window=window)
    assert mask.equal(by_loops(query_len, key_len, lambda i, j: abs(i - j) < window))
    backwards = mask & causal_mask(query_len, key_len)
    assert backwards.equal(by_loops(query_len, key_len, lambda i, j: i - window < j <= i))


@settings(deadline=None)
@given(*LENGTHS)
def test_a_window_without_end_is_full_attention(query_len, key_len):
    """An infinite width allows everything, and so does one as wide as both lengths."""
    assert window_mask(query_len, key_len, window=math.inf).all()
    assert window_mask(query_len, key_len, window=query_len + key_len + 1).all()


def test_a_causal_window_is_that_of_hugging_faces_models():
    """Mistral's window of 3 keeps the token and two before it."""
    from transformers.masking_utils import sliding_window_causal_mask_function

    theirs = sliding_window_causal_mask_function(3)
    ours = window_mask(5, window=3) & causal_mask(5)
    assert ours.equal(by_loops(5, 5, lambda i, j: bool(theirs(0, 0, *torch.tensor([i, j])))))


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 2), min_size=5, max_size=5), min_size=1, max_size=3))
def test_texts_packed_in_one_row_see_only_themselves(segments):
    """Two tokens see each other exactly if their text has the same number."""
    mask = block_mask(torch.tensor(segments))
    assert mask.shape == (len(segments), 5, 5)
    for row, numbers in zip(mask, segments, strict=True):
        assert row.equal(by_loops(5, 5, lambda i, j, n=numbers: n[i] == n[j]))


def test_a_row_without_a_batch_makes_a_mask_without_one():
    """Two texts of two and one tokens."""
    both = [True, True, False]
    assert block_mask(torch.tensor([7, 7, 4])).tolist() == [both, both, [False, False, True]]


@settings(deadline=None)
@given(*LENGTHS, st.data())
def test_a_prefix_is_seen_by_all_and_the_rest_is_causal(query_len, key_len, data):
    """No prefix is the causal mask, a prefix as long as the keys is full attention."""
    prefix_len = data.draw(st.integers(0, key_len))
    mask = prefix_mask(prefix_len, query_len, key_len)
    assert mask.equal(by_loops(query_len, key_len, lambda i, j: j < prefix_len or j <= i))
    assert prefix_mask(0, query_len, key_len).equal(causal_mask(query_len, key_len))
    assert prefix_mask(key_len, query_len, key_len).all()


def test_prefixes_that_differ_in_a_batch_are_a_causal_mask_or_a_padding_mask():
    """As the docstring says."""
    batch = causal_mask(5) | padding_mask([1, 4], 5)
    for mask, prefix_len in zip(batch, (1, 4), strict=True):
        assert mask.equal(prefix_mask(prefix_len, 5))


def test_a_number_too_small_or_too_large_is_named():
    """Each error says which rule, and the numbers that came."""
    for mask in (lambda *n: window_mask(*n, window=2), lambda *n: prefix_mask(0, *n)):
        with pytest.raises(ValueError, match="not be negative, got query_len 4 and key_len -1"):
            mask(4, -1)
    for window in (0, -1, math.nan):
        with pytest.raises(ValueError, match=f"window must be greater than zero, got {window}"):
            window_mask(4, window=window)
    for prefix_len in (-1, 6):
        with pytest.raises(ValueError, match=f"between 0 and key_len = 5, got {prefix_len}"):
            prefix_mask(prefix_len, 4, 5)
    with pytest.raises(TypeError, match=r"segments must be whole numbers, got torch\.float32"):
        block_mask(torch.zeros(2, 5))


def test_masks_are_made_where_they_are_asked_for():
    """On the device that is named."""
    for mask in (
        causal_mask(4, 5, device="meta"),
        window_mask(4, 5, window=2, device="meta"),
        prefix_mask(2, 4, 5, device="meta"),
        block_mask(torch.zeros(5, dtype=torch.long, device="meta")),
    ):
        assert mask.device.type == "meta"
