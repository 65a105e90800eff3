"""The checks that grade the exercises of the chapter gpt.

Sizes all differ, so that no axis passes for another: batch 2, 3 heads, 8 positions, head_dim 5.
"""

import torch
from torch.nn import functional as F

from attention.models.gpt.model import GPT
from grading.checks import (
    Failure,
    assert_shape,
    assert_unchanged,
    assert_values,
    exercise,
    maps,
    points,
    strip,
)

training_step = exercise("training_step")
KVCache = exercise("KVCache")
generate = exercise("generate", forbids=["attention.models.gpt.generation.choose"])

BATCH, HEADS, MAX_LEN, HEAD_DIM, VOCAB_SIZE = 2, 3, 8, 5, 11
CHUNKINGS = ([1, 1, 1, 1, 1, 1], [6], [3, 1, 1, 1], [2, 4])


# --- training_step


@points(1, hint="`loss.item()` is the number alone. A tensor that still carries its graph keeps "
        "all that the model computed in memory.")  # fmt: skip
def test_step_returns_a_number(training_step):
    """The loss comes back as one number, without gradients."""
    loss = _step(training_step)[0]
    if isinstance(loss, torch.Tensor):
        assert_shape(loss, (), "the loss")
        assert not loss.requires_grad, "The loss that you return still carries its graph."
    assert isinstance(loss, torch.Tensor | float), (
        f"Expected the loss as one number, got {_kind(loss)}."
    )


@points(3, hint="The scores at place t are about the token at t + 1. Which place has no next "
        "token to be held against, and which token was never guessed?")  # fmt: skip
def test_step_loss_is_about_the_next_token(training_step):
    """It is the mean of −ln p of each next token, before the step."""
    loss, _ = _step(training_step)
    expected, others = _losses()
    if not abs(float(loss) - expected) < 1e-4:
        hint = next((hint for other, hint in others if abs(float(loss) - other) < 1e-4), None)
        raise Failure(f"The loss should be {expected:.4f}; yours is {float(loss):.4f}.", hint=hint)


@points(1, hint="The pieces of text are the caller's, and are read only.")
def test_step_leaves_the_tokens_alone(training_step):
    """The tokens are not written to."""
    tokens = _text()
    _step(training_step, tokens=tokens)
    assert_unchanged(_text(), tokens, "the tokens")


@points(2, hint="A step needs gradients, and there are none until `backward` has run. Which of "
        "`zero_grad`, `backward` and `step` comes when?")  # fmt: skip
def test_step_moves_the_parameters(training_step):
    """After the call the parameters are others."""
    before, (_, model) = _gpt(), _step(training_step)
    same = all(
        old.equal(new) for old, new in zip(before.parameters(), model.parameters(), strict=True)
    )
    assert not same, "After the call every parameter is as it was."


@points(3, hint="The optimizer that came in knows how large a step is, and more. Does it make the "
        "step, once, with the gradients of your loss?")  # fmt: skip
def test_step_is_the_optimizers(training_step):
    """The parameters are where the optimizer's own step from these gradients takes them."""
    for short, kind in (
        (False, "gradient descent"),
        (True, "an optimizer that cuts long gradients"),
    ):
        found = _step(training_step, short=short)[1]
        _assert_as_taught(found, _taught(short=short), f"one step of {kind}")


@points(3, hint="`backward` adds to what stands in .grad already. What stands there in the second "
        "step?")  # fmt: skip
def test_step_forgets_the_gradients_of_the_last(training_step):
    """Two steps in a row go where two steps from fresh gradients go."""
    found = _step(training_step, times=2)[1]
    _assert_as_taught(found, _taught(times=2), "two steps")


@points(1, hint="Somebody else may have called `backward` before you. At which end of a step are "
        "old gradients forgotten, so that it does not matter?")  # fmt: skip
def test_step_forgets_what_others_left(training_step):
    """Gradients that stood there before the first call play no part."""
    found = _step(training_step, left=1.0)[1]
    _assert_as_taught(found, _taught(), "one step, with gradients of 1 left behind by others,")


# --- KVCache


@points(1, hint="__init__ sets aside the room. Nothing has been read yet: how many tokens is that?")
def test_cache_starts_empty(KVCache):
    """A new cache has the length 0."""
    assert _length(KVCache(BATCH, HEADS, MAX_LEN, HEAD_DIM)) == 0, (
        f"The length of a new cache is {_length(KVCache(BATCH, HEADS, MAX_LEN, HEAD_DIM))}."
    )


