"""Sinusoidal positions against the formula, entry by entry, and against what they promise."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from attention import sinusoidal

LENGTH, D_MODEL = 5, 6


def test_each_entry_is_the_papers():
    """Even columns hold sines, odd ones the cosines of the same angle."""
    table = sinusoidal(LENGTH, D_MODEL)
    assert table.shape == (LENGTH, D_MODEL) and table.dtype == torch.float32
    for position in range(LENGTH):
        for i in range(D_MODEL // 2):
            angle = position / 10_000 ** (2 * i / D_MODEL)
            assert table[position, 2 * i].item() == pytest.approx(math.sin(angle), abs=1e-6)
            assert table[position, 2 * i + 1].item() == pytest.approx(math.cos(angle), abs=1e-6)


def test_far_positions_are_as_exact_as_near_ones():
    """At position 99,999 the entries are still right to the last digit of float32."""
    row = sinusoidal(100_000, D_MODEL)[-1]
    for i in range(D_MODEL // 2):
        angle = 99_999 / 10_000 ** (2 * i / D_MODEL)
        assert_close(row[2 * i : 2 * i + 2], torch.tensor([math.sin(angle), math.cos(angle)]))


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(1, 5))
def test_dot_products_depend_on_the_distance_only(first, second, shift, pairs):
    """PE[p] · PE[q] = Σ cos((p − q) · frequency), wherever the two stand."""
    table = sinusoidal(81, 2 * pairs).double()
    frequency = 10_000.0 ** (-torch.arange(pairs, dtype=torch.float64) / pairs)
    expected = ((first - second) * frequency).cos().sum()
    for start in (0, shift):
        product = table[first + start] @ table[second + start]
        assert_close(product, expected, atol=1e-6, rtol=0)  # the table is rounded to float32


@pytest.mark.parametrize(("length", "d_model"), [(0, 4), (3, 0), (0, 0), (1, 2)])
def test_empty_tables_have_their_shape(length, d_model):
    """No positions, or no numbers, is no error."""
    assert sinusoidal(length, d_model).shape == (length, d_model)


def test_sinusoidal_names_the_rule_that_is_broken():
    """An odd width leaves a sine without its cosine."""
    with pytest.raises(ValueError, match=r"d_model must be even, .* got 7"):
        sinusoidal(LENGTH, 7)
    with pytest.raises(ValueError, match=r"d_model must be even, .* got -2"):
        sinusoidal(LENGTH, -2)
    with pytest.raises(ValueError, match="length must not be negative, got -1"):
        sinusoidal(-1, D_MODEL)


def test_the_table_lives_where_it_is_asked_for():
    """The meta device holds no numbers, but says where they would be."""
    assert sinusoidal(3, 4, device="meta").device.type == "meta"
