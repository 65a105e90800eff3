"""The checks that grade the exercises of the chapter encoder_decoder.

Sizes all differ, so that no axis passes for another: batch 2, length 5, memory 7, width 12, head 4.
The loss reads three sentences of six tokens out of seven.
"""

import math

import torch
from torch import nn

from attention.masks.padding import padding_mask
from grading.checks import (
    Failure,
    assert_reads_only,
    assert_shape,
    assert_unchanged,
    assert_values,
    exercise,
    gradients,
    points,
    strip,
    which_inputs_matter,
)

cross_attention = exercise(
    "cross_attention", forbids=["torch.nn.functional.scaled_dot_product_attention"]
)

shift_right = exercise("shift_right")
next_token_loss = exercise("next_token_loss")

BATCH, LENGTH, KEY_LEN, D_MODEL, HEAD_DIM = 2, 5, 7, 12, 3

WORDS = torch.tensor([[7, 3, 9, 1, 4], [2, 8, 5, 6, 3]])
READ = torch.tensor([[6, 3, 0, 1, 5, 2], [4, 1, 2, 5, 0, 0], [3, 5, 4, 2, 6, 1]])
VOCAB, FILLER = 7, 0  # filler stands after the fourth token of the second sentence


@points(1, hint="One token comes in at the front. Which one has to leave, so that the rows stay as "
        "long as they were?")  # fmt: skip
def test_shift_keeps_the_length(shift_right):
    """As many tokens come out as went in."""
    read = shift_right(WORDS.clone(), 11)
    if not isinstance(read, torch.Tensor):
        raise Failure(
            f"Expected a tensor, got a {type(read).__name__}.",
            hint="torch.cat joins tensors to one; torch.tensor makes one of a list of numbers.",
        )
    assert_shape(read, WORDS.shape, "what the decoder reads")


@points(1, hint="Tokens are numbers of rows in a table. `torch.zeros` and `torch.full` make what "
        "dtype, if you do not say which?")  # fmt: skip
def test_shift_keeps_whole_numbers(shift_right):
    """Token numbers stay whole numbers, as many bits wide as they came."""
    read = shift_right(WORDS.clone(), 11)
    assert read.dtype == WORDS.dtype, f"Tokens of {WORDS.dtype} came back as {read.dtype}."


@points(1, hint="The loss still needs the tokens as they were. `tokens[:, 0] = …` writes into "
        "them.")  # fmt: skip
def test_shift_leaves_the_tokens_alone(shift_right):
    """The caller's tokens are not written to."""
    tokens = WORDS.clone()
    shift_right(tokens, 11)
    assert_unchanged(WORDS, tokens, "the tokens")


@points(2, hint="Before the first word of a sentence nothing has been written. Which number did "
        "the caller hand over for that?")  # fmt: skip
def test_shift_puts_start_first(shift_right):
    """Each row begins with `start`, whatever number that is."""
    for start in (11, 10):
        read = shift_right(WORDS.clone(), start)
        if (read[0] == start).all():
            raise Failure(
                f"The whole first row is {start}, and the second row is {read[1].tolist()}.",
                hint="Which axis runs along a sentence, and which from sentence to sentence?",
            )
        if not (read[:, 0] == start).all():
            raise Failure(
                f"With start = {start} the rows begin with {read[:, 0].tolist()}.",
                pictures=[_read(read, start)],
                hint="Your rows move to the left: each place shows the token behind it, and start "
                "stands last. What is read at a place stood one place before."
                if read[:, :-1].equal(WORDS[:, 1:])
                else None,
            )


@points(2, hint="At place t the decoder is asked for tokens[t]. Has it read that token, at t or "
        "before?")  # fmt: skip
def test_shift_shows_no_token_that_is_asked_for(shift_right):
    """At no place has the decoder read the token that it is asked for there."""
    read = shift_right(WORDS.clone(), 11)
    for b, t in torch.cartesian_prod(torch.arange(BATCH), torch.arange(LENGTH)).tolist():
        if WORDS[b, t] in read[b, : t + 1]:
            raise Failure(
                f"At place {t} the decoder has read {read[b, : t + 1].tolist()} and is asked for "
                f"{WORDS[b, t].item()}, which it can copy.",
                pictures=[_read(read, 11)],
            )