@points(2, hint="The room is as long as max_len, and what is in use is shorter: return that part. "
        "Keys come first, then values, as they were handed over.")  # fmt: skip
def test_cache_returns_what_it_was_given(KVCache):
    """The first tokens come back as they are, keys and values each in their place."""
    key, value = _new(4)
    kept = _pair(KVCache(BATCH, HEADS, MAX_LEN, HEAD_DIM).append(key, value))
    for now, then, other, name in zip(kept, (key, value), (value, key), ("keys", "values"),
                                      strict=True):  # fmt: skip
        if now.ndim == 4 and now.shape[2] < 4:
            raise Failure(
                f"4 tokens came at once, and {now.shape[2]} came back.",
                hint="One new token may come or several: key.shape[2] of them. How many places do "
                "you write, and return?",
            )
        assert_shape(now, then.shape, f"the {name}, after 4 tokens,")
        if torch.equal(now, other):
            one_room = kept[0].data_ptr() == kept[1].data_ptr()
            raise Failure(
                f"What is returned as the {name} are the others.",
                hint="Keys and values are written into the same memory, one over the other. "
                "`a = b = torch.zeros(…)` makes one tensor with two names." if one_room else
                "Are keys and values exchanged where they are written, or where they are "
                "returned?",
            )  # fmt: skip
        _assert_places(now, then, name, hint="As many tokens come back as came, but not these. "
                       "Into which places are the first ones written, and from which are they "
                       "returned?")  # fmt: skip
        assert_values(now, then, f"the {name}")


@points(1, hint="A model has a cache for each block. What stands directly under `class`, outside "
        "of __init__, belongs to all of them together.")  # fmt: skip
def test_caches_are_apart(KVCache):
    """Two caches know nothing of each other."""
    one, other = (KVCache(BATCH, HEADS, MAX_LEN, HEAD_DIM) for _ in range(2))
    key, value = _new(3)
    one.append(key, value)
    keys, values = _pair(other.append(key + 1, value + 1))
    assert_shape(keys, key.shape, "the second cache's keys, after 3 tokens of its own,")
    assert_values(keys, key + 1, "the second cache's keys")
    assert_values(values, value + 1, "the second cache's values")


@points(1, hint="The attribute tells the model at which position the next token stands. Every "
        "append moves it: by how much, when several tokens come at once?")  # fmt: skip
def test_cache_counts_its_tokens(KVCache):
    """The length is the number of tokens so far."""
    cache = KVCache(BATCH, HEADS, MAX_LEN, HEAD_DIM)
    for new, total in ((2, 2), (2, 4), (2, 6)):
        cache.append(*_new(new))
        assert _length(cache) == total, (
            f"After {total} tokens, the last {new} at once, the length is {_length(cache)}."
        )


@points(2, hint="The newest query asks all tokens so far, so all of them come back. Which of the "
        "four axes counts tokens?")  # fmt: skip
def test_cache_returns_all_tokens(KVCache):
    """What comes back grows along the axis of the tokens."""
    cache = KVCache(BATCH, HEADS, MAX_LEN, HEAD_DIM)
    for new, total in ((2, 2), (2, 4), (2, 6)):
        for tensor, name in zip(_pair(cache.append(*_new(new))), ("keys", "values"), strict=True):
            shape = (BATCH, HEADS, total, HEAD_DIM)
            assert_shape(tensor, shape, f"the {name} after {total} tokens")


@points(2, hint="The first new token goes into the place after the last one kept: from self.length "
        "to self.length + new. What is written elsewhere covers something older.")  # fmt: skip
def test_cache_keeps_the_order(KVCache):
    """The oldest token is first, the newest last, and none is lost."""
    cache, pieces = KVCache(BATCH, HEADS, MAX_LEN, HEAD_DIM), []
    for new in (3, 1, 1):
        pieces.append(_new(new))
        kept = _pair(cache.append(*pieces[-1]))
    for i, name in enumerate(("keys", "values")):
        expected = torch.cat([piece[i] for piece in pieces], dim=2)
        _assert_places(kept[i], expected, name)
        assert_values(kept[i], expected, f"the {name}")


