"""Blocks against PyTorch's layers, and what the chapter claims."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.testing import assert_close

from attention import (
    DecoderBlock,
    EncoderBlock,
    FeedForward,
    KVCache,
    MultiHeadAttention,
    PostNorm,
    PostNormDecoderBlock,
    PostNormEncoderBlock,
    PreNorm,
    causal_mask,
    padding_mask,
)
from attention.data.sentence import VECTORS
from attention.models.toys.bare_heads import bare_heads
from attention.models.toys.deep import fresh_blocks, gradient_sizes, spread_by_depth

BATCH, HEADS, LENGTH, MEMORY_LEN, HEAD_DIM, D_FF = 2, 3, 4, 5, 6, 7
D_MODEL = HEADS * HEAD_DIM
ENCODERS = {"pre-norm": EncoderBlock, "post-norm": PostNormEncoderBlock}
DECODERS = {"pre-norm": DecoderBlock, "post-norm": PostNormDecoderBlock}


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def perturb(module):
    """Move every parameter away from the zeros and ones in which a mistake would hide."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return module


# Feed-forward, residual wiring


def test_the_feed_forward_network_is_two_maps_with_a_gelu_between():
    """The same numbers as PyTorch's layers in sequence."""
    ours = FeedForward(D_MODEL, D_FF)
    theirs = nn.Sequential(ours.expand, nn.GELU(), ours.contract)
    x = torch.randn(BATCH, LENGTH, D_MODEL)
    assert_close(ours(x), theirs(x))


def test_the_feed_forward_network_names_the_width_it_wants():
    """Another width is refused by its name."""
    with pytest.raises(ValueError, match=r"of x must be d_model = 18, got shape \(2, 4, 7\)"):
        FeedForward(D_MODEL, D_FF)(torch.randn(BATCH, LENGTH, 7))


@pytest.mark.parametrize("eps", [1e-5, 0.1])
def test_pre_norm_normalises_what_is_read_and_post_norm_what_is_written(eps):
    """x + f(LayerNorm(x)), and LayerNorm(x + f(x)), for a layer f."""
    x, f = torch.randn(BATCH, LENGTH, D_MODEL), nn.Linear(D_MODEL, D_MODEL)
    pre, post = perturb(PreNorm(D_MODEL, eps=eps)), perturb(PostNorm(D_MODEL, eps=eps))

    def norm(layer, x):
        return nn.functional.layer_norm(x, (D_MODEL,), layer.weight, layer.bias, eps)

    assert_close(pre.write(x, f(pre.read(x))), x + f(norm(pre, x)))
    assert_close(post.write(x, f(post.read(x))), norm(post, x + f(x)))


# Blocks against PyTorch's


def copy_shared(ours, theirs, norms):
    """Give our block the feed-forward network and the norms of PyTorch's layer."""
    with torch.no_grad():
        for mine, yours in [
            (ours.feed_forward.expand, theirs.linear1),
            (ours.feed_forward.contract, theirs.linear2),
            *(
                (getattr(ours, name), getattr(theirs, f"norm{i}"))
                for i, name in enumerate(norms, 1)
            ),
        ]:
            mine.load_state_dict(yours.state_dict())