@points(2, hint="Which token stands one place before tokens[t]? That one belongs at place t.")
def test_shift_values(shift_right):
    """Place t holds the token of place t − 1; a single token leaves only start."""
    read = shift_right(WORDS.clone(), 11)
    if not read[:, 1:].equal(WORDS[:, :-1]):
        raise Failure(
            f"Of {WORDS[0].tolist()} your decoder reads {read[0].tolist()}.",
            pictures=[_read(read, 11)],
        )
    assert_values(shift_right(WORDS[:, :1], 11), torch.full((2, 1), 11), "what is read of one word")


@points(1, hint="Each place has a −ln p of its own. What makes one number of them, and keeps it a "
        "tensor? (`cross_entropy` takes (n, vocab_size) beside (n,): join batch and length "
        "first.)")  # fmt: skip
def test_loss_is_one_number(next_token_loss):
    """A tensor without axes comes back."""
    assert_shape(next_token_loss(_scores(), READ.clone()), (), "the loss")


@points(1, hint="Training walks back from the loss to the logits. `argmax`, `.item()`, `.detach()` "
        "and `torch.no_grad()` cut the way.")  # fmt: skip
def test_loss_can_be_trained_on(next_token_loss):
    """The gradient of the loss with respect to the logits is there, and not zero."""
    scores = _scores().requires_grad_()
    found = gradients(next_token_loss(scores, READ.clone()), {"the logits": scores})
    assert found["the logits"].any(), "The gradient is zero for every logit."


@points(1, hint="The caller needs both again. Which of your lines writes into what was handed over "
        "(an = after brackets, or a method whose name ends in _)?")  # fmt: skip
def test_loss_leaves_its_inputs_alone(next_token_loss):
    """Neither the logits nor the tokens are written to."""
    scores, tokens = _scores(), READ.clone()
    next_token_loss(scores, tokens, FILLER)
    assert_unchanged(READ, tokens, "the tokens")
    assert_unchanged(_scores(), scores, "the logits")


@points(2, hint="Where all scores are equal, every token has p = 1/7. What is −ln of that, and "
        "what is the mean of many equal numbers?")  # fmt: skip
def test_loss_of_a_model_that_knows_nothing(next_token_loss):
    """Equal scores for seven tokens cost ln 7 = 1.946 nats each."""
    loss = next_token_loss(torch.zeros(*READ.shape, VOCAB), READ.clone()).item()
    right = math.log(VOCAB)
    told = f"With seven equal scores your loss is {loss:.4g}; expected ln 7 = {right:.4g}."
    for seen, hint in {
        -right: "p is at most 1, so ln p is never positive. A loss is to be made smaller: which "
        "sign does it need?",
        math.log2(VOCAB): "That is log₂ 7. Bits count in powers of two; nats are the natural "
        "logarithm's.",
        1 / VOCAB: "That is p itself. The loss is −ln p.",
        math.log(6): "That is ln 6, and each sentence has six places. Over which axis are the "
        "probabilities to sum to one?",
        math.log(
            5
        ): "That is ln 5, and five places are asked in each sentence. Over which axis are "
        "the probabilities to sum to one?",
        math.log(3): "That is ln 3, and there are three sentences. Over which axis are the "
        "probabilities to sum to one?",
        right * 15: "That is 15 times too much, and 15 places are asked. Sum or mean?",
        right * 5: "That is five times too much: each sentence has five places that are asked.",
        right * 3: "That is three times too much, and there are three sentences.",
    }.items():
        if math.isclose(loss, seen, rel_tol=1e-4):
            raise Failure(told, hint=hint)
    assert math.isclose(loss, right, rel_tol=1e-4), told


@points(3, hint="A model may be as sure as it likes. Does `cross_entropy` want logits or what "
        "softmax has made of them? And do logits and tokens stay beside each other, place by "
        "place, when axes are joined or swapped?")  # fmt: skip
