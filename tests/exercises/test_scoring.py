"""The checks that grade the exercises of the chapter scoring."""

import math

import torch

from grading.checks import (
    Failure,
    assert_scale,
    assert_shape,
    assert_unchanged,
    assert_values,
    exercise,
    gradients,
    line,
    points,
)
from grading.probes import scores_behind, slope

additive_scores = exercise("additive_scores")
attention_weights = exercise("attention_weights")
scaled_dot_product_attention = exercise(
    "scaled_dot_product_attention",
    forbids=["torch.nn.functional.scaled_dot_product_attention", "attention.attention_weights"],
)

ORDER = torch.tensor([3, 0, 4, 1, 2])  # of five keys


# --- additive_scores ---


@points(1, hint="Every query meets every key. Which axis of size one does each side need, so that "
        "their sum broadcasts to all pairs?")  # fmt: skip
def test_additive_scores_every_pair(additive_scores):
    """There is a score for each query (row) and each key (column)."""
    query, key, *parameters = _additive_inputs()
    found = additive_scores(query, key, *parameters)
    if tuple(found.shape) == (2, 4, 5, 8):
        raise Failure(
            "Expected one score for each pair, (2, 4, 5), got (2, 4, 5, 8).",
            hint="The last axis of your result still holds the 8 hidden numbers. The score is a "
            "dot product with a: it multiplies, and adds up.",
        )
    assert_shape(found, (2, 4, 5), "the scores")


@points(1, hint="Count axes from the end (-1, -2), so that any number of axes may stand in front.")
def test_additive_works_without_a_batch(additive_scores):
    """It works with no batch axis, and with two."""
    query, key, *parameters = _additive_inputs()
    alone = additive_scores(query[0], key[0], *parameters)
    assert_shape(alone, (4, 5), "the scores without a batch axis")
    two = additive_scores(query[None], key[None], *parameters)
    assert_shape(two, (1, 2, 4, 5), "the scores with two axes in front")


@points(1, hint="Use `a + b`, not `a += b`: an argument is the caller's tensor.")
def test_additive_leaves_its_inputs_alone(additive_scores):
    """No input is written to."""
    names = ("the query", "the key", "w_query", "w_key", "a")
    inputs = _additive_inputs()
    before = [tensor.clone() for tensor in inputs]
    additive_scores(*inputs)
    for old, new, name in zip(before, inputs, names, strict=True):
        assert_unchanged(old, new, name)


@points(1, hint="Stop before the softmax: this function returns scores, which may have any sign "
        "and any sum.")  # fmt: skip
def test_additive_returns_scores_not_weights(additive_scores):
    """The result is scores; nothing has normalised them."""
    sums = additive_scores(*_additive_inputs()).sum(-1)
    assert not torch.allclose(sums, torch.ones_like(sums)), "Each row sums to one already."


@points(2, hint="The hidden numbers pass through a function that flattens out: which one, and "
        "where does it stand in the formula?")  # fmt: skip
def test_additive_scores_level_off(additive_scores):
    """Vectors twice as long as very long ones score the same."""
    query, key, *parameters = _additive_inputs()
    long = additive_scores(1e5 * query, 1e5 * key, *parameters)
    longer = additive_scores(2e5 * query, 2e5 * key, *parameters)
    growth = (longer.abs().sum() / long.abs().sum()).item()
    assert abs(growth - 1) < 1e-3, (
        f"Of vectors twice as long the scores are {growth:.3g} times as large, from "
        f"{long[0, 0, 0]:.3g} to {longer[0, 0, 0]:.3g} for the first pair."
    )
    assert_values(longer, long, "the scores of vectors twice as long")


@points(2, hint="Add the two projections first, then bend the sum once. tanh(a) + tanh(b) gives "
        "each key the same bonus whoever asks.")  # fmt: skip
