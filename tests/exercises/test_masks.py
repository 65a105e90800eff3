"""The checks that grade the exercises of the chapter masks."""

import torch

from grading.checks import Failure, assert_shape, assert_unchanged, exercise, points

padding_mask = exercise("padding_mask")
causal_mask = exercise("causal_mask")
window_mask = exercise("window_mask")

LENGTHS, MAX_LEN = [4, 1, 3], 5  # three sentences, not sorted, none of them full
BEFORE_ALL_KEYS = (
    "Your code gives the newest query a place before all keys. Its number among the queries is 0, "
    "its place among the keys is the last one: what has to be added, and with which sign?"
)


# --- padding_mask ---


@points(1, hint="A mask is (batch, query_len, key_len). The lengths say nothing about the queries: "
        "their axis has size one, and broadcasting does the rest.")  # fmt: skip
def test_padding_mask_leaves_room_for_the_queries(padding_mask):
    """The mask is (batch, 1, max_len), however long the longest sentence is."""
    assert_shape(padding_mask(torch.tensor(LENGTHS), MAX_LEN), (3, 1, 5), "the mask")


@points(1, hint="1 and 0, or 0 and −∞, have several readings. What does a comparison return?")
def test_padding_mask_is_boolean(padding_mask):
    """The mask holds True and False, not numbers."""
    _assert_boolean(padding_mask(torch.tensor(LENGTHS), MAX_LEN))


@points(1, hint="Lengths come as a list as well. `torch.as_tensor` takes both.")
def test_padding_mask_takes_a_list(padding_mask):
    """A list of lengths means the same as a tensor."""
    as_tensor = padding_mask(torch.tensor(LENGTHS), MAX_LEN)
    try:
        as_list = padding_mask(list(LENGTHS), MAX_LEN)
    except (TypeError, AttributeError) as error:
        raise Failure(f"With the list {LENGTHS} your code stopped: {error}.") from None
    _assert_mask(as_list, as_tensor, "the mask of a list of lengths")


@points(1, hint="A method whose name ends in _, or `+=`, writes into the caller's tensor.")
def test_padding_mask_leaves_the_lengths_alone(padding_mask):
    """The lengths are not written to."""
    lengths = torch.tensor(LENGTHS)
    padding_mask(lengths, MAX_LEN)
    assert_unchanged(torch.tensor(LENGTHS), lengths, "the tensor of lengths")


@points(2, hint="True means “may attend”, here as everywhere in the book. nn.MultiheadAttention "
        "has it the other way round.")  # fmt: skip
def test_padding_mask_allows_what_is_real(padding_mask):
    """A sentence without filler is read, not hidden."""
    row = padding_mask(torch.tensor([4]), 4)[0, 0].tolist()
    assert any(row), f"All 4 tokens are real, and your row for them is {_picture(row)}."


@points(2, hint="Positions count from 0: a sentence of 3 has positions 0, 1 and 2. Is the "
        "position 3 its own?")  # fmt: skip
def test_padding_mask_allows_as_many_as_there_are_tokens(padding_mask):
    """Each row has as many True as its sentence has tokens."""
    mask = padding_mask(torch.tensor(LENGTHS), MAX_LEN)
    counts = sorted(mask.sum(-1).flatten().tolist())
    assert counts == sorted(LENGTHS), (
        f"For the lengths {LENGTHS} your rows allow {mask.sum(-1).flatten().tolist()} tokens."
    )


@points(1, hint="Row b belongs to sentence b. Sorting the lengths would need the sentences sorted "
        "as well.")  # fmt: skip
def test_padding_mask_keeps_the_order_of_the_sentences(padding_mask):
    """Row b is that of sentence b."""
    counts = padding_mask(torch.tensor(LENGTHS), MAX_LEN).sum(-1).flatten().tolist()
    assert counts == LENGTHS, f"For the lengths {LENGTHS} your rows allow {counts} tokens."


@points(2, hint="The filler stands behind the sentence. Which positions are smaller than its "
        "length?")  # fmt: skip
def test_padding_mask_hides_the_end(padding_mask):
    """The real tokens come first, the filler after them."""
    mask = padding_mask(torch.tensor(LENGTHS), MAX_LEN)
    expected = torch.tensor([[[j < length for j in range(MAX_LEN)]] for length in LENGTHS])
    _assert_mask(mask[:, 0], expected[:, 0], "the mask")


