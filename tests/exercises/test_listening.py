"""The checks that grade the exercise of the chapter listening, on maps made by hand.

Sizes all differ, so that no axis passes for another: 2 heads, 5 words, 13 vectors.
"""

import torch

from grading.checks import (
    Failure,
    assert_shape,
    assert_unchanged,
    assert_values,
    exercise,
    points,
    strip,
)

alignment_error = exercise("alignment_error")

STEP = 0.1
BEGIN = torch.tensor([0.0, 0.2, 0.3, 0.6, 0.9])
END = torch.tensor([0.2, 0.3, 0.6, 0.9, 1.1])  # middles at 0.1, 0.25, 0.45, 0.75 and 1.0
N_VECTORS = 13


def _maps(*peaks, height=1.0):
    """A map a head: each word gives most to the vector that is named, and something to others."""
    weights = torch.rand(len(peaks), len(peaks[0]), N_VECTORS, generator=_dice()) * 0.1
    for head, places in enumerate(peaks):
        for word, place in enumerate(places):
            weights[head, word, place] += height
    return weights / weights.sum(-1, keepdim=True)


def _dice():
    return torch.Generator().manual_seed(3)


def _said(seconds):
    return f"{seconds:.3g} s"


@points(1, hint="Each head has one number in the end. Which axes does argmax take away, and which "
        "the median?")  # fmt: skip
def test_one_number_for_each_head(alignment_error):
    """The result has one number for each head."""
    weights = _maps([1, 2, 4, 8, 10], [0, 0, 3, 9, 9])
    error = alignment_error(weights, BEGIN, END, STEP)
    if isinstance(error, torch.Tensor) and error.shape == (5,):
        raise Failure(
            "Expected 2 numbers, one for each head; got 5, as many as there are words.",
            hint="The median is over the words, of which there are 5 here. Which axis counts them?",
        )
    if isinstance(error, torch.Tensor) and error.shape == (2, 5):
        raise Failure(
            "Expected 2 numbers, one for each head; got one for each word of each head.",
            hint="These are the distances. Which number stands for all words of a head?",
        )
    assert_shape(error, (2,), "the errors")


@points(1, hint="An operation whose name ends in _ writes into what it is given, and so does "
        "`-=`. Neither the weights nor the times are yours to change.")  # fmt: skip
def test_what_is_given_stays_as_it_was(alignment_error):
    """Weights and times are not written to."""
    weights, begin, end = _maps([1, 2, 4, 8, 10], [0, 0, 3, 9, 9]), BEGIN.clone(), END.clone()
    alignment_error(weights, begin, end, STEP)
    assert_unchanged(_maps([1, 2, 4, 8, 10], [0, 0, 3, 9, 9]), weights, "the weights")
    assert_unchanged(BEGIN, begin, "begin")
    assert_unchanged(END, end, "end")


@points(2, hint="Whoever asks where the weight is largest asks for one vector. What else in the "
        "map could have had a say in your answer?")  # fmt: skip
def test_only_the_place_of_the_largest_weight_counts(alignment_error):
    """Weight elsewhere changes nothing as long as the largest stays where it is."""
    peaked, flat = _maps([1, 2, 4, 8, 10], height=9.0), _maps([1, 2, 4, 8, 10], height=0.15)
    first, second = (
        alignment_error(weights, BEGIN, END, STEP).item() for weights in (peaked, flat)
    )
    if abs(first - second) > 1e-5:
        raise Failure(
            "Two heads have their largest weights at the same vectors; one gives nearly all its "
            f"weight to them, the other a tenth. Expected the same error, got {_said(first)} and "
            f"{_said(second)}.",
            pictures=[strip("The vector with the largest weight", {
                "first head": [1, 2, 4, 8, 10], "second head": [1, 2, 4, 8, 10]},
                [f"word {i}" for i in range(5)])],
        )  # fmt: skip


@points(2, hint="Where is the middle of a word that begins at 0.6 s and ends at 0.9 s? And on "
        "which second is vector 0 centred?")  # fmt: skip
def test_a_head_on_the_middle_of_every_word_has_no_error(alignment_error):
    """Whoever looks exactly at the middles misses by nothing."""
    places = torch.tensor([0, 2, 5, 8, 11])
    for step in (STEP, 0.02):
        middle = places * step
        half = torch.tensor([0.4, 0.3, 0.7, 0.2, 0.6]) * step
        error = alignment_error(_maps(places), middle - half, middle + half, step).item()
        if abs(error) > 1e-5:
            raise Failure(
                f"Each word has its largest weight at the vector on its middle, {step:g} s apart. "
                f"Expected an error of 0; got {_said(error)}{_why(error, half, step, middle)}."
            )


