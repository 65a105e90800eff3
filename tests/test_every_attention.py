"""What holds of attention in whichever way it is computed, and what every caller is told."""

import math
from functools import partial

import pytest
import torch
from torch.testing import assert_close

import attention
from attention import (
    KVCache,
    MultiHeadAttention,
    additive_scores,
    bilinear_scores,
    causal_linear_attention,
    context,
    cross_attention,
    fast_attention,
    kernel_regression,
    linear_attention,
    masked_softmax,
    rotate,
    rotate_halves,
    row_blocked_attention,
    scaled_dot_product_attention,
    sliding_window_attention,
    soft_lookup,
    softmax,
    tiled_attention,
)
from attention.models.toys.bare_heads import bare_heads

BATCH, HEADS, LENGTH, KEY_LEN, HEAD_DIM, VALUE_DIM = 2, 3, 4, 5, 6, 7
WINDOW = 2

# Each by its name, in blocks that do not divide the length.
VARIANTS = {
    "explicit": scaled_dot_product_attention,
    "fast": fast_attention,
    "tiled": partial(tiled_attention, block=3),
    "row blocks": partial(row_blocked_attention, block=3),
    "window": partial(sliding_window_attention, window=WINDOW, block=3),
    "linear": linear_attention,
    "causal linear": partial(causal_linear_attention, block=3),
    "soft lookup": soft_lookup,
    "kernel": partial(kernel_regression, bandwidth=1.5),
}
EXACT = ["explicit", "fast", "tiled", "row blocks"]
EACH = pytest.mark.parametrize("attend", VARIANTS.values(), ids=VARIANTS)
HALF = pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])


def draw(*shape, seed=0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)


def tensors(length=LENGTH, dtype=torch.float32):
    sizes = (HEAD_DIM, HEAD_DIM, VALUE_DIM)
    return [draw(BATCH, HEADS, length, d, seed=s, dtype=dtype) for s, d in enumerate(sizes)]


# Numbers.


@EACH
def test_nan_in_a_query_stays_in_its_row(attend):
    """All other rows are what they were, to the bit or nearly."""
    query, key, value = tensors()
    clean = attend(query, key, value)
    query[1, 2, 1, 3] = math.nan
    output = attend(query, key, value)
    broken = torch.zeros_like(output, dtype=torch.bool)
    broken[1, 2, 1] = True
    assert output[broken].isnan().all()
    assert_close(output[~broken], clean[~broken])


@EACH
def test_the_shortest_sequences(attend):
    """One token returns its own value, an empty batch nothing, and no key at all is refused."""
    query, key, value = tensors(1)
    assert_close(attend(query, key, value), value)
    assert attend(query[:0], key[:0], value[:0]).shape == (0, HEADS, 1, VALUE_DIM)
    with pytest.raises(ValueError, match=r"at least one key, got key \(2, 3, 0, 6\)"):
        attend(query[..., :0, :], key[..., :0, :], value[..., :0, :])


@pytest.mark.parametrize("name", [n for n in VARIANTS if n != "causal linear"])
def test_no_query_gives_no_output(name):
    """Nobody asks, nobody is answered. (The causal linear form has as many queries as keys.)"""
    query, key, value = tensors()
    assert VARIANTS[name](query[..., :0, :], key, value).shape == (BATCH, HEADS, 0, VALUE_DIM)


@EACH
@HALF
def test_half_precision_is_near_the_exact_answer(attend, dtype):
    """The dtype stays, and the numbers are those of float64 for the same inputs."""
    inputs = tensors(dtype=dtype)
    output = attend(*inputs)
    exact = attend(*(x.double() for x in inputs))
    bits = 4 * torch.finfo(dtype).eps  # scores, weights and output are rounded, in some
    assert output.dtype == dtype
    assert_close(output.double(), exact, rtol=bits, atol=4 * bits)


@EACH
@HALF
def test_ten_thousand_in_half_precision(attend, dtype):
    """Products of 10⁸ do not fit float16. They are summed in float32, and nothing overflows."""
    query, key, value = tensors(dtype=torch.float64)
    inputs = [x.to(dtype) for x in (1e4 * query.sign(), 1e4 * key.sign(), value)]
    output, exact = attend(*inputs), attend(*(x.double() for x in inputs))
    bits = torch.finfo(dtype).eps
    assert_close(output.double(), exact, rtol=2 * bits, atol=2 * bits)  # weights and output


