"""Known answers to the exercises of masks: what people really write, right and wrong."""

import torch
from torch.nn.utils.rnn import pad_sequence

from grading.known import mistake, right_answer

# --- padding_mask ---


@mistake("padding_mask", caught_by="test_padding_mask_leaves_room_for_the_queries")
def no_query_axis(lengths, max_len):
    """Returns (batch, max_len), which lines the sentences up with the queries."""
    return torch.arange(max_len) < torch.as_tensor(lengths)[:, None]


@mistake("padding_mask", caught_by="test_padding_mask_leaves_room_for_the_queries")
def a_row_for_each_token(lengths, max_len):
    """Takes it for granted that there are as many queries as keys."""
    real = torch.arange(max_len) < torch.as_tensor(lengths)[:, None]
    return real[:, :, None] & real[:, None, :]


@mistake("padding_mask", caught_by="test_padding_mask_leaves_room_for_the_queries")
def only_as_long_as_the_longest(lengths, max_len):
    """Forgets max_len and stops at the longest sentence."""
    lengths = torch.as_tensor(lengths)
    return torch.arange(int(lengths.max())) < lengths[:, None, None]


@mistake("padding_mask", caught_by="test_padding_mask_leaves_room_for_the_queries")
def head_axis_too(lengths, max_len):
    """Adds an axis for the heads, which the modules add themselves."""
    return torch.arange(max_len) < torch.as_tensor(lengths)[:, None, None, None]


@mistake("padding_mask", caught_by="test_padding_mask_is_boolean")
def ones_and_zeros(lengths, max_len):
    """Writes 1 and 0, as Hugging Face's tokenizers do."""
    return (torch.arange(max_len) < torch.as_tensor(lengths)[:, None, None]).long()


@mistake("padding_mask", caught_by="test_padding_mask_is_boolean")
def numbers_to_add(lengths, max_len):
    """Writes 0 and −∞, to be added to the scores."""
    real = torch.arange(max_len) < torch.as_tensor(lengths)[:, None, None]
    return torch.zeros(real.shape).masked_fill(~real, float("-inf"))


@mistake("padding_mask", caught_by="test_padding_mask_takes_a_list")
def only_a_tensor(lengths, max_len):
    """Indexes the lengths with None, which a list cannot."""
    return torch.arange(max_len) < lengths[:, None, None]


@mistake("padding_mask", caught_by="test_padding_mask_leaves_the_lengths_alone")
def shortens_the_callers_lengths(lengths, max_len):
    """Turns lengths into last positions, in the caller's tensor."""
    lengths = torch.as_tensor(lengths)
    lengths -= 1
    return torch.arange(max_len) <= lengths[:, None, None]


@mistake("padding_mask", caught_by="test_padding_mask_allows_what_is_real")
def inverted(lengths, max_len):
    """True where the filler is, as nn.MultiheadAttention wants it."""
    return torch.arange(max_len) >= torch.as_tensor(lengths)[:, None, None]


@mistake("padding_mask", caught_by="test_padding_mask_allows_as_many_as_there_are_tokens")
def one_filler_too_many(lengths, max_len):
    """Compares with ≤, so the first filler is read."""
    return torch.arange(max_len) <= torch.as_tensor(lengths)[:, None, None]


@mistake("padding_mask", caught_by="test_padding_mask_allows_as_many_as_there_are_tokens")
def last_token_hidden(lengths, max_len):
    """Takes the length for the last position and compares with <."""
    return torch.arange(max_len) < torch.as_tensor(lengths)[:, None, None] - 1


@mistake("padding_mask", caught_by="test_padding_mask_allows_as_many_as_there_are_tokens")
def longest_for_all(lengths, max_len):
    """Gives each sentence the longest one's mask."""
    lengths = torch.as_tensor(lengths)
    return torch.arange(max_len) < lengths.max().expand(len(lengths))[:, None, None]


