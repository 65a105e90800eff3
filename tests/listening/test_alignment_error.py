"""How far attention lies from the words, on maps made by hand."""

import pytest
import torch
from torch.testing import assert_close

from attention.listening.alignment_error import alignment_error, weight_inside

BEGIN, END = torch.tensor([0.0, 0.4, 1.0]), torch.tensor([0.2, 0.8, 1.1])
WEIGHTS = torch.zeros(2, 3, 7)  # two heads, three words, vectors a fifth of a second apart
WEIGHTS[0, [0, 1, 2], [0, 4, 5]] = 1.0  # at 0.0, 0.8 and 1.0 s
WEIGHTS[1, :, 6] = 0.7  # always at 1.2 s
WEIGHTS[1, :, 3] = 0.3


def test_the_median_of_the_distances_to_the_middles():
    """Head 0 misses them by .1, .2 and .05 seconds, head 1 by 1.1, .6 and .15."""
    assert_close(alignment_error(WEIGHTS, BEGIN, END, 0.2), torch.tensor([0.1, 0.6]))


def test_an_even_number_of_words_has_the_mean_of_the_two_in_the_middle():
    """Not the lower one, which torch.median takes."""
    error = alignment_error(WEIGHTS[:, :2], BEGIN[:2], END[:2], 0.2)
    assert_close(error, torch.tensor([0.15, 0.85]))


def test_weight_is_added_up_from_the_beginning_to_the_end():
    """The vector on which a word ends belongs to what comes after it."""
    inside = weight_inside(WEIGHTS, BEGIN, END, 0.2)
    assert_close(inside, torch.tensor([[1.0, 0, 1], [0, 0.3, 0]]))
    nowhere = torch.full((3,), -1.0)
    assert_close(weight_inside(WEIGHTS, nowhere, nowhere, 0.2), torch.zeros(2, 3))


@pytest.mark.parametrize("measure", [alignment_error, weight_inside])
def test_what_does_not_fit_is_told(measure):
    """One time too few, no word, and whole numbers."""
    with pytest.raises(ValueError, match=r"begin must have shape \(n_words,\) = \(3,\), got \(2,"):
        measure(WEIGHTS, BEGIN[:2], END)
    with pytest.raises(ValueError, match=r"at least one of each, got \(2, 0, 7\)"):
        measure(WEIGHTS[:, :0], BEGIN[:0], END[:0])
    with pytest.raises(TypeError, match="end must hold floating-point numbers"):
        measure(WEIGHTS, BEGIN, END.long())
