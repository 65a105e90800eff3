"""The checks that grade the exercise of the chapter alignment."""

import torch

from grading.checks import Failure, assert_shape, assert_unchanged, assert_values, exercise, points
from grading.plain import kind

context = exercise("context")

SRC_LEN = 4


@points(2, hint="A score compares rows with rows. The state is one row for each sentence: give it "
        "an axis of length one where the rows stand, and keep the order query, key.")  # fmt: skip
def test_scorer_meets_one_query_and_all_keys(context):
    """The scorer is called with query (batch, 1, d_state) and key (batch, src_len, d_memory)."""
    state, memory, lengths, scorer = _inputs()
    calls = []

    def spy(query, key):
        calls.append((tuple(query.shape), tuple(key.shape)))
        return scorer(query, key)

    try:
        context(state, memory, lengths, spy)
    except Exception:
        if calls and all(_one_query(*call) for call in calls):
            raise  # it broke for another reason
    if not calls:
        raise Failure(
            "Your code never called the scorer.",
            hint="The scores come from the function that you are handed, `scorer(query, key)`. It "
            "can compare a state of width 5 with states of width 6, which a dot product cannot.",
        )
    for asks, answers in calls:
        assert _one_query(asks, answers), (
            f"Expected query (3, 1, 5) and key (3, 4, 6), got {asks} and {answers}."
        )


@points(1, hint="Return a pair, the context first: `return context, weights`, no list.")
def test_context_comes_with_its_weights(context):
    """The result is a pair: the context and the weights."""
    result = context(*_inputs())
    assert isinstance(result, tuple) and len(result) == 2, (
        f"Expected a pair of tensors, got {_kind(result)}."
    )


@points(1, hint="The query axis has done its work when the sum is taken. Remove that one axis, and "
        "say which: `squeeze(1)`.")  # fmt: skip
def test_context_has_a_row_for_each_sentence(context):
    """The context is (batch, d_memory), the weights (batch, src_len)."""
    found, weights = context(*_inputs())
    if tuple(found.shape) == (3, SRC_LEN) and tuple(weights.shape) == (3, 6):
        raise Failure(
            f"What came first is (3, {SRC_LEN}), a weight for each source word; what came second "
            "is (3, 6), as wide as a state of the memory.",
            hint="The pair is the wrong way round: the context comes first, then the weights.",
        )
    assert_shape(found, (3, 6), "the context")
    assert_shape(weights, (3, SRC_LEN), "the weights")


@points(1, hint="`squeeze()` without a number removes *every* axis of length one: also the batch, "
        "if it holds one sentence, and the source, if it holds one word.")  # fmt: skip
def test_context_keeps_a_batch_of_one(context):
    """It works for one sentence, and for sentences of one word."""
    state, memory, _, scorer = _inputs()
    found, weights = context(state[:1], memory[:1], torch.tensor([2]), scorer)
    assert_shape(found, (1, 6), "the context of a batch of one")
    assert_shape(weights, (1, SRC_LEN), "the weights of a batch of one")
    _, weights = context(state, memory[:, :1], torch.tensor([1, 1, 1]), scorer)
    assert_shape(weights, (3, 1), "the weights over one source word")


@points(1, hint="The next step of the decoder needs the same memory again. `masked_fill` returns a "
        "new tensor; `masked_fill_` and `memory[mask] = 0` write into the old one.")  # fmt: skip
def test_context_leaves_its_inputs_alone(context):
    """State, memory and lengths are not written to."""
    state, memory, lengths, scorer = _inputs()
    before = [tensor.clone() for tensor in (state, memory, lengths)]
    context(state, memory, lengths, scorer)
    names = "the state", "the memory", "the lengths"
    for old, new, name in zip(before, (state, memory, lengths), names, strict=True):
        assert_unchanged(old, new, name)


@points(2, hint="The positions of one sentence compete for the weight, and nobody else. Which axis "
        "of (batch, 1, src_len) is that?")  # fmt: skip
def test_context_reads_each_sentence_alone(context):
    """A sentence gets the same weights alone as beside others."""
    state, memory, lengths, scorer = _inputs()
    _, together = context(state, memory, lengths, scorer)
    _, alone = context(state[:1], memory[:1], lengths[:1], scorer)
    assert_values(together[:1], alone, "the first sentence's weights among three sentences")


@points(1, hint="In a mask True means “may attend”. Is your mask True where the position is "
        "*below* the length?")  # fmt: skip
def test_real_positions_outweigh_padding(context):
    """A real position gets no less weight than padding."""
    weights = _one_real(context)
    assert weights[0] >= weights[-1], (
        f"Of one real position and three of padding, the real one got {weights[0]:.2f}, the last "
        f"{weights[-1]:.2f}."
    )


@points(2, hint="`lengths` says where each sentence ends. Which scores have to be hidden before "
        "the softmax? `padding_mask(lengths, src_len)` draws the line.")  # fmt: skip
def test_padding_is_hidden(context):
    """Padding at the end gets next to no weight."""
    weights = _one_real(context)
    assert weights[-1] < 0.05, (
        f"Of one real position and three of padding, each with the same score, the last padding "
        f"got {weights[-1]:.2f} of the weight."
    )


@points(2, hint="With a length of 2 the real positions are 0 and 1. Compare positions and lengths "
        "with <, not with <= and not with a shift.")  # fmt: skip