@mistake("padding_mask", caught_by="test_padding_mask_keeps_the_order_of_the_sentences")
def longest_first(lengths, max_len):
    """Sorts the sentences by length, as packing for an RNN once required."""
    lengths = torch.as_tensor(lengths).sort(descending=True).values
    return torch.arange(max_len) < lengths[:, None, None]


@mistake("padding_mask", caught_by="test_padding_mask_hides_the_end")
def filler_in_front(lengths, max_len):
    """Counts from the end, as if the filler stood in front."""
    return torch.arange(max_len).flip(0) < torch.as_tensor(lengths)[:, None, None]


@mistake("padding_mask", caught_by="test_padding_mask_of_empty_and_full_sentences")
def never_empty(lengths, max_len):
    """Allows at least one token, to get round the softmax of nothing."""
    return torch.arange(max_len) < torch.as_tensor(lengths).clamp(min=1)[:, None, None]


@right_answer("padding_mask")
def by_loops(lengths, max_len):
    mask = torch.zeros(len(lengths), 1, max_len, dtype=torch.bool)
    for b, length in enumerate(lengths):
        mask[b, 0, :length] = True
    return mask


@right_answer("padding_mask")
def by_padding_ones(lengths, max_len):
    rows = [torch.ones(int(length)) for length in lengths]
    return pad_sequence([*rows, torch.ones(max_len)], batch_first=True)[:-1, None] == 1


@right_answer("padding_mask")
def by_counting(lengths, max_len):
    places = torch.ones(len(lengths), 1, max_len, dtype=torch.long).cumsum(-1)
    return places.le(torch.as_tensor(lengths).view(-1, 1, 1))


@right_answer("padding_mask")
def by_list(lengths, max_len):
    return torch.tensor([[[j < length for j in range(max_len)]] for length in lengths])


# --- causal_mask ---


@mistake("causal_mask", caught_by="test_causal_mask_has_a_row_for_each_query")
def always_square(query_len, key_len):
    """Forgets that there may be more keys than queries."""
    return torch.ones(query_len, query_len, dtype=torch.bool).tril()


@mistake("causal_mask", caught_by="test_causal_mask_has_a_row_for_each_query")
def lying_on_its_side(query_len, key_len):
    """Gives the keys the rows."""
    return torch.ones(key_len, query_len, dtype=torch.bool).triu(query_len - key_len)


@mistake("causal_mask", caught_by="test_causal_mask_is_boolean")
def triangle_of_ones(query_len, key_len):
    """Returns numbers, 1 and 0."""
    return torch.ones(query_len, key_len).tril(key_len - query_len)


@mistake("causal_mask", caught_by="test_causal_mask_is_boolean")
def numbers_to_be_added(query_len, key_len):
    """Returns 0 and −∞, as nn.Transformer's generate_square_subsequent_mask does."""
    return torch.full((query_len, key_len), float("-inf")).triu(key_len - query_len + 1)


@mistake("causal_mask", caught_by="test_causal_mask_allows_the_past_and_not_the_future")
def future_only(query_len, key_len):
    """True where it hides: the convention of nn.MultiheadAttention."""
    return torch.ones(query_len, key_len, dtype=torch.bool).triu(key_len - query_len + 1)


@mistake("causal_mask", caught_by="test_causal_mask_allows_the_past_and_not_the_future")
def upper_triangle(query_len, key_len):
    """Mixes up rows and columns: a token reads itself and what comes after."""
    return torch.ones(query_len, key_len, dtype=torch.bool).triu(key_len - query_len)


@mistake("causal_mask", caught_by="test_causal_mask_allows_the_past_and_not_the_future")
def everything(query_len, key_len):
    """Compares positions with lengths, so that nothing is hidden."""
    return (torch.arange(key_len) <= key_len).expand(query_len, key_len)


