"""Known answers to the exercises of positions: what people really write, right and wrong."""

import math

import torch

from grading.known import mistake, right_answer

# --- sinusoidal


def _even(width):
    if width % 2:
        raise ValueError(f"an even number of columns is needed, got {width}")
    return torch.arange(0, width, 2)


def _interleave(angle):
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(-2)


@mistake("sinusoidal", caught_by="test_table_alternates_sine_and_cosine")
def in_blocks(length, d_model):
    """Puts all sines before all cosines."""
    angle = torch.arange(length)[:, None] / 10_000 ** (_even(d_model) / d_model)
    return torch.cat([angle.sin(), angle.cos()], dim=-1)


@mistake("sinusoidal", caught_by="test_table_alternates_sine_and_cosine")
def cosine_first(length, d_model):
    """Exchanges sine and cosine."""
    angle = torch.arange(length)[:, None] / 10_000 ** (_even(d_model) / d_model)
    return torch.stack([angle.cos(), angle.sin()], dim=-1).flatten(-2)


@mistake("sinusoidal", caught_by="test_table_has_as_many_sines_as_cosines")
def sines_only(length, d_model):
    """A sine for every column, and no cosine."""
    _even(d_model)
    return (torch.arange(length)[:, None] / 10_000 ** (torch.arange(d_model) / d_model)).sin()


@mistake("sinusoidal", caught_by="test_table_counts_from_zero")
def from_one(length, d_model):
    """Gives the first token position 1."""
    return _interleave(torch.arange(1, length + 1)[:, None] / 10_000 ** (_even(d_model) / d_model))


@mistake("sinusoidal", caught_by="test_table_gives_each_pair_one_angle")
def exponent_of_the_column(length, d_model):
    """Counts columns in the exponent, so that a cosine has another angle than its sine."""
    _even(d_model)
    column = torch.arange(d_model)
    angle = torch.arange(length)[:, None] / 10_000 ** (column / d_model)
    return torch.where(column % 2 == 0, angle.sin(), angle.cos())


@mistake("sinusoidal", caught_by="test_table_has_the_papers_frequencies")
def exponent_without_the_two(length, d_model):
    """Writes p for 2p: the waves end at 100 instead of 10,000."""
    pair = _even(d_model) // 2
    return _interleave(torch.arange(length)[:, None] / 10_000 ** (pair / d_model))


@mistake("sinusoidal", caught_by="test_table_has_the_papers_frequencies")
def exponent_twice_too_large(length, d_model):
    """Doubles the even columns once more."""
    return _interleave(torch.arange(length)[:, None] / 10_000 ** (2 * _even(d_model) / d_model))


@mistake("sinusoidal", caught_by="test_table_has_the_papers_frequencies")
def evenly_up_to_the_base(length, d_model):
    """Spaces the exponents from 0 to exactly 1."""
    exponent = torch.linspace(0, 1, len(_even(d_model)))
    return _interleave(torch.arange(length)[:, None] / 10_000**exponent)


@mistake("sinusoidal", caught_by="test_table_slows_down_from_pair_to_pair")
def multiplied_by_the_power(length, d_model):
    """Multiplies by the power of 10000 instead of dividing."""
    return _interleave(torch.arange(length)[:, None] * 10_000 ** (_even(d_model) / d_model))