def test_loss_asks_for_the_token_after(next_token_loss):
    """A model that is sure of each next token, and right, pays almost nothing."""
    paid = {}  # {how far ahead of the place the token stands that the model is sure of: its loss}
    for ahead, roll in {1: -1, 0: 0, -1: 1, 2: -2}.items():
        sure = 25.0 * nn.functional.one_hot(READ.roll(roll, dims=1), VOCAB)
        paid[ahead] = next_token_loss(sure, READ.clone()).item()
    if paid[1] < 0.01:
        return
    told = f"Sure of each next token, and right, the model pays {paid[1]:.3g}"
    for ahead, who, hint in (
        (0, "a model that is sure of the token it has just read",
         "The logits at t are held against the token at t, which has been read there. Which "
         "logits and which tokens have no partner, once t is held against t + 1?"),
        (-1, "a model that is sure of the token one place back",
         "The shift goes the wrong way: which of the two, logits or tokens, loses its first "
         "place, and which its last?"),
        (2, "a model that is sure of the token two places on",
         "One place was skipped too many. Were the tokens shifted twice?"),
    ):  # fmt: skip
        if paid[ahead] < 0.01:
            raise Failure(f"{told}, and {who} pays {paid[ahead]:.3g}.", hint=hint)
    raise Failure(f"{told}. Expected less than 0.01.")


@points(2, hint="After the last token nothing follows that the model could be right about.")
def test_loss_does_not_ask_the_last_place(next_token_loss):
    """Other logits at the last place give the same loss."""
    scores = _scores()
    other = torch.cat([scores[:, :-1], scores[:, -1:] + torch.arange(VOCAB)], dim=1)
    before, after = (next_token_loss(x, READ.clone()) for x in (scores, other))
    assert_values(after, before, "the loss with other logits at the last place")


@points(2, hint="Every place but the last has a next token, in every sentence. Which of them do "
        "you leave out?")  # fmt: skip
def test_loss_asks_every_other_place(next_token_loss):
    """Without padding, other logits at any place but the last give another loss."""
    asked = _asked(next_token_loss, None)[:, :-1]
    unasked = (~asked).nonzero().tolist()
    if unasked:
        b, t = unasked[0]
        raise Failure(
            f"The loss does not change with the logits of sentence {b} at place {t} "
            f"({len(unasked)} of {asked.numel()} places are not asked; padding is None)."
        )


@points(2, hint="Where does your code look at `padding`? Mind that its number may be 0, which "
        "`if padding:` takes for nothing.")  # fmt: skip
def test_loss_does_not_ask_for_filler(next_token_loss):
    """Where the next token is filler, other logits give the same loss."""
    asked, filler = _asked(next_token_loss, FILLER)[:, :-1], READ[:, 1:] == FILLER
    wrong = (asked & filler).nonzero().tolist()
    if wrong:
        b, t = wrong[0]
        by_what_was_read = asked.equal(READ[:, :-1] != FILLER)
        raise Failure(
            f"Sentence {b} is {READ[b].tolist()}. At place {t} it has read {READ[b, t].item()} and "
            f"the next token is the filler {FILLER}, and yet its logits there change the loss.",
            hint="You leave out the places where filler was read. Which is to be left out: a place "
            "that reads filler, or one that is asked for it?"
            if by_what_was_read
            else None,
        )
    deaf = (~asked & ~filler).nonzero().tolist()
    if deaf:
        b, t = deaf[0]
        raise Failure(
            f"Sentence {b} is {READ[b].tolist()}. With padding = {FILLER} the loss does not change "
            f"with the logits at place {t}, whose next token is {READ[b, t + 1].item()}.",
            hint="Only filler is left out. Which other places does your selection drop?",
        )


@points(3, hint="By how many places do you divide? Those that are left out count neither above "
        "the line nor below it.")  # fmt: skip
def test_loss_is_the_mean_over_what_is_asked(next_token_loss):
    """Filler beside a sentence does not make its loss smaller, and each token counts the same."""
    scores = _scores()
    alone = next_token_loss(scores[1:2, :4], READ[1:2, :4], FILLER).item()
    padded = next_token_loss(scores[1:2], READ[1:2].clone(), FILLER).item()
    assert math.isclose(padded, alone, rel_tol=1e-4), (
        f"A sentence of four tokens has the loss {alone:.4g}, and with two tokens of filler behind "
        f"it {padded:.4g}."
    )
    loss, right = next_token_loss(scores, READ.clone(), FILLER).item(), _loss(scores, READ, FILLER)
    by_sentence = [_loss(scores[b : b + 1], READ[b : b + 1], FILLER) for b in range(3)]
    told = f"Your loss of three sentences is {loss:.4g}; expected {right:.4g}."
    if math.isclose(loss, sum(by_sentence) / 3, rel_tol=1e-4):
        hint = "That is the mean of the sentences' means, in which a short sentence's tokens count "
        raise Failure(told, hint=hint + "for more. Mean over all tokens that are asked, at once.")
    assert math.isclose(loss, right, rel_tol=1e-4), told