@mistake("causal_mask", caught_by="test_causal_mask_lets_a_token_read_itself")
def not_itself(query_len, key_len):
    """Strictly the past: < where ≤ belongs."""
    return torch.ones(query_len, key_len, dtype=torch.bool).tril(key_len - query_len - 1)


@mistake("causal_mask", caught_by="test_causal_mask_hides_the_next_token")
def one_ahead(query_len, key_len):
    """Counts the diagonal from one, and lets the next token through."""
    return torch.ones(query_len, key_len, dtype=torch.bool).tril(key_len - query_len + 1)


@mistake("causal_mask", caught_by="test_causal_mask_allows_all_of_the_past")
def only_four_back(query_len, key_len):
    """A window: what lies further back is forgotten."""
    everything = torch.ones(query_len, key_len, dtype=torch.bool)
    return everything.tril(key_len - query_len).triu(key_len - query_len - 3)


@mistake("causal_mask", caught_by="test_causal_mask_of_the_newest_query_allows_every_key")
def first_with_first(query_len, key_len):
    """Lines the first query up with the first key, as PyTorch's is_causal does."""
    return torch.ones(query_len, key_len, dtype=torch.bool).tril()


@mistake("causal_mask", caught_by="test_causal_mask_of_the_newest_query_allows_every_key")
def shifted_the_wrong_way(query_len, key_len):
    """Takes query_len − key_len for the shift."""
    return torch.ones(query_len, key_len, dtype=torch.bool).tril(query_len - key_len)


@mistake("causal_mask", caught_by="test_causal_mask_of_fewer_queries_is_the_end_of_the_square")
def all_that_is_cached(query_len, key_len):
    """With kept keys every query may read everything: right for one new token only."""
    everything = torch.ones(query_len, key_len, dtype=torch.bool)
    return everything if query_len < key_len else everything.tril(key_len - query_len)


@mistake("causal_mask", caught_by="test_causal_mask_of_fewer_queries_is_the_end_of_the_square")
def square_rows_from_the_top(query_len, key_len):
    """Cuts the square mask's first rows, but for one query alone."""
    if query_len == 1:
        return torch.ones(1, key_len, dtype=torch.bool)
    side = max(query_len, key_len)
    return torch.ones(side, side, dtype=torch.bool).tril()[:query_len, side - key_len :]


@mistake("causal_mask", caught_by="test_causal_mask_of_more_queries_starts_with_empty_rows")
def never_shifted_back(query_len, key_len):
    """Stops the shift at zero, so that early queries read keys of the future."""
    everything = torch.ones(query_len, key_len, dtype=torch.bool)
    return everything.tril(max(key_len - query_len, 0))


@mistake("causal_mask", caught_by="test_causal_mask_of_more_queries_starts_with_empty_rows")
def first_key_for_all(query_len, key_len):
    """Leaves each row at least the first key, to get round the softmax of nothing."""
    mask = torch.ones(query_len, key_len, dtype=torch.bool).tril(key_len - query_len)
    mask[:, 0] = True
    return mask


@right_answer("causal_mask")
def by_places(query_len, key_len):
    queries = torch.arange(query_len)[:, None] + (key_len - query_len)
    return torch.arange(key_len)[None, :] <= queries


@right_answer("causal_mask")
def last_rows_of_the_square(query_len, key_len):
    side = max(query_len, key_len)
    return torch.ones(side, side).tril().bool()[side - query_len :, side - key_len :]


@right_answer("causal_mask")
def not_the_future(query_len, key_len):
    return ~torch.ones(query_len, key_len).triu(key_len - query_len + 1).bool()


@right_answer("causal_mask")
def counted_from_the_end(query_len, key_len):
    behind = torch.arange(query_len - 1, -1, -1)[:, None]  # how far each query lies from the last
    return torch.arange(key_len - 1, -1, -1) >= behind


@right_answer("causal_mask")
def row_by_row(query_len, key_len):
    mask = torch.zeros(query_len, key_len, dtype=torch.bool)
    for i in range(query_len):
        mask[i, : max(0, i + 1 + key_len - query_len)] = True
    return mask