def test_exactly_the_real_positions_count(context):
    """A sentence of length n has n positions with weight."""
    lengths = torch.tensor([1, 2, 3, 4])
    _, weights = context(torch.zeros(4, 5), torch.zeros(4, SRC_LEN, 6), lengths, _equal(5.0))
    for length, row in zip(lengths.tolist(), weights, strict=True):
        counted = (row > 0.02).sum().item()
        assert counted == length, f"With a length of {length}, {counted} positions got weight."


@points(2, hint="A softmax over an axis of length one gives ones: everybody wins. The positions "
        "compete, and they stand on the last axis.")  # fmt: skip
def test_positions_share_one(context):
    """Without padding, the weights of each sentence sum to one."""
    state, memory, _, scorer = _inputs()
    _, weights = context(state, memory, torch.full((3,), SRC_LEN), scorer)
    assert_values(weights.sum(-1), torch.ones(3), "the sum of a sentence's weights")


@points(2, hint="What was struck out after the softmax is missing in the sum. Hide the scores "
        "before it, so that the real positions share everything.")  # fmt: skip
def test_real_positions_share_all_the_weight(context):
    """With padding, the weights of each sentence still sum to one."""
    _, weights = context(*_inputs())
    assert_values(weights.sum(-1), torch.ones(3), "the sum of a padded sentence's weights")


@points(2, hint="A score of zero is an ordinary score, and so is −10 when the others are lower. "
        "Which score has an exponential of exactly zero?")  # fmt: skip
def test_padding_gets_exactly_nothing(context):
    """The weight of padding is exactly zero, also when the real positions score very low."""
    for score in (5.0, 0.0, -3e4):
        hidden = _one_real(context, score)[1].item()
        assert hidden == 0, (
            f"With scores of {score:g}, a position of padding got {hidden:.2g} of the weight."
        )


@points(2, hint="The context is the sum of the *memory's* rows, each times its own weight: one "
        "product of (1, src_len) with (src_len, d_memory).")  # fmt: skip
def test_context_is_what_the_weights_say(context):
    """The context is the weighted sum of the encoder's states."""
    state, memory, lengths, scorer = _inputs()
    found, weights = context(state, memory, lengths, scorer)
    expected = torch.stack([sum(w * h for w, h in zip(*row, strict=True))
                            for row in zip(weights, memory, strict=True)])  # fmt: skip
    assert_values(found, expected, "the context (the states, weighted by your weights)")


@points(2, hint="The scorer has the last word on the scores. Take its numbers as they are, and let "
        "the softmax alone turn them into weights.")  # fmt: skip
def test_weights_are_the_softmax_of_the_scores(context):
    """The weights are the softmax of the scorer's scores over the real positions."""
    state, memory, lengths, scorer = _inputs()
    _, weights = context(state, memory, lengths, scorer)
    scores = scorer(state.unsqueeze(1), memory)[:, 0]
    expected = torch.zeros(3, SRC_LEN)
    for b, length in enumerate(lengths.tolist()):
        expected[b, :length] = scores[b, :length].softmax(-1)
    assert_values(weights, expected, "the weights")


@points(1, hint="A softmax over nothing is 0/0, and a row of equal numbers comes out uniform. Find "
        "the rows without a real position, and give them zeros.")  # fmt: skip
def test_nothing_to_read_gives_zeros(context):
    """A sentence of length 0 has the context zero and the weights zero, and no NaN."""
    state, memory, _, scorer = _inputs()
    found, weights = context(state, memory, torch.tensor([2, 0, 4]), scorer)
    assert_values(weights[1], torch.zeros(SRC_LEN), "the weights of a sentence of length 0")
    assert_values(found[1], torch.zeros(6), "the context of a sentence of length 0")


@points(2, hint="What is subtracted before an exponential has to be near the scores that count: "
        "the largest of the row's real positions. What is your maximum taken of?")  # fmt: skip
def test_larger_scores_elsewhere_change_nothing(context):
    """Far larger scores in the padding, or in another sentence, change no weight."""
    memory, lengths = torch.zeros(2, SRC_LEN, 6), torch.tensor([3, SRC_LEN])
    memory[..., 0] = torch.tensor([[1.0, 2.0, 0.0, 900.0], [501.0, 502.0, 500.0, 501.0]])
    _, weights = context(torch.zeros(2, 5), memory, lengths, lambda _, key: key[:, None, :, 0])
    expected = torch.cat([memory[0, :3, 0].softmax(-1), torch.zeros(1)])
    what = "the weights of the scores 1, 2 and 0, beside 900 in padding and 500 in other sentences"
    assert_values(weights[0], expected, what)


# --- what the checks share ---


def _inputs():
    """state, memory, lengths and a scorer, with sizes that are all different."""
    w = torch.randn(5, 6)
    return (
        torch.randn(3, 5),
        torch.randn(3, SRC_LEN, 6),
        torch.tensor([2, 4, 3]),
        lambda query, key: query @ w @ key.transpose(-2, -1),
    )


def _one_query(query, key):
    """Whether these are the shapes of one query and its keys, with a batch axis or without."""
    return query[-2:] == (1, 5) and key[-1] == 6 and query[:-2] == key[:-2]


def _equal(score):
    """A scorer that likes every key equally."""
    return lambda query, key: torch.full((*query.shape[:2], key.shape[1]), score)


def _one_real(context, score=5.0):
    """The weights (SRC_LEN,) of a sentence with one real position, all scores equal."""
    state, memory = torch.zeros(2, 5), torch.zeros(2, SRC_LEN, 6)
    return context(state, memory, torch.tensor([1, SRC_LEN]), _equal(score))[1][0]


def _kind(thing):
    return f"{kind(thing)} of {len(thing)}" if isinstance(thing, tuple | list) else kind(thing)