@points(2, hint="softmax rounds what is most unlikely to 0, and ln 0 is −∞. `log_softmax` never "
        "computes p.")  # fmt: skip
def test_loss_survives_a_model_that_is_sure_and_wrong(next_token_loss):
    """A score that lies 1000 below the best costs 1000, not infinity."""
    sure = 1000.0 * nn.functional.one_hot(READ, VOCAB)  # of what it has read; no token comes twice
    loss = next_token_loss(sure[:1], READ[:1].clone())
    assert_values(loss, torch.tensor(1000.0), "the loss")


@points(2, hint="Write the loss of one sentence as a loop over t, and hold your line against it.")
def test_loss_values(next_token_loss):
    """The numbers are those of a loop, with filler and without."""
    for padding in (None, FILLER, 5):
        loss = next_token_loss(_scores(), READ.clone(), padding).item()
        right = _loss(_scores(), READ, padding)
        assert math.isclose(loss, right, rel_tol=1e-4), (
            f"With padding = {padding} your loss is {loss:.4g}; expected {right:.4g}."
        )


@points(1, hint="Write the shape beside each of your lines. Queries are (batch, query_len, "
        "head_dim), keys and values (batch, key_len, head_dim), scores (batch, query_len, "
        "key_len). Which line has another?")  # fmt: skip
def test_cross_gives_each_asking_token_an_answer(cross_attention):
    """The result is (batch, query_len, head_dim), however long the memory."""
    output = cross_attention(*_inputs())
    if isinstance(output, torch.Tensor) and output.shape == (BATCH, KEY_LEN, HEAD_DIM):
        raise Failure(
            f"x has {LENGTH} tokens and the memory {KEY_LEN}; {KEY_LEN} answers came back.",
            hint="The scores have a row for each token that asks, a column for each that answers. "
            "So whose vectors become queries, and whose keys and values?",
        )
    assert_shape(output, (BATCH, LENGTH, HEAD_DIM), "the output")


@points(1, hint="Compute into new tensors: methods whose name ends in _, and +=, write into the "
        "old ones.")  # fmt: skip
def test_cross_leaves_its_inputs_alone(cross_attention):
    """Neither x, the memory nor a matrix is written to."""
    inputs = _inputs()
    before = [tensor.clone() for tensor in inputs]
    cross_attention(*inputs)
    names = ("x", "memory", "w_query", "w_key", "w_value")
    for name, old, new in zip(names, before, inputs, strict=True):
        assert_unchanged(old, new, name)


@points(2, hint="What is in the memory must reach the output: keys and values are made of it.")
def test_cross_reads_the_memory(cross_attention):
    """Another memory gives another output."""
    x, memory, *weights = _inputs()
    x, memory = x, memory[:, :LENGTH]  # as long as x, so that a mix-up raises no error
    changed = cross_attention(x, memory + torch.randn_like(memory), *weights)
    same = torch.isclose(changed, cross_attention(x, memory, *weights), atol=1e-4).all()
    assert not same, "Another memory gave the same output."


@points(2, hint="The queries come from x: the same memory, asked something else, answers "
        "something else.")  # fmt: skip
def test_cross_asks_with_x(cross_attention):
    """Another question gives another output."""
    x, memory, *weights = _inputs()
    x, memory = x, memory[:, :LENGTH]
    changed = cross_attention(x + torch.randn_like(x), memory, *weights)
    same = torch.isclose(changed, cross_attention(x, memory, *weights), atol=1e-4).all()
    assert not same, "Another x gave the same output."


@points(2, hint="Three matrices, three jobs: w_query turns x into questions, w_key makes the "
        "memory findable, w_value says what is handed over.")  # fmt: skip
def test_cross_uses_all_three_matrices(cross_attention):
    """Changing any one of the matrices changes the output."""
    x, memory, *weights = _inputs()
    before = cross_attention(x, memory, *weights)
    for i, name in enumerate(("w_query", "w_key", "w_value")):
        others = [w.flip(0) if i == j else w for j, w in enumerate(weights)]
        same = torch.isclose(cross_attention(x, memory, *others), before, atol=1e-4).all()
        assert not same, f"Another {name} gave the same output."


@points(2, hint="The keys compete for each query: the softmax runs over the last axis of the "
        "scores.")  # fmt: skip
