"""The checks that grade the exercises of the chapter interpretation.

Rollout is given random maps of 3 layers, 2 heads and 5 tokens; heads are silenced in a tiny random
encoder of 3 layers, 4 heads of 2 numbers and 5 tokens.
"""

import copy

import torch

from attention.models.bert.encoder import BertEncoder
from grading.checks import (
    Failure,
    assert_shape,
    assert_unchanged,
    assert_values,
    exercise,
    points,
    side_by_side,
    strip,
)

rollout = exercise("rollout")
ablate_head = exercise("ablate_head")

LAYERS, HEADS, HEAD_DIM = 3, 4, 2
TOKENS = torch.tensor([[9, 4, 7, 4, 10], [9, 1, 2, 3, 10]])
LAYER, HEAD = 1, 2

# --- rollout ---


@points(1, hint="The heads of a layer are averaged, the layers are multiplied. Which two of the "
        "four axes are left?")  # fmt: skip
def test_rollout_is_one_table(rollout):
    """One table comes back: a row and a column for each token."""
    assert_shape(rollout(_maps()), (5, 5), "the rollout of (3, 2, 5, 5) maps")


@points(1, hint="`+=`, or a method whose name ends in _, writes into the caller's tensor.")
def test_rollout_leaves_the_maps_alone(rollout):
    """The maps are not written to."""
    maps = _maps()
    rollout(maps)
    assert_unchanged(_maps(), maps, "the maps")


@points(1, hint="`torch.eye(n)` is float32 unless you hand it a dtype, and only tables of one "
        "dtype can be multiplied.")  # fmt: skip
def test_rollout_takes_double_precision(rollout):
    """Maps in float64 have a rollout in float64."""
    try:
        found = rollout(_maps().double())
    except RuntimeError as error:
        raise Failure(f"With maps in float64 your code stopped: {error}.") from None
    assert found.dtype == torch.float64, f"The rollout of float64 maps came back as {found.dtype}."


@points(2, hint="Every row of a map sums to one, and every row of the identity. Then so does every "
        "row of ½ (W̄ + I), and of a product of such tables. Which step breaks that?")  # fmt: skip
def test_rollout_rows_sum_to_one(rollout):
    """Each row of the rollout sums to one."""
    sums = rollout(_maps()[:1]).sum(-1)
    if not torch.allclose(sums, torch.ones(5)):
        raise Failure(
            f"For one layer of two heads your rows sum to {_range(sums)}; expected 1.",
            hint=next(
                (why for sum_, why in SUMS.items() if sums.sub(sum_).abs().max() < 1e-3), None
            ),
        )
    sums = rollout(_maps()).sum(-1)
    if not torch.allclose(sums, torch.ones(5)):
        raise Failure(
            f"For one layer your rows sum to 1, for three layers to {_range(sums)}; expected 1.",
            hint="`@` multiplies tables, `*` entry by entry. Is each layer's table halved?",
        )


SUMS = {  # what the rows sum to, with two heads and five tokens, and why
    2: "A map and the identity are two tables whose rows sum to one: take half of each.",
    1.5: "The heads' rows sum to two before the identity is there. Heads are averaged.",
    3: "The identity has ones on its diagonal and zeros elsewhere: `torch.eye`.",
}


@points(2, hint="A block adds its input to its output. Which table says that each token keeps "
        "what it had, and how much of each of the two goes in?")  # fmt: skip
def test_rollout_mixes_in_the_identity(rollout):
    """For one layer with one head it is ½ (W + I)."""
    maps = _maps()[:1, :1]
    weights, identity = maps[0, 0], torch.eye(5)
    _assert_table(rollout(maps), (weights + identity) / 2, "the rollout of one map", {
        "the map itself, without the identity":
            (weights, "A block adds its input to its output: what is missing beside ½ W?"),
        "½ (Wᵀ + I)":
            ((weights.T + identity) / 2, "Rows ask and columns answer: which axis did you turn?"),
    })  # fmt: skip


@points(2, hint="Each layer has one W̄, the mean over its heads. Which axis of the maps counts the "
        "heads?")  # fmt: skip
