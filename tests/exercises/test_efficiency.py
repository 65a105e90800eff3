"""The checks that grade the exercises of the chapter efficiency.

Sizes all differ, so that no axis passes for another: batch 2, 3 heads, 5 queries, 7 keys, in tiles
of 3, so that the last tile is short both ways.
"""

import math

import torch

from grading.checks import (
    Failure,
    assert_reads_only,
    assert_shape,
    assert_unchanged,
    assert_values,
    exercise,
    gradients,
    points,
    side_by_side,
    which_inputs_matter,
)
from grading.multiplications import multiplications
from grading.tensor_memory import tensor_memory

causal_linear_attention = exercise(
    "causal_linear_attention",
    forbids=["attention.linear_attention", "torch.nn.functional.scaled_dot_product_attention"],
)
tiled_attention = exercise(
    "tiled_attention",
    forbids=[
        "torch.nn.functional.scaled_dot_product_attention",
        "attention.scaled_dot_product_attention",
        "attention.row_blocked_attention",
        "attention.fast_attention",
        "attention.OnlineSoftmax",
    ],
)

BATCH, HEADS, QUERY_LEN, KEY_LEN, D, VALUE_DIM, BLOCK = 2, 3, 5, 7, 4, 6, 3

# --- causal_linear_attention ---


@points(1, hint="A row for each position, as wide as a value, whatever axes stand in front: count "
        "the axes from the end.")  # fmt: skip
def test_linear_output_is_as_wide_as_a_value(causal_linear_attention):
    """The output is (length, value_dim), whatever stands in front."""
    query, key, value = _sequence()
    shape = (BATCH, HEADS, KEY_LEN, VALUE_DIM)
    assert_shape(causal_linear_attention(query, key, value), shape, "the output")
    alone = causal_linear_attention(query[0, 0], key[0, 0], value[0, 0])
    assert_shape(alone, shape[2:], "the output without batch and heads")


@points(1, hint="A slice is a view: writing into it, by `+=` or by a method whose name ends in _, "
        "writes into the caller's tensor.")  # fmt: skip
def test_linear_leaves_the_inputs_alone(causal_linear_attention):
    """Query, key and value are not written to."""
    inputs = _sequence()
    before = [tensor.clone() for tensor in inputs]
    causal_linear_attention(*inputs)
    for old, new, name in zip(before, inputs, ("query", "key", "value"), strict=True):
        assert_unchanged(old, new, f"the {name}")


@points(1, hint="Position 0 sees itself alone, so its weight for itself is 1. Are its key and "
        "value in the state when you read it?")  # fmt: skip
def test_linear_first_position_hears_itself(causal_linear_attention):
    """The first output is the first value."""
    query, key, value = _sequence()
    own = value[..., 0, :]
    first = causal_linear_attention(query, key, value)[..., 0, :]
    if not first.isfinite().all():
        raise Failure("The first output is not a number: nothing was in the sums yet.")
    times = first / own
    if torch.allclose(times, times[..., :1], rtol=1e-3) and not torch.allclose(first, own):
        raise Failure(
            f"The first output is the first value times {times[0, 0, 0]:.3g}; expected times 1.",
            hint="Divide by the sum of the same weights: φ(q_i) times the sum of φ(k_j) up to i.",
        )
    alone = causal_linear_attention(*(x[..., :1, :] for x in (query, key, value)))[..., 0, :]
    if torch.allclose(alone, own, atol=1e-5) and not torch.allclose(first, own, atol=1e-5):
        raise Failure(
            "In a sequence of one the output is the value; in a longer one the first is not.",
            hint="What comes later has reached the first output. Which sums had you taken by then?",
        )
    assert_values(first, own, "the first output", rtol=1e-4, atol=1e-5)


@points(2, hint="When position i reads the state, which keys and values may have been added to it?")
def test_linear_does_not_hear_the_future(causal_linear_attention):
    """No output changes with a later key or value, and each does with the earlier ones."""
    query, key, value = (x[:1, 0] for x in _sequence())
    allowed = torch.ones(KEY_LEN, KEY_LEN, dtype=torch.bool).tril()
    for what, function, x in (
        ("value", lambda v: causal_linear_attention(query, key, v), value),
        ("key", lambda k: causal_linear_attention(query, k, value), key),
    ):
        reads = which_inputs_matter(function, x)
        assert_reads_only(reads, allowed, what)
        deaf = (allowed & ~reads).nonzero().tolist()
        deaf = [pair for pair in deaf if what == "value" or pair[0]]  # the first weight is always 1
        if deaf:
            raise Failure(
                f"Output {deaf[0][0]} does not change with {what} {deaf[0][1]}, which it may read.",
                {"yours: row reads column": reads.float(), "may read": allowed.float()},
                hint="What is in the state when this position reads it?",
            )