def test_linear_attention_over_many_keys_in_float16():
    """The sum over all keys passes 65 504 with ordinary tokens; their average does not."""
    query, key, value = (draw(2000, d, seed=d, dtype=torch.float16) for d in (32, 33, 7))
    key = key[:, :32]
    for attend in (linear_attention, causal_linear_attention):
        exact = attend(query.double(), key.double(), value.double())
        # one rounding, of numbers far below one, and 2 000 terms that cancel in float32
        assert_close(attend(query, key, value).double(), exact, rtol=1e-3, atol=1e-4)


# Autocast, and a device without float64.


def exactly(*shape, dtype, seed=0, loud=1.0):
    """Random numbers that half precision holds as they are."""
    return (loud * draw(*shape, seed=seed)).to(dtype).float()


@EACH
@HALF
@pytest.mark.parametrize("loud", [1.0, 300.0])
def test_autocast_is_near_float32(attend, dtype, loud):
    """In autocast's dtype, as PyTorch's own attention answers, and finite at scores of 10⁵."""
    sizes = (HEAD_DIM, loud), (HEAD_DIM, loud), (VALUE_DIM, 1.0)
    shape = BATCH, HEADS, LENGTH
    inputs = [exactly(*shape, d, dtype=dtype, seed=s, loud=x) for s, (d, x) in enumerate(sizes)]
    exact = attend(*inputs)
    inputs = [x.requires_grad_() for x in inputs]
    with torch.autocast("cpu", dtype=dtype):
        output = attend(*inputs)
    bits = torch.finfo(dtype).eps
    assert output.dtype == dtype
    assert_close(output.float(), exact, rtol=2 * bits, atol=2 * bits)  # weights and output
    grads = torch.autograd.grad(output.float().square().sum(), inputs)
    assert all(grad.isfinite().all() for grad in grads)


@EACH
def test_autocast_leaves_float64_alone(attend):
    """As it does with PyTorch's own."""
    inputs = tensors(dtype=torch.float64)
    exact = attend(*inputs)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert_close(attend(*inputs), exact)


@EACH
@HALF
def test_autocast_mends_inputs_of_several_dtypes(attend, dtype):
    """A query that a layer made, in half precision, meets keys and values in float32."""
    query, key, value = (exactly(*x.shape, dtype=dtype, seed=9) for x in tensors())
    exact = attend(query, key, value)
    with torch.autocast("cpu", dtype=dtype):
        output = attend(query.to(dtype), key, value)
    bits = torch.finfo(dtype).eps
    assert_close(output.float(), exact, rtol=4 * bits, atol=4 * bits)


def modules():
    """Each module with attention in it; its maps are identities, which half precision has."""
    heads, one = bare_heads(12, 3), attention.SelfAttention(12, 12)
    for linear in one.children():
        torch.nn.init.eye_(linear.weight)
    eye = torch.eye(12)
    cache = partial(KVCache, BATCH, 3, 2 * LENGTH, 4)
    return {
        "heads": heads,
        "heads with weights": lambda x: heads(x, return_weights=True)[0],
        "heads, causal": lambda x: heads(x, is_causal=True),
        "heads with a bias": lambda x: heads(x, bias=torch.zeros(3, LENGTH, LENGTH)),
        "heads with a cache": lambda x: heads(x, cache=cache()),
        "heads with weights and a cache": lambda x: heads(x, cache=cache(), return_weights=True)[0],
        "one head": one,
        "matrices": lambda x: cross_attention(x, x, eye, eye, eye),
        "context": lambda x: context(x[:, 0], x, [LENGTH] * BATCH, attention.scaled_dot_scores)[0],
    }


@HALF
@pytest.mark.parametrize("name", modules())
@pytest.mark.parametrize("loud", [1.0, 300.0])
@torch.no_grad()
def test_autocast_of_modules_is_near_float32(name, dtype, loud):
    """Whichever way a module takes, with weights and without, through a cache of float32."""
    module, x = modules()[name], exactly(BATCH, LENGTH, 12, dtype=dtype, loud=loud)
    exact = module(x)
    with torch.autocast("cpu", dtype=dtype):
        output = module(x)
    bits = 4 * torch.finfo(dtype).eps
    assert_close(output.float(), exact, rtol=bits, atol=bits * loud)


SCORERS = {
    "dot": attention.dot_scores,
    "scaled": attention.scaled_dot_scores,
    "gaussian": partial(attention.gaussian_scores, bandwidth=300.0),
    "bilinear": lambda query, key: bilinear_scores(query, key, torch.eye(6, dtype=query.dtype)),
    "additive": lambda query, key: additive_scores(
        query, key, *(torch.eye(6, dtype=query.dtype),) * 2, torch.ones(6, dtype=query.dtype)
    ),
    "weights": attention.attention_weights,
}