def test_rollout_averages_the_heads(rollout):
    """With several heads it takes their mean, before anything is multiplied."""
    maps, identity = _maps()[:1], torch.eye(5)
    first, second = maps[0]
    half = (
        "Heads work side by side, on the same vectors. Layers are multiplied, and heads averaged."
    )
    _assert_table(rollout(maps), (maps[0].mean(0) + identity) / 2, "the rollout of one layer", {
        "that of head 0 alone": ((first + identity) / 2, "What has become of the other heads?"),
        "the product of the two heads": ((second + identity) @ (first + identity) / 4, half),
        "the product of the two heads in the order of a row":
            ((first + identity) @ (second + identity) / 4, half),
        "that of the larger weights":
            ((maps[0].amax(0) + identity) / 2, "Mean, not maximum: `mean(dim=…)`."),
    })  # fmt: skip


@points(3, hint="Row i of the last layer's table says in what shares token i looks at the layer "
        "below. Multiply row by table, downwards: the last layer stands on the left.")  # fmt: skip
def test_rollout_multiplies_the_layers(rollout):
    """The last layer's table stands on the left of the product, the first layer's on the right."""
    maps, identity = _maps(), torch.eye(5)
    a, b, c = (maps.mean(1) + identity) / 2
    weights = maps.mean(1)
    whole = (
        "Every block adds its input to its output, so each layer's W̄ becomes ½ (W̄ + I) before the "
    )
    whole += "product."
    _assert_table(rollout(maps), c @ b @ a, "the rollout of three layers", {
        "the product in the other order":
            (a @ b @ c, "The first layer's table is applied to the input: it stands on the right."),
        "the product entry by entry": (a * b * c, "`*` multiplies entry by entry, `@` tables."),
        "the mean of the three tables": ((a + b + c) / 3, "One layer reads what the one before it "
            "wrote. Ways that follow one another are multiplied."),
        "the last layer's table alone": (c, "What has become of the layers below?"),
        "the product of the maps, mixed with the identity at the end":
            ((weights[2] @ weights[1] @ weights[0] + identity) / 2, whole),
    })  # fmt: skip


# --- ablate_head ---


@points(
    1, hint="register_forward_pre_hook and register_forward_hook each return a handle. Return it."
)
def test_returns_a_handle_that_undoes_it(ablate_head):
    """What comes back can be removed, and works in a `with` block."""
    handle = ablate_head(_encoder(), LAYER, HEAD)
    missing = [name for name in ("remove", "__enter__", "__exit__") if not hasattr(handle, name)]
    if missing:
        raise Failure(
            f"Expected the handle of a hook, which can be removed; got a {type(handle).__name__}."
        )


@points(1, hint="The model is trained, and somebody else's. Where can you change a head's answer "
        "without changing what it has learned?")  # fmt: skip
def test_no_weight_is_changed(ablate_head):
    """While the head is silent, every weight of the model is what it was."""
    model = _encoder()
    before = copy.deepcopy(model.state_dict())
    with ablate_head(model, LAYER, HEAD):
        model(TOKENS)
        changed = [name for name, now in model.state_dict().items() if not now.equal(before[name])]
    if changed:
        raise Failure(f"Your function wrote into the model's weights: {changed[0]} has changed.")


@points(2, hint="Which module turns the heads' answers into the layer's? Its input is where they "
        "still stand side by side.")  # fmt: skip
def test_the_head_says_nothing(ablate_head):
    """The head's own numbers are zero when the output map receives them."""
    heard = [_heard(ablate_head, LAYER, head) for head in range(HEADS)]
    if any(x is None for x in heard):
        raise Failure("With the head silenced the layer's output map was not called any more.")
    own = heard[HEAD].unflatten(-1, (HEADS, HEAD_DIM))[..., HEAD, :]
    if (own != 0).any():
        zeros = [_zeros(x) for x in heard]
        raise Failure(
            f"Head {HEAD} still answers: the largest of its numbers is {own.abs().max():.3f}; "
            f"expected zeros. Of the {HEADS * HEAD_DIM} numbers of d_model, "
            f"{_listed(_own(HEAD))} are its own; zero for every token: {_listed(zeros[HEAD])}.",
            pictures=[_silent(heard[HEAD])],
            hint=_why_it_still_answers(ablate_head, heard[HEAD], zeros),
        )


