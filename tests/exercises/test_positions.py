"""The checks that grade the exercises of the chapter positions.

Sizes all differ, so that no axis passes for another: batch 2, 3 heads, length 5, 6 numbers.
"""

import math

import torch

from grading.checks import (
    Failure,
    assert_shape,
    assert_unchanged,
    assert_values,
    exercise,
    points,
    side_by_side,
)

sinusoidal = exercise("sinusoidal")
alibi_bias = exercise("alibi_bias")
rotate = exercise("rotate")

BATCH, HEADS, LENGTH, WIDTH = 2, 3, 5, 6
FREQUENCIES = 10_000.0 ** (-torch.arange(0, WIDTH, 2, dtype=torch.float64) / WIDTH)


# --- sinusoidal


@points(1, hint="A row for each position, a column for each number of its vector, and no other "
        "axis: the same table serves every sentence of a batch.")  # fmt: skip
def test_table_has_a_row_for_each_position(sinusoidal):
    """The result is (length, d_model)."""
    assert_shape(sinusoidal(LENGTH, WIDTH), (LENGTH, WIDTH), "the table")


@points(1, hint="Something was divided by zero. In the first pair 2p is 0, and 10000 to the power "
        "of 0 is 1: is the fraction in your exponent, or a factor beside it?")  # fmt: skip
def test_table_is_finite(sinusoidal):
    """Every entry is a number."""
    wrong = ~sinusoidal(LENGTH, WIDTH).isfinite()
    assert not wrong.any(), f"{int(wrong.sum())} of {wrong.numel()} entries are NaN or infinite."


@points(1, hint="The first position is 0. Its angles are all 0, and what are sine and cosine of "
        "0?")  # fmt: skip
def test_table_counts_from_zero(sinusoidal):
    """The row of position 0 holds only zeros and ones."""
    row = _table(sinusoidal)[0]
    other = row[(row.abs() > 1e-6) & ((row - 1).abs() > 1e-6)]
    assert not len(other), f"The row of position 0 holds {other[0]:.4g}."


@points(2, hint="One wave alone cannot tell a position from its mirror image. Each angle is there "
        "twice: once as a sine, once as a cosine.")  # fmt: skip
def test_table_has_as_many_sines_as_cosines(sinusoidal):
    """At position 0, half of the numbers are sin 0 and half cos 0."""
    ones = int((_table(sinusoidal)[0] > 0.5).sum())
    assert ones == WIDTH // 2, (
        f"At position 0, {ones} of {WIDTH} numbers are 1, which is cos 0; expected {WIDTH // 2}."
    )


@points(2, hint="Column 0 is a sine, column 1 the cosine of the same angle, column 2 the next "
        "sine. At position 0 each sine is 0 and each cosine 1: where do yours stand?")  # fmt: skip