@points(1, hint="An empty sentence has no True, and a full one no False. Nothing needs to be "
        "rounded up or cut.")  # fmt: skip
def test_padding_mask_of_empty_and_full_sentences(padding_mask):
    """A length of 0 allows nothing, a length of max_len everything."""
    counts = padding_mask(torch.tensor([0, 3]), 3).sum(-1).flatten().tolist()
    assert counts == [0, 3], f"For the lengths [0, 3] of 3 your rows allow {counts} tokens."


# --- causal_mask ---


@points(1, hint="A row for each query, a column for each key, and they may differ in number.")
def test_causal_mask_has_a_row_for_each_query(causal_mask):
    """The mask is (query_len, key_len)."""
    for query_len, key_len in ((4, 4), (3, 5), (5, 3)):
        mask = causal_mask(query_len, key_len)
        assert_shape(mask, (query_len, key_len), f"the mask of {query_len} queries, {key_len} keys")


@points(1, hint="1 and 0, or 0 and −∞, have several readings. `torch.ones(…, dtype=torch.bool)` "
        "has one.")  # fmt: skip
def test_causal_mask_is_boolean(causal_mask):
    """The mask holds True and False, not numbers."""
    _assert_boolean(causal_mask(4, 4))


@points(2, hint="True means “may attend”. Rows ask, columns are read: the last token may read the "
        "first, not the first the last.")  # fmt: skip
def test_causal_mask_allows_the_past_and_not_the_future(causal_mask):
    """The last token reads the first, and the first does not read the last."""
    mask = causal_mask(4, 4)
    back, ahead = mask[3, 0].item(), mask[0, 3].item()
    if not back or ahead:
        raise Failure(
            f"In your mask of four tokens the last {_may(back)} read the first, and the first "
            f"{_may(ahead)} read the last.",
            _maps(mask, _expected(4, 4)),
        )


@points(2, hint="A token's own word is its newest information, and it is not the future. Does your "
        "comparison have an =?")  # fmt: skip
def test_causal_mask_lets_a_token_read_itself(causal_mask):
    """The diagonal is True."""
    mask = causal_mask(4, 4)
    blind = (~mask.diagonal()).nonzero().flatten().tolist()
    if blind:
        raise Failure(f"Token {blind[0]} may not read itself.", _maps(mask, _expected(4, 4)))


@points(2, hint="The next token is what the model has to name. One place too far is as bad as no "
        "mask.")  # fmt: skip
def test_causal_mask_hides_the_next_token(causal_mask):
    """Above the diagonal nothing is True."""
    mask = causal_mask(4, 4)
    seen = mask.triu(1).nonzero().tolist()
    if seen:
        i, j = seen[0]
        raise Failure(f"Token {i} may read token {j}, which comes later.",
                      _maps(mask, _expected(4, 4)))  # fmt: skip


@points(1, hint="Nothing before a token is hidden from it, however long ago.")
def test_causal_mask_allows_all_of_the_past(causal_mask):
    """Below the diagonal everything is True."""
    _assert_mask(causal_mask(6, 6), _expected(6, 6), "the mask of six tokens")


@points(2, hint="A model that has kept its earlier keys asks with the newest token. Line the last "
        "query up with the last key, not the first with the first.")  # fmt: skip
def test_causal_mask_of_the_newest_query_allows_every_key(causal_mask):
    """One query with four keys, the newest of them its own, may read them all."""
    row = causal_mask(1, 4)[0].tolist()
    message = f"The newest token comes after all four keys, but your row for it is {_picture(row)}."
    if not any(row):
        raise Failure(message, hint=BEFORE_ALL_KEYS)
    assert all(row), message


@points(2, hint="With more keys than queries the rows are the last ones of the square mask. By how "
        "much are the queries' places shifted, and in which direction?")  # fmt: skip
def test_causal_mask_of_fewer_queries_is_the_end_of_the_square(causal_mask):
    """Two or three queries with five keys: the last rows of the five by five mask."""
    for query_len in (2, 3):
        _assert_mask(
            causal_mask(query_len, 5), _expected(5, 5)[-query_len:],
            f"the mask of {query_len} queries and 5 keys",
        )  # fmt: skip


@points(1, hint="With more queries than keys the first queries come before every key, and read "
        "nothing: such rows are False, and attention answers them with zeros.")  # fmt: skip