@points(1, hint="What was handed over belongs to the caller, who may use its memory for something "
        "else. Writing into your own room copies; `self.keys = key` does not.")  # fmt: skip
def test_cache_keeps_a_copy(KVCache):
    """What the caller later does with its tensors changes nothing, and they are not written to."""
    cache, first, second = KVCache(BATCH, HEADS, MAX_LEN, HEAD_DIM), _new(2), _new(1)
    before = [tensor.clone() for tensor in (*first, *second)]
    cache.append(*first)
    cache.append(*second)
    for then, now, name in zip(before, (*first, *second), ("key", "value") * 2, strict=True):
        assert_unchanged(then, now, f"the {name}")
    cache = KVCache(BATCH, HEADS, MAX_LEN, HEAD_DIM)
    cache.append(*first)
    for tensor in first:
        tensor.zero_()
    keys, values = _pair(cache.append(*second))
    assert_values(keys[:, :, :2], before[0], "the first keys, once the caller has reused its own")
    assert_values(values[:, :, :2], before[1], "the first values, likewise")


@points(1, hint="The last place is a place as well. With 8 places and 5 tokens kept, how many "
        "more fit?")  # fmt: skip
def test_cache_holds_max_len_tokens(KVCache):
    """It can be filled to the last place, whatever the batch."""
    cache = KVCache(4, HEADS, MAX_LEN, HEAD_DIM)
    for new in (5, 1, 1, 1):
        keys, values = _pair(cache.append(*_new(new, batch=4)))
    assert_shape(keys, (4, HEADS, MAX_LEN, HEAD_DIM), "the keys of a full cache")
    assert_shape(values, (4, HEADS, MAX_LEN, HEAD_DIM), "the values of a full cache")


@points(2, hint="Look before you write: is there room for all the new tokens? Raise the ValueError "
        "ahead of every change, so that who catches it finds the cache as it was.")  # fmt: skip
def test_cache_refuses_what_does_not_fit(KVCache):
    """Too many tokens are a ValueError, after which the cache is as it was."""
    cache, first, last = KVCache(BATCH, HEADS, MAX_LEN, HEAD_DIM), _new(7), _new(1)
    cache.append(*first)
    try:
        cache.append(*_new(3))
    except ValueError:
        pass
    except Exception as error:
        raise Failure(
            f"With 7 of 8 places taken, 3 more tokens raise {type(error).__name__}, not ValueError."
        ) from None
    else:
        raise Failure("With 7 of 8 places taken, 3 more tokens raise no error.")
    assert _length(cache) == 7, f"After the refusal the length is {_length(cache)}, not 7."
    kept = _pair(cache.append(*last))
    for i, name in enumerate(("keys", "values")):
        expected = torch.cat([first[i], last[i]], dim=2)
        assert_values(kept[i], expected, f"the {name}, filled up after a refusal,")


@points(2, hint="`torch.cat` and `torch.stack` copy every token that is kept, again for each new "
        "one: 1,000 tokens, one by one, are half a million copies. Make the room in __init__, "
        "write only what is new, and return a slice, which copies nothing.")  # fmt: skip
def test_cache_sets_its_room_aside_once(KVCache):
    """What was kept stays where it is in memory: only the newest tokens are written."""
    cache = KVCache(BATCH, HEADS, MAX_LEN, HEAD_DIM)
    before = _pair(cache.append(*_new(2)))  # kept, so that its memory is not used again
    for new in (1, 3):
        after = _pair(cache.append(*_new(new)))
        for old, now, name in zip(before, after, ("keys", "values"), strict=True):
            assert old.data_ptr() == now.data_ptr(), (
                f"With {new} more tokens the {name} of the first two have moved to other memory: "
                "the past was copied."
            )


@points(3, hint="A prompt comes as one chunk, and so may any later part of a text. Does append "
        "take chunks of every size, at every time?")  # fmt: skip
