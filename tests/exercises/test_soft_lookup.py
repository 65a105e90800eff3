"""The checks that grade the exercises of the chapter soft_lookup."""

import torch

from grading.checks import (
    assert_scale,
    assert_shape,
    assert_unchanged,
    assert_values,
    exercise,
    points,
)

softmax = exercise(
    "softmax",
    forbids=[
        f"{place}.{name}"
        for place in ("torch", "torch.special", "torch.nn.functional", "torch.Tensor")
        for name in ("softmax", "log_softmax")
    ],
)
soft_lookup = exercise("soft_lookup")


@points(1, hint="A sum or a maximum over an axis removes it: of (2, 3, 4) only (2, 3) is left, and "
        "that no longer lines up with the scores. What keeps the axis, with size one?")  # fmt: skip
def test_softmax_keeps_the_shape(softmax):
    """The weights have the shape of the scores."""
    assert_shape(softmax(torch.randn(2, 3, 4)), (2, 3, 4), "the weights")


@points(1, hint="Compute into a new tensor: methods whose name ends in _ write into the old one.")
def test_softmax_leaves_its_input_alone(softmax):
    """The scores are not written to."""
    scores = torch.randn(3, 4)
    before = scores.clone()
    softmax(scores)
    assert_unchanged(before, scores, "the scores")


@points(2, hint="Which axis do you sum over? Weights compete along the last one.")
def test_softmax_rows_sum_to_one(softmax):
    """Each row of weights sums to one."""
    weights = softmax(torch.randn(2, 3, 4))
    assert_values(weights.sum(-1), torch.ones(2, 3), "the sum of a row of weights")


@points(1, hint="A weight says how much of a value to take. What keeps e^x from going negative?")
def test_softmax_weights_are_positive(softmax):
    """No weight is negative, whatever the scores."""
    weights = softmax(torch.tensor([[-3.0, -1.0, 2.0]]))
    assert (weights > 0).all(), f"The smallest weight is {weights.min():.3g}."


@points(2, hint="The ratio of two weights depends on the difference of their scores: e^(a − b).")
def test_softmax_values(softmax):
    """The weights are the exponentials' shares."""
    scores = 4 * torch.randn(2, 5)
    assert_values(softmax(scores), torch.softmax(scores, -1), "the weights")


@points(1, hint="Axes can be counted from the end: which number names the last one, however many "
        "stand in front?")  # fmt: skip
def test_softmax_takes_any_number_of_axes(softmax):
    """A single row has weights too, and so has a batch of tables."""
    for shape in [(5,), (2, 3, 5)]:
        scores = 4 * torch.randn(shape)
        what = f"the weights of scores of shape {shape}"
        assert_values(softmax(scores), torch.softmax(scores, -1), what)


@points(2, hint="e^1000 is infinity, and e^−1000 is zero. Adding one number to all scores of a row "
        "changes no weight: which number makes the largest exponent zero?")  # fmt: skip
def test_softmax_survives_large_scores(softmax):
    """Scores of a thousand, or of minus a thousand, give finite weights."""
    for largest in (1000.0, -1000.0):
        scores = largest - torch.tensor([[0.0, 1.0, 1000.0]])
        weights = softmax(scores)
        assert torch.isfinite(weights).all(), (
            f"Scores of {largest:g} and less gave the weight {_first_bad(weights)}."
        )
        # float32 near 1000 has steps of 6e-5, which a subtraction carries into the weights
        expected = torch.softmax(scores, -1)
        what = f"the weights of scores of {largest:g} and less"
        assert_values(weights, expected, what, atol=1e-4)


@points(2, hint="What you subtract from a row far below the others leaves nothing of it. Whose "
        "largest score should that be?")  # fmt: skip
def test_softmax_treats_rows_alone(softmax):
    """A row's weights do not depend on the other rows."""
    scores = torch.tensor([[1.0, 2.0, 3.0], [501.0, 502.0, 503.0]])
    weights = softmax(scores)
    assert torch.isfinite(weights).all(), (
        f"Beside a row of scores near 500, the row 1, 2, 3 got the weight {_first_bad(weights)}."
    )
    assert_values(weights[0], softmax(scores[:1])[0], "a row's weights beside a larger row")


@points(1, hint="Write the shape of each step beside it. In a matrix product the last axis on the "
        "left is as long as the last but one on the right.")  # fmt: skip
def test_lookup_runs(soft_lookup):
    """It takes a query (2, 4, 6), a key (2, 5, 6) and a value (2, 5, 7)."""
    soft_lookup(*_attention_inputs())


@points(1, hint="One output row for each query, as wide as a value.")
def test_lookup_has_a_row_for_each_query(soft_lookup):
    """The output is (query_len, value_dim)."""
    query, key, value = _attention_inputs()
    assert_shape(soft_lookup(query, key, value), (2, 4, 7), "the output")


@points(2, hint="If all values are equal, so must be their weighted average: do the weights of a "
        "query sum to one over the keys?")  # fmt: skip
def test_lookup_averages(soft_lookup):
    """Equal values come back unchanged."""
    query, key, _ = _attention_inputs()
    value = torch.full((2, 5, 7), 3.0)
    assert_values(soft_lookup(query, key, value), torch.full((2, 4, 7), 3.0), "the output")


@points(2, hint="A dictionary does not care about the order of its entries. If yours does, look at "
        "how the keys are turned: a reshape keeps the numbers in their order and moves the walls "
        "between them.")  # fmt: skip
def test_lookup_ignores_the_order_of_entries(soft_lookup):
    """Reordering the entries changes nothing."""
    query, key, value = _attention_inputs()
    order = torch.tensor([3, 0, 4, 1, 2])
    assert_values(
        soft_lookup(query, key[:, order], value[:, order]),
        soft_lookup(query, key, value),
        "the output after reordering keys and values together",
    )


@points(2, hint="The weight goes to the key with the largest dot product with the query.")
def test_lookup_finds_the_matching_key(soft_lookup):
    """A query far along one key's direction returns that key's value."""
    key, value = torch.eye(3), torch.tensor([[10.0, 1.0], [20.0, 2.0], [60.0, 6.0]])
    found = soft_lookup(50 * torch.eye(3)[[1]], key, value)
    assert_values(found, value[[1]], "what a query equal to 50 times the second key finds")


@points(2, hint="Scores are the plain dot products here, softmax runs over the keys, and nothing "
        "else is scaled.")  # fmt: skip
def test_lookup_values(soft_lookup):
    """The output is the sum of the values, each times its weight softmax(query keyᵀ)."""
    products, d = torch.linspace(0, 1, 5), 6
    key = torch.zeros(1, 5, d)
    key[0, :, 0], key[0, :, 1] = products, (1 - products**2).sqrt()
    weights = soft_lookup(torch.eye(d)[None, :1], key, torch.eye(5)[None])[0, 0]
    guesses = {"1": 1.0, "1/√d": d**-0.5, "1/d": 1 / d}
    assert_scale(products, weights, "1", where=f"d = {d}", guesses=guesses)
    query, key, value = _attention_inputs()
    expected = torch.softmax(torch.einsum("bqd,bkd->bqk", query, key), -1) @ value
    assert_values(soft_lookup(query, key, value), expected, "the output")


def _attention_inputs():
    return torch.randn(2, 4, 6), torch.randn(2, 5, 6), torch.randn(2, 5, 7)


def _first_bad(weights):
    return weights[~torch.isfinite(weights)][0].item()