def test_additive_lets_query_and_key_meet(additive_scores):
    """How much better one key is than another depends on the query."""
    scores = additive_scores(*_additive_inputs())
    lead = scores[0, :, 0] - scores[0, :, 1]  # of the first key over the second, for each query
    assert (lead - lead[0]).abs().max() > 1e-3, (
        f"The first key leads the second by {lead[0]:.3g}, whichever query asks."
    )


@points(2, hint="a gives each hidden number its say in the score, and its sign. Where do you use "
        "it?")  # fmt: skip
def test_additive_score_is_proportional_to_a(additive_scores):
    """Minus twice a gives minus twice the scores."""
    query, key, w_query, w_key, a = _additive_inputs()
    scores = additive_scores(query, key, w_query, w_key, a)
    assert_values(
        additive_scores(query, key, w_query, w_key, -2 * a), -2 * scores, "the scores with −2a"
    )


@points(2, hint="Compare with the formula, symbol by symbol: the bend is tanh, between −1 and 1, "
        "and nothing is divided.")  # fmt: skip
def test_additive_values(additive_scores):
    """The scores are a · tanh(query W_query + key W_key)."""
    query, key, w_query, w_key, a = inputs = _additive_inputs()
    expected = torch.empty(2, 4, 5)
    for b, i, j in torch.cartesian_prod(torch.arange(2), torch.arange(4), torch.arange(5)):
        expected[b, i, j] = torch.tanh(query[b, i] @ w_query + key[b, j] @ w_key) @ a
    found = additive_scores(*inputs)
    hint = _additive_symptom(found, expected, *inputs)
    if hint:
        raise Failure("The scores are not those of the formula.", hint=hint,
                      maps={"yours": found[0], "expected": expected[0]})  # fmt: skip
    assert_values(found, expected, "the scores")


# --- attention_weights ---


@points(1, hint="Write the shape of each step beside it. In a matrix product the last axis on the "
        "left is as long as the last but one on the right, and those in front are the "
        "batch.")  # fmt: skip
def test_weights_run(attention_weights):
    """It takes a query (2, 4, 6) and a key (2, 5, 6)."""
    query, key, _ = _inputs()
    attention_weights(query, key)


@points(1, hint="A row for each query, a column for each key.")
def test_weights_have_a_row_for_each_query(attention_weights):
    """The weights are (query_len, key_len), whatever stands in front."""
    query, key, _ = _inputs()
    assert_shape(attention_weights(query, key), (2, 4, 5), "the weights")
    assert_shape(attention_weights(query[0], key[0]), (4, 5), "the weights without a batch axis")


@points(1, hint="`/=`, `*=` and methods whose name ends in _ write into a tensor that somebody "
        "else still needs.")  # fmt: skip
def test_weights_leave_the_inputs_alone(attention_weights):
    """Query, key and mask are not written to."""
    query, key, _ = _inputs()
    mask = _mask()
    before = [tensor.clone() for tensor in (query, key, mask)]
    attention_weights(query, key, mask)
    for old, new, name in zip(before, (query, key, mask), ("query", "key", "mask"), strict=True):
        assert_unchanged(old, new, f"the {name}")


@points(1, hint="Weights are shares: no share is negative. Which function turns any numbers into "
        "positive ones?")  # fmt: skip
def test_weights_are_positive(attention_weights):
    """No weight is negative."""
    query, key, _ = _inputs()
    weights = attention_weights(query, key)
    assert (weights >= 0).all(), f"The smallest weight is {weights.min():.3g}."


@points(2, hint="The keys compete for one query's attention, along the last axis of the scores. "
        "What the other queries score, and how many they are, has no part in it.")  # fmt: skip
def test_weights_of_a_query_ignore_the_other_queries(attention_weights):
    """A query gets the same weights alone as among others."""
    query, key, _ = _inputs()
    together, alone = attention_weights(query, key)[:, :1], attention_weights(query[:, :1], key)
    assert_values(together, alone, "the first query's weights among four queries")


