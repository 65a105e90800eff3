"""Half precision, autocast and the ends of a dtype's range."""

import math

import pytest
import torch
from torch.testing import assert_close

from attention import fast_attention, scaled_dot_product_attention
from attention.precision import answer_dtype, finest, fitted, is_autocast, wide, within_range

HALF = pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float16, torch.bfloat16])
def test_what_is_narrow_is_widened_and_nothing_else(dtype):
    """To float32, by value; float32 and float64 are handed on."""
    x = torch.tensor([0.5, -2.0])
    assert wide(x.to(dtype)).equal(x)
    assert wide(x) is x and wide(x.double()).dtype == torch.float64


def test_autocast_is_seen_where_it_is_on():
    """On its own device; float64 it leaves alone, and "meta" it does not know."""
    x = torch.zeros(2)
    assert not is_autocast(x) and answer_dtype(x) == torch.float32
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert is_autocast(x) and answer_dtype(x) == torch.bfloat16
        assert answer_dtype(x.double()) == torch.float64
        assert answer_dtype(x.to("meta")) == torch.float32
        with torch.autocast("cpu", enabled=False):
            assert not is_autocast(x)


@pytest.mark.parametrize("number", [0.0, 5e-324, 1e-45, 1e-38, 1.0, 1e38, 1e300, math.inf])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_a_number_within_range_divides_without_nan(number, dtype):
    """Zero stays zero and −∞ stays −∞; a number that the dtype has stays itself."""
    x = torch.tensor([0.0, -math.inf], dtype=dtype)
    by = within_range(number, dtype)
    assert (x / by).tolist() == [0.0, -math.inf]
    assert within_range(1.0, dtype) == 1.0


@HALF
def test_a_score_of_minus_a_billion_hides_nothing_by_itself(dtype):
    """Where all keys of a row have it, it is an average; −∞ hides. In half precision, too."""
    numbers = torch.tensor([-1e9, -math.inf, 0.0, 1e9, math.nan])
    assert fitted(numbers, dtype).isfinite().tolist() == [True, False, True, True, False]
    query, key = torch.randn(2, 4, 6), torch.randn(2, 5, 6)
    value = torch.randn(2, 5, 7).abs() + 1  # so that zeros are no average of them
    mask = torch.zeros(4, 5)
    mask[1], mask[2] = -1e9, -math.inf
    halves = [x.to(dtype) for x in (query, key, value)]
    for attend in (fast_attention, scaled_dot_product_attention):
        output = attend(*halves, mask)
        assert (output[:, 1] >= 1).all() and (output[:, 2] == 0).all()
        with torch.autocast("cpu", dtype=dtype):
            assert (attend(query, key, value, mask)[:, 1] >= 1).all()


def test_the_finest_dtype_of_a_device():
    """Float64, but on Apple's GPU."""
    assert finest(torch.device("cpu")) == torch.float64
    assert finest(torch.device("mps", 0)) == torch.float32


@pytest.mark.parametrize("scale", [math.inf, -math.inf, math.nan])
def test_a_scale_that_is_no_number_is_refused(scale):
    """Times zero it would be NaN, in some kernels without a word."""
    x = torch.zeros(2, 3)
    for attend in (fast_attention, scaled_dot_product_attention):
        with pytest.raises(ValueError, match=f"^scale must be a finite number, got {scale}$"):
            attend(x, x, x, scale=scale)


@pytest.mark.parametrize("scale", [0.0, -1.0, 1e20])
def test_any_finite_scale_is_a_scale(scale):
    """None at all, the worst instead of the best, and only the best."""
    query, key, value = torch.randn(3, 4, 5).unbind()
    scores = query @ key.mT * scale
    exact = scores.softmax(-1) @ value
    for attend in (fast_attention, scaled_dot_product_attention):
        assert_close(attend(query, key, value, scale=scale), exact)
