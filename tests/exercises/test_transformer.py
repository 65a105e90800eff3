"""The checks that grade the exercises of the chapter transformer.

Sizes all differ, so that no axis passes for another: batch 2, length 5, 3 heads of 4, d_ff 9.
"""

import torch
from torch import nn

from attention.masks.causal import causal_mask
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
    which_inputs_matter,
)

EncoderBlock = exercise(
    "EncoderBlock", forbids=["torch.nn.TransformerEncoderLayer", "attention.PostNormEncoderBlock"]
)

BATCH, LENGTH, HEADS, HEAD_DIM, D_FF = 2, 5, 3, 4, 9
D_MODEL = HEADS * HEAD_DIM
MAPS = ("to_query", "to_key", "to_value", "to_output")


@points(2, hint="Set each part on self under the name that the stub gives. A part inside a plain "
        "list is not found by parameters(), so no optimiser trains it.")  # fmt: skip
def test_block_registers_its_parts(EncoderBlock):
    """attention, two norms and a feed-forward network of two maps are parts of the module."""
    block = EncoderBlock(D_MODEL, HEADS, D_FF)
    parameters = dict(block.named_parameters())
    if getattr(block, "attention_norm", 0) is getattr(block, "feed_forward_norm", 1):
        raise Failure(
            "attention_norm and feed_forward_norm are one and the same module.",
            hint="Each layer reads through a norm with its own scale and shift. Make two.",
        )
    names = [f"attention.{name}.weight" for name in MAPS]
    for name in (*names, "attention_norm.weight", "feed_forward_norm.weight"):
        assert name in parameters, (
            f"The module's parameters do not include {name}; "
            f"they are {', '.join(parameters) or 'none'}."
        )
    sizes = [tuple(m.weight.shape) for m in _linears(block)]
    if sorted(sizes) != sorted([(D_FF, D_MODEL), (D_MODEL, D_FF)]):
        raise Failure(
            f"feed_forward should hold a linear map from {D_MODEL} to {D_FF} and one back; the "
            f"weights in it have shapes {sizes}.",
            hint="Two maps, nn.Linear(d_model, d_ff) and nn.Linear(d_ff, d_model). The caller "
            f"chooses d_ff: here it is {D_FF}, not 4 · d_model."
            if sizes
            else "The two maps are layers of feed_forward, as in an nn.Sequential. A layer in a "
            "plain list is not found.",
        )


@points(1, hint="The output has as many tokens as x, and each is as wide as before.")
def test_block_keeps_the_shape(EncoderBlock):
    """The output is (batch, length, d_model)."""
    output = _known(EncoderBlock)(torch.randn(BATCH, LENGTH, D_MODEL))
    assert_shape(output, (BATCH, LENGTH, D_MODEL), "the output")


@points(1, hint="`x += …` writes into the caller's tensor; `x = x + …` makes a new one.")
def test_block_leaves_its_input_alone(EncoderBlock):
    """x is not written to."""
    x = torch.randn(BATCH, LENGTH, D_MODEL)
    before = x.clone()
    _known(EncoderBlock)(x)
    assert_unchanged(before, x, "x")


@points(1, hint="Dropout belongs to training. nn.Dropout knows from eval() when to rest; "
        "nn.functional.dropout has to be told, by training=self.training.")  # fmt: skip
def test_block_answers_alike_each_time(EncoderBlock):
    """In eval mode, the same x gives the same output."""
    block, x = _known(EncoderBlock), _stream()
    assert torch.equal(block(x), block(x)), "The same x gave two different outputs in eval mode."


@points(2, hint="A residual connection adds a layer's answer to what stood there before. Which of "
        "the two layers puts its answer in the place of the stream?")  # fmt: skip
def test_block_adds_to_the_stream(EncoderBlock):
    """When both layers answer with zeros, something of x is left."""
    output = _known(EncoderBlock, silent=("attention", "feed_forward"))(_stream())
    assert output.abs().max() > 1e-3, "Both layers answered zero, and so did the block: x is lost."