@HALF
@pytest.mark.parametrize("how", ["autocast", "inputs"])
@pytest.mark.parametrize("name", SCORERS)
def test_scores_are_those_of_float32(name, dtype, how):
    """A score of 10⁵ is one, whether the inputs are in half precision or autocast takes them there.

    They are compared as weights: an infinite score would make them NaN.
    """
    query = exactly(BATCH, LENGTH, 6, dtype=dtype, loud=300.0)
    key = exactly(BATCH, KEY_LEN, 6, dtype=dtype, loud=300.0, seed=1)
    exact = SCORERS[name](query, key).softmax(-1)
    with torch.autocast("cpu", dtype=dtype, enabled=how == "autocast"):
        scores = SCORERS[name](
            *((query, key) if how == "autocast" else (query.to(dtype), key.to(dtype)))
        )
    bits = torch.finfo(dtype).eps
    assert_close(scores.float().softmax(-1), exact, rtol=bits, atol=bits)


@EACH
def test_a_device_without_float64_is_served(attend, refuses_float64):
    """Forward and back, no step needs it."""
    inputs = [x.requires_grad_() for x in tensors()]
    with refuses_float64("cpu"):
        attend(*inputs).sum().backward()


@pytest.mark.parametrize("name", modules())
def test_modules_and_caches_need_no_float64(name, refuses_float64):
    """Nor do they."""
    module, x = modules()[name], draw(BATCH, LENGTH, 12)
    with refuses_float64("cpu"):
        module(x)


def test_positions_need_no_float64_where_the_model_is(refuses_float64):
    """A table that has to be computed in it is not PyTorch's until it is rounded."""
    x = draw(4, 6).to("meta")
    with refuses_float64("cpu", "meta"):
        for made in (
            attention.sinusoidal(9, 6, device="meta"),
            attention.alibi_bias(3, 4, 5, device="meta"),
            attention.RelativeBias(3).to("meta")(4, 5),
            rotate(x, torch.arange(4, device="meta")),
            attention.mel_filters(90, 13, 2, device="meta"),
        ):
            assert made.device.type == "meta" and made.dtype == torch.float32


# Where the numbers lie.


@EACH
def test_views_are_served_like_copies(attend):
    """Transposed, strided, expanded, reversed or without a batch."""
    query = draw(LENGTH, BATCH, HEADS, 2 * HEAD_DIM)[..., ::2].permute(1, 2, 0, 3)
    key = draw(BATCH, 1, LENGTH, HEAD_DIM, seed=1).expand(-1, HEADS, -1, -1)
    value = draw(1, 1, 1, VALUE_DIM, seed=2).expand(BATCH, HEADS, LENGTH, -1)
    views = [query, key, value + 0 * query[..., :1]]
    for one in (value, views[2].mT.contiguous().mT):
        copies = [x.clone(memory_format=torch.contiguous_format) for x in (query, key, one)]
        assert_close(attend(query, key, one), attend(*copies))
    assert_close(attend(*(x[1, 2] for x in views)), attend(*views)[1, 2])


@EACH
def test_axes_in_front_broadcast_and_share_their_gradient(attend):
    """A query for the whole batch, a key for all heads, a value without a batch."""
    query, key, value = tensors(dtype=torch.float64)
    few = [x.requires_grad_() for x in (query[:1], key[:, :1], value[0])]
    many = [x.detach().expand(BATCH, HEADS, -1, -1).clone().requires_grad_() for x in few]
    ours, theirs = attend(*few), attend(*many)
    assert_close(ours, theirs)
    upstream = draw(*ours.shape, seed=3, dtype=torch.float64)
    shared = torch.autograd.grad(ours, few, upstream)
    for small, large in zip(shared, torch.autograd.grad(theirs, many, upstream), strict=True):
        assert_close(small, large.sum_to_size(small.shape))