def _why(error, half, step, middle):
    guesses = {
        (middle * (1 - 0.02 / step)).median().item(): ", as if vectors were always 0.02 s apart",
        half.median().item(): ", which is the distance to the beginning or the end of the words",
        step / 2: ", half a step: vector 0 is centred on second 0",
        step: ", one step: vectors are counted from 0",
    }
    return next((said for value, said in guesses.items() if abs(abs(error) - value) < 1e-5), "")


@points(2, hint="A head that is too late for one word and too early for the next has missed twice. "
        "What becomes of two misses with different signs?")  # fmt: skip
def test_early_is_as_bad_as_late(alignment_error):
    """A miss counts by its size, before the word as behind it."""
    middle = torch.tensor([0.3, 0.6, 0.9])
    for places, way in (([1, 4, 7], "early"), ([5, 8, 11], "late")):
        error = alignment_error(_maps(places), middle - 0.1, middle + 0.1, STEP).item()
        if abs(error - 0.2) > 1e-4:
            raise Failure(
                f"Each word's largest weight is 0.2 s {way}. Expected an error of 0.2 s; got "
                f"{_said(error)}."
            )
    middle = torch.tensor([0.3, 0.5, 0.7, 0.9])
    error = alignment_error(_maps([1, 7, 5, 11]), middle - 0.1, middle + 0.1, STEP).item()
    assert abs(error - 0.2) < 1e-4, (
        "Two words are looked at 0.2 s early, two 0.2 s late. Expected an error of 0.2 s; got "
        f"{_said(error)}."
    )


@points(2, hint="One head is lost for one word and right for four others. Which number of the five "
        "distances says so, the one in the middle or the average?")  # fmt: skip
def test_one_lost_word_does_not_count_for_more_than_one(alignment_error):
    """A word that is missed by far does not move the median."""
    near, far = _maps([1, 2, 4, 8, 10]), _maps([1, 2, 4, 8, 0])
    first, second = (alignment_error(weights, BEGIN, END, STEP).item() for weights in (near, far))
    if abs(first - second) > 1e-4 or abs(first - 0.05) > 1e-4:
        raise Failure(
            "The words are missed by 0, 0.05, 0.05, 0.05 and 0 s. Then the last is missed by 1 s "
            f"instead. Expected 0.05 s both times; got {_said(first)} and {_said(second)}."
        )


@points(2, hint="Which of the two values in the middle does `torch.median` return? The statement "
        "asks for their mean.")  # fmt: skip
def test_of_four_words_the_two_in_the_middle_are_averaged(alignment_error):
    """The median of an even number of words is the mean of the two in the middle."""
    middle = torch.tensor([0.1, 0.3, 0.5, 0.7])
    error = alignment_error(_maps([1, 4, 9, 0]), middle - 0.05, middle + 0.05, STEP).item()
    lower = ", the lower of the two" if abs(error - 0.1) < 1e-4 else ""
    assert abs(error - 0.25) < 1e-4, (
        "Four words are missed by 0, 0.1, 0.4 and 0.7 s. The two in the middle are 0.1 and 0.4, "
        f"so expected 0.25 s; got {_said(error)}{lower}."
    )


@points(2, hint="All that is left are details: the step that is handed over, every head by itself, "
        "one word alone.")  # fmt: skip
def test_values(alignment_error):
    """The numbers are right, against a loop over heads and words."""
    dice = _dice()
    for n_heads, n_words, n_vectors, step in ((3, 7, 40, 0.02), (2, 1, 9, 0.1), (4, 6, 25, 0.5)):
        weights = torch.rand(n_heads, n_words, n_vectors, generator=dice)
        begin = torch.rand(n_words, generator=dice)
        end = begin + torch.rand(n_words, generator=dice)
        expected = torch.tensor([_slowly(head, begin, end, step) for head in weights])
        assert_values(alignment_error(weights, begin, end, step), expected, "the errors", rtol=1e-4)


def _slowly(head, begin, end, step):
    """The definition, word by word."""
    misses = []
    for row, first, last in zip(head.tolist(), begin.tolist(), end.tolist(), strict=True):
        misses.append(abs(row.index(max(row)) * step - (first + last) / 2))
    misses.sort()
    half = len(misses) // 2
    return misses[half] if len(misses) % 2 else (misses[half - 1] + misses[half]) / 2


@points(1, hint="The step has a value of its own when nobody names one.")
def test_a_step_that_is_not_named(alignment_error):
    """Without a step, vectors are 0.02 s apart."""
    error = alignment_error(_maps([12]), torch.tensor([0.1]), torch.tensor([0.2]))
    assert_values(error, torch.tensor([0.09]), "the error", rtol=1e-3)