@points(3, hint="This is what a post-norm block does: it adds first and then normalises the sum. "
        "The stub asks for pre-norm: the norm stands in front of a layer.")  # fmt: skip
def test_block_does_not_normalise_its_output(EncoderBlock):
    """The numbers of an output token may have any mean and any spread."""
    output = _known(EncoderBlock, norms=(1.0, 0.0))(100 * _stream())
    mean, spread = output.mean(-1), output.std(-1, correction=0)
    assert not (torch.isclose(spread, torch.ones(()), atol=1e-3) & (mean.abs() < 1e-3)).all(), (
        "Every token came out with mean 0 and spread 1, though x was 100 times larger."
    )


@points(3, hint="x passes round each layer untouched: the norm stands on the way into the layer "
        "alone. If you write x = norm(x), what is it that you add to afterwards?")  # fmt: skip
def test_block_adds_to_x_itself(EncoderBlock):
    """When both layers answer with zeros, the output is x."""
    x = _stream()
    silent = ("attention", "feed_forward")
    output = _known(EncoderBlock, silent=silent, norms=(1.0, 0.0))(x)
    assert_values(output, x, "what passes round two silent layers")


@points(2, hint="All that each of the two layers reads is a normalised copy, keys and values "
        "included, so its answer does not depend on how large the stream has grown.")  # fmt: skip
def test_block_normalises_what_each_layer_reads(EncoderBlock):
    """A token ten times as large, and shifted, gets the same answer from each layer."""
    x = 100 * _stream()
    for layer, other in [("attention", "feed_forward"), ("feed_forward", "attention")]:
        block = _known(EncoderBlock, silent=(other,))
        answer, larger = block(x) - x, block(10 * x + 50) - (10 * x + 50)
        what = f"what {layer} answers to the larger x"
        assert_values(larger, answer, what, rtol=1e-3, atol=1e-2)  # float32


@points(2, hint="A norm, and the feed-forward network, work within one token, along the last axis. "
        "An average along another axis lets tokens hear of each other.")  # fmt: skip
def test_block_thinks_within_each_token(EncoderBlock):
    """When the attention is silent, each token depends on itself alone."""
    reads = _reads(_known(EncoderBlock, silent=("attention",)))
    assert_reads_only(reads, torch.eye(LENGTH, dtype=torch.bool), "token")


@points(2, hint="The stream is carried on from line to line: to what does your last addition add "
        "the feed-forward network's answer?")  # fmt: skip
def test_block_keeps_what_it_heard(EncoderBlock):
    """When the feed-forward network is silent, what the attention answered is in the output."""
    x = _stream()
    lost = torch.allclose(_known(EncoderBlock, silent=("feed_forward",))(x), x, atol=1e-4)
    assert not lost, "The feed-forward network answered zero, and x came out as if nobody spoke."


@points(2, hint="An encoder reads a whole sentence before anybody writes: without a mask, each "
        "token hears all others, the later ones too.")  # fmt: skip
def test_block_lets_every_token_hear_every_other(EncoderBlock):
    """When the feed-forward network is silent, each token depends on all."""
    reads = _reads(_known(EncoderBlock, silent=("feed_forward",)))
    deaf = (~reads).nonzero().tolist()
    assert not deaf, f"Output {deaf[0][0]} does not change when token {deaf[0][1]} does."


@points(2, hint="The mask is an argument of forward. Who needs it?")
def test_block_hands_the_mask_on(EncoderBlock):
    """Under a causal mask no token hears the future."""
    reads = _reads(_known(EncoderBlock), causal_mask(LENGTH))
    assert_reads_only(reads, causal_mask(LENGTH), "token")


@points(2, hint="Each layer has a norm of its own, with its own learned scale and shift. Which "
        "norm does each of your two layers read through?")  # fmt: skip