@points(1, hint="What does the hook do after the `with` block? And did anything else stay behind?")
def test_the_head_comes_back(ablate_head):
    """After the block the model reads as before, even if something went wrong inside it."""
    model = _encoder()
    before = model(TOKENS)
    with ablate_head(model, LAYER, HEAD):
        model(TOKENS)
    assert_values(model(TOKENS), before, "the model's output after the block")
    try:
        with ablate_head(model, LAYER, HEAD):
            raise RuntimeError
    except RuntimeError:
        pass
    assert_values(model(TOKENS), before, "the model's output after an error inside the block")


@points(1, hint="`layer` counts the blocks from 0. Which of them changed?")
def test_only_this_layer_is_changed(ablate_head):
    """Only this layer's head is silent: those before answer as they did, those after do not."""
    for layer in range(LAYERS):
        model = _encoder()
        before = _answers(model, layer)
        for other in {*range(LAYERS)} - {layer}:
            with ablate_head(model, other, HEAD):
                changed = not torch.allclose(_answers(model, layer), before, atol=1e-6)
            if changed != (other < layer):
                raise Failure(
                    f"With a head of layer {other} silenced, what the heads of layer {layer} "
                    f"answered {'changed' if changed else 'stayed the same'}; expected "
                    f"{'a change' if other < layer else 'no change'}."
                )


@points(
    2, hint="Which slice of the d_model numbers is this head's? Where does it begin, where end?"
)
def test_the_other_heads_are_heard(ablate_head):
    """The numbers of all other heads are what they were."""
    heard, expected = _heard(ablate_head, LAYER, HEAD), _answers(_encoder(), LAYER)
    pairs = [x.unflatten(-1, (HEADS, HEAD_DIM)).unbind(-2) for x in (heard, expected)]
    same = [torch.allclose(a, b, atol=1e-6) for a, b in zip(*pairs, strict=True)]
    others = [h for h in range(HEADS) if h != HEAD]
    gone = [h for h in others if not same[h]]
    if gone:
        hint = "You silenced the whole layer. Which of its numbers are this head's?"
        if gone == others[HEAD:]:
            hint = "Your slice has no end: it goes on to the last head."
        elif gone != others:
            hint = None
        heads = f"head{'s' if len(gone) > 1 else ''} {', '.join(map(str, gone))}"
        raise Failure(
            f"You were asked to silence head {HEAD}; the answers of {heads} changed as well.",
            pictures=[_silent(heard)],
            hint=hint,
        )


@points(1, hint="Two hooks run one after the other, and each gets what the one before returned.")
def test_two_heads_can_be_silent_at_once(ablate_head):
    """The second does not bring back the first."""
    model = _encoder()
    with ablate_head(model, LAYER, 0), ablate_head(model, LAYER, HEAD):
        heard = _answers(model, LAYER).unflatten(-1, (HEADS, HEAD_DIM))
    silent = [h for h in range(HEADS) if (heard[..., h, :] == 0).all()]
    if silent != [0, HEAD]:
        raise Failure(f"Heads 0 and {HEAD} were silenced; silent are {silent or 'none'}.")


@points(1, hint="A hook that writes into its input changes a tensor that others may still read.")
def test_what_the_hook_is_handed_is_not_written_to(ablate_head):
    """The heads' answers are copied before zeros are put in."""
    model = _encoder()
    to_output = model.blocks[LAYER].attention.to_output
    with ablate_head(model, LAYER, HEAD):
        given = torch.ones(2, 5, HEADS * HEAD_DIM)
        to_output(given)
    if not given.eq(1).all():
        raise Failure("Your hook put its zeros into the tensor that it was handed.")


def _encoder():
    torch.manual_seed(0)
    encoder = BertEncoder(12, HEADS * HEAD_DIM, HEADS, LAYERS, 7, 6).eval()
    for parameter in encoder.parameters():  # large enough that every head is heard
        torch.nn.init.normal_(parameter, std=0.5)
    return encoder.requires_grad_(False)