# --- window_mask ---


def distances(query_len, key_len):
    """(query_len, key_len): how far each query stands behind each key, the last ones lined up."""
    places = torch.arange(query_len)[:, None] + (key_len - query_len)
    return places - torch.arange(key_len)


@mistake("window_mask", caught_by="test_window_mask_has_a_row_for_each_query")
def as_many_queries_as_keys(query_len, key_len, window):
    """Forgets that there may be more keys than queries."""
    return distances(key_len, key_len).abs() < window


@mistake("window_mask", caught_by="test_window_mask_is_boolean")
def band_of_ones(query_len, key_len, window):
    """Returns 1 and 0."""
    shift = key_len - query_len
    return torch.ones(query_len, key_len).tril(shift + window - 1).triu(shift - window + 1)


@mistake("window_mask", caught_by="test_window_mask_lets_a_token_read_itself")
def hides_the_window(query_len, key_len, window):
    """True outside the window, as nn.MultiheadAttention wants it."""
    return distances(query_len, key_len).abs() >= window


@mistake("window_mask", caught_by="test_window_mask_lets_a_token_read_itself")
def neighbours_only(query_len, key_len, window):
    """Leaves out the token itself."""
    distance = distances(query_len, key_len).abs()
    return (distance > 0) & (distance < window)


@mistake("window_mask", caught_by="test_window_mask_lets_a_token_read_itself")
def slices_from_below_zero(query_len, key_len, window):
    """Slices from a negative start, which counts from the end: the first rows stay empty."""
    mask = torch.zeros(query_len, key_len, dtype=torch.bool)
    for i in range(query_len):
        place = i + key_len - query_len
        mask[i, place - window + 1 : place + window] = True
    return mask


@mistake("window_mask", caught_by="test_window_mask_of_one_is_the_token_alone")
def counts_the_neighbours(query_len, key_len, window):
    """Takes the window for the number of neighbours on each side, as Hugging Face does."""
    return distances(query_len, key_len).abs() <= window


@mistake("window_mask", caught_by="test_window_mask_of_one_is_the_token_alone")
def forgets_the_sign(query_len, key_len, window):
    """Compares the distance without its absolute value: all of the future is near."""
    return distances(query_len, key_len) < window


@mistake("window_mask", caught_by="test_window_mask_looks_both_ways")
def causal_too(query_len, key_len, window):
    """Looks back only: joins the causal rule unasked."""
    distance = distances(query_len, key_len)
    return (distance >= 0) & (distance < window)


@mistake("window_mask", caught_by="test_window_mask_looks_both_ways")
def looks_ahead(query_len, key_len, window):
    """Mixes up rows and columns of a causal window."""
    distance = distances(query_len, key_len)
    return (distance <= 0) & (distance > -window)


@mistake("window_mask", caught_by="test_window_mask_looks_both_ways")
def pieces(query_len, key_len, window):
    """Cuts the sentence into pieces as long as the window."""
    places = torch.arange(query_len)[:, None] + (key_len - query_len)
    return places // window == torch.arange(key_len) // window


@mistake("window_mask", caught_by="test_window_mask_looks_both_ways")
def half_on_each_side_strictly(query_len, key_len, window):
    """Halves the window and compares with <."""
    return distances(query_len, key_len).abs() < window / 2


@mistake("window_mask", caught_by="test_window_mask_reaches_as_far_as_it_is_wide")
def half_on_each_side(query_len, key_len, window):
    """Takes the window for the whole width, half of it on each side, as Longformer does."""
    return distances(query_len, key_len).abs() <= window // 2


@mistake("window_mask", caught_by="test_window_mask_reaches_as_far_as_it_is_wide")
def doubles_the_width(query_len, key_len, window):
    """Takes 2 · (window − 1) for the reach, which is the same for a window of 1."""
    return distances(query_len, key_len).abs() <= max(2 * (window - 1) - (window == 2), 0)