def test_causal_mask_of_more_queries_starts_with_empty_rows(causal_mask):
    """Five queries with three keys: the first two read nothing."""
    _assert_mask(causal_mask(5, 3), _expected(5, 3), "the mask of 5 queries and 3 keys")


# --- window_mask ---


@points(1, hint="A row for each query, a column for each key, and they may differ in number.")
def test_window_mask_has_a_row_for_each_query(window_mask):
    """The mask is (query_len, key_len)."""
    for query_len, key_len in ((4, 4), (3, 5), (5, 3)):
        mask = window_mask(query_len, key_len, window=2)
        assert_shape(mask, (query_len, key_len), f"the mask of {query_len} queries, {key_len} keys")


@points(1, hint="1 and 0, or 0 and −∞, have several readings. What does a comparison return?")
def test_window_mask_is_boolean(window_mask):
    """The mask holds True and False, not numbers."""
    _assert_boolean(window_mask(5, 5, window=2))


@points(2, hint="True means “may attend”. The distance of a token from itself is 0: is that hidden "
        "by your comparison?")  # fmt: skip
def test_window_mask_lets_a_token_read_itself(window_mask):
    """The diagonal is True."""
    mask = window_mask(6, 6, window=3)
    blind = (~mask.diagonal()).nonzero().flatten().tolist()
    if blind:
        raise Failure(
            f"With a window of 3, {len(blind)} of 6 tokens may not read themselves: {blind}.",
            _window_maps(mask, 6, 6, 3),
            hint=_about_the_blind(mask, blind),
        )


@points(2, hint="In this book a window counts the token itself: a window of 1 is the token, and "
        "nothing else. Where does your comparison have an =?")  # fmt: skip
def test_window_mask_of_one_is_the_token_alone(window_mask):
    """With a window of 1 each token reads itself alone."""
    mask = window_mask(5, 5, window=1)
    if not mask.equal(torch.eye(5, dtype=torch.bool)):
        one_way = mask[0, 1:].all() or mask[-1, :-1].all()
        raise Failure(
            f"With a window of 1 your token 2 may read {_which(mask[2])}.",
            _window_maps(mask, 5, 5, 1),
            hint=NO_SIGN if one_way else None,
        )


@points(2, hint="A window of 2 is the token, one place before it, and one place after it.")
def test_window_mask_looks_both_ways(window_mask):
    """With a window of 2 each token reads the one before it and the one after it."""
    mask = window_mask(6, 6, window=2)
    before, after = mask.diagonal(-1), mask.diagonal(1)
    if not (before.all() and after.all()):
        raise Failure(
            f"With a window of 2 your token 2 may read {_which(mask[2])}, and token 3 "
            f"{_which(mask[3])}.",
            _window_maps(mask, 6, 6, 2),
            hint=_one_sided(before, after),
        )


@points(2, hint="A window of 3 reaches two places to either side, so a token in the middle reads "
        "five. Is `window` the whole width in your code?")  # fmt: skip
def test_window_mask_reaches_as_far_as_it_is_wide(window_mask):
    """With a window of 3 a token reads two places on either side, and no third."""
    mask = window_mask(7, 7, window=3)
    row = mask[3]
    if not row.equal(_expected_window(7, 7, 3)[3]):
        raise Failure(
            f"With a window of 3 your token 3 of 7 may read {_which(row)}; expected "
            "1, 2, 3, 4 and 5.",
            _window_maps(mask, 7, 7, 3),
            hint=None
            if row.sum() < 5
            else "Count the places on one side of the token. With a window of 3 there are two.",
        )


@points(2, hint="At the start and at the end a window is cut off. What would lie beyond does not "
        "come back at the other end, and the window is not moved inwards.")  # fmt: skip
def test_window_mask_is_cut_off_at_the_ends(window_mask):
    """The first token reads nothing before it, the last nothing after it."""
    _assert_mask(window_mask(7, 7, window=3), _expected_window(7, 7, 3), "the mask of 7 tokens")


@points(1, hint="A window may be wider than the sentence. Then every token reads every other.")
def test_window_mask_may_be_wider_than_the_sentence(window_mask):
    """With a window of 9 each of four tokens reads all four."""
    _assert_mask(window_mask(4, 4, window=9), torch.ones(4, 4).bool(), "the mask of 4 tokens")


@points(2, hint="The newest token's place is the last one. Its neighbours are the last keys, not "
        "the first: line the last query up with the last key.")  # fmt: skip