def _answers(model, layer):
    """What the heads of a layer answer, side by side, after the hooks that stand there."""
    seen = []
    hook = model.blocks[layer].attention.to_output.register_forward_hook(
        lambda module, inputs, output: seen.append(inputs[0].clone())
    )
    with hook:
        model(TOKENS)
    return seen[0] if seen else None


def _heard(ablate_head, layer, head):
    model = _encoder()
    with ablate_head(model, layer, head):
        return _answers(model, layer)


def _own(head):
    return [*range(head * HEAD_DIM, (head + 1) * HEAD_DIM)]


def _zeros(heard):
    """The numbers of the last axis that are zero for every token."""
    return heard.flatten(0, -2).eq(0).all(0).nonzero().flatten().tolist()


def _listed(numbers):
    return f"numbers {', '.join(map(str, numbers))}" if numbers else "none"


def _why_it_still_answers(ablate_head, heard, zeros):
    """Choose the hint by which numbers are zero, for each head that was to be silent."""
    width = HEADS * HEAD_DIM
    if heard.eq(0).all(-1).any():
        token = heard.eq(0).all(-1).nonzero()[0, -1].item()
        return (
            f"All numbers of token {token} are zero. Which axis counts tokens, and which d_model?"
        )
    if all(z == [n for n in range(width) if n not in _own(h)] for h, z in enumerate(zeros)):
        return "You kept this head and silenced all others. It should be the other way round."
    if zeros[HEAD] == [*range(HEAD, width, HEADS)]:
        return "Heads lie side by side, not interleaved: head 0 has the first head_dim numbers."
    if zeros[0] == _own(0):
        return (
            f"Head 0 can be silenced, head {HEAD} cannot. Write down where the slice of head "
            f"{HEAD} begins and where it ends, counted in numbers, not in heads."
        )
    if any(zeros):
        return (
            "Each head has head_dim = d_model // n_heads numbers. Which is the first number of "
            "head 1, and which of head 2?"
        )
    return _why_nothing_is_zero(ablate_head, heard)


def _why_nothing_is_zero(ablate_head, heard):
    model = _encoder()
    unchanged = torch.equal(heard, _answers(model, LAYER))
    to_output = model.blocks[LAYER].attention.to_output
    with ablate_head(model, LAYER, HEAD):
        before, after = to_output._forward_pre_hooks, to_output._forward_hooks
        silent = [n for n in range(LAYERS) if _zeros(_answers(model, n))]
        if silent:
            return f"Layer {silent[0]} fell silent instead of layer {LAYER}: count from 0."
        if after:
            return (
                "Your hook runs after the output map has mixed the heads. "
                "`register_forward_pre_hook` runs before."
            )
        if before and unchanged:
            return (
                "Your hook runs, and the output map receives what it always did. What does your "
                "hook `return`?"
            )
        if before:
            return "Your hook changes this head's numbers, but not to zeros."
    return None


def _silent(heard):
    """Which head each number of the output map's input came from, and which are zero."""
    zero = _zeros(heard)
    words = {True: "0", False: "·"}
    return strip(
        f"Numbers that are zero where head {HEAD} should be silent, two a head",
        {
            "yours": [words[n in zero] for n in range(HEADS * HEAD_DIM)],
            "expected": [words[n in _own(HEAD)] for n in range(HEADS * HEAD_DIM)],
        },
        [f"head {h}" for h in range(HEADS)],
    )


def _range(x):
    least, most = f"{x.min():.3g}", f"{x.max():.3g}"
    return least if least == most else f"between {least} and {most}"


def _maps():
    """(layers, heads, tokens, tokens) weights, each row of which sums to one."""
    torch.manual_seed(0)
    return (2 * torch.randn(3, 2, 5, 5)).softmax(-1)


def _assert_table(found, expected, what, guesses):
    """Fail unless a table is right; name it if it is one of the usual wrong ones."""
    assert_shape(found, expected.shape, what)
    for name, (guess, hint) in guesses.items():
        if torch.allclose(found, guess, atol=1e-5) and not torch.allclose(guess, expected):
            message = f"For {what} you return {name}."
            raise Failure(message, side_by_side(found, expected), hint=hint)
    assert_values(found, expected, what)
