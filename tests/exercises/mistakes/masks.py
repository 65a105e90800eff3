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