@points(2, hint="After the softmax each row sums to one. Whatever you multiply or divide by "
        "belongs in front of it.")  # fmt: skip
def test_weights_sum_to_one(attention_weights):
    """Each row of weights sums to one."""
    query, key, _ = _inputs()
    sums = attention_weights(query, key).sum(-1)
    assert_values(sums, torch.ones(2, 4), "the sum of a row of weights")


@points(2, hint="A reshape keeps the numbers in their order and moves the walls between them. You "
        "want the last two axes swapped.")  # fmt: skip
def test_weights_follow_their_keys(attention_weights):
    """Reordering the keys reorders the weights in the same way."""
    query, key, _ = _inputs()
    weights = attention_weights(query, key)
    assert_values(
        attention_weights(query, key[:, ORDER]), weights[..., ORDER], "the weights, keys reordered"
    )


@points(2, hint="The dot product of two vectors with d entries of size one has a spread of √d. "
        "What brings it back to one, and which axis is d?")  # fmt: skip
def test_weights_are_scaled(attention_weights):
    """Scores are dot products divided by √d."""
    for d, key_len in [(16, 5), (16, 3), (9, 5)]:
        _assert_scaled(attention_weights, d, key_len)


@points(1, hint="e^1000 is infinity, and e^−1000 is zero. Adding one number to all scores of a "
        "row changes no weight: which one, found row by row, keeps exponents small?")  # fmt: skip
def test_weights_survive_large_scores(attention_weights):
    """Scores of several thousand, above zero or below, give finite weights."""
    _assert_survives(attention_weights)


@points(1, hint="True means “may attend”. Which entries do you overwrite?")
def test_weights_go_where_the_mask_is_true(attention_weights):
    """A key that is allowed outweighs one that is hidden."""
    _assert_follows_the_mask(attention_weights)


@points(2, hint="Hide scores before the softmax, so that the other weights share what the hidden "
        "ones would have had.")  # fmt: skip
def test_weights_under_a_mask_sum_to_one(attention_weights):
    """With some keys hidden, each row still sums to one."""
    query, key, _ = _inputs()
    sums = attention_weights(query, key, _mask()).sum(-1)
    assert_values(sums, torch.ones(2, 4), "the sum of a masked row of weights")


@points(2, hint="Which score has an exponential of exactly zero? Any finite number is beaten when "
        "the allowed scores are lower.")  # fmt: skip
def test_weights_of_hidden_keys_are_zero(attention_weights):
    """A hidden key's weight is exactly zero, also when the allowed keys score very low."""
    _assert_nothing_leaks(attention_weights)


@points(1, hint="`masked_fill` and `where` broadcast. Indexing with a mask needs the full shape.")
def test_weights_take_a_mask_that_broadcasts(attention_weights):
    """A mask (batch, 1, key_len) holds for every query, (query_len, key_len) for all the batch."""
    _assert_broadcasts(attention_weights)


@points(2, hint="A row of −∞ alone gives 0/0; a row of equal numbers gives equal weights. Find "
        "the rows where the mask has no True, and give them zeros.")  # fmt: skip
def test_weights_with_nothing_to_attend_to_are_zero(attention_weights):
    """A row whose mask is False everywhere is zero."""
    query, key, _ = _inputs()
    mask = _mask()
    mask[0, 2] = False
    dead = attention_weights(query, key, mask)[0, 2]
    assert_values(dead, torch.zeros(5), "the weights of a query that may attend to nothing")


@points(2, hint="The score is the plain dot product: long vectors count for more than short ones.")
def test_weights_values(attention_weights):
    """The weights are softmax(query keyᵀ / √d), however large the scores."""
    query, key, _ = _inputs()
    mask = _mask()
    scores = torch.einsum("bqd,bkd->bqk", query, key) / math.sqrt(6)
    assert_values(attention_weights(query, key), scores.softmax(-1), "the weights")
    scores[~mask] = -math.inf
    assert_values(attention_weights(query, key, mask), scores.softmax(-1), "the masked weights")
    _assert_values_of_large_scores(attention_weights)