def test_block_uses_each_norm_for_its_own_layer(EncoderBlock):
    """A change in one norm changes the answer of its layer, and not of the other."""
    heard = {  # (layer, norm): whether another scale of the norm changes the layer's answer
        (layer, norm): _answer_changes(EncoderBlock, layer, other, f"{norm}_norm")
        for layer, other in [("attention", "feed_forward"), ("feed_forward", "attention")]
        for norm in ("attention", "feed_forward")
    }
    if heard == {(layer, norm): layer == norm for layer, norm in heard}:
        return
    if heard == {(layer, norm): layer != norm for layer, norm in heard}:
        raise Failure(
            "The attention reads through feed_forward_norm, and the feed-forward network through "
            "attention_norm.",
            hint="Both norms are used, each by the other's layer. The names say whose they are.",
        )
    for layer in ("attention", "feed_forward"):
        if not heard[layer, "attention"] and not heard[layer, "feed_forward"]:
            raise Failure(
                f"Another scale in either norm changes nothing that {layer} answers.",
                hint=f"The block is two lines, one for each layer. Is {layer} called in forward, "
                "and is its answer in what you return?",
            )
    for norm, other in [("attention", "feed_forward"), ("feed_forward", "attention")]:
        if not heard[norm, norm] and not heard[other, norm]:
            raise Failure(
                f"Another {norm}_norm.weight changes the answer of neither layer.",
                hint=f"{norm}_norm is there and nobody reads through it. Is the other used twice?",
            )
    wrong = next((layer, norm) for layer, norm in heard if heard[layer, norm] != (layer == norm))
    verb = "changed" if heard[wrong] else "did not change"
    raise Failure(f"Another {wrong[1]}_norm.weight {verb} what {wrong[0]} answers.")


@points(2, hint="The two layers stand one behind the other: the second reads the stream after the "
        "first has written into it.")  # fmt: skip
def test_block_thinks_about_what_it_heard(EncoderBlock):
    """The feed-forward network reads what the attention has added."""
    block, x = _known(EncoderBlock, silent=("attention",)), _stream()
    heard = torch.linspace(-3, 3, D_MODEL)
    with torch.no_grad():
        block.attention.to_output.bias.copy_(heard)  # now it tells every token the same
        y = x + heard
        expected = y + block.feed_forward(block.feed_forward_norm(y))
        assert_values(block(x), expected, "the output after the attention has added a known vector")


@points(2, hint="Two linear maps in a row are one linear map: turn the token round, and the answer "
        "turns round. What stands between yours?")  # fmt: skip
def test_block_bends_between_the_maps(EncoderBlock):
    """The feed-forward network is not linear."""
    block = _known(EncoderBlock, silent=("attention",), norms=(1.0, 0.0), bias=0.0)
    x = _stream()
    answer, opposite = block(x) - x, block(-x) + x
    assert not torch.allclose(answer, -opposite, atol=1e-3), (
        "The answer to −x is exactly minus the answer to x."
    )


@points(1, hint="The stub asks for a GELU in its exact form, nn.GELU() or nn.functional.gelu, "
        "between the two maps, and for nothing behind the second.")  # fmt: skip
def test_block_bends_by_a_gelu(EncoderBlock):
    """Between the two maps stands a GELU, in its exact form."""
    block, x = _known(EncoderBlock, silent=("attention",)), _stream()
    expand, contract = sorted(_linears(block), key=lambda m: m.out_features != D_FF)
    with torch.no_grad():
        hidden, output = expand(block.feed_forward_norm(x)), block(x)
        for bend, name in [
            (nn.functional.relu, "a ReLU"),
            (
                lambda u: nn.functional.gelu(u, approximate="tanh"),
                "the GELU's approximation by tanh",
            ),
        ]:
            if torch.allclose(output, x + contract(bend(hidden)), atol=1e-5):
                raise Failure(f"Between the two maps of your network stands {name}.")
        expected = x + contract(nn.functional.gelu(hidden))
        assert_values(output, expected, "the output of a block whose attention is silent")