@mistake("sinusoidal", caught_by="test_table_slows_down_from_pair_to_pair")
def whole_number_division(length, d_model):
    """Divides with //, which leaves nothing of the slow angles."""
    return _interleave(torch.arange(length)[:, None] // 10_000 ** (_even(d_model) / d_model))


@mistake("sinusoidal", caught_by="test_table_is_finite")
def base_inside_the_product(length, d_model):
    """Takes the exponent for a factor of the base."""
    return _interleave(torch.arange(length)[:, None] / (10_000 * _even(d_model) / d_model))


@mistake("sinusoidal", caught_by="test_table_starts_with_one_radian_a_position")
def share_of_the_length(length, d_model):
    """Divides the positions by the length, so that a position means another place in each text."""
    position = torch.arange(length)[:, None] / length
    return _interleave(position / 10_000 ** (_even(d_model) / d_model))


@mistake("sinusoidal", caught_by="test_table_knows_far_positions")
def angles_in_half_precision(length, d_model):
    """Counts positions in float16."""
    position = torch.arange(length).half()[:, None]
    return _interleave((position / 10_000 ** (_even(d_model) / d_model).half()).float())


@mistake("sinusoidal", caught_by="test_table_has_a_row_for_each_position")
def with_a_batch_axis(length, d_model):
    """Adds a batch axis of one, as a module would register it."""
    return _interleave(torch.arange(length)[:, None] / 10_000 ** (_even(d_model) / d_model))[None]


@mistake("sinusoidal", caught_by="test_table_has_a_row_for_each_position")
def a_column_for_each_position(length, d_model):
    """Transposed."""
    return _interleave(torch.arange(length)[:, None] / 10_000 ** (_even(d_model) / d_model)).T


@mistake("sinusoidal", caught_by="test_table_has_the_papers_frequencies")
def power_by_the_wrong_logarithm(length, d_model):
    """Writes the power by exp, and takes the logarithm to the base ten."""
    frequency = torch.exp(-math.log10(10_000) * _even(d_model) / d_model)
    return _interleave(torch.arange(length)[:, None] * frequency)


@mistake("sinusoidal", caught_by="test_table_is_float32")
def as_numpy_counts(length, d_model):
    """Leaves the table in float64."""
    position = torch.arange(length).double()[:, None]
    return _interleave(position / 10_000 ** (_even(d_model) / d_model))


@mistake("sinusoidal", caught_by="test_table_refuses_an_odd_width")
def last_column_cut_off(length, d_model):
    """Makes one column more and cuts it off."""
    exponent = torch.arange(0, d_model, 2) / d_model
    return _interleave(torch.arange(length)[:, None] / 10_000**exponent)[:, :d_model]


@right_answer("sinusoidal")
def by_filling_a_table(length, d_model):
    """As The Annotated Transformer does, by the exponential of a logarithm."""
    table = torch.zeros(length, d_model)
    position = torch.arange(length).unsqueeze(1)
    frequency = torch.exp(_even(d_model) * -(math.log(10_000.0) / d_model))
    table[:, 0::2] = torch.sin(position * frequency)
    table[:, 1::2] = torch.cos(position * frequency)
    return table


@right_answer("sinusoidal")
def entry_by_entry(length, d_model):
    if d_model % 2 == 1:
        raise ValueError("d_model must be even")
    table = torch.empty(length, d_model)
    frequency = [10_000 ** -(2 * i / d_model) for i in range(d_model // 2)]
    for i, f in enumerate(frequency):
        table[:, 2 * i] = torch.tensor([math.sin(p * f) for p in range(length)])
        table[:, 2 * i + 1] = torch.tensor([math.cos(p * f) for p in range(length)])
    return table


@right_answer("sinusoidal")
def by_a_shifted_sine(length, d_model):
    """A cosine is a sine a quarter of a turn ahead."""
    _even(d_model)
    column = torch.arange(d_model)
    angle = torch.outer(torch.arange(length).double(), 10_000.0 ** -(column // 2 * 2 / d_model))
    return torch.sin(angle + math.pi / 2 * (column % 2)).float()


@right_answer("sinusoidal")
def by_complex_numbers(length, d_model):
    exponent = _even(d_model) / d_model
    angle = torch.arange(length, dtype=torch.float64)[:, None] / 10_000**exponent
    turn = torch.polar(torch.ones_like(angle), math.pi / 2 - angle)  # cosine and sine exchanged
    return torch.view_as_real(turn).flatten(1).float()


# --- alibi_bias


def _distance(query_len, key_len):
    return (torch.arange(key_len - query_len, key_len)[:, None] - torch.arange(key_len)).abs()


def _exponents(n_heads):
    return -8 / n_heads * torch.arange(1, n_heads + 1)


def _lines(exponents, distance):
    return -(2.0 ** exponents.float())[:, None, None] * distance


@mistake("alibi_bias", caught_by="test_bias_has_a_table_for_each_head")
def one_table_for_all_heads(n_heads, query_len, key_len):
    """Returns (query_len, key_len), with the first head's slope."""
    return _lines(_exponents(n_heads), _distance(query_len, key_len))[0]


@mistake("alibi_bias", caught_by="test_bias_has_a_table_for_each_head")
def heads_behind(n_heads, query_len, key_len):
    """Puts the heads on the last axis."""
    return _lines(_exponents(n_heads), _distance(query_len, key_len)).permute(1, 2, 0)


@mistake("alibi_bias", caught_by="test_bias_is_finite")
def future_hidden(n_heads, query_len, key_len):
    """Hides the keys after the query, which is the mask's task."""
    bias = _lines(_exponents(n_heads), _distance(query_len, key_len))
    future = torch.ones(query_len, key_len).triu(key_len - query_len + 1).bool()
    return bias.masked_fill(future, -torch.inf)


@mistake("alibi_bias", caught_by="test_bias_costs_nothing_at_no_distance")
def counted_from_one(n_heads, query_len, key_len):
    """Counts a token's distance from itself as 1."""
    return _lines(_exponents(n_heads), _distance(query_len, key_len) + 1)


@mistake("alibi_bias", caught_by="test_bias_is_never_positive")
def distance_added(n_heads, query_len, key_len):
    """Forgets the minus: far keys gain."""
    return -_lines(_exponents(n_heads), _distance(query_len, key_len))


@mistake("alibi_bias", caught_by="test_bias_is_never_positive")
def difference_for_distance(n_heads, query_len, key_len):
    """Keeps the sign of the difference, so that keys after the query gain."""
    difference = torch.arange(key_len - query_len, key_len)[:, None] - torch.arange(key_len)
    return _lines(_exponents(n_heads), difference)


@mistake("alibi_bias", caught_by="test_bias_is_never_positive")
def key_minus_query(n_heads, query_len, key_len):
    """Subtracts the query's position from the key's, and then subtracts that."""
    difference = torch.arange(key_len) - torch.arange(key_len - query_len, key_len)[:, None]
    return _lines(_exponents(n_heads), difference)


@mistake("alibi_bias", caught_by="test_bias_is_never_positive")
def distance_cut_off(n_heads, query_len, key_len):
    """Cuts the difference off at 0, so that keys after the query lose nothing."""
    difference = torch.arange(key_len - query_len, key_len)[:, None] - torch.arange(key_len)
    return _lines(_exponents(n_heads), difference.clamp(min=0))


@mistake("alibi_bias", caught_by="test_bias_falls_in_a_straight_line")
def squared(n_heads, query_len, key_len):
    """Takes the square of the distance."""
    return _lines(_exponents(n_heads), _distance(query_len, key_len) ** 2)


@mistake("alibi_bias", caught_by="test_bias_falls_in_a_straight_line")
def logarithm(n_heads, query_len, key_len):
    """Lets far distances cost ever less, as T5's buckets do."""
    return _lines(_exponents(n_heads), _distance(query_len, key_len).float().log1p())


@mistake("alibi_bias", caught_by="test_bias_has_the_papers_slopes")
def first_head_without_a_slope_of_its_own(n_heads, query_len, key_len):
    """Writes r for r + 1: head 0 has the slope 1."""
    return _lines(_exponents(n_heads) + 8 / n_heads, _distance(query_len, key_len))


@mistake("alibi_bias", caught_by="test_bias_has_the_papers_slopes")
def halves_whatever_the_heads(n_heads, query_len, key_len):
    """Takes 1/2, 1/4, … for any number of heads."""
    return _lines(-torch.arange(1, n_heads + 1), _distance(query_len, key_len))


@mistake("alibi_bias", caught_by="test_bias_has_the_papers_slopes")
def exponent_without_the_eight(n_heads, query_len, key_len):
    """Divides the number of the head by n_heads, without the factor 8."""
    return _lines(_exponents(n_heads) / 8, _distance(query_len, key_len))


@mistake("alibi_bias", caught_by="test_bias_has_the_papers_slopes")
def steepest_last(n_heads, query_len, key_len):
    """Gives head 0 the gentlest slope."""
    return _lines(_exponents(n_heads).flip(0), _distance(query_len, key_len))


@mistake("alibi_bias", caught_by="test_bias_has_the_papers_slopes")
def one_slope_for_all(n_heads, query_len, key_len):
    """Gives every head the first head's slope."""
    bias = _lines(_exponents(n_heads), _distance(query_len, key_len))
    return bias[:1].expand(n_heads, -1, -1)


@mistake("alibi_bias", caught_by="test_bias_lines_up_the_last_query_with_the_last_key")
def first_beside_first(n_heads, query_len, key_len):
    """Lets the first query stand at position 0, whatever the cache holds."""
    distance = (torch.arange(query_len)[:, None] - torch.arange(key_len)).abs()
    return _lines(_exponents(n_heads), distance)


@mistake("alibi_bias", caught_by="test_bias_lines_up_the_last_query_with_the_last_key")
def one_place_behind(n_heads, query_len, key_len):
    """Moves the queries by one place too few, if there are more keys."""
    start = max(key_len - query_len - 1, 0)
    distance = (torch.arange(start, start + query_len)[:, None] - torch.arange(key_len)).abs()
    return _lines(_exponents(n_heads), distance)


@mistake("alibi_bias", caught_by="test_bias_is_float32")
def in_float64(n_heads, query_len, key_len):
    """Leaves the table in float64."""
    return _lines(_exponents(n_heads), _distance(query_len, key_len)).double()


@right_answer("alibi_bias")
def line_by_line(n_heads, query_len, key_len):
    bias = torch.zeros(n_heads, query_len, key_len)
    for r in range(n_heads):
        for i in range(query_len):
            for j in range(key_len):
                place = key_len - query_len + i
                bias[r, i, j] = -(2 ** (-8 * (r + 1) / n_heads)) * abs(place - j)
    return bias


@right_answer("alibi_bias")
def last_rows_of_a_square(n_heads, query_len, key_len):
    position = torch.arange(float(key_len))
    distance = torch.cdist(position[:, None], position[:, None], p=1)[key_len - query_len :]
    ratio = 2 ** (-8 / n_heads)
    slope = torch.tensor([ratio ** (r + 1) for r in range(n_heads)])
    return -torch.einsum("r,ij->rij", slope, distance)


@right_answer("alibi_bias")
def by_logspace(n_heads, query_len, key_len):
    slope = torch.logspace(-8 / n_heads, -8, n_heads, base=2)
    rows = [-(torch.arange(key_len) - i).abs() for i in range(key_len - query_len, key_len)]
    return torch.stack([m * torch.stack(rows) for m in slope])


# --- rotate


def _cos_sin(x, positions, dtype=torch.float32):
    width = x.shape[-1]
    angle = positions.to(dtype)[:, None] * 10_000.0 ** (-_even(width).to(dtype) / width)
    return angle.cos(), angle.sin()  # each (length, d/2)


def _neighbours(x, cos, sin):
    first, second = x[..., 0::2], x[..., 1::2]
    return torch.stack([first * cos - second * sin, first * sin + second * cos], dim=-1).flatten(-2)


@mistake("rotate", caught_by="test_rotate_pairs_neighbours")
def in_halves(x, positions):
    """Pairs number p with number p + d/2, as Llama does."""
    cos, sin = _cos_sin(x, positions)
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1).to(x.dtype)


@mistake("rotate", caught_by="test_rotate_leaves_position_zero_alone")
def neighbours_written_as_halves(x, positions):
    """Reads neighbours and writes halves."""
    cos, sin = _cos_sin(x, positions)
    first, second = x[..., 0::2], x[..., 1::2]
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1).to(x.dtype)


@mistake("rotate", caught_by="test_rotate_turns_counterclockwise")
def clockwise(x, positions):
    """Has the minus in the other row: the inverse rotation."""
    cos, sin = _cos_sin(x, positions)
    return _neighbours(x, cos, -sin).to(x.dtype)


@mistake("rotate", caught_by="test_rotate_changes_no_length")
def without_the_minus(x, positions):
    """Adds all four terms."""
    cos, sin = _cos_sin(x, positions)
    first, second = x[..., 0::2], x[..., 1::2]
    turned = torch.stack([first * cos + second * sin, first * sin + second * cos], dim=-1)
    return turned.flatten(-2).to(x.dtype)


@mistake("rotate", caught_by="test_rotate_changes_no_length")
def only_the_first_of_each_pair(x, positions):
    """Computes the first number of each pair and keeps the second."""
    cos, sin = _cos_sin(x, positions)
    first, second = x[..., 0::2], x[..., 1::2]
    return torch.stack([first * cos - second * sin, second], dim=-1).flatten(-2).to(x.dtype)


@mistake("rotate", caught_by="test_rotate_changes_no_length")
def second_from_the_new_first(x, positions):
    """Computes the second number from the first one, already turned."""
    cos, sin = _cos_sin(x, positions)
    first, second = x[..., 0::2], x[..., 1::2]
    first = first * cos - second * sin
    second = first * sin + second * cos
    return torch.stack([first, second], dim=-1).flatten(-2).to(x.dtype)


@mistake("rotate", caught_by="test_rotate_changes_no_length")
def cosines_in_halves_for_neighbours(x, positions):
    """Turns neighbours, with the cosines laid out for halves: the two layouts mixed."""
    cos, sin = _cos_sin(x, positions)
    quarter = torch.stack([-x[..., 1::2], x[..., 0::2]], -1).flatten(-2)
    return (x * cos.repeat(1, 2) + quarter * sin.repeat(1, 2)).to(x.dtype)


@mistake("rotate", caught_by="test_rotate_keeps_the_shape")
def pairs_left_apart(x, positions):
    """Stacks both numbers of each pair along an axis of their own, and leaves them there."""
    cos, sin = _cos_sin(x, positions)
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1).to(x.dtype)


@mistake("rotate", caught_by="test_rotate_gives_each_pair_its_frequency")
def angle_by_index(x, positions):
    """Turns pair p by position times p + 1."""
    angle = positions[:, None] * (1.0 + _even(x.shape[-1]) / 2)
    return _neighbours(x, angle.cos(), angle.sin()).to(x.dtype)


@mistake("rotate", caught_by="test_rotate_gives_each_pair_its_frequency")
def one_angle_for_all(x, positions):
    """Turns every pair by the position in radians."""
    _even(x.shape[-1])
    angle = positions.float()[:, None]
    return _neighbours(x, angle.cos(), angle.sin()).to(x.dtype)


@mistake("rotate", caught_by="test_rotate_gives_each_pair_its_frequency")
def exponent_without_the_two_of_pairs(x, positions):
    """Writes p for 2p in the exponent."""
    width = x.shape[-1]
    angle = positions[:, None] * 10_000.0 ** (-_even(width) / 2 / width)
    return _neighbours(x, angle.cos(), angle.sin()).to(x.dtype)


@mistake("rotate", caught_by="test_rotate_uses_the_positions")
def counts_the_tokens_itself(x, positions):
    """Ignores the positions and turns token t by t."""
    cos, sin = _cos_sin(x, torch.arange(x.shape[-2]))
    return _neighbours(x, cos, sin).to(x.dtype)


@mistake("rotate", caught_by="test_rotate_leaves_position_zero_alone")
def one_position_too_far(x, positions):
    """Counts from one."""
    cos, sin = _cos_sin(x, positions + 1)
    return _neighbours(x, cos, sin).to(x.dtype)


@mistake("rotate", caught_by="test_rotate_leaves_position_zero_alone")
def added_to_what_was(x, positions):
    """Adds the rotated vector to x, as one adds a sinusoidal position."""
    cos, sin = _cos_sin(x, positions)
    return (x + _neighbours(x, cos, sin)).to(x.dtype)


@mistake("rotate", caught_by="test_rotate_keeps_the_shape")
def positions_along_the_first_axis(x, positions):
    """Takes the first axis for the tokens, as in a library that puts length before batch."""
    cos, sin = (c.view(-1, *[1] * (x.dim() - 2), c.shape[-1]) for c in _cos_sin(x, positions))
    return _neighbours(x, cos, sin).to(x.dtype)


@mistake("rotate", caught_by="test_rotate_leaves_its_input_alone")
def in_place(x, positions):
    """Writes the result into x."""
    cos, sin = _cos_sin(x, positions)
    first, second = x[..., 0::2].clone(), x[..., 1::2].clone()
    x[..., 0::2] = first * cos - second * sin
    x[..., 1::2] = first * sin + second * cos
    return x


@mistake("rotate", caught_by="test_rotate_makes_scores_depend_on_the_distance")
def positions_cut_to_whole_numbers(x, positions):
    """Looks the angles up in a table, for which positions must be whole."""
    table = torch.arange(-10, 2000)
    cos, sin = (c[positions.long() + 10] for c in _cos_sin(x, table))
    return _neighbours(x, cos, sin).to(x.dtype)


@mistake("rotate", caught_by="test_rotate_keeps_the_dtype")
def float32_comes_out(x, positions):
    """Multiplies by float32 cosines and forgets to come back."""
    cos, sin = _cos_sin(x, positions)
    return _neighbours(x.float(), cos, sin)


@mistake("rotate", caught_by="test_rotate_knows_far_positions_in_half_precision")
def angles_in_the_dtype_of_x(x, positions):
    """Computes positions and angles in x's own dtype."""
    cos, sin = _cos_sin(x, positions, x.dtype)
    return _neighbours(x, cos, sin)


@mistake("rotate", caught_by="test_rotate_refuses_an_odd_width")
def last_number_left_out(x, positions):
    """Turns the pairs and passes a last odd number on as it is."""
    even = x.shape[-1] // 2 * 2
    cos, sin = _cos_sin(x[..., :even], positions)
    return torch.cat([_neighbours(x[..., :even], cos, sin).to(x.dtype), x[..., even:]], dim=-1)


@right_answer("rotate")
def by_complex_multiplication(x, positions):
    _even(x.shape[-1])
    cos, sin = _cos_sin(x, positions)
    pairs = torch.view_as_complex(x.float().unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * torch.complex(cos, sin)).flatten(-2).to(x.dtype)


@right_answer("rotate")
def by_turning_every_second(x, positions):
    """x · cos + (−second, first) · sin, with each angle written out twice."""
    cos, sin = (c.repeat_interleave(2, dim=-1) for c in _cos_sin(x, positions))
    quarter = torch.stack([-x[..., 1::2], x[..., 0::2]], dim=-1).flatten(-2)
    return (x * cos + quarter * sin).type_as(x)


@right_answer("rotate")
def by_matrices(x, positions):
    """A 2 × 2 rotation matrix for each position and pair."""
    cos, sin = _cos_sin(x, positions)
    matrix = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)
    pairs = x.to(matrix.dtype).unflatten(-1, (-1, 2))
    return torch.einsum("lpij,...lpj->...lpi", matrix, pairs).flatten(-2).to(x.dtype)


@right_answer("rotate")
def pair_by_pair(x, positions):
    if x.shape[-1] % 2:
        raise ValueError("the last axis must be even")
    turned = torch.empty_like(x)
    for i in range(0, x.shape[-1], 2):
        angle = positions.double() * 10_000 ** (-i / x.shape[-1])
        turned[..., i] = x[..., i] * angle.cos() - x[..., i + 1] * angle.sin()
        turned[..., i + 1] = x[..., i] * angle.sin() + x[..., i + 1] * angle.cos()
    return turned


@right_answer("rotate")
def as_hugging_face_does(x, positions):
    """Cosines in float32, rounded to x's dtype before they are multiplied."""
    cos, sin = _cos_sin(x, positions)
    return _neighbours(x, cos.to(x.dtype), sin.to(x.dtype))