@points(2, hint="An average divides by the sum of its weights. Which running sum is that, and is "
        "it one of the past only?")  # fmt: skip
def test_linear_weights_sum_to_one(causal_linear_attention):
    """If every value is 3, every output is 3."""
    query, key, _ = _sequence()
    output = causal_linear_attention(query[0, 0], key[0, 0], torch.full((KEY_LEN, 2), 3.0))
    assert_values(output, torch.full((KEY_LEN, 2), 3.0), "an average of threes", rtol=1e-4)


@points(3, hint="The weight of key j for query i is φ(q_i) · φ(k_j), divided by the sum over the "
        "keys that i may see. φ(x) is x + 1 above zero and eˣ below.")  # fmt: skip
def test_linear_weights(causal_linear_attention):
    """The weights are φ(q) · φ(k), each divided by its row's sum."""
    query, key, _ = (x[0, 0] for x in _sequence())
    weights = causal_linear_attention(query, key, torch.eye(KEY_LEN))
    q, k = _phi(query), _phi(key)
    elu, d = torch.nn.functional.elu, query.shape[-1]
    guesses = {
        "a softmax": ((query @ key.T).exp(), "No e^(q·k) here: only φ(q) · φ(k)."),
        "a softmax of scores divided by √d": (
            (query @ key.T / d**0.5).exp(), "No e^(q·k) here: only φ(q) · φ(k)."
        ),
        "the weights of φ(q) with the bare key": (q @ key.T, "φ belongs to the keys, too."),
        "the weights of the bare query with φ(k)": (query @ k.T, "φ belongs to the queries, too."),
        "the weights without φ": (query @ key.T, "Where is φ? Bare dot products may be negative."),
        "the weights of elu(x)": (elu(query) @ elu(key).T, "elu(x) may be as low as −1: add 1."),
        "the weights of relu(x)": (
            query.relu() @ key.relu().T, "Below zero φ(x) is eˣ, and not 0."
        ),
        "the weights of exp(x)": (query.exp() @ key.exp().T, "Above zero φ(x) is x + 1."),
    }  # fmt: skip
    expected = _each_by_its_sum(q @ k.T)
    for name, (products, hint) in guesses.items():
        guess = _each_by_its_sum(products)
        if torch.allclose(weights, guess, rtol=1e-3, atol=1e-4):
            raise Failure(f"You return {name}.", side_by_side(weights, expected), hint=hint)
    assert_values(weights, expected, "the weights", rtol=1e-4)


@points(2, hint="Each sequence and each head has a state of its own. Which axes stand in front?")
def test_linear_values(causal_linear_attention):
    """With batch and heads each position gets its average, in short sequences and in long ones."""
    for length in (KEY_LEN, 150):  # more than the blocks of any answer that works in blocks
        query, key, value = _sequence(length)
        expected = _each_by_its_sum(_phi(query) @ _phi(key).mT) @ value
        output = causal_linear_attention(query, key, value)
        assert_values(output, expected, f"the output of {length} positions", rtol=1e-4)


@points(2, hint="Which tensor has an entry for every pair? A position needs two running sums, and "
        "none of the pairs before it.")  # fmt: skip
def test_linear_never_holds_the_table(causal_linear_attention):
    """The tensors take memory like the length, not like its square."""
    length = 384
    inputs = torch.randn(3, length, 2).unbind()
    peak, table = tensor_memory(lambda: causal_linear_attention(*inputs)), 4 * length**2
    assert peak < table, (
        f"For {length} positions your tensors take {peak // 1024} KB at once; the table of all "
        f"pairs is {table // 1024} KB, the inputs are {3 * 8 * length // 1024} KB."
    )


@points(2, hint="The sum up to position i is the sum up to i − 1 and one more term. Do you begin "
        "again for each position?")  # fmt: skip
def test_linear_work_grows_with_the_length(causal_linear_attention):
    """Twice as many positions take twice as many multiplications."""
    counts = []
    for length in (64, 128):  # a loop over positions ends well within the limit
        inputs = torch.randn(3, length, 2).unbind()
        counts.append(multiplications(lambda inputs=inputs: causal_linear_attention(*inputs)))
    assert counts[1] <= 3 * counts[0], (
        f"Twice as many positions take {counts[1] / counts[0]:.1f} times as many multiplications "
        "in your products of matrices; expected twice as many."
    )