@points(1, hint="A hidden score must not enter the softmax at all. If it does and is large, "
        "nothing is left for the others to share.")  # fmt: skip
def test_weights_do_not_see_a_large_hidden_score(attention_weights):
    """A hidden key that would score very high changes nothing."""
    _assert_blind_to_large_hidden_scores(attention_weights)


# --- scaled_dot_product_attention ---


@points(1, hint="Write the shape of each step beside it. In a matrix product the last axis on the "
        "left is as long as the last but one on the right, and those in front are the "
        "batch.")  # fmt: skip
def test_attention_runs(scaled_dot_product_attention):
    """It takes a query (2, 4, 6), a key (2, 5, 6) and a value (2, 5, 7)."""
    scaled_dot_product_attention(*_inputs())


@points(1, hint="The weights mix the *values*; an output is as wide as a value. The keys have "
        "done their work once the weights are known.")  # fmt: skip
def test_attention_output_is_as_wide_as_a_value(scaled_dot_product_attention):
    """The output is (query_len, value_dim), whatever stands in front."""
    query, key, value = _inputs()
    assert_shape(scaled_dot_product_attention(query, key, value), (2, 4, 7), "the output")
    alone = scaled_dot_product_attention(query[0], key[0], value[0])
    assert_shape(alone, (4, 7), "the output without a batch axis")


@points(1, hint="`/=`, `*=` and methods whose name ends in _ write into a tensor that somebody "
        "else still needs.")  # fmt: skip
def test_attention_leaves_its_inputs_alone(scaled_dot_product_attention):
    """Query, key, value and mask are not written to."""
    inputs = (*_inputs(), _mask())
    before = [tensor.clone() for tensor in inputs]
    scaled_dot_product_attention(*inputs)
    for old, new, name in zip(before, inputs, ("query", "key", "value", "mask"), strict=True):
        assert_unchanged(old, new, f"the {name}")


@points(1, hint="Before they mix values, scores must become positive shares. Which step does that?")
def test_attention_weighs_with_positive_shares(scaled_dot_product_attention):
    """No value enters with a negative weight."""
    query, key, _ = _inputs()
    weights = _weights_of(scaled_dot_product_attention)(query, key)
    assert (weights >= 0).all(), f"The smallest weight is {weights.min():.3g}."


@points(2, hint="The keys compete for one query's attention, along the last axis of the scores. "
        "What the other queries score, and how many they are, has no part in it.")  # fmt: skip
def test_attention_answers_each_query_alone(scaled_dot_product_attention):
    """A query gets the same answer alone as among others."""
    query, key, value = _inputs()
    together = scaled_dot_product_attention(query, key, value)[:, :1]
    alone = scaled_dot_product_attention(query[:, :1], key, value)
    assert_values(together, alone, "the first query's answer among four queries")


@points(2, hint="If all values are 3, their average is 3. The weights must still sum to one when "
        "they meet the values: scale the scores, not the weights.")  # fmt: skip
def test_attention_averages(scaled_dot_product_attention):
    """Equal values come back unchanged."""
    query, key, _ = _inputs()
    output = scaled_dot_product_attention(query, key, torch.full((2, 5, 7), 3.0))
    assert_values(output, torch.full((2, 4, 7), 3.0), "the average of threes")


@points(2, hint="A reshape keeps the numbers in their order and moves the walls between them. You "
        "want the last two axes of the key swapped.")  # fmt: skip
def test_attention_ignores_the_order_of_entries(scaled_dot_product_attention):
    """Reordering keys and values together changes nothing."""
    query, key, value = _inputs()
    assert_values(
        scaled_dot_product_attention(query, key[:, ORDER], value[:, ORDER]),
        scaled_dot_product_attention(query, key, value),
        "the output, keys and values reordered",
    )


@points(1, hint="The larger d, the larger the dot products, and the harder the softmax. Divide "
        "the scores by something that grows with d.")  # fmt: skip