# Rows with nothing to attend to.


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("how", ["mask", "causal", "both"])
def test_a_dead_row_is_zero_and_teaches_nobody(name, how):
    """Alone in the loss, it gives no gradient to query, key or value."""
    inputs = [x.requires_grad_() for x in tensors()]
    query, key, value = inputs[0], inputs[1][..., :3, :], inputs[2][..., :3, :]
    mask = torch.ones(LENGTH, 3, dtype=torch.bool)
    mask[0] = how == "causal"  # more queries than keys: the first comes before any key
    output = VARIANTS[name](
        query, key, value, None if how == "causal" else mask, is_causal=how != "mask"
    )
    assert (output[..., 0, :] == 0).all() and (output[..., 1:, :] != 0).all()
    for grad in torch.autograd.grad(output[..., 0, :].sum(), inputs, retain_graph=True):
        assert (grad == 0).all()
    assert all(g.isfinite().all() for g in torch.autograd.grad(output.sum(), inputs))


def test_a_window_before_the_first_key_teaches_nobody():
    """The same, in a block that holds other rows and in one that does not."""
    for block in (1, 3):
        inputs = [x.requires_grad_() for x in tensors()]
        query, key, value = inputs[0], inputs[1][..., :3, :], inputs[2][..., :3, :]
        output = sliding_window_attention(query, key, value, WINDOW, block)
        assert (output[..., 0, :] == 0).all() and (output[..., 1:, :] != 0).all()
        if output[..., 0, :].requires_grad:
            grads = torch.autograd.grad(output[..., 0, :].sum(), inputs, retain_graph=True)
            assert all((grad == 0).all() for grad in grads)
        assert all(g.isfinite().all() for g in torch.autograd.grad(output.sum(), inputs))


# Bad input.


@EACH
def test_what_does_not_belong_together_is_named(attend):
    """Another device, another dtype, another width, too few values; no numbers at all."""
    query, key, value = tensors()
    with pytest.raises(ValueError, match=r"query and key .* got query .* on cpu and key .*on meta"):
        attend(query, key.to("meta"), value)
    with pytest.raises(ValueError, match=r"key and value .* got key .* cpu and value .*on meta"):
        attend(query, key, value.to("meta"))
    with pytest.raises(ValueError, match=r"got query torch\.float64 .* and key torch\.float32"):
        attend(query.double(), key, value)
    with pytest.raises(ValueError, match=r"got key torch\.float32 .* and value torch\.float16"):
        attend(query, key, value.half())
    with pytest.raises(ValueError, match=r"got query \(2, 3, 4, 6\) and key \(2, 3, 4, 7\)"):
        attend(query, value, value)
    with pytest.raises(ValueError, match=r"got key \(2, 3, 4, 6\) and value \(2, 3, 3, 7\)"):
        attend(query, key, value[..., 1:, :])
    with pytest.raises(ValueError, match=r"must match, got query \(2, 3, .* and key \(2, 2, "):
        attend(query, key[:, :2], value[:, :2])
    with pytest.raises(ValueError, match=r"at least one number, got query \(2, 3, 4, 0\)"):
        attend(query[..., :0], key[..., :0], value)
    with pytest.raises(TypeError, match=r"query must hold floating.*got torch\.int64"):
        attend(query.long(), key, value)