@points(2, hint="Can PyTorch differentiate each step? A running sum that is overwritten by `+=` is "
        "gone when the gradient needs it: make a new one, `state = state + …`.")  # fmt: skip
def test_linear_hands_back_gradients(causal_linear_attention):
    """The gradients are those of the slow form."""
    inputs = [x.requires_grad_() for x in _sequence()]
    same = [x.detach().clone().requires_grad_() for x in inputs]
    names = ("the query", "the key", "the value")
    upstream = torch.randn(BATCH, HEADS, KEY_LEN, VALUE_DIM)
    yours = causal_linear_attention(*inputs)
    found = gradients(yours, dict(zip(names, inputs, strict=True)), upstream)
    slow = _each_by_its_sum(_phi(same[0]) @ _phi(same[1]).mT) @ same[2]
    expected = gradients(slow, dict(zip(names, same, strict=True)), upstream)
    for name in names:
        assert_values(found[name], expected[name], f"the gradient of {name}", rtol=1e-3, atol=1e-4)


# --- tiled_attention ---


@points(1, hint="A row for each query, as wide as a value, whatever axes stand in front: count the "
        "axes from the end.")  # fmt: skip
def test_tiles_output_is_as_wide_as_a_value(tiled_attention):
    """The output is (query_len, value_dim), whatever stands in front."""
    query, key, value = _inputs()
    shape = (BATCH, HEADS, QUERY_LEN, VALUE_DIM)
    assert_shape(tiled_attention(query, key, value), shape, "the output")
    alone = tiled_attention(query[0, 0], key[0, 0], value[0, 0], block=BLOCK)
    assert_shape(alone, shape[2:], "the output without batch and heads, in tiles")


@points(1, hint="A slice is a view: writing into it, by `*=` or by a method whose name ends in _, "
        "writes into the caller's tensor.")  # fmt: skip
def test_tiles_leave_the_inputs_alone(tiled_attention):
    """Query, key, value and mask are not written to."""
    inputs = (*_inputs(), _mask())
    before = [tensor.clone() for tensor in inputs]
    tiled_attention(*inputs)
    tiled_attention(*inputs[:3], block=BLOCK)
    for old, new, name in zip(before, inputs, ("query", "key", "value", "mask"), strict=True):
        assert_unchanged(old, new, f"the {name}")


@points(2, hint="7 keys in tiles of 3 make three tiles, and the last has one key. `n // block` "
        "rounds down; a slice that ends behind the end just stops there.")  # fmt: skip
def test_tiles_reach_every_query_and_key(tiled_attention):
    """Every query is answered and every key heard, also in a last tile that is short."""
    weights = _weights(tiled_attention, torch.zeros(QUERY_LEN, KEY_LEN))
    for axis, (what, verb) in ((1, ("query", "is not answered")), (0, ("key", "is not heard"))):
        left_out = (weights == 0).all(axis).nonzero().flatten().tolist()
        if left_out:
            raise Failure(f"With tiles of {BLOCK}, {what} {left_out[0]} of "
                          f"{weights.shape[1 - axis]} {verb}.",
                          {"your weights": weights})  # fmt: skip


@points(2, hint="There is one sum for all of a row's keys, over all tiles, and it holds no key "
        "that does not exist. When is it complete, so that you can divide by it?")  # fmt: skip
def test_tiles_share_one_sum(tiled_attention):
    """Seven keys that score alike get one seventh each."""
    weights = _weights(tiled_attention, torch.zeros(QUERY_LEN, KEY_LEN))
    if weights.isnan().any():
        raise Failure(
            "With seven keys that all score 0 your output is NaN.",
            hint="Before the first tile the maximum is the lowest of numbers. e^(new − old) is "
            "then infinite, and infinity times an empty sum is NaN; e^(old − new) is zero. Which "
            "is your rescale?",
        )
    assert_values(weights, torch.full((QUERY_LEN, KEY_LEN), 1 / KEY_LEN), "the weights, all alike")


@points(2, hint="Divide the dot products by √d, once. d is the width of a query, and of nothing "
        "else.")  # fmt: skip