@pytest.mark.parametrize("masked", [None, "padding", "causal"])
@pytest.mark.parametrize("order", ENCODERS)
def test_an_encoder_block_agrees_with_pytorchs_layer(order, masked):
    """Pre-norm is nn.TransformerEncoderLayer with norm_first=True, post-norm with False."""
    theirs = perturb(
        nn.TransformerEncoderLayer(
            D_MODEL, HEADS, D_FF, dropout=0.0, activation="gelu", batch_first=True,
            norm_first=order == "pre-norm",
        )
    )  # fmt: skip
    ours = ENCODERS[order](D_MODEL, HEADS, D_FF)
    ours.attention = MultiHeadAttention.from_torch(theirs.self_attn)
    copy_shared(ours, theirs, ["attention_norm", "feed_forward_norm"])
    x, mask, options = torch.randn(BATCH, LENGTH, D_MODEL), None, {}
    if masked == "padding":
        mask = padding_mask([LENGTH, 2], LENGTH)
        options = {"src_key_padding_mask": ~mask[:, 0]}  # PyTorch's modules: True is hidden
    elif masked == "causal":
        mask = causal_mask(LENGTH)
        options = {"src_mask": ~mask}
        assert_close(ours(x, is_causal=True), theirs(x, **options))
    assert_close(ours(x, mask), theirs(x, **options))


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("order", DECODERS)
def test_a_decoder_block_agrees_with_pytorchs_layer(order, padded):
    """Pre-norm is nn.TransformerDecoderLayer with norm_first=True, post-norm with False."""
    theirs = perturb(
        nn.TransformerDecoderLayer(
            D_MODEL, HEADS, D_FF, dropout=0.0, activation="gelu", batch_first=True,
            norm_first=order == "pre-norm",
        )
    )  # fmt: skip
    ours = DECODERS[order](D_MODEL, HEADS, D_FF)
    ours.self_attention = MultiHeadAttention.from_torch(theirs.self_attn)
    ours.cross_attention = MultiHeadAttention.from_torch(theirs.multihead_attn)
    copy_shared(ours, theirs, ["self_attention_norm", "cross_attention_norm", "feed_forward_norm"])
    x, memory = torch.randn(BATCH, LENGTH, D_MODEL), torch.randn(BATCH, MEMORY_LEN, D_MODEL)
    mask = padding_mask([MEMORY_LEN, 2], MEMORY_LEN) if padded else None
    expected = theirs(
        x, memory, tgt_mask=~causal_mask(LENGTH),
        memory_key_padding_mask=~mask[:, 0] if padded else None,
    )  # fmt: skip
    assert_close(ours(x, memory, mask), expected)
    output, weights = ours(x, memory, mask, return_weights=True)
    assert_close(output, expected)
    assert weights.shape == (BATCH, HEADS, LENGTH, MEMORY_LEN)
    assert_close(weights.sum(-1), torch.ones(BATCH, HEADS, LENGTH))


@pytest.mark.parametrize("block", [*ENCODERS.values(), *DECODERS.values()])
def test_a_block_drops_answers_while_training_and_only_then(block):
    """With dropout 1 nothing is written into the stream; in evaluation mode all is."""
    block = perturb(block(D_MODEL, HEADS, D_FF, dropout=1.0))
    x, memory = torch.randn(BATCH, LENGTH, D_MODEL), torch.randn(BATCH, MEMORY_LEN, D_MODEL)
    inputs = (x, memory) if isinstance(block, DecoderBlock) else (x,)
    untouched = x
    for norm in [m for m in block.children() if isinstance(m, nn.LayerNorm)]:
        untouched = norm.write(untouched, torch.zeros_like(x))
    assert_close(block.train()(*inputs), untouched)
    assert (block.eval()(*inputs) - untouched).abs().max() > 0.1


@pytest.mark.parametrize("block", [*ENCODERS.values(), *DECODERS.values()])
def test_every_parameter_of_a_block_learns_and_no_input_is_written_to(block):
    """Each gets a gradient; x and memory stay as they came."""
    block = perturb(block(D_MODEL, HEADS, D_FF))
    x, memory = torch.randn(BATCH, LENGTH, D_MODEL), torch.randn(BATCH, MEMORY_LEN, D_MODEL)
    before = x.clone(), memory.clone()
    output = block(x, memory) if isinstance(block, DecoderBlock) else block(x)
    (output * torch.randn_like(x)).sum().backward()
    assert x.equal(before[0]) and memory.equal(before[1])
    for name, parameter in block.named_parameters():
        if name.endswith("to_key.bias"):  # adds the same to a whole row of scores: no effect
            continue
        assert (parameter.grad.abs() > 1e-6).any(), name


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=4))
def test_a_block_that_goes_on_from_a_cache_gives_the_same_numbers(chunks):
    """However the tokens are cut into pieces: encoder block with is_causal, and decoder block."""
    torch.manual_seed(0)
    length = sum(chunks)
    x, memory = torch.randn(BATCH, length, D_MODEL), torch.randn(BATCH, MEMORY_LEN, D_MODEL)
    encoder, decoder = EncoderBlock(D_MODEL, HEADS, D_FF), DecoderBlock(D_MODEL, HEADS, D_FF)
    for whole, step in [
        (encoder(x, is_causal=True), lambda x, c: encoder(x, is_causal=True, cache=c)),
        (decoder(x, memory), lambda x, c: decoder(x, memory, cache=c)),
    ]:
        cache = KVCache(BATCH, HEADS, length, HEAD_DIM)
        pieces = torch.cat([step(piece, cache) for piece in x.split(chunks, dim=1)], dim=1)
        assert_close(pieces, whole)