MASKED = {
    **{name: lambda mask, f=VARIANTS[name]: f(*tensors(), mask) for name in EXACT},
    "masked_softmax": lambda mask: masked_softmax(draw(BATCH, LENGTH, LENGTH), mask),
    "cross_attention": lambda mask: cross_attention(
        draw(BATCH, LENGTH, 5), draw(BATCH, LENGTH, 7), draw(5, 3), draw(7, 3), draw(7, 2), mask
    ),
    "MultiHeadAttention": lambda mask: MultiHeadAttention(12, 3)(
        draw(BATCH, LENGTH, 12), mask=mask
    ),
    "SelfAttention": lambda mask: attention.SelfAttention(12, 3)(draw(BATCH, LENGTH, 12), mask),
    "EncoderBlock": lambda mask: attention.EncoderBlock(12, 3, 8)(draw(BATCH, LENGTH, 12), mask),
    "DecoderBlock": lambda mask: attention.DecoderBlock(12, 3, 8)(
        draw(BATCH, LENGTH, 12), draw(BATCH, LENGTH, 12), mask
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MASKED)
def test_a_mask_is_boolean_is_there_and_broadcasts(name):
    """Whole numbers have two readings; what also takes added numbers says so in its name."""
    attend = MASKED[name]
    with pytest.raises(TypeError, match=r"mask must be boolean, True may attend.*torch\.int64"):
        attend(torch.ones(LENGTH, LENGTH, dtype=torch.int64))
    with pytest.raises(TypeError, match=r"mask must be a torch\.Tensor, got list"):
        attend([[True]])
    with pytest.raises(ValueError, match="got mask on meta and scores on cpu"):
        attend(torch.ones(LENGTH, LENGTH, dtype=torch.bool, device="meta"))
    with pytest.raises(ValueError, match=r"mask must broadcast to the scores, got mask \(.*3\)"):
        attend(torch.ones(LENGTH, 3, dtype=torch.bool))
    if name not in ("explicit", "fast", "row blocks", "masked_softmax"):
        with pytest.raises(TypeError, match=r"mask must be boolean, .*got torch\.float32"):
            attend(torch.ones(LENGTH, LENGTH))


def test_parameters_are_of_the_inputs_dtype_and_device():
    """PyTorch multiplies a tensor with one that is nowhere, and returns what stood in memory."""
    x, memory = draw(BATCH, LENGTH, 5), draw(BATCH, KEY_LEN, 7)
    matrices = [draw(5, 3), draw(7, 3), draw(7, 2)]
    elsewhere = {"got x .* cpu and {} .* on meta": dict(device="meta"),
                 "float32 on cpu and {} torch.float64": dict(dtype=torch.float64)}  # fmt: skip
    for rule, other in elsewhere.items():
        for i, name in enumerate(("w_query", "w_key", "w_value")):
            wrong = [w.to(**other) if i == j else w for j, w in enumerate(matrices)]
            with pytest.raises(ValueError, match=rule.format(name)):
                cross_attention(x, memory, *wrong)
        with pytest.raises(ValueError, match=rule.format("memory")):
            cross_attention(x, memory.to(**other), *matrices)
        rule = rule.replace("got x", "got query")
        with pytest.raises(ValueError, match=rule.format("weight")):
            bilinear_scores(x, memory, draw(5, 7).to(**other))
        parameters = {"w_query": draw(5, 3), "w_key": draw(7, 3), "a": draw(3)}
        for name, right in parameters.items():
            with pytest.raises(ValueError, match=rule.format(name)):
                additive_scores(x, memory, **{**parameters, name: right.to(**other)})
        with pytest.raises(ValueError, match=r"got x .* and the module's weights torch\.float32"):
            MultiHeadAttention(6, 2)(draw(BATCH, LENGTH, 6).to(**other))
    with pytest.raises(TypeError, match=r"weight must be a torch\.Tensor, got list"):
        bilinear_scores(x, memory, [[1.0]])


def test_autocast_mends_the_dtype_by_itself():
    """What PyTorch's own modules take under autocast, ours take."""
    module = MultiHeadAttention(6, 2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert module(draw(BATCH, LENGTH, 6)).dtype == torch.bfloat16
        assert module(draw(BATCH, LENGTH, 6).bfloat16()).dtype == torch.bfloat16


@pytest.mark.parametrize("turn", [rotate, rotate_halves])
def test_positions_are_where_the_tokens_are(turn):
    """Both devices are named."""
    with pytest.raises(ValueError, match="got positions on meta and x on cpu"):
        turn(draw(LENGTH, 6), torch.arange(LENGTH, device="meta"))


def test_a_cache_has_no_negative_size():
    """Found when it is made."""
    with pytest.raises(ValueError, match=r"not be negative, got \(2, 3, -1, 4\)"):
        KVCache(2, 3, -1, 4)


def test_a_row_without_scores_is_refused():
    """By the softmax, and so by whoever looks back at a sentence without states."""
    with pytest.raises(ValueError, match=r"at least one score in a row, got \(4, 0\)"):
        softmax(draw(LENGTH, 0))
    with pytest.raises(ValueError, match="at least one score in a row"):
        context(draw(2, 5), draw(2, 0, 5), [0, 0], lambda query, key: query @ key.mT)


def test_a_scorer_answers_in_the_dtype_of_the_memory():
    """The weights multiply the memory."""
    with pytest.raises(ValueError, match=r"memory torch\.float32 on cpu and the scorer's result"):
        context(draw(2, 6), draw(2, 5, 6), [3, 5], lambda q, k: (q @ k.mT).double())


@pytest.mark.parametrize(
    "block", [attention.EncoderBlock, attention.PostNormEncoderBlock,
              attention.DecoderBlock, attention.PostNormDecoderBlock],
)  # fmt: skip
def test_blocks_name_the_width_they_want(block):
    """Whichever of their layers reads first."""
    memory = [draw(BATCH, KEY_LEN, 12)] if "Decoder" in block.__name__ else []
    with pytest.raises(ValueError, match=r"axis of x must be d_model = 12, got shape \(2, 4, 11\)"):
        block(12, 3, 8)(draw(BATCH, LENGTH, 11), *memory)