def test_cache_serves_a_gpt(KVCache):
    """In the book's GPT, whatever the chunks, the scores are those without a cache."""
    model = _gpt()
    tokens = torch.randint(VOCAB_SIZE, (BATCH, 6), generator=torch.Generator().manual_seed(2))
    same = []
    for sizes in CHUNKINGS:
        caches = [KVCache(BATCH, HEADS, MAX_LEN, HEAD_DIM) for _ in model.blocks]
        with torch.no_grad():
            scores = torch.cat([model(part, caches) for part in tokens.split(sizes, dim=1)], dim=1)
            same.append(torch.allclose(scores, model(tokens), atol=1e-4))
    if not all(same):
        words = ["same" if is_same else "differ" for is_same in same]
        raise Failure(
            f"Read in chunks of {CHUNKINGS[same.index(False)]}, six tokens get other scores than "
            "without a cache.",
            pictures=[
                strip("Scores as without a cache?", {"yours": words, "expected": ["same"] * 4},
                      [str(sizes) for sizes in CHUNKINGS])
            ],
        )  # fmt: skip


# --- generate


@points(1, hint="The prompt is part of the text. Behind it stand as many tokens as were asked for.")
def test_text_has_the_prompt_and_n_new_tokens(generate):
    """The text has length + n_new whole numbers in each row."""
    text = generate(_gpt(), _prompt(), 4)
    assert_shape(text, (BATCH, 7), "the text, 4 tokens after a prompt of 3,")
    assert text.dtype == torch.int64, f"Token ids are whole numbers, int64; these are {text.dtype}."
    assert_shape(generate(_gpt(), _prompt(), 0), (BATCH, 3), "the text with nothing new")


@points(1, hint="What was written before is not written again: the prompt stays where it is, and "
        "the tensor that came in stays as it came.")  # fmt: skip
def test_text_begins_with_the_prompt(generate):
    """The prompt stands in front, and the caller's tensor is not written to."""
    prompt = _prompt()
    text = generate(_gpt(), prompt, 4)
    assert_unchanged(_prompt(), prompt, "the prompt")
    _assert_text(text[:, :3], prompt, "the beginning of the text")


@points(2, hint="The scores have a row for each place, and the row at place t is about the token "
        "after it. Which row is about the token that does not exist yet? Every sequence of the "
        "batch has its own.")  # fmt: skip
def test_first_token_is_the_best_after_the_prompt(generate):
    """The first new token has the highest score at the prompt's last place."""
    many = torch.randint(VOCAB_SIZE, (30, 3), generator=torch.Generator().manual_seed(5))
    model = _gpt()
    best = model(many)[:, -1].argmax(-1, keepdim=True)
    found = generate(_gpt(), many, 1)[:, 3:]
    if found.equal(model(many[:, -1:])[:, -1].argmax(-1, keepdim=True)):
        raise Failure(
            "The first new token is the best after the prompt's last token alone, as if nothing "
            "stood before it.",
            hint="The row of scores is the right one. What did the model read before it gave them?",
        )
    _assert_text(found, best, "the first new token")


@points(3, hint="The token that you have chosen is part of the text now. What does the model have "
        "to read for the next one: the prompt, the newest token, or all of it? Caches hold the "
        "past only if they are the same ones all the time.")  # fmt: skip
def test_each_token_is_the_best_after_all_before(generate):
    """Every new token is the best one after everything before it."""
    _assert_text(generate(_gpt(), _prompt(), 5), _greedy(), "the text")


@points(2, hint="Above 0 the highest score does not always win: it wins most often. What makes "
        "probabilities of scores, and what draws by them, for each row on its own?")  # fmt: skip
def test_draws_as_often_as_the_softmax_says(generate):
    """At temperature 1, each token comes as often as softmax(scores) says."""
    _assert_shares(generate, 1.0)


@points(2, hint="The temperature divides scores, before the softmax. Dividing probabilities by it "
        "changes nothing: they are only compared with each other.")  # fmt: skip
def test_temperature_divides_the_scores(generate):
    """Lower temperatures sharpen, higher ones flatten."""
    for temperature in (0.5, 3.0):
        _assert_shares(generate, temperature)


@points(1, hint="Scores divided by 0.001 are in the thousands. Whose softmax survives that? (And "
        "every token that is drawn belongs to the text of the next one.)")  # fmt: skip
def test_low_temperature_is_nearly_greedy(generate):
    """At temperature 0.001 the text is the one at 0."""
    _assert_text(generate(_gpt(), _prompt(), 5, temperature=1e-3), _greedy(), "the text")


@points(2, hint="The temperature is about each token that is written, not about the first alone. "
        "How does the step after this one get to know of it?")  # fmt: skip
