"""Known answers to the exercise of listening: what people really write, right and wrong."""

import statistics

import numpy as np
import torch

from grading.known import mistake, right_answer


def _middle(begin, end):
    return (begin + end) / 2


@mistake("alignment_error", caught_by="test_one_number_for_each_head")
def median_over_heads(weights, begin, end, step=0.02):
    """Takes the median over the first axis: a number for each word."""
    miss = (weights.argmax(-1) * step - _middle(begin, end)).abs()
    return miss.quantile(0.5, dim=0)


@mistake("alignment_error", caught_by="test_one_number_for_each_head")
def one_number_for_all(weights, begin, end, step=0.02):
    """Takes the median over heads and words together."""
    return (weights.argmax(-1) * step - _middle(begin, end)).abs().median()


@mistake("alignment_error", caught_by="test_one_number_for_each_head")
def distances_only(weights, begin, end, step=0.02):
    """Stops before the median."""
    return (weights.argmax(-1) * step - _middle(begin, end)).abs()


@mistake("alignment_error", caught_by="test_what_is_given_stays_as_it_was")
def halves_in_place(weights, begin, end, step=0.02):
    """Computes the middle in the tensor that it was given."""
    middle = begin.add_(end).div_(2)
    return (weights.argmax(-1) * step - middle).abs().quantile(0.5, dim=-1)


@mistake("alignment_error", caught_by="test_a_head_on_the_middle_of_every_word_has_no_error")
def to_the_beginning(weights, begin, end, step=0.02):
    """Measures the distance to where the word begins."""
    return (weights.argmax(-1) * step - begin).abs().quantile(0.5, dim=-1)


@mistake("alignment_error", caught_by="test_a_head_on_the_middle_of_every_word_has_no_error")
def half_a_step_late(weights, begin, end, step=0.02):
    """Takes vector j to begin at j · step, and so to be centred half a step later."""
    found = (weights.argmax(-1) + 0.5) * step
    return (found - _middle(begin, end)).abs().quantile(0.5, dim=-1)


@mistake("alignment_error", caught_by="test_a_head_on_the_middle_of_every_word_has_no_error")
def counted_from_one(weights, begin, end, step=0.02):
    """Counts vectors from 1."""
    found = (weights.argmax(-1) + 1) * step
    return (found - _middle(begin, end)).abs().quantile(0.5, dim=-1)


@mistake("alignment_error", caught_by="test_a_head_on_the_middle_of_every_word_has_no_error")
def length_for_middle(weights, begin, end, step=0.02):
    """Halves the length of a word and forgets where it begins."""
    found = weights.argmax(-1) * step
    return (found - (end - begin) / 2).abs().quantile(0.5, dim=-1)


@mistake("alignment_error", caught_by="test_a_head_on_the_middle_of_every_word_has_no_error")
def step_taken_for_granted(weights, begin, end, step=0.02):
    """Uses Whisper's step whatever is handed over."""
    return (weights.argmax(-1) * 0.02 - _middle(begin, end)).abs().quantile(0.5, dim=-1)


@mistake("alignment_error", caught_by="test_early_is_as_bad_as_late")
def signed(weights, begin, end, step=0.02):
    """Lets early and late cancel each other."""
    return (weights.argmax(-1) * step - _middle(begin, end)).quantile(0.5, dim=-1)


@mistake("alignment_error", caught_by="test_early_is_as_bad_as_late")
def size_of_the_median(weights, begin, end, step=0.02):
    """Takes the median of signed misses, and its size in the end."""
    return (weights.argmax(-1) * step - _middle(begin, end)).quantile(0.5, dim=-1).abs()


@mistake("alignment_error", caught_by="test_only_the_place_of_the_largest_weight_counts")
def weighted_mean_of_places(weights, begin, end, step=0.02):
    """Averages the places by their weight instead of asking for the largest."""
    places = torch.arange(weights.shape[-1]) * step
    found = (weights * places).sum(-1) / weights.sum(-1)
    return (found - _middle(begin, end)).abs().quantile(0.5, dim=-1)


@mistake("alignment_error", caught_by="test_one_lost_word_does_not_count_for_more_than_one")
def mean_for_median(weights, begin, end, step=0.02):
    """Averages the misses."""
    return (weights.argmax(-1) * step - _middle(begin, end)).abs().mean(-1)


@mistake("alignment_error", caught_by="test_early_is_as_bad_as_late")
def zero_inside_the_word(weights, begin, end, step=0.02):
    """Counts nothing for a peak inside the word, and else the distance to its nearer end."""
    found = weights.argmax(-1) * step
    outside = torch.maximum(begin - found, found - end).clamp(min=0)
    return outside.quantile(0.5, dim=-1)


@mistake("alignment_error", caught_by="test_of_four_words_the_two_in_the_middle_are_averaged")
def lower_of_the_two(weights, begin, end, step=0.02):
    """Takes torch.median, which does not average."""
    return (weights.argmax(-1) * step - _middle(begin, end)).abs().median(-1).values


@mistake("alignment_error", caught_by="test_a_step_that_is_not_named")
def another_default(weights, begin, end, step=0.01):
    """Takes the frames' step for the memory's."""
    return (weights.argmax(-1) * step - _middle(begin, end)).abs().quantile(0.5, dim=-1)


@right_answer("alignment_error")
def with_quantile(weights, begin, end, step=0.02):
    return (weights.argmax(-1) * step - (begin + end) / 2).abs().quantile(0.5, dim=-1)


@right_answer("alignment_error")
def with_topk_and_sorting(weights, begin, end, step=0.02):
    found = weights.topk(1, dim=2).indices[:, :, 0].to(begin.dtype) * step
    miss = torch.sort(torch.abs(found - begin - (end - begin) / 2), dim=1).values
    n = miss.shape[1]
    return (miss[:, (n - 1) // 2] + miss[:, n // 2]) / 2


@right_answer("alignment_error")
def with_numpy(weights, begin, end, step=0.02):
    found = np.argmax(weights.numpy(), axis=-1) * step
    middle = np.stack([begin.numpy(), end.numpy()]).mean(axis=0)
    return torch.tensor(np.median(np.abs(found - middle), axis=-1), dtype=torch.float32)


@right_answer("alignment_error")
def in_loops(weights, begin, end, step=0.02):
    errors = []
    for head in weights:
        misses = []
        for row, first, last in zip(head, begin.tolist(), end.tolist(), strict=True):
            place = int(torch.argmax(row))
            misses.append(abs(place * step - (first + last) / 2))
        errors.append(statistics.median(misses))
    return torch.tensor(errors)