def test_tiles_are_scaled(tiled_attention):
    """Scores are dot products divided by √d."""
    for d in (4, 9):
        key = torch.eye(2, d)
        weight = tiled_attention(4 * key[:1], key, torch.eye(2), block=2)[0, 0]
        expected = torch.tensor([4 / d**0.5, 0.0]).softmax(0)[0]
        assert_values(weight, expected, f"the weight of a dot product 4 against 0, with d = {d}")


@points(2, hint="Sum and mixture count the same exponentials, from the same maximum. When the "
        "maximum moves, what happens to one must happen to the other.")  # fmt: skip
def test_tiles_rescale_sum_and_mixture_alike(tiled_attention):
    """If every value is 3, every output is 3, also when the scores rise from tile to tile."""
    query, key = _scoring(_rising())
    output = tiled_attention(query, key, torch.full((KEY_LEN, 2), 3.0), block=BLOCK)
    assert_values(output, torch.full((QUERY_LEN, 2), 3.0), "an average of threes")


@points(3, hint="What earlier tiles left behind was counted from the old maximum. In units of the "
        "new one it is e^(old − new) times as much, which is less.")  # fmt: skip
def test_tiles_rescale_when_the_maximum_rises(tiled_attention):
    """A tile with higher scores makes the earlier ones count for less."""
    scores = _rising()
    weights, expected = _weights(tiled_attention, scores), scores.softmax(-1)
    # How much too much does the first tile count against the last? Its maximum rose from 1 to 6.
    excess = (weights[0, 0] / weights[0, -1] / (expected[0, 0] / expected[0, -1])).log().item()
    counts = f"When the maximum rises by 5, what came before counts e^{excess:.0f} times too much"
    pictures = {"yours": weights, "expected": expected}
    if abs(excess - 5) < 0.01:
        hint = "It is still counted from the old maximum. Which factor takes it to the new one?"
        raise Failure(f"{counts}.", pictures, hint=hint)
    if abs(excess - 10) < 0.01:
        raise Failure(
            f"{counts}: e^5 for the rise, and e^5 again by your rescale.",
            pictures,
            hint="The rescale has the wrong sign. What came before should count for less when the "
            "maximum rises: e^(old − new), which is below one.",
        )
    assert_values(weights, expected, "weights of rising scores")


@points(2, hint="e^1000 is infinity. Subtract the running maximum from each tile before you "
        "exponentiate.")  # fmt: skip
def test_tiles_survive_large_scores(tiled_attention):
    """Scores of several thousand, above zero or below, give the right weights."""
    for offset in (5000.0, -5000.0):
        scores = _rising() + offset
        weights = _weights(tiled_attention, scores)
        what = f"weights of scores near {offset:.0f}"
        if offset < 0 and (weights == 0).all():
            raise Failure(
                f"With scores near {offset:.0f} all weights are 0: every exponential was too small "
                "for a number.",
                hint="From which number does your running maximum start? From 0 it would never "
                "come down to scores that are all below 0.",
            )
        # who adds tiles up by the logarithms of their sums has four digits left at 5000
        assert_values(weights, scores.softmax(-1), what, rtol=2e-3)


@points(2, hint="A maximum for each query, over its own scores: which axis of the tile counts the "
        "keys? With the largest of the whole tile, low scores of another query all become "
        "e^(−thousands) = 0.")  # fmt: skip
def test_tiles_have_a_maximum_for_each_query(tiled_attention):
    """A query with low scores has right weights beside one with high scores in the same tile."""
    scores = _rising()
    scores[1] += 3000
    weights = _weights(tiled_attention, scores)
    if (weights[0] == 0).all() or weights[0].isnan().any():
        raise Failure(
            "Query 1 scores about 3000, query 0 about 3, and they share a tile. The weights of "
            f"query 0 came out as {'NaN' if weights[0].isnan().any() else 'zeros'}.",
            {"yours": weights, "expected": scores.softmax(-1)},
        )
    assert_values(weights, scores.softmax(-1), "weights of queries whose scores differ much",
                  rtol=2e-3)  # fmt: skip


@points(2, hint="The running maximum is that of everything so far: a tile with low scores does not "
        "bring it down. If it does, e^(old − new) overflows.")  # fmt: skip
def test_tiles_keep_the_maximum_when_scores_fall(tiled_attention):
    """Far lower scores in later tiles change nothing."""
    scores = _rising().flip(-1) * 60
    weights = _weights(tiled_attention, scores)
    assert_values(weights, scores.softmax(-1), "weights of falling scores")


@points(2, hint="Which slice of the query meets which slice of the key, and do the values come "
        "from the keys' slice?")  # fmt: skip