def test_table_alternates_sine_and_cosine(sinusoidal):
    """Even columns hold sines, odd columns cosines."""
    row = _table(sinusoidal)[0]
    expected = torch.tensor([0.0, 1.0]).repeat(WIDTH // 2)
    if not torch.allclose(row, expected, atol=1e-6):
        hint = None
        if torch.allclose(row, 1 - expected, atol=1e-6):
            hint = "Sine and cosine have changed places: in each pair the sine comes first."
        elif torch.allclose(row, expected.sort().values, atol=1e-6):
            hint = (
                "All sines stand before all cosines. `torch.cat` puts block after block; what "
                "puts a sine and its cosine side by side?"
            )
        raise Failure(
            f"Expected the row of position 0 to be {_list(expected)}, got {_list(row)}.",
            side_by_side(_table(sinusoidal), _expected(LENGTH, WIDTH)),
            hint=hint,
        )


@points(2, hint="The columns 2p and 2p + 1 share one angle, with 2p in the exponent of both. Count "
        "pairs, not columns.")  # fmt: skip
def test_table_gives_each_pair_one_angle(sinusoidal):
    """Sine² + cosine² of each pair is 1 at every position."""
    squares = _table(sinusoidal).unflatten(-1, (-1, 2)).square().sum(-1)
    assert_values(squares, torch.ones(LENGTH, WIDTH // 2), "sine² + cosine² of each pair")


@points(2, hint="In the first pair 2p is 0, so the position is divided by 10000⁰ = 1: the angle is "
        "the position itself, in radians.")  # fmt: skip
def test_table_starts_with_one_radian_a_position(sinusoidal):
    """In row i, the first pair is sin i, cos i."""
    position = torch.arange(float(LENGTH))
    expected = torch.stack([position.sin(), position.cos()], dim=-1)
    assert_values(_table(sinusoidal)[:, :2], expected, "the first pair")


@points(2, hint="Each pair is slower than the one before: the power of 10000 divides the position.")
def test_table_slows_down_from_pair_to_pair(sinusoidal):
    """From position 0 to 1, each pair turns less than the one before it."""
    angle = _angles_of(_table(sinusoidal)[1])
    if not (angle > 1e-6).all():
        raise Failure(
            f"Between positions 0 and 1 the pairs turn by {_list(angle)}; none should stay.",
            hint="The slow pairs turn by a small fraction of a radian. Does your division, or a "
            "dtype of whole numbers, round it to nothing?",
        )
    message = f"Between positions 0 and 1 the pairs turn by {_list(angle)}, which does not fall."
    if torch.allclose(angle, angle[0].expand_as(angle)):
        raise Failure(message, hint="All pairs turn alike, so all have the same exponent. Does it "
                      "count the pairs, and does a // round it down to 0?")  # fmt: skip
    assert (angle.diff() < 0).all(), message


SLIPS = {  # how many times too large the exponent is: what to ask
    0.5: "All your exponents are half of what they should be: where is the 2 of 2p?",
    2.0: "All your exponents are twice what they should be. torch.arange(0, d, 2) is 2p already.",
    1 / math.log(10): "To write the power as e^(…), take the logarithm to the base e of 10000.",
}


def _assert_frequencies(angle, atol):
    """Fail unless each pair turns at its speed; a usual slip of the exponent is named."""
    expected = FREQUENCIES.float()
    for times, hint in SLIPS.items():
        if angle.shape == expected.shape and torch.allclose(angle, expected**times, atol=atol):
            raise Failure(
                f"From one position to the next your pairs turn by {_list(angle)} radians; "
                f"expected {_list(expected)}.",
                hint=hint,
            )
    assert_values(angle, expected, "the turn of each pair", atol=atol)


@points(3, hint="The exponent is 2p / d_model, for pair p = 0, 1, 2, …: the even column over the "
        "whole width. From the first pair to the last it runs from 0 to almost 1.")  # fmt: skip
def test_table_has_the_papers_frequencies(sinusoidal):
    """Pair p turns by 10000^(−2p/d_model) radians a position."""
    _assert_frequencies(_angles_of(_table(sinusoidal)[1]), atol=1e-4)


@points(2, hint="In half precision 2049 does not exist, and neither do most whole numbers above "
        "it. Let positions and angles be float32.")  # fmt: skip
def test_table_knows_far_positions(sinusoidal):
    """Position 2999 has its own angles, not those of a neighbour."""
    # float32 leaves an angle of 3000 radians uncertain by some 3e-4
    assert_values(
        sinusoidal(3000, WIDTH)[-1].float(), _expected(3000, WIDTH)[-1], "row 2999", atol=5e-3
    )


@points(
    2,
    hint="Compare one entry with a pocket calculator: row 4, column 2 of 10 is sin(4 / 10000^0.2).",
)
def test_table_values(sinusoidal):
    """The table is the formula's, for another length and width."""
    table = sinusoidal(7, 10)
    assert_values(table.float(), _expected(7, 10), "the table", atol=1e-5)


@points(1, hint="Added to float32 vectors, a float64 table makes float64 of all that follows, and "
        "the next linear map refuses it. Count as you like, and convert at the end.")  # fmt: skip
def test_table_is_float32(sinusoidal):
    """The entries are float32, as the tokens' vectors are."""
    dtype = sinusoidal(LENGTH, WIDTH).dtype
    assert dtype == torch.float32, f"Expected torch.float32, got {dtype}."


@points(1, hint="With an odd width the last sine would have no cosine. Say so in a ValueError, "
        "rather than return a table that fits nothing.")  # fmt: skip
def test_table_refuses_an_odd_width(sinusoidal):
    """An odd d_model raises a ValueError."""
    refused, instead = _refuses(lambda: sinusoidal(LENGTH, 7))
    assert refused, f"Expected a ValueError for d_model 7, got {instead}."


# --- alibi_bias


@points(1, hint="A table of query by key for each head: the heads come first, as they do in the "
        "scores. Each head has a slope of its own.")  # fmt: skip
def test_bias_has_a_table_for_each_head(alibi_bias):
    """The result is (n_heads, query_len, key_len)."""
    assert_shape(alibi_bias(8, LENGTH, 7), (8, LENGTH, 7), "the bias")


@points(1, hint="Hiding the future is the mask's task: it is joined with the bias later. Here a "
        "key after the query only loses its distance times the slope.")  # fmt: skip
def test_bias_is_finite(alibi_bias):
    """Every entry is a finite number."""
    wrong = ~alibi_bias(8, LENGTH, LENGTH).isfinite()
    assert not wrong.any(), f"{int(wrong.sum())} of {wrong.numel()} entries are NaN or infinite."


@points(2, hint="A token is at the distance 0 from itself, and 0 times any slope is 0.")
def test_bias_costs_nothing_at_no_distance(alibi_bias):
    """With as many queries as keys, a token's own score stays as it is."""
    bias = alibi_bias(8, LENGTH, LENGTH)
    own = bias.diagonal(dim1=-2, dim2=-1)
    if own.any():
        raise Failure(
            f"Head 0 adds {own[0, 0]:.3g} to the score of token 0 for itself; expected 0.",
            side_by_side(bias[0], _biases(8, LENGTH, LENGTH)[0]),
        )


@points(2, hint="Far keys are to lose. What is subtracted from the score, the distance or its "
        "negative?")  # fmt: skip
def test_bias_is_never_positive(alibi_bias):
    """Distance lowers a score, on both sides."""
    bias = alibi_bias(8, LENGTH, LENGTH)
    past, future = bias[:, -1, 0], bias[:, 0, -1]
    where = "before" if (past > 0).any() else "after"
    hint = None
    if where == "after":
        hint = (
            "The difference of two positions is negative on one side. A distance is not: which "
            "function drops the sign?"
        )
    if (torch.stack([past, future]) > 0).any():
        raise Failure(
            f"A key {LENGTH - 1} places {where} the query gains "
            f"{(past if where == 'before' else future).max():.3g}; expected it to lose.",
            side_by_side(bias[0], _biases(8, LENGTH, LENGTH)[0]),
            hint=hint,
        )
    if (future == 0).all() and (past < 0).all():
        raise Failure(
            f"A key {LENGTH - 1} places after the query loses nothing; expected it to lose as much "
            "as a key that is as far before it.",
            side_by_side(bias[0], _biases(8, LENGTH, LENGTH)[0]),
            hint="To hide what comes after the query is the mask's task; here its distance counts. "
            "Which function drops the sign of a difference, and does not cut it off at 0?",
        )


@points(2, hint="From distance 1 to 2 a score loses as much as from 0 to 1: the slope times the "
        "distance itself, with no power, root, logarithm or limit.")  # fmt: skip
def test_bias_falls_in_a_straight_line(alibi_bias):
    """Each further step costs the same."""
    last = alibi_bias(8, LENGTH, LENGTH)[0, -1]  # of head 0: distances 4, 3, 2, 1, 0
    steps = last.diff()
    assert torch.allclose(steps, steps[-1].expand_as(steps), atol=1e-5), (
        f"From the farthest key to the nearest, head 0 adds {_list(last)} to the scores: the steps "
        f"are {_list(steps)}, which are not all alike."
    )


@points(3, hint="Head r, counted from 0, has the slope 2^(−8 (r + 1) / n_heads). For 8 heads that "
        "is 1/2, 1/4, … 1/256; for 4 heads 1/4, 1/16, 1/64, 1/256.")  # fmt: skip
def test_bias_has_the_papers_slopes(alibi_bias):
    """One step costs 1/2 to 1/256, by head; fewer heads take every second or fourth of these."""
    for n_heads in (8, 4, 2):
        slopes = -alibi_bias(n_heads, 2, 2)[:, 1, 0].float()
        expected = _slopes(n_heads)
        if not torch.allclose(slopes, expected, rtol=1e-4):
            raise Failure(
                f"With {n_heads} heads one step costs {_list(slopes)}, by head; expected "
                f"{_list(expected)}.",
                hint=_hint_for_slopes(slopes, expected),
            )


@points(3, hint="With 2 queries and 5 keys the queries stand at the positions 3 and 4: the last "
        "query beside the last key. By how much do you have to move their positions?")  # fmt: skip
def test_bias_lines_up_the_last_query_with_the_last_key(alibi_bias):
    """The newest tokens get the last rows of the whole table, as with a cache."""
    whole, newest = alibi_bias(4, 5, 5), alibi_bias(4, 2, 5)
    assert_values(newest, whole[:, -2:], "the bias of the two newest tokens")


@points(1, hint="Scores are float32, and what is added to them should be too. Convert at the end.")
def test_bias_is_float32(alibi_bias):
    """The entries are float32, as the scores are."""
    dtype = alibi_bias(4, 2, 3).dtype
    assert dtype == torch.float32, f"Expected torch.float32, got {dtype}."


@points(2, hint="Work one entry out by hand: which position has the query, which the key, and what "
        "is the slope of the head?")  # fmt: skip
def test_bias_values(alibi_bias):
    """The table is minus the slope times the distance, for other sizes too."""
    for sizes in ((1, 1, 1), (16, 3, 9), (2, 6, 6)):
        what = "the bias for {} heads, {} queries and {} keys".format(*sizes)
        assert_values(alibi_bias(*sizes), _biases(*sizes), what)


# --- rotate


@points(1, hint="The axes are (..., length, d). Cosines of shape (length, d/2) broadcast over "
        "whatever stands in front, be it nothing, a batch, or a batch and heads. Pairs that got an "
        "axis of their own go back into one row.")  # fmt: skip
def test_rotate_keeps_the_shape(rotate):
    """The result has the shape of x, with and without batch and heads."""
    for shape in [(LENGTH, WIDTH), (BATCH, LENGTH, WIDTH), (BATCH, HEADS, LENGTH, WIDTH)]:
        x = torch.randn(shape)
        assert_shape(rotate(x, torch.arange(LENGTH)), shape, "the turned vectors")


@points(1, hint="Writing into a slice of x, as in x[..., 0::2] = …, changes the caller's tensor. "
        "Build a new one.")  # fmt: skip
def test_rotate_leaves_its_input_alone(rotate):
    """x is not written to."""
    x = torch.randn(BATCH, LENGTH, WIDTH)
    before = x.clone()
    rotate(x, torch.arange(LENGTH))
    assert_unchanged(before, x, "x")


@points(2, hint="A model that keeps its earlier keys hands you one new token, and its position is "
        "not 0. The positions are an argument: do not count the tokens yourself.")  # fmt: skip
def test_rotate_uses_the_positions(rotate):
    """Other positions give another result."""
    x = torch.randn(LENGTH, WIDTH)
    near, far = rotate(x, torch.arange(LENGTH)), rotate(x, 3 + torch.arange(LENGTH))
    assert not torch.allclose(near, far, atol=1e-4), (
        "The positions 0, 1, 2, … and 3, 4, 5, … gave the same result."
    )


@points(1, hint="At position 0 every angle is 0, every cosine 1 and every sine 0: the formula "
        "gives x back. Is a position counted from 1, something added to x, or a number written "
        "where another was read?")  # fmt: skip
def test_rotate_leaves_position_zero_alone(rotate):
    """At position 0 nothing turns."""
    x = torch.randn(LENGTH, WIDTH)
    turned = rotate(x, torch.zeros(LENGTH))
    blocks = torch.cat([x[:, 0::2], x[:, 1::2]], -1)
    if turned.shape == x.shape and torch.allclose(turned, blocks, atol=1e-6):
        raise Failure(
            "At position 0 all numbers of a vector are there, but in other places.",
            side_by_side(turned, x),
            hint="The first numbers of all pairs stand before the second ones: `torch.cat` puts "
            "block after block. What puts the two numbers of a pair side by side?",
        )
    assert_values(turned, x, "the vectors at position 0", atol=1e-6)


@points(2, hint="A rotation mixes both numbers of a pair into both: x cos − y sin, and x sin + "
        "y cos. One minus, not none and not two, and one angle for both of them.")  # fmt: skip
def test_rotate_changes_no_length(rotate):
    """Each turned vector is as long as before."""
    x = torch.randn(BATCH, LENGTH, WIDTH)
    turned = rotate(x, torch.arange(LENGTH))
    if _second_from_the_new_first(x, turned):
        raise Failure(
            "The second number of each pair was computed from the first one as it is after the "
            "turn; the formula takes it as it was before.",
            hint="Did you read a number after you had overwritten it? Compute both new numbers "
            "from the old ones, and put them in place then.",
        )
    assert_values(turned.norm(dim=-1), x.norm(dim=-1), "the length of each vector", atol=1e-4)


@points(2, hint="Numbers 0 and 1 are a pair, then 2 and 3. Pairing number p with number p + d/2 is "
        "the layout of Llama: as good, but another one.")  # fmt: skip
def test_rotate_pairs_neighbours(rotate):
    """A vector along axis 0 turns towards axis 1, and no other."""
    turned = rotate(torch.eye(WIDTH), torch.ones(WIDTH))
    pair = torch.arange(WIDTH) // 2
    astray = (turned.abs() > 1e-6) & (pair[:, None] != pair)
    if astray.any():
        row, column = astray.nonzero()[0].tolist()
        raise Failure(
            f"A vector along axis {row} was turned towards axis {column}.",
            {"yours turns": turned.abs(), "may turn": (pair[:, None] == pair).float()},
        )


@points(2, hint="Counterclockwise, as angles are counted in mathematics: (1, 0) at position 1 "
        "becomes (cos 1, sin 1). Which of the four terms has the minus?")  # fmt: skip
def test_rotate_turns_counterclockwise(rotate):
    """(1, 0) turned by one radian is (cos 1, sin 1); a transposed matrix turns back."""
    turned = rotate(torch.eye(2), torch.ones(2))
    expected = torch.tensor([[math.cos(1), math.sin(1)], [-math.sin(1), math.cos(1)]])
    if torch.allclose(turned, expected.mT, atol=1e-4):
        raise Failure(
            f"(1, 0) at position 1 became {_pair(turned[0])}: it was turned clockwise.",
            side_by_side(turned, expected),
        )


@points(3, hint="Pair p turns by 10000^(−2p/d) radians a position: the first by 1, the later ones "
        "less and less. Print your frequencies for d = 6: 1, 0.046, 0.002.")  # fmt: skip
def test_rotate_gives_each_pair_its_frequency(rotate):
    """At position 1, pair p has turned by 10000^(−2p/d)."""
    along = torch.tensor([1.0, 0.0]).repeat(1, WIDTH // 2)  # each pair points along its first axis
    _assert_frequencies(_clockless(rotate(along, torch.ones(1))[0]), atol=1e-5)


@points(3, hint="Position 2.5 lies half-way between 2 and 3: positions may be real numbers, and "
        "the angle has to be proportional to them.")  # fmt: skip
def test_rotate_makes_scores_depend_on_the_distance(rotate):
    """Moving query and key by the same distance changes no score."""
    query, key = torch.randn(2, LENGTH, WIDTH)
    query_at, key_at = torch.arange(LENGTH) + 0.5, torch.arange(LENGTH)
    before = rotate(query, query_at) @ rotate(key, key_at).mT
    for shift in (4, -3, 0.5):
        after = rotate(query, query_at + shift) @ rotate(key, key_at + shift).mT
        assert_values(after, before, f"the scores of tokens moved by {shift}", atol=1e-4)


@points(2, hint="Each token is turned by its own position, alike in every sentence and head.")
def test_rotate_values(rotate):
    """The result is that of a complex multiplication."""
    x, positions = torch.randn(BATCH, HEADS, LENGTH, WIDTH), torch.tensor([3, 0, 70, 8, 21])
    assert_values(rotate(x, positions), _turned(x, positions), "the turned vectors", atol=1e-4)


@points(1, hint="A model in bfloat16 expects bfloat16 back. Compute in float32 where you must, and "
        "turn the result into x's dtype.")  # fmt: skip
def test_rotate_keeps_the_dtype(rotate):
    """float64 and bfloat16 stay what they are."""
    for dtype in (torch.float64, torch.bfloat16):
        turned = rotate(torch.ones(LENGTH, WIDTH, dtype=dtype), torch.arange(LENGTH))
        assert turned.dtype == dtype, f"x is {dtype}, and the result {turned.dtype}."


@points(2, hint="bfloat16 has eight binary digits: 257 becomes 256, and a whole radian is lost. "
        "Compute the angles in float32, whatever x is.")  # fmt: skip
def test_rotate_knows_far_positions_in_half_precision(rotate):
    """In bfloat16, position 257 is not taken for 256."""
    x, positions = torch.ones(4, WIDTH), torch.tensor([255, 256, 257, 1001])
    expected = _turned(x, positions)
    # two roundings to eight binary digits, of cosines and of their products
    assert_values(
        rotate(x.bfloat16(), positions).float(), expected, "vectors in bfloat16", atol=0.05
    )


@points(1, hint="With an odd width the last number has no partner. Say so in a ValueError.")
def test_rotate_refuses_an_odd_width(rotate):
    """An odd last axis raises a ValueError."""
    refused, instead = _refuses(lambda: rotate(torch.randn(LENGTH, 7), torch.arange(LENGTH)))
    assert refused, f"Expected a ValueError for 7 numbers, got {instead}."


# --- what the checks share


def _refuses(call):
    """Whether a call raises a ValueError, and what it does instead."""
    try:
        result = call()
    except Exception as error:
        return isinstance(error, ValueError), f"{type(error).__name__}: {error}"
    return False, f"a result of shape {tuple(result.shape)}"


def _table(sinusoidal):
    return sinusoidal(LENGTH, WIDTH).float()


def _angle(length, width):
    frequency = 10_000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    return torch.arange(length, dtype=torch.float64)[:, None] * frequency


def _expected(length, width):
    angle = _angle(length, width)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(-2).float()


def _turned(x, positions):
    turn = torch.polar(torch.ones(()).double(), positions.double()[:, None] * FREQUENCIES)
    pairs = torch.view_as_complex(x.double().unflatten(-1, (-1, 2)))
    return torch.view_as_real(pairs * turn).flatten(-2).float()


def _angles_of(row):
    """How far each (sine, cosine) of a row has turned, from 0 to 2π."""
    sine, cosine = row.unflatten(-1, (-1, 2)).unbind(-1)
    return torch.atan2(sine, cosine).remainder(2 * math.pi)


def _clockless(row):
    """How far each pair (x, y) has turned from the first axis, counterclockwise."""
    x, y = row.unflatten(-1, (-1, 2)).unbind(-1)
    return torch.atan2(y, x)


def _second_from_the_new_first(x, turned):
    """Whether the second of each pair was made from the first one, already turned."""
    angle = torch.arange(LENGTH)[:, None] * FREQUENCIES.float()
    mixed = turned[..., 0::2] * angle.sin() + x[..., 1::2] * angle.cos()
    return torch.allclose(turned[..., 1::2], mixed, atol=1e-4)


def _slopes(n_heads):
    return torch.tensor([2.0 ** (-8 * (r + 1) / n_heads) for r in range(n_heads)])


def _biases(n_heads, query_len, key_len):
    """Entry by entry."""
    table = [[-abs(i + key_len - query_len - j) for j in range(key_len)] for i in range(query_len)]
    return _slopes(n_heads)[:, None, None] * torch.tensor(table, dtype=torch.float32)


def _hint_for_slopes(slopes, expected):
    """What was observed chooses; None leaves the check's own hint."""
    if torch.allclose(slopes, slopes[:1].expand_as(slopes)):
        return "All heads have the same slope. Each has its own, a power of one number."
    if torch.allclose(slopes, expected.flip(0), rtol=1e-4):
        return "The right slopes in the wrong order: head 0 is the steepest."
    if torch.allclose(slopes[1:], expected[:-1], rtol=1e-4):
        return "Each head has the slope of the one before it. Which power does head 0 take?"
    if torch.allclose(slopes, _slopes(8)[: len(slopes)], rtol=1e-4):
        return (
            "Your slopes halve from head to head, whatever the number of heads. The exponents are "
            "spread evenly from −8 / n_heads to −8."
        )
    return None


def _list(numbers):
    return ", ".join(f"{number + 0.0:.3g}" for number in numbers.tolist())  # no −0


def _pair(numbers):
    return f"({_list(numbers)})"