def test_a_decoder_block_reads_neither_its_future_nor_the_memorys_padding():
    """Of its own tokens those so far, of the memory all that the mask allows, by the Jacobian."""
    block = perturb(DecoderBlock(D_MODEL, HEADS, D_FF))
    x, memory = torch.randn(1, LENGTH, D_MODEL), torch.randn(1, MEMORY_LEN, D_MODEL)
    mask = padding_mask([3], MEMORY_LEN)
    slopes = torch.autograd.functional.jacobian(lambda x, m: block(x, m, mask), (x, memory))
    own, read = (s[0, :, :, 0].abs().amax(dim=(1, 3)) > 0 for s in slopes)
    assert own.equal(causal_mask(LENGTH))
    assert read.equal(mask[0].expand(LENGTH, -1))


def test_blocks_name_what_is_wrong():
    """Heads that do not divide, another width, a mask that does not fit."""
    x, memory = torch.randn(BATCH, LENGTH, D_MODEL), torch.randn(BATCH, MEMORY_LEN, D_MODEL)
    for block in (*ENCODERS.values(), *DECODERS.values()):
        with pytest.raises(ValueError, match="multiple of n_heads, got d_model 18 and n_heads 4"):
            block(D_MODEL, 4, D_FF)
    with pytest.raises(ValueError, match=r"of x must be d_model = 18, got shape \(2, 4, 7\)"):
        PostNormEncoderBlock(D_MODEL, HEADS, D_FF)(x[..., :7])
    decoder = DecoderBlock(D_MODEL, HEADS, D_FF)
    with pytest.raises(ValueError, match=r"of memory must be d_model = 18, got shape \(2, 5, 7\)"):
        decoder(x, memory[..., :7])
    with pytest.raises(ValueError, match=r"mask must broadcast .* \(2, 1, 1, 4\)"):
        decoder(x, memory, padding_mask([LENGTH, 2], LENGTH))
    with pytest.raises(TypeError, match="mask must be boolean"):
        decoder(x, memory, torch.ones(LENGTH, MEMORY_LEN, dtype=torch.int64))


# What the chapter claims.


def test_rounds_of_bare_attention_make_all_words_the_same():
    """After six rounds cat and mat, once (2, 0) and (0, 2), are less than .01 apart."""
    x, mix = VECTORS[None], bare_heads(2, 2)
    for _ in range(6):
        x = mix(x)
    assert (VECTORS[1] - VECTORS[5]).norm() > 2
    assert (x[0] - x[0].mean(0)).norm(dim=-1).max() < 0.01


@settings(deadline=None, max_examples=20)
@given(st.floats(0.1, 1000), st.floats(-1000, 1000))
def test_a_layer_norm_does_not_see_size_or_shift(size, shift):
    """A token times a number plus a number gives the same; the example of the page by hand."""
    token = torch.tensor([1.0, 3.0, 3.0, 9.0], dtype=torch.float64)
    norm = nn.LayerNorm(4, eps=0.0, dtype=torch.float64)
    assert_close(norm(token), (token - 4) / 3)
    assert_close(norm(size * token + shift), norm(token))


def test_no_linear_map_finds_the_word_that_is_both():
    """Any map x W + b gives sat the mean of cat and mat; a bend tells sat from all others."""
    answers = nn.Linear(2, 50)(VECTORS)  # fifty maps at once
    assert_close(answers[2], (answers[1] + answers[5]) / 2)
    think = FeedForward(2, 2)
    with torch.no_grad():
        think.expand.weight.copy_(20 * torch.tensor([[1.0, 0.0], [1.0, -1.0]]))
        think.contract.weight.copy_(torch.tensor([[1.0, -1.0], [0.0, 0.0]]) / 20)
        think.expand.bias.zero_()
        think.contract.bias.zero_()
    assert_close(think(VECTORS)[:, 0], torch.tensor([0.0, 0.0, 1.0, 0.0, 0.0, 0.0]))