def test_tiles_values(tiled_attention):
    """For any size of the tiles it is attention, with batch and heads."""
    query, key, value = _inputs()
    for block in (1, 2, BLOCK, 5, 100):
        output = tiled_attention(query, key, value, block=block)
        assert_values(output, _attention(query, key, value), f"the output in tiles of {block}")


@points(1, hint="`torch.zeros(n)` makes float32 numbers whatever the query is, and what is written "
        "into them is rounded. `query.new_zeros(n)` takes the dtype of the query.")  # fmt: skip
def test_tiles_keep_double_precision(tiled_attention):
    """From float64 comes float64, with all its digits."""
    inputs = [x.double() for x in _inputs()]
    output = tiled_attention(*inputs, block=BLOCK)
    assert output.dtype == torch.float64, f"From float64 came {output.dtype}."
    apart = (output - _attention(*inputs)).abs().max().item()
    assert apart < 1e-12, f"The output in float64 is {apart:.0e} away from attention in float64."


@points(1, hint="True means “may attend”. Which scores do you overwrite?")
def test_tiles_go_where_the_mask_is_true(tiled_attention):
    """A key that is allowed outweighs one that is hidden."""
    weights = tiled_attention(torch.ones(4, 4), torch.ones(4, 4), torch.eye(4), torch.eye(4).bool())
    assert weights[1, 1] > weights[1, 0], (
        f"The allowed key got {weights[1, 1]:.2f}, a hidden one {weights[1, 0]:.2f}."
    )


@points(2, hint="A tile has its own piece of the mask: which queries are its rows, and which keys "
        "its columns?")  # fmt: skip
def test_tiles_take_their_piece_of_the_mask(tiled_attention):
    """Each tile hides what the mask says at its own place."""
    mask = _mask()[1, 0]
    weights = _weights(tiled_attention, torch.zeros(QUERY_LEN, KEY_LEN), mask)
    assert_values(weights, mask / mask.sum(-1, keepdim=True), "the weights under the mask")


@points(2, hint="A mask of one row holds for every query. Slice that axis by a later tile's "
        "queries, and nothing is left. `expand` makes a full view, without memory.")  # fmt: skip
def test_tiles_take_a_mask_that_broadcasts(tiled_attention):
    """Masks (1, key_len), (batch, 1, 1, key_len), (query_len, 1) hold for what they leave out."""
    query, key, value = _inputs()
    mask = _mask()
    shapes = [mask[0, 0, :1], mask[:, :, :1], mask[0, 0], mask, mask[0, 0, :, :1] | True]
    for part in shapes:
        output = tiled_attention(query, key, value, part, BLOCK)
        what = f"the output under a mask {tuple(part.shape)}"
        assert_values(output, _attention(query, key, value, part), what)


@points(2, hint="In such a tile the maximum is −∞, and −∞ − (−∞) is NaN. From which number could "
        "the running maximum start, so that it is never −∞?")  # fmt: skip
def test_tiles_may_be_hidden_entirely(tiled_attention):
    """A tile in which a query may see nothing, first or last, adds nothing."""
    query, key, value = _inputs()
    mask = torch.ones(QUERY_LEN, KEY_LEN, dtype=torch.bool)
    mask[0, :BLOCK] = mask[1, -1] = mask[2, :-1] = False
    output = tiled_attention(query, key, value, mask, BLOCK)
    assert output.isfinite().all(), "With a tile hidden from a query, its output is not finite."
    assert_values(output, _attention(query, key, value, mask), "the output with tiles hidden")


@points(2, hint="Nothing was added to its sum, which is zero: what do you divide by? If hidden "
        "scores are a large negative number instead of −∞, they share the weight.")  # fmt: skip
def test_tiles_give_zeros_to_a_query_without_keys(tiled_attention):
    """A query that may attend to nothing gets zeros."""
    mask = torch.ones(QUERY_LEN, KEY_LEN, dtype=torch.bool)
    mask[1] = False
    output = tiled_attention(*_inputs(), mask, BLOCK)[:, :, 1]
    zeros = torch.zeros(BATCH, HEADS, VALUE_DIM)
    assert_values(output, zeros, "the output of a query without keys")


@points(2, hint="Which score has an exponential of exactly zero, whatever the others are?")
def test_tiles_give_hidden_keys_nothing(tiled_attention):
    """A hidden key has no weight, however low the allowed ones score."""
    scores = torch.full((QUERY_LEN, KEY_LEN), -30_000.0)
    mask = _mask()[0, 0]
    scores[~mask] = 0.0
    weights = _weights(tiled_attention, scores, mask)
    hidden = weights[~mask].max()
    assert hidden == 0, f"A hidden key has a weight of {hidden:.2g}."