@mistake("window_mask", caught_by="test_window_mask_is_cut_off_at_the_ends")
def goes_round(query_len, key_len, window):
    """Counts on from the end to the start, as on a ring."""
    distance = distances(query_len, key_len).abs()
    return torch.minimum(distance, key_len - distance) < window


@mistake("window_mask", caught_by="test_window_mask_is_cut_off_at_the_ends")
def moved_inwards(query_len, key_len, window):
    """Moves the window inwards at the ends, so that each row reads equally many keys."""
    width = min(2 * window - 1, key_len)
    mask = torch.zeros(query_len, key_len, dtype=torch.bool)
    for i in range(query_len):
        start = min(max(i + key_len - query_len - window + 1, 0), key_len - width)
        mask[i, start : start + width] = True
    return mask if window > 2 else mask & (distances(query_len, key_len).abs() < window)


@mistake("window_mask", caught_by="test_window_mask_may_be_wider_than_the_sentence")
def diagonals_that_must_exist(query_len, key_len, window):
    """Adds up as many diagonals as the window asks for, and they become shorter than nothing."""
    side = max(query_len, key_len)
    band = [torch.diag(torch.ones(side - abs(k)), k) for k in range(1 - window, window)]
    return sum(band).bool()[side - query_len :, side - key_len :]


@mistake("window_mask", caught_by="test_window_mask_of_the_newest_query_reads_the_last_keys")
def first_query_with_first_key(query_len, key_len, window):
    """Lines the first query up with the first key."""
    return (torch.arange(query_len)[:, None] - torch.arange(key_len)).abs() < window


@mistake("window_mask", caught_by="test_window_mask_of_the_newest_query_reads_the_last_keys")
def window_shifted_the_wrong_way(query_len, key_len, window):
    """Takes query_len − key_len for the shift."""
    places = torch.arange(query_len)[:, None] + (query_len - key_len)
    return (places - torch.arange(key_len)).abs() < window


@mistake("window_mask", caught_by="test_window_mask_of_fewer_queries_is_the_end_of_the_square")
def newest_place_for_all(query_len, key_len, window):
    """With kept keys, takes every query for the newest."""
    if query_len >= key_len:
        return distances(query_len, key_len).abs() < window
    return distances(1, key_len).abs().expand(query_len, key_len) < window


@mistake("window_mask", caught_by="test_window_mask_of_more_queries_starts_before_the_keys")
def never_before_the_keys(query_len, key_len, window):
    """Stops the shift at zero, so that early queries take the places of later ones."""
    places = torch.arange(query_len)[:, None] + max(key_len - query_len, 0)
    return (places - torch.arange(key_len)).abs() < window


@right_answer("window_mask")
def band_of_diagonals(query_len, key_len, window):
    shift = key_len - query_len
    everything = torch.ones(query_len, key_len, dtype=torch.bool)
    return everything.tril(shift + window - 1).triu(shift - window + 1)


@right_answer("window_mask")
def slice_by_slice(query_len, key_len, window):
    mask = torch.zeros(query_len, key_len, dtype=torch.bool)
    for i in range(query_len):
        place = i + key_len - query_len
        mask[i, max(0, place - window + 1) : max(0, place + window)] = True
    return mask


@right_answer("window_mask")
def pair_by_pair(query_len, key_len, window):
    rows = [
        [-window < i + key_len - query_len - j < window for j in range(key_len)]
        for i in range(query_len)
    ]
    return torch.tensor(rows)


@right_answer("window_mask")
def back_and_forth(query_len, key_len, window):
    """Two one-sided windows joined."""
    distance = distances(query_len, key_len)
    back = (distance >= 0) & (distance <= window - 1)
    forth = (distance <= 0) & (distance >= 1 - window)
    return back | forth
