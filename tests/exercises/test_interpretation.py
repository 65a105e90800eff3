"""The checks that grade the exercise of the chapter interpretation, on a tiny random encoder.

Sizes all differ, so that no axis passes for another: 3 layers, 4 heads of 2, 5 tokens, d_model 8.
"""

import copy

import torch

from attention.models.bert.encoder import BertEncoder
from grading.checks import Failure, assert_values, exercise, points, strip

ablate_head = exercise("ablate_head")

LAYERS, HEADS, HEAD_DIM = 3, 4, 2
TOKENS = torch.tensor([[9, 4, 7, 4, 10], [9, 1, 2, 3, 10]])
LAYER, HEAD = 1, 2


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
    heard = _heard(ablate_head, LAYER, HEAD)
    if heard is None:
        raise Failure("With the head silenced the layer's output map was not called any more.")
    own = heard.unflatten(-1, (HEADS, HEAD_DIM))[..., HEAD, :]
    if (own != 0).any():
        raise Failure(
            f"Head {HEAD} still answers: the largest of its numbers is {own.abs().max():.3f}; "
            "expected zeros.",
            pictures=[_silent(heard)],
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
    2,
    hint="Heads lie side by side, not interleaved: which slice of d_model numbers is this head's?",
)
def test_the_other_heads_are_heard(ablate_head):
    """The numbers of all other heads are what they were."""
    heard, expected = _heard(ablate_head, LAYER, HEAD), _answers(_encoder(), LAYER)
    expected = expected.unflatten(-1, (HEADS, HEAD_DIM)).clone()
    expected[..., HEAD, :] = 0
    if not torch.allclose(heard, expected.flatten(-2), atol=1e-6):
        gone = [
            f"{h}" for h in range(HEADS)
            if h != HEAD and not torch.allclose(
                heard.unflatten(-1, (HEADS, HEAD_DIM))[..., h, :], expected[..., h, :], atol=1e-6
            )
        ]  # fmt: skip
        raise Failure(
            f"You were asked to silence head {HEAD}; the answers of head {', '.join(gone)} changed "
            "as well.",
            pictures=[_silent(heard)],
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


def _silent(heard):
    """Which head each number of the output map's input came from, and which are zero."""
    zero = heard.flatten(0, -2).eq(0).all(0).tolist()
    expected = [n // HEAD_DIM == HEAD for n in range(HEADS * HEAD_DIM)]
    words = {True: "0", False: "·"}
    return strip(
        "Numbers that are zero, two a head",
        {"yours": [words[z] for z in zero], "expected": [words[e] for e in expected]},
        [f"head {h}" for h in range(HEADS)],
    )