@points(2, hint="Follow the query, the key and the value through your function: can "
        "PyTorch differentiate each step? A NaN overwritten later comes back here.")  # fmt: skip
def test_tiles_hand_back_gradients(tiled_attention):
    """The gradients are those of attention, also beside a query without keys."""
    mask = _mask()
    mask[0, 0, 1] = False
    inputs = [x.requires_grad_() for x in _inputs()]
    same = [x.detach().clone().requires_grad_() for x in inputs]
    upstream = torch.randn(BATCH, HEADS, QUERY_LEN, VALUE_DIM)
    names = ("the query", "the key", "the value")
    yours = tiled_attention(*inputs, mask, BLOCK)
    found = gradients(yours, dict(zip(names, inputs, strict=True)), upstream)
    expected = gradients(_attention(*same, mask), dict(zip(names, same, strict=True)), upstream)
    for name in names:
        assert_values(found[name], expected[name], f"the gradient of {name}")


@points(3, hint="Follow the largest tensors: which is made for all keys, or for all queries, at "
        "once? One tile's scores may go before the next one's come: keep only the maximum, the sum "
        "and the mixture. A mask that broadcasts is sliced as a view.")  # fmt: skip
def test_tiles_never_hold_the_table(tiled_attention):
    """At no time do the tensors take more than a few tiles."""
    length, block = 512, 32
    inputs = torch.randn(3, length, 2).unbind()
    padding = (torch.arange(length) < 400)[None]
    tile, strip, table = (4 * rows * columns // 1024 for rows, columns in
                          ((block, block), (block, length), (length, length)))  # fmt: skip
    for name, mask in (("no mask", None), (f"a mask {tuple(padding.shape)}", padding)):
        peak = tensor_memory(lambda mask=mask: tiled_attention(*inputs, mask, block)) / 1024
        assert peak < 12 * tile, (
            f"For {length} queries and keys in tiles of {block}, with {name}, your tensors take "
            f"{peak:.0f} KB at once. The scores of a tile are {tile} KB, of {block} queries and "
            f"all keys {strip} KB, of all pairs {table} KB."
        )


def _sequence(length=KEY_LEN):
    """Query, key and value of one length, with some numbers above zero and some below."""
    shapes = (length, D), (length, D), (length, VALUE_DIM)
    return [torch.randn(BATCH, HEADS, *shape) for shape in shapes]


def _phi(x):
    return torch.where(x > 0, x + 1, x.clamp(max=0).exp())


def _each_by_its_sum(products):
    """Weights: each product of a position with the past, divided by the sum of its row."""
    past = products.tril()
    return past / past.sum(-1, keepdim=True)


def _inputs():
    shapes = (QUERY_LEN, D), (KEY_LEN, D), (KEY_LEN, VALUE_DIM)
    return [torch.randn(BATCH, HEADS, *shape) for shape in shapes]


def _mask():
    """(batch, 1, query_len, key_len); each query may see some keys, not the same ones."""
    place = torch.arange(QUERY_LEN)[:, None] * 2 + torch.arange(KEY_LEN)
    return torch.stack([place % 3 != 0, place % 4 > 1])[:, None]


def _rising():
    """(query_len, key_len) scores that rise from tile to tile, and differ from query to query."""
    steps = torch.tensor([0.0, 1, 0, 3, 2, 3, 6])
    return steps + torch.arange(float(QUERY_LEN))[:, None] / 4


def _scoring(scores):
    """A query and a key whose dot products, divided by √16, are these scores, to the last digit."""
    wide = torch.eye(KEY_LEN, 16)
    return 4 * scores @ wide, wide


def _weights(function, scores, mask=None):
    """Read the weights off the output, with the identity as value."""
    return function(*_scoring(scores), torch.eye(KEY_LEN), mask, BLOCK)


def _attention(query, key, value, mask=None):
    """The formula, all scores at once."""
    scores = torch.einsum("...qd,...kd->...qk", query, key) / math.sqrt(query.shape[-1])
    if mask is None:
        return scores.softmax(-1) @ value
    dead = ~mask.any(-1, keepdim=True)
    weights = scores.masked_fill(~mask & ~dead, -math.inf).softmax(-1)
    return weights.masked_fill(dead, 0.0) @ value