def test_attention_is_scaled(scaled_dot_product_attention):
    """The scores are scaled before the softmax."""
    weights_of = _weights_of(scaled_dot_product_attention)
    products, weights = _one_query(weights_of, 16, 5)
    if abs(slope(products, scores_behind(weights)) - 1) < 1e-3:
        _assert_scaled(weights_of, 16, 5)


@points(1, hint="Which axis holds the numbers that a dot product sums over? Its length is d; the "
        "number of keys and the width of a value have no part in it.")  # fmt: skip
def test_attention_scale_depends_on_d_alone(scaled_dot_product_attention):
    """The scale is the same however many keys there are and however wide a value is."""
    weights_of = _weights_of(scaled_dot_product_attention)
    seen = {}
    for key_len in (7, 3):
        products, weights = _one_query(weights_of, 16, key_len)
        seen[key_len] = slope(products, scores_behind(weights))
    if abs(seen[3] - seen[7]) > 1e-4:
        raise Failure(
            f"With d = 16 your scores are the dot products times {seen[3]:.4g} for 3 keys and "
            f"values 3 wide, and times {seen[7]:.4g} for 7 keys and values 7 wide.",
            pictures=[
                line(
                    "Your scores with d = 16, for 3 keys and for 7",
                    [(p, p * factor) for factor in seen.values() for p in (0.5, 1.0)],
                    {"yours, 3 keys": seen[3], "yours, 7 keys": seen[7], "expected, 1/√d": 0.25},
                    across="dot product",
                    up="score",
                )
            ],
        )


@points(1, hint="The variance of a dot product grows like d. Its spread, the standard deviation, "
        "is the square root of that, and the spread is what you divide by.")  # fmt: skip
def test_attention_scale_is_one_over_root_d(scaled_dot_product_attention):
    """The scale is 1/√d."""
    for d in (9, 16):
        _assert_scaled(_weights_of(scaled_dot_product_attention), d, 5)


@points(1, hint="e^1000 is infinity, and e^−1000 is zero. Adding one number to all scores of a "
        "row changes no weight: which one, found row by row, keeps exponents small?")  # fmt: skip
def test_attention_survives_large_scores(scaled_dot_product_attention):
    """Scores of several thousand, above zero or below, give finite answers."""
    _assert_survives(_weights_of(scaled_dot_product_attention))


@points(1, hint="True means “may attend”. Which entries do you overwrite?")
def test_attention_goes_where_the_mask_is_true(scaled_dot_product_attention):
    """A value that is allowed outweighs one that is hidden."""
    _assert_follows_the_mask(_weights_of(scaled_dot_product_attention))


@points(2, hint="Weights that are struck out after the softmax leave a row that sums to less than "
        "one. Hide the scores instead, before it.")  # fmt: skip
def test_attention_under_a_mask_averages(scaled_dot_product_attention):
    """With some keys hidden, equal values still come back unchanged."""
    query, key, _ = _inputs()
    output = scaled_dot_product_attention(query, key, torch.full((2, 5, 7), 3.0), _mask())
    assert_values(output, torch.full((2, 4, 7), 3.0), "the average of threes under a mask")


@points(1, hint="A score of zero is an ordinary score: e^0 = 1. Multiplying by the mask hides "
        "nothing.")  # fmt: skip
def test_attention_gives_hidden_keys_next_to_nothing(scaled_dot_product_attention):
    """A hidden key gets less than a hundredth of the weight."""
    weights_of = _weights_of(scaled_dot_product_attention)
    mask = _only(1, of=3)
    weights = weights_of(torch.ones(1, 4), torch.ones(3, 4), mask)
    if not weights[0, 0] < 0.01:
        raise Failure(
            f"A hidden key got {weights[0, 0]:.2f} of the weight.",
            maps={"the mask": mask.float(), "your weights": weights},
        )