def test_every_token_is_drawn(generate):
    """At a high temperature the second token is as much of a draw as the first."""
    many = _prompt()[:1].expand(1500, 3)
    pairs = len(generate(_gpt(), many, 2, temperature=1e4)[:, 3:].unique(dim=0))
    possible = VOCAB_SIZE**2
    assert pairs > 0.9 * possible, (
        f"At temperature 10 000 each pair of new tokens is as likely as the next, {possible} of "
        f"them; 1 500 texts of yours have {pairs}."
    )


# --- what the checks of training_step have in common


def _text():
    """Two pieces of five tokens."""
    return torch.tensor([[1, 7, 4, 4, 0], [9, 2, 6, 10, 2]])


class _Optimizer:
    """What the optimizers of torch.optim offer, without the seconds that loading them takes."""

    def __init__(self, parameters, short=False):
        self.param_groups = [{"params": list(parameters), "lr": 0.1}]
        self.short = short  # cut long gradients, so that not every step is the plain one

    def zero_grad(self, set_to_none=True):
        for parameter in self.param_groups[0]["params"]:
            parameter.grad = None

    @torch.no_grad()
    def step(self):
        for parameter in self.param_groups[0]["params"]:
            if parameter.grad is not None:
                along = parameter.grad.clamp(-0.01, 0.01) if self.short else parameter.grad
                parameter -= self.param_groups[0]["lr"] * along


def _step(training_step, *, short=False, times=1, left=None, tokens=None):
    """(what the last of some steps returned, the model after them)."""
    model = _gpt()
    optimizer = _Optimizer(model.parameters(), short)
    for parameter in model.parameters():
        parameter.grad = None if left is None else torch.full_like(parameter, left)
    for _ in range(times):
        loss = training_step(model, optimizer, _text() if tokens is None else tokens)
    return loss, model


def _taught(*, short=False, times=1):
    """The model after some steps as they should be."""
    model = _gpt()
    optimizer = _Optimizer(model.parameters(), short)
    for _ in range(times):
        optimizer.zero_grad()
        F.cross_entropy(model(_text())[:, :-1].flatten(0, 1), _text()[:, 1:].flatten()).backward()
        optimizer.step()
    return model


def _losses():
    """What the loss should be, and what it is with each of some slips, with the hint for each."""
    read, scores = _text(), _gpt()(_text()).detach()
    each = F.cross_entropy(scores[:, :-1].mT, read[:, 1:], reduction="none")  # (batch, length − 1)
    shares, after = scores[:, :-1].softmax(-1), _taught()(_text())[:, :-1].detach()

    def mean(scores, target):
        return F.cross_entropy(scores.mT, target).item()

    return each.mean().item(), [
        (mean(scores, read), "The scores at a place are held against the token that was read "
         "there, which the model has only to copy. Which token were they to guess?"),
        (mean(scores[:, 1:], read[:, :-1]), "The scores at t are held against the token at t − 1. "
         "Which way does a model that writes guess?"),
        (mean(shares, read[:, 1:]), "`cross_entropy` takes scores and makes the softmax itself. "
         "What does it get from you?"),
        (each.sum().item(), "This is the sum over all places. What does a mean do besides, so that "
         "longer texts make no longer steps?"),
        (each[:, -1].mean().item(), "Only the last place is asked. Every place guesses what comes "
         "after it, and each counts."),
        (each[0].mean().item(), "Only the first piece of text is asked."),
        (mean(after, read[:, 1:]), "This is the loss after the step. The loss that gave the "
         "gradients is there already."),
        (-scores[:, :-1].gather(-1, read[:, 1:, None]).mean().item(),
         "Scores are no probabilities: what makes ln p of them?"),
    ]  # fmt: skip


def _assert_as_taught(found, expected, after):
    """Fail unless all parameters are the expected ones."""
    wrong = [
        name
        for (name, new), right in zip(found.named_parameters(), expected.parameters(), strict=True)
        if not torch.allclose(new, right, atol=1e-4)
    ]
    count = len(list(expected.parameters()))
    assert not wrong, (
        f"After {after} {len(wrong)} of {count} parameter tensors are not where they should be; "
        f"the first is {wrong[0]}."
    )


def _kind(returned):
    return "None" if returned is None else f"a {type(returned).__name__}"


# --- what the checks have in common


def _new(n_tokens, batch=BATCH):
    """Keys and values of new tokens: other numbers each time."""
    return torch.randn(2, batch, HEADS, n_tokens, HEAD_DIM).unbind()