@points(2, hint="Compare with the two lines of the formula, sign by sign.")
def test_block_values(EncoderBlock):
    """With PyTorch's weights it gives PyTorch's numbers, with norm_first=True."""
    block, x, mask = _known(EncoderBlock), _stream(), padding_mask([LENGTH, 3], LENGTH)
    theirs = nn.TransformerEncoderLayer(
        D_MODEL, HEADS, D_FF, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    )
    expand, contract = sorted(_linears(block), key=lambda m: m.out_features != D_FF)
    maps = [getattr(block.attention, name) for name in MAPS]
    with torch.no_grad():
        theirs.self_attn.in_proj_weight.copy_(torch.cat([m.weight for m in maps[:3]]))
        theirs.self_attn.in_proj_bias.copy_(torch.cat([m.bias for m in maps[:3]]))
        for mine, yours in [
            (maps[3], theirs.self_attn.out_proj),
            (expand, theirs.linear1),
            (contract, theirs.linear2),
            (block.attention_norm, theirs.norm1),
            (block.feed_forward_norm, theirs.norm2),
        ]:
            yours.weight.copy_(mine.weight)
            yours.bias.copy_(mine.bias)
        expected = theirs(x, src_key_padding_mask=~mask[:, 0])
        assert_values(block(x, mask)[0], expected[0], "the output of a whole sentence")
        assert_values(block(x, mask)[1, :3], expected[1, :3], "the output of a padded sentence")


@points(2, hint="Follow each part through forward: does its result go on to the output without "
        "`detach` or `no_grad`?")  # fmt: skip
def test_block_learns(EncoderBlock):
    """A gradient reaches all parts."""
    block = _known(EncoderBlock).requires_grad_(True)
    parts = {name: p for name, p in block.named_parameters() if name.endswith("weight")}
    gradients(block(_stream()), parts)


def _linears(block):
    return [m for m in block.feed_forward.modules() if isinstance(m, nn.Linear)]


def _known(cls, silent=(), norms=None, bias=None):
    """A block with random weights, the same each time.

    Args:
        silent: layers whose last map is all zeros, so that they answer zero.
        norms: (scale, shift) of both norms; random if not given.
        bias: of the feed-forward network's maps; random if not given.
    """
    block, generator = cls(D_MODEL, HEADS, D_FF), torch.Generator().manual_seed(1)

    def fill(parameter, number=None):
        noise = torch.randn(parameter.shape, generator=generator)
        parameter.copy_(0.3 * noise if number is None else torch.as_tensor(number))

    with torch.no_grad():
        for layer in [*(getattr(block.attention, name) for name in MAPS), *_linears(block)]:
            fill(layer.weight)
            fill(layer.bias, bias if layer in _linears(block) else None)
        for norm in (block.attention_norm, block.feed_forward_norm):
            fill(norm.weight, None if norms is None else norms[0])
            fill(norm.bias, None if norms is None else norms[1])
            norm.weight.add_(1.0 if norms is None else 0.0)
        last = sorted(_linears(block), key=lambda m: m.out_features != D_FF)[-1]
        for name, layer in [("attention", block.attention.to_output), ("feed_forward", last)]:
            if name in silent:
                layer.weight.zero_()
                layer.bias.zero_()
    return block.eval().requires_grad_(False)


def _answer_changes(cls, layer, other, norm):
    """Whether another scale of a norm changes what a layer answers while the other is silent."""
    before, block = _known(cls, silent=(other,)), _known(cls, silent=(other,))
    nn.init.constant_(getattr(block, norm).weight, 3.0)
    return not torch.allclose(block(_stream()), before(_stream()), atol=1e-4)


def _reads(block, *mask):
    """Which outputs change with which tokens. Each is moved in a direction that no norm removes."""
    direction = torch.linspace(-1, 2, D_MODEL)
    return which_inputs_matter(lambda x: block(x * direction, *mask), _stream()[:1])


def _stream():
    generator = torch.Generator().manual_seed(2)
    return 2 * torch.randn(BATCH, LENGTH, D_MODEL, generator=generator) + 1