@points(2, hint="Any finite number is beaten when the allowed scores are lower still. Which score "
        "has an exponential of exactly zero?")  # fmt: skip
def test_attention_leaks_nothing(scaled_dot_product_attention):
    """A hidden key's weight is exactly zero, also when the allowed keys score very low."""
    _assert_nothing_leaks(_weights_of(scaled_dot_product_attention))


@points(1, hint="`masked_fill` and `where` broadcast. Indexing with a mask needs the full shape.")
def test_attention_takes_a_mask_that_broadcasts(scaled_dot_product_attention):
    """A mask (batch, 1, key_len) holds for every query, (query_len, key_len) for all the batch."""
    _assert_broadcasts(_weights_of(scaled_dot_product_attention))


@points(1, hint="A row of −∞ alone becomes 0/0. Find the rows where the mask has no True before "
        "the softmax meets them.")  # fmt: skip
def test_attention_to_nothing_is_not_nan(scaled_dot_product_attention):
    """A query that may attend to nothing gets numbers, not NaN."""
    output = _attend_to_nothing(scaled_dot_product_attention)
    assert torch.isfinite(output).all(), f"A query with nothing to attend to got {output[0]:.3g}."


@points(1, hint="Equal scores give equal weights, however low the scores are: hidden values then "
        "come through as an average. Such a row gets zeros.")  # fmt: skip
def test_attention_to_nothing_is_zero(scaled_dot_product_attention):
    """A query that may attend to nothing gets zeros."""
    output = _attend_to_nothing(scaled_dot_product_attention)
    assert_values(output, torch.zeros(7), "the answer to a query that may attend to nothing")


@points(2, hint="The score is the plain dot product, divided by √d: long vectors count for more "
        "than short ones.")  # fmt: skip
def test_attention_values(scaled_dot_product_attention):
    """The output is softmax(query keyᵀ / √d) value, however large the scores."""
    query, key, value = _inputs()
    mask = _mask()
    scores = torch.einsum("bqd,bkd->bqk", query, key) / math.sqrt(6)
    assert_values(
        scaled_dot_product_attention(query, key, value), scores.softmax(-1) @ value, "the output"
    )
    scores[~mask] = -math.inf
    expected = scores.softmax(-1) @ value
    assert_values(scaled_dot_product_attention(query, key, value, mask), expected, "masked output")
    _assert_values_of_large_scores(_weights_of(scaled_dot_product_attention))


@points(1, hint="A hidden score must not enter the softmax at all. If it does and is large, "
        "nothing is left for the others to share.")  # fmt: skip
def test_attention_does_not_see_a_large_hidden_score(scaled_dot_product_attention):
    """A hidden key that would score very high changes nothing."""
    _assert_blind_to_large_hidden_scores(_weights_of(scaled_dot_product_attention))


@points(1, hint="A NaN that was computed and then overwritten can come back in the gradient. Which "
        "scores could such a row have, so that none arises?")  # fmt: skip
def test_attention_to_nothing_has_a_finite_gradient(scaled_dot_product_attention):
    """A query that may attend to nothing sends no NaN back."""
    inputs = [tensor.requires_grad_() for tensor in _inputs()]
    mask = _mask()
    mask[0, 2] = False
    sources = dict(zip(("the query", "the key", "the value"), inputs, strict=True))
    found = gradients(scaled_dot_product_attention(*inputs, mask), sources)
    for name, gradient in found.items():
        assert torch.isfinite(gradient).all(), f"The gradient of {name} contains NaN."


@points(2, hint="float16 ends at 65 504. A product of large vectors passes that; the "
        "score, √d times less, does not. Which of your two steps comes first? (If you call your "
        "attention_weights, look there.)")  # fmt: skip