def test_window_mask_of_the_newest_query_reads_the_last_keys(window_mask):
    """One query with five keys and a window of 2 reads the last two keys."""
    row = window_mask(1, 5, window=2)[0]
    message = (
        f"The newest token stands at place 4 of the keys 0 to 4; "
        f"your row lets it read {_which(row)}."
    )
    if not row.any():
        raise Failure(message, hint=BEFORE_ALL_KEYS)
    assert row.tolist() == [False, False, False, True, True], message


@points(2, hint="With more keys than queries the rows are the last ones of the square mask. By how "
        "much are the queries' places shifted, and in which direction?")  # fmt: skip
def test_window_mask_of_fewer_queries_is_the_end_of_the_square(window_mask):
    """Two or three queries with six keys: the last rows of the six by six mask."""
    for query_len in (2, 3):
        _assert_mask(
            window_mask(query_len, 6, window=2), _expected_window(6, 6, 2)[-query_len:],
            f"the mask of {query_len} queries and 6 keys",
        )  # fmt: skip


@points(1, hint="With more queries than keys the first queries have places before every key: −2 "
        "and −1 for five queries and three keys. Which keys are near to those places?")  # fmt: skip
def test_window_mask_of_more_queries_starts_before_the_keys(window_mask):
    """Five queries with three keys: the first reads nothing, the second the first key."""
    _assert_mask(
        window_mask(5, 3, window=2), _expected_window(5, 3, 2), "the mask of 5 queries and 3 keys"
    )


# --- what the checks share ---

NO_SIGN = (
    "To one side everything counts as near, however far. Query minus key is negative there, and "
    "less than any window: how far is a matter of the absolute value."
)


def _about_the_blind(mask, blind):
    """What to ask where tokens may not read themselves; None where all is turned over."""
    if blind == list(range(len(blind))) and len(blind) < len(mask):
        return (
            "Only the first tokens fail. A slice that starts before 0 starts at the other end: "
            "Python counts a negative start from there. `max(0, …)`."
        )
    if mask.diagonal(1).all() and mask.diagonal(-1).all():
        return "Your tokens read their neighbours. A window counts the token itself as well."
    return None


def _expected_window(query_len, key_len, window):
    """The window by its definition, one pair at a time."""
    shift = key_len - query_len
    rows = [[abs(i + shift - j) < window for j in range(key_len)] for i in range(query_len)]
    return torch.tensor(rows)


def _window_maps(mask, query_len, key_len, window):
    return _maps(mask, _expected_window(query_len, key_len, window))


def _which(row):
    """The keys that a row allows, in words."""
    *others, last = [str(place) for place in row.nonzero().flatten().tolist()] or ["nothing"]
    return f"{', '.join(others)} and {last}" if others else last


def _one_sided(before, after):
    """What to ask where a side of the window is missing; None if both are."""
    if not (before.any() or after.any()):
        return None
    if before.any() and after.any():
        return (
            "Your window stands still for several tokens, as if the sentence were cut into pieces. "
            "It moves with the token: what counts is the distance of query and key."
        )
    side = "before" if before.any() else "after"
    return (
        f"Your window lies only {side} the token. Distance has no sign here; the causal rule is "
        "another mask, which `&` adds where it is wanted."
    )


def _expected(query_len, key_len):
    """The causal mask by its definition, one pair at a time."""
    return torch.tensor(
        [[j <= i + key_len - query_len for j in range(key_len)] for i in range(query_len)]
    )


def _assert_boolean(mask):
    __tracebackhide__ = True
    assert mask.dtype == torch.bool, f"Expected a mask of torch.bool, got {mask.dtype}."


def _assert_mask(mask, expected, what):
    __tracebackhide__ = True
    assert_shape(mask, expected.shape, what)
    wrong = (mask != expected).nonzero().tolist()
    if wrong:
        place = tuple(wrong[0])
        raise Failure(
            f"Expected {what} to be {expected[place].item()} at {list(place)}, got "
            f"{mask[place].item()} ({len(wrong)} of {mask.numel()} entries differ).",
            _maps(mask, expected),
        )


def _maps(mask, expected):
    return {"yours allows": mask.float(), "expected": expected.float()}


def _picture(row):
    return " ".join("True" if allowed else "False" for allowed in row)


def _may(allowed):
    return "may" if allowed else "may not"