def test_the_feed_forward_network_hears_no_other_token():
    """Exchange all others, or their order: a token's answer stays. Attention's does not."""
    x, others = torch.randn(2, 1, LENGTH, D_MODEL)
    others[:, 2] = x[:, 2]
    layer = FeedForward(D_MODEL, D_FF)
    order = torch.tensor([2, 0, 3, 1])
    assert_close(layer(others)[:, 2], layer(x)[:, 2])
    assert_close(layer(x[:, order]), layer(x)[:, order])
    attention = MultiHeadAttention(D_MODEL, HEADS)
    assert (attention(others) - attention(x))[:, 2].abs().max() > 0.01


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_without_residuals_all_tokens_become_one(seed):
    """Attention loses more with each layer, down to rounding; what else a block has is no help."""
    blocks = fresh_blocks(EncoderBlock, 6, seed)
    pure = spread_by_depth(lambda b, x: b.attention(x), blocks, seed)
    thinking = spread_by_depth(lambda b, x: b.feed_forward(b.attention(x)), blocks, seed)
    normed = spread_by_depth(
        lambda b, x: b.feed_forward(b.feed_forward_norm(b.attention(b.attention_norm(x)))),
        blocks,
        seed,
    )
    lost = pure[1:5] / pure[:4]
    assert (lost[1:] < lost[:-1]).all()
    assert pure[5] < 1e-14 and thinking[5] < 1e-14 and normed[6] < 1e-14
    assert (thinking[2:4] < pure[2:4]).all()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_residuals_keep_tokens_apart_and_pre_norm_more_than_post_norm(seed):
    """After twelve blocks: pre-norm over a third, post-norm and no norm at all under a quarter."""
    pre, post = (
        spread_by_depth(lambda b, x: b(x), fresh_blocks(kind, 12, seed), seed)
        for kind in (EncoderBlock, PostNormEncoderBlock)
    )
    assert pre[12] > 0.33 and 0.01 < post[12] < 0.25

    def without_norms(block, x):
        y = x + block.attention(x)
        return y + block.feed_forward(y)

    bare = spread_by_depth(without_norms, fresh_blocks(EncoderBlock, 12, seed), seed)
    assert 0.01 < bare[12] < 0.25


def test_the_last_gradient_shrinks_with_depth_in_pre_norm_only():
    """From 1 to 32 blocks: about √32 times in pre-norm, less than a factor of 1.5 in post-norm."""
    means = {
        kind: [
            torch.stack([gradient_sizes(fresh_blocks(kind, d, s), s)[-1] for s in range(3)]).mean()
            for d in (1, 32)
        ]
        for kind in (EncoderBlock, PostNormEncoderBlock)
    }
    shallow, deep = means[EncoderBlock]
    assert 32**0.5 / 1.5 < shallow / deep < 32**0.5 * 1.5
    shallow, deep = means[PostNormEncoderBlock]
    assert 1 / 1.5 < shallow / deep < 1.5


def test_silent_layers_tell_the_wirings_apart():
    """Pre-norm hands x through; post-norm, and a residual from after the norm, normalise it."""
    x, kinds = torch.randn(BATCH, LENGTH, D_MODEL), (EncoderBlock, PostNormEncoderBlock)
    blocks = [kind(D_MODEL, HEADS, D_FF) for kind in kinds]
    for block in blocks:
        for layer in (block.attention.to_output, block.feed_forward.contract):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
    pre, post = blocks
    after = pre.attention_norm(x)
    after = after + pre.attention(after)
    after = pre.feed_forward_norm(after)
    after = after + pre.feed_forward(after)
    assert_close(pre(x), x)
    for passed in (post(x), after):
        assert_close(passed.std(-1, correction=0), torch.ones(BATCH, LENGTH), rtol=0, atol=1e-4)
        # (1e-4: the norms add 1e-5 to the variance)


def test_weights_of_either_wiring_load_into_the_other_and_mean_something_else():
    """Same names, same shapes, no error, other numbers."""
    pre, post = EncoderBlock(D_MODEL, HEADS, D_FF), PostNormEncoderBlock(D_MODEL, HEADS, D_FF)
    post.load_state_dict(pre.state_dict())
    x = torch.randn(BATCH, LENGTH, D_MODEL)
    assert (post(x) - pre(x)).abs().max() > 0.1