def test_cross_averages_the_values(cross_attention):
    """If every value is 1, every output is 1: each row of weights sums to one."""
    x, memory, w_query, w_key, w_value = _inputs()
    x[..., 0], memory[..., 0] = 1.0, 1.0
    w_value = torch.zeros_like(w_value)
    w_value[0] = 1.0  # copies a token's first number into every number of its value
    output = cross_attention(x, memory, w_query, w_key, w_value)
    total = output.flatten()[0].item()
    if not math.isclose(total, 1, rel_tol=1e-3) and (output - total).abs().max() < 1e-4:
        raise Failure(
            f"Each row of weights sums to {total:.4g}.",
            hint="The softmax has made rows that sum to one. What do you do to them after it? The "
            "scale belongs to the scores.",
        )
    assert_values(output, torch.ones(BATCH, LENGTH, HEAD_DIM), "an average of ones")


@points(2, hint="Nothing of x may be looked at but as a question: keys and values come from the "
        "memory alone.")  # fmt: skip
def test_cross_tokens_of_x_do_not_hear_each_other(cross_attention):
    """A token of x gets the same answer, whatever else is asked."""
    x, memory, *weights = _inputs()
    reads = which_inputs_matter(lambda x: cross_attention(x, memory[:1], *weights), x[:1])
    assert_reads_only(reads, torch.eye(LENGTH, dtype=torch.bool), "token")


@points(2, hint="The memory is all there before the first word is written: nothing of it lies in "
        "the future. Who needs a causal mask, and who does not?")  # fmt: skip
def test_cross_every_token_hears_all_of_the_memory(cross_attention):
    """Without a mask, each output depends on each token of the memory."""
    x, memory, *weights = _inputs()
    reads = which_inputs_matter(lambda m: cross_attention(x[:1], m, *weights), memory[:1])
    deaf = (~reads).nonzero().tolist()
    assert not deaf, f"Output {deaf[0][0]} does not change when memory token {deaf[0][1]} does."


@points(2, hint="A score is a sum of head_dim products. Divide by the root of how many there are.")
def test_cross_scales_by_the_width_of_the_head(cross_attention):
    """Scores are divided by √head_dim."""
    x = torch.ones(1, 1, D_MODEL)
    memory = torch.stack([torch.ones(D_MODEL), torch.zeros(D_MODEL)])[None]
    eye = torch.eye(D_MODEL)[:, :HEAD_DIM]
    weight = cross_attention(x, memory, eye, eye, eye)  # of the token of ones
    expected = torch.softmax(torch.tensor([HEAD_DIM / HEAD_DIM**0.5, 0.0]), 0)[0]
    assert_values(
        weight, expected.expand(1, 1, HEAD_DIM), f"the weight of a score {HEAD_DIM} against 0"
    )


@points(1, hint="The mask is an argument. Where does it meet the scores? Both have the axes "
        "(batch, query_len, key_len): here are no heads.")  # fmt: skip
def test_cross_uses_the_mask(cross_attention):
    """Hiding part of the memory changes the output."""
    inputs = _inputs()
    same = torch.isclose(cross_attention(*inputs, _mask()), cross_attention(*inputs), atol=1e-4)
    assert not same.all(), "Part of the memory was hidden, and the output stayed the same."


@points(1, hint="The next layer needs the same mask again. `~mask` is a new tensor; methods whose "
        "name ends in _ write into the caller's.")  # fmt: skip
def test_cross_leaves_the_mask_alone(cross_attention):
    """The mask is not written to."""
    mask = _mask()
    before = mask.clone()
    cross_attention(*_inputs(), mask)
    assert_unchanged(before, mask, "the mask")


@points(2, hint="In this book True means “may attend”. nn.MultiheadAttention reads masks the other "
        "way round.")  # fmt: skip
def test_cross_reads_true_as_may_attend(cross_attention):
    """A token that is allowed counts for more than one that is hidden."""
    x, memory = torch.ones(1, HEAD_DIM, D_MODEL), torch.zeros(1, HEAD_DIM, D_MODEL)
    memory[..., 0], memory[0, :, 1:4] = 1.0, torch.eye(HEAD_DIM)
    key, value = torch.zeros(D_MODEL, HEAD_DIM), torch.zeros(D_MODEL, HEAD_DIM)
    key[0], value[1:4] = 1.0, torch.eye(HEAD_DIM)  # all scores are equal; the output is the weights
    weights = cross_attention(x, memory, key, key, value, torch.eye(HEAD_DIM).bool())[0]
    assert weights[0, 0] > weights[0, 1], (
        f"The allowed token got a weight of {weights[0, 0]:.2f}, a hidden one {weights[0, 1]:.2f}."
    )