def test_attention_takes_large_queries_in_half_precision(scaled_dot_product_attention):
    """In float16, large queries and keys get the answer that float32 gives."""
    query = torch.tensor([60.0, -60.0])[:, None].expand(2, 64)
    key = torch.tensor([60.0, 56.0, 4.0])[:, None].expand(3, 64)  # 64 · 60 · 60 is 230 400
    value = torch.tensor([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
    expected = (query @ key.T / 8).softmax(-1) @ value
    found = scaled_dot_product_attention(*(tensor.half() for tensor in (query, key, value)))
    if not torch.isfinite(found).all():
        raise Failure(
            f"For float16 vectors of 64 entries of ±60, the answer is {found.flatten()[0]:.3g}. "
            "Their scores are finite: the first is 28 800."
        )
    what = "the answer to large queries in float16"
    assert_values(found.float(), expected, what, rtol=1e-2, atol=1e-2)


@points(1, hint="The next layer has the query's dtype too, and a product of two dtypes raises an "
        "error. What you compute in a wider one has to come back.")  # fmt: skip
def test_attention_answers_in_the_dtype_of_the_query(scaled_dot_product_attention):
    """The answer to float16 is float16, and to float64 float64."""
    for dtype in (torch.float16, torch.float64):
        found = scaled_dot_product_attention(*(torch.randn(2, 3, dtype=dtype) for _ in range(3)))
        assert found.dtype == dtype, f"The query is {dtype}, the answer {found.dtype}."


# --- what the checks share ---


def _additive_symptom(found, expected, query, key, w_query, w_key, a):
    """A hint for scores that are those of another formula; None where it is none of these."""
    hidden = (query @ w_query).unsqueeze(-2), (key @ w_key).unsqueeze(-3)
    other = {
        "The hidden numbers seem to pass through a sigmoid, between 0 and 1. The bend of the "
        "formula is tanh, between −1 and 1.": torch.sigmoid(hidden[0] + hidden[1]) @ a,
        "It looks as if the two projections were multiplied. What stands between them in the "
        "formula?": torch.tanh(hidden[0] * hidden[1]) @ a,
        "It looks as if the bend were applied after `a` had summed the hidden numbers. In the "
        "formula it stands before.": torch.tanh((hidden[0] + hidden[1]) @ a),
        "Yours are the expected scores divided by √hidden. tanh keeps every hidden number small, "
        "so nothing has to be divided.": expected / a.numel() ** 0.5,
        "Yours are the expected scores divided by hidden: a mean, where the formula has a "
        "sum.": expected / a.numel(),
    }
    for hint, scores in other.items():
        if found.shape == scores.shape and torch.allclose(found, scores, rtol=1e-4, atol=1e-5):
            return hint
    return None


def _additive_inputs():
    """query, key, w_query, w_key, a, with sizes that are all different."""
    return (
        torch.randn(2, 4, 6),
        torch.randn(2, 5, 3),
        torch.randn(6, 8),
        torch.randn(3, 8),
        torch.randn(8),
    )


def _inputs():
    """query, key, value, with sizes that are all different."""
    return torch.randn(2, 4, 6), torch.randn(2, 5, 6), torch.randn(2, 5, 7)


def _large():
    """query, key and the scores between them: thousands above zero, around it and far below."""
    query = torch.tensor([50.0, 0.01, -50.0])[:, None].expand(3, 4)
    key = torch.tensor([50.0, 49.0, 48.0])[:, None].expand(3, 4)
    return query, key, query @ key.T / 2


def _mask():
    """(2, 4, 5) boolean with at least one True and one False in each row."""
    mask = torch.rand(2, 4, 5) > 0.4
    mask[..., 0], mask[..., 3] = True, False
    return mask


def _only(allowed, of):
    return (torch.arange(of) == allowed)[None]


def _weights_of(attend):
    """Read the weights of any attention: the identity matrix as value hands them out."""

    def weights(query, key, mask=None):
        value = torch.eye(key.shape[-2]).expand(*key.shape[:-1], -1)
        return attend(query, key, value) if mask is None else attend(query, key, value, mask)

    return weights


def _one_query(weights_of, d, key_len):
    """The dot products of one query with key_len keys, from 0 to 1, and the weights it gives them.

    All vectors have length 1, so that only what multiplies the products can stretch the scores.
    The query stands there twice, so that the number of queries is not 1.
    """
    products = torch.linspace(0, 1, key_len)
    query, key = torch.zeros(1, 2, d), torch.zeros(1, key_len, d)
    query[..., 0], key[0, :, 0], key[0, :, 1] = 1.0, products, (1 - products**2).sqrt()
    return products, weights_of(query, key)[0, 0]


def _assert_scaled(weights_of, d, key_len):
    __tracebackhide__ = True
    products, weights = _one_query(weights_of, d, key_len)
    guesses = {"1/√d": d**-0.5, "1": 1.0, "1/d": 1 / d, "√d": d**0.5, "d": float(d)}
    guesses |= {"1/√key_len": key_len**-0.5, "1/key_len": 1 / key_len, "1/√query_len": 2**-0.5}
    assert_scale(products, weights, "1/√d", where=f"d = {d}", guesses=guesses)


def _assert_follows_the_mask(weights_of):
    __tracebackhide__ = True
    mask = _only(1, of=3)
    query, key = torch.ones(1, 4), torch.ones(3, 4)  # so that only the mask tells keys apart
    weights = weights_of(query, key, mask)
    if not weights[0, 1] > weights[0, 0]:
        unused = torch.allclose(weights, weights_of(query, key), atol=1e-6)
        raise Failure(
            f"The allowed key got {weights[0, 1]:.2f} of the weight, a hidden one "
            f"{weights[0, 0]:.2f}.",
            maps={"the mask": mask.float(), "your weights": weights},
            hint="With the mask and without it your weights are the same. Where is it used? Before "
            "the softmax, the scores of hidden keys have to be overwritten."
            if unused
            else None,
        )


def _assert_nothing_leaks(weights_of):
    __tracebackhide__ = True
    for size in (1.0, -3e4):
        query, key = torch.full((1, 4), size), torch.ones(3, 4)
        hidden = weights_of(query, key, _only(1, of=3))[0, 0].item()
        assert hidden == 0, (
            f"With scores of {2 * size:g}, a hidden key got {hidden:.2g} of the weight."
        )


def _assert_broadcasts(weights_of):
    __tracebackhide__ = True
    query, key, _ = _inputs()
    for mask in (_mask()[:, :1], _mask()[0]):
        expected = weights_of(query, key, mask.expand(2, 4, 5).clone())
        what = f"the weights under a {tuple(mask.shape)} mask"
        assert_values(weights_of(query, key, mask), expected, what)


def _assert_survives(weights_of):
    __tracebackhide__ = True
    query, key, scores = _large()
    for row, weights in zip(scores, weights_of(query, key), strict=True):
        what = "Scores of {:.4g}, {:.4g} and {:.4g}".format(*row.tolist())
        assert torch.isfinite(weights).all(), f"{what} gave a weight that is not finite."
        assert weights.sum() > 0.5, f"{what} gave weights that sum to {weights.sum():.3g}."


def _assert_values_of_large_scores(weights_of):
    __tracebackhide__ = True
    query, key, scores = _large()
    assert_values(weights_of(query, key), scores.softmax(-1), "the weights of large scores",
                  atol=1e-4)  # fmt: skip


def _assert_blind_to_large_hidden_scores(weights_of):
    __tracebackhide__ = True
    query, key = torch.full((1, 4), 50.0), torch.tensor([[50.0] * 4, [1.0] * 4, [-1.0] * 4])
    weights = weights_of(query, key, torch.tensor([[False, True, True]]))
    assert_values(weights, torch.tensor([[0.0, 1.0, 0.0]]), "the weights beside a hidden key")


def _attend_to_nothing(attend):
    query, key, value = _inputs()
    mask = _mask()
    mask[0, 2] = False
    return attend(query, key, value, mask)[0, 2]