def _length(cache):
    length = getattr(cache, "length", None)
    assert length is not None, "The cache has no attribute `length`."
    return length


def _pair(returned):
    found = f"a {type(returned).__name__}"
    if isinstance(returned, tuple | list):
        found += f" of {len(returned)}"
    assert isinstance(returned, tuple | list) and len(returned) == 2, (
        f"append returns the pair (keys, values); yours returned {found}."
    )
    return returned


def _assert_places(kept, expected, name, hint=None):
    """Fail with a picture of which token stands at each place, unless it is the right one."""
    n = expected.shape[2]
    found = []
    for place in range(n):
        same = [t for t in range(n) if torch.equal(kept[:, :, place], expected[:, :, t])]
        found.append(same[0] if same else "–")
    if found != list(range(n)):
        raise Failure(
            f"Of {n} tokens that came, the {name} hold, place by place: "
            f"{', '.join(map(str, found))} (– is none of them).",
            pictures=[
                strip(
                    f"Whose {name} stand there", {"yours": found, "expected": range(n)}, ["places"]
                )
            ],
            hint=hint,
        )


def _gpt():
    """The same small GPT each time, with scores that are far apart."""
    with torch.random.fork_rng():
        torch.manual_seed(4)
        model = GPT(VOCAB_SIZE, HEADS * HEAD_DIM, HEADS, n_layers=2, max_len=MAX_LEN).eval()
        torch.nn.init.normal_(model.token.weight, std=0.6)
        torch.nn.init.normal_(model.position.weight)
    return model


def _prompt():
    return torch.tensor([[1, 7, 4], [9, 2, 6]])


@torch.no_grad()
def _greedy():
    """(BATCH, MAX_LEN): the prompt, and the best token after everything before, five times."""
    text = _prompt()
    while text.shape[1] < MAX_LEN:
        text = torch.cat([text, _gpt()(text)[:, -1:].argmax(-1)], dim=1)
    return text


def _assert_text(yours, expected, what):
    """Fail with a picture, unless both are the same tokens."""
    assert_shape(yours, expected.shape, what)
    wrong = (yours != expected).nonzero()
    if len(wrong):
        row = wrong[0, 0]
        raise Failure(
            f"Expected {what} to be {expected[row].tolist()} in row {row}, "
            f"got {yours[row].tolist()}.",
            pictures=[
                strip("Tokens", {"yours": yours[row].tolist(), "expected": expected[row].tolist()},
                      [f"row {row}"])
            ],
        )  # fmt: skip


@torch.no_grad()
def _assert_shares(generate, temperature, draws=2500):
    """Fail unless the first new token is drawn as often as it should."""
    model, prompt = _gpt(), _prompt()
    expected = (model(prompt)[:, -1] / temperature).softmax(-1)
    many = prompt.repeat_interleave(draws, dim=0)  # all of row 0, then all of row 1
    drawn = generate(model, many, 1, temperature=temperature)[:, 3].view(BATCH, draws)
    shares = torch.stack([row.bincount(minlength=VOCAB_SIZE)[:VOCAB_SIZE] for row in drawn]) / draws
    # five standard deviations of the share of a token that comes every second time
    wrong = ((shares - expected).abs() > 5 * 0.5 / draws**0.5).nonzero().tolist()
    if wrong:
        row, token = wrong[0]
        raise Failure(
            f"At temperature {temperature:g}, token {token} should be drawn in "
            f"{expected[row, token]:.2f} of all cases; in yours it is in {shares[row, token]:.2f}.",
            pictures=[maps({"yours": shares, "expected": expected}, marked=wrong)],
            hint=_use_of(temperature, shares, model(prompt)[:, -1]),
        )


def _use_of(temperature, shares, scores):
    """The hint for a temperature that multiplies or does nothing, if these shares tell so."""
    if temperature == 1:
        return None
    hints = {
        temperature: "Yours flattens where it should sharpen, and the other way round. "
        "What does the temperature do to the scores?",
        1: "These are the shares at temperature 1. Divide the scores, before the softmax. Dividing "
        "probabilities changes nothing: they are only compared with each other.",
    }
    for factor, hint in hints.items():
        if (shares - (scores * factor).softmax(-1)).abs().max() < 0.04:
            return hint
    return None