@points(2, hint="Hide scores before the softmax, by the one score whose exponential is exactly "
        "zero. Zeros written into finished weights leave a row that sums to less than one, and a "
        "score of 0 still has e⁰ = 1.")  # fmt: skip
def test_cross_padding_counts_for_nothing(cross_attention):
    """A padded memory gives what the memory without its padding gives."""
    x, memory, *weights = _inputs()
    lengths = [KEY_LEN, 3]
    output = cross_attention(x, memory, *weights, padding_mask(lengths, KEY_LEN))
    for b, length in enumerate(lengths):
        alone = cross_attention(x[b : b + 1], memory[b : b + 1, :length], *weights)
        what = f"the answers from a memory of {length} tokens, padded to {KEY_LEN}"
        assert_values(output[b : b + 1], alone, what)


@points(2, hint="When every score of a row is −∞, softmax computes 0/0; with a large negative "
        "number instead, hidden tokens share the weight. Such a row must give zeros.")  # fmt: skip
def test_cross_survives_a_memory_of_nothing_but_padding(cross_attention):
    """A token with nothing to attend to gets zeros, and its neighbours are not disturbed."""
    inputs = _inputs()
    mask = padding_mask([KEY_LEN, 0], KEY_LEN)
    output = cross_attention(*inputs, mask)
    assert_values(output[1], torch.zeros(LENGTH, HEAD_DIM), "the answers from padding alone")
    assert_values(output[0], cross_attention(*inputs)[0], "the answers beside it")


@points(2, hint="Name the three products: x with w_query, memory with w_key, memory with w_value.")
def test_cross_values(cross_attention):
    """The numbers are those of nn.MultiheadAttention with one head."""
    x, memory, *weights = _inputs()
    mask = _mask()
    query, key, value = x @ weights[0], memory @ weights[1], memory @ weights[2]
    theirs = nn.MultiheadAttention(HEAD_DIM, 1, bias=False, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.eye(HEAD_DIM).repeat(3, 1))
        theirs.out_proj.weight.copy_(torch.eye(HEAD_DIM))
        expected, _ = theirs(query, key, value, attn_mask=~mask)
    assert_values(cross_attention(x, memory, *weights, mask), expected, "the output")


def _inputs():
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(BATCH, LENGTH, D_MODEL, generator=generator)
    memory = torch.randn(BATCH, KEY_LEN, D_MODEL, generator=generator)
    weights = torch.randn(3, D_MODEL, HEAD_DIM, generator=generator) / D_MODEL**0.5
    return x, memory, *weights.unbind()


def _mask():
    """Every other token of the memory hidden, so that each row has some of both."""
    return (torch.arange(LENGTH)[:, None] + torch.arange(KEY_LEN)) % 2 == 0


def _read(read, start):
    """What the decoder reads of the first sentence, yours above expected."""
    rows = {
        "yours": [str(int(token)) for token in read[0].tolist()],
        "expected": [str(start), *map(str, WORDS[0, :-1].tolist())],
    }
    return strip(
        "Sentence " + ", ".join(map(str, WORDS[0].tolist())), rows, ["read, place by place"]
    )


def _scores():
    return torch.randn(*READ.shape, VOCAB, generator=torch.Generator().manual_seed(4))


def _asked(next_token_loss, padding):
    """(batch, length) boolean: at which places other logits give another loss."""
    scores, (batch, length) = _scores(), READ.shape
    before, asked = next_token_loss(scores, READ.clone(), padding), torch.zeros(batch, length)
    for b in range(batch):
        for t in range(length):
            other = scores.clone()
            other[b, t] += torch.arange(VOCAB)
            asked[b, t] = (next_token_loss(other, READ.clone(), padding) - before).abs() > 1e-4
    return asked.bool()


def _loss(scores, tokens, padding):
    """The loss by a loop, in float64."""
    costs = [
        math.log(sum(math.exp(score) for score in scores[b, t].tolist()))
        - scores[b, t, tokens[b, t + 1]].item()
        for b in range(tokens.shape[0])
        for t in range(tokens.shape[1] - 1)
        if tokens[b, t + 1] != padding
    ]
    return sum(costs) / len(costs)
