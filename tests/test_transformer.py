"""Blocks against PyTorch's layers, the translator, and what the chapter claims."""

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
    cross_attention,
    padding_mask,
)
from attention.data.sentence import VECTORS
from attention.data.translation import (
    ADJECTIVES,
    END,
    ENGLISH,
    INVENTED,
    NOUNS,
    PAD,
    START,
    VERBS,
    draw_pairs,
    spell,
    teacher_forced,
)
from attention.models.bare_heads import bare_heads
from attention.models.deep import fresh_blocks, gradient_sizes, spread_by_depth
from attention.models.translating import (
    share_exact,
    train_translator,
    written_by_the_teacher,
    written_freely,
)
from attention.models.translator import Translator

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


# Cross-attention


def cross_inputs():
    sizes = (BATCH, LENGTH, 6), (BATCH, MEMORY_LEN, 7), (6, 3), (7, 3), (7, 8)
    return [torch.randn(size, dtype=torch.float64, requires_grad=True) for size in sizes]


def test_cross_attention_agrees_with_a_loop():
    """Query by query and key by key in float64, with widths that all differ and a mask."""
    x, memory, w_query, w_key, w_value = cross_inputs()
    mask = torch.rand(BATCH, LENGTH, MEMORY_LEN) < 0.6
    mask[0, 1] = False  # a token with nothing to attend to
    expected = torch.zeros(BATCH, LENGTH, 8, dtype=torch.float64)
    for b in range(BATCH):
        for i in range(LENGTH):
            allowed = mask[b, i].nonzero().flatten().tolist()
            scores = [(x[b, i] @ w_query) @ (memory[b, j] @ w_key) / 3**0.5 for j in allowed]
            total = sum(score.exp() for score in scores)
            for score, j in zip(scores, allowed, strict=True):
                expected[b, i] += score.exp() / total * (memory[b, j] @ w_value)
    assert_close(cross_attention(x, memory, w_query, w_key, w_value, mask), expected)


def test_cross_attention_has_the_right_gradient():
    """By finite differences, a hidden row among them."""
    mask = torch.ones(LENGTH, MEMORY_LEN, dtype=torch.bool)
    mask[1] = False
    assert torch.autograd.gradcheck(lambda *a: cross_attention(*a, mask), cross_inputs())


def test_cross_attention_names_the_matrix_that_does_not_fit():
    """Rows are what comes in; queries and keys are equally wide."""
    x, memory, w_query, w_key, w_value = cross_inputs()
    with pytest.raises(ValueError, match=r"of x must be the rows of w_query = 7.*\(2, 4, 6\)"):
        cross_attention(x, memory, w_key, w_key, w_value)
    with pytest.raises(ValueError, match="of memory must be the rows of w_key = 6"):
        cross_attention(x, memory, w_query, w_query, w_value)
    with pytest.raises(ValueError, match="of memory must be the rows of w_value = 6"):
        cross_attention(x, memory, w_query, w_key, w_query)
    with pytest.raises(ValueError, match="query and key must have the same last axis"):
        cross_attention(x, memory, w_query, w_value, w_value)
    with pytest.raises(ValueError, match=r"w_key must have at least 2 axes, got shape \(7,\)"):
        cross_attention(x, memory, w_query, w_key[:, 0], w_value)


# The made-up language and the translator


@pytest.mark.parametrize(("least", "most"), [(0, 0), (0, 2), (1, 3), (6, 6)])
def test_translations_follow_the_rules_of_the_made_up_language(least, most):
    """Nouns, their adjectives nearest first, the verb last; and where each word comes from."""
    source, translation, alignment = draw_pairs(20, torch.Generator().manual_seed(0), least, most)
    dictionary = {**ADJECTIVES, **NOUNS, **VERBS}
    for english, invented, places in zip(source, translation, alignment, strict=True):
        words = spell(english, ENGLISH)
        verb = next(i for i, word in enumerate(words) if word in VERBS)
        phrases = words[:verb], words[verb + 1 :]
        for phrase in phrases:
            assert least <= len(phrase) - 1 <= most
            assert set(phrase[:-1]) <= set(ADJECTIVES) and phrase[-1] in NOUNS
            assert len(set(phrase)) == len(phrase)
        there = [*reversed(phrases[0]), *reversed(phrases[1]), words[verb]]
        assert spell(invented, INVENTED) == [*(dictionary[word] for word in there), "<end>"]
        assert [words[place] for place in places if place >= 0] == there


def test_the_teacher_shows_the_right_words_one_place_later():
    """START first; END is asked for and never shown; filler is not asked for."""
    source, translation, _ = draw_pairs(20, torch.Generator().manual_seed(0))
    same, written, target = teacher_forced(source, translation)
    assert same.equal(source)
    assert (written[:, 0] == START).all() and written[:, 1:].equal(translation[:, :-1])
    assert target[translation != PAD].equal(translation[translation != PAD])
    assert (target[translation == PAD] == -100).all()


def test_a_language_without_enough_adjectives_says_so():
    """The rule and both numbers."""
    with pytest.raises(ValueError, match="0 ≤ least ≤ most ≤ 6 must hold, got least 3 and most 2"):
        draw_pairs(1, torch.Generator(), least=3)
    with pytest.raises(ValueError, match="got least 0 and most 7"):
        draw_pairs(1, torch.Generator(), most=7)


@pytest.fixture
def small():
    return Translator(d_model=6, n_heads=3, d_ff=7, n_layers=2).eval()


def test_the_translator_returns_the_documented_shapes(small):
    """Scores for each token written, and a map for each layer, sentence and head."""
    source, translation, _ = draw_pairs(5, torch.Generator().manual_seed(0))
    written = translation[:, :4]
    scores, weights = small(source, written, return_weights=True)
    assert scores.shape == (5, 4, len(INVENTED))
    assert weights.shape == (2, 5, 3, 4, source.shape[1])
    assert_close(small(source, written), scores)


def test_the_translator_reads_each_sentence_as_if_it_were_alone(small):
    """Filler beside a longer sentence changes nothing."""
    source, translation, _ = draw_pairs(9, torch.Generator().manual_seed(0))
    together = small(source, translation)
    for b, words in enumerate(source):
        alone = words[words != PAD][None]
        assert_close(small(alone, translation[b : b + 1]), together[b : b + 1])


def test_the_translator_never_sees_the_next_word(small):
    """The scores after a word are the same, whatever is written behind it."""
    source, translation, _ = draw_pairs(5, torch.Generator().manual_seed(0))
    changed = translation.clone()
    changed[:, 3:] = END
    assert_close(small(source, changed)[:, :3], small(source, translation)[:, :3])


def test_the_translator_knows_where_a_word_stands(small):
    """Who sees whom: exchange subject and object, and the scores change."""
    source = torch.tensor([[ENGLISH.index(word) for word in ("cats", "see", "dogs")]])
    written = torch.tensor([[START]])
    assert (small(source, written) - small(source.flip(1), written)).abs().max() > 0.01


def test_writing_stops_at_the_end_of_each_sentence_or_at_the_longest(small):
    """Greedy: each token has the best score; after END comes filler; never more than asked for."""
    source, _, _ = draw_pairs(30, torch.Generator().manual_seed(0))
    nn.init.normal_(small.score.bias[: END + 1])  # so that END is among the best at all
    written = small.translate(source, longest=6)
    assert 1 <= written.shape[1] <= 6
    best = small(source, teacher_forced(source, written)[1]).argmax(-1)
    for tokens, wanted in zip(written.tolist(), best.tolist(), strict=True):
        end = tokens.index(END) if END in tokens else len(tokens)
        assert tokens[: end + 1] == wanted[: end + 1]
        assert set(tokens[end + 1 :]) <= {PAD}
    nn.init.constant_(small.score.bias[END], 100.0)
    assert small.translate(source, longest=6).equal(torch.full((30, 1), END))
    nn.init.constant_(small.score.bias[END], -100.0)
    assert small.translate(source, longest=4).shape == (30, 4)


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
    """Attention loses more with each layer, down to rounding; a feed-forward network is no help."""
    blocks = fresh_blocks(EncoderBlock, 6, seed)
    pure = spread_by_depth(lambda b, x: b.attention(x), blocks, seed)
    thinking = spread_by_depth(lambda b, x: b.feed_forward(b.attention(x)), blocks, seed)
    lost = pure[1:5] / pure[:4]
    assert (lost[1:] < lost[:-1]).all()
    assert pure[5] < 1e-14 and thinking[5] < 1e-14
    assert (thinking[2:4] < pure[2:4]).all()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_residuals_keep_tokens_apart_and_pre_norm_more_than_post_norm(seed):
    """After twelve blocks pre-norm keeps over a third of the spread, post-norm under a quarter."""
    pre, post = (
        spread_by_depth(lambda b, x: b(x), fresh_blocks(kind, 12, seed), seed)
        for kind in (EncoderBlock, PostNormEncoderBlock)
    )
    assert pre[12] > 0.33 and 0.01 < post[12] < 0.25


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


def test_a_norm_over_the_tokens_leaks_the_future():
    """Under a causal mask, with a mean and a spread over the sentence, all hear all."""

    class OverTokens(nn.Module):
        def read(self, x):
            return nn.functional.layer_norm(x.mT, x.shape[1:2]).mT

        def write(self, x, change):
            return x + change

    block = EncoderBlock(D_MODEL, HEADS, D_FF)
    x = torch.randn(1, LENGTH, D_MODEL)

    def hears():
        slopes = torch.autograd.functional.jacobian(lambda x: block(x, is_causal=True), x)
        return slopes[0, :, :, 0].abs().amax(dim=(1, 3)) > 0

    assert hears().equal(causal_mask(LENGTH))
    block.attention_norm = block.feed_forward_norm = OverTokens()
    assert hears().all()


@pytest.fixture(scope="module")
def translators():
    return [train_translator(seed) for seed in range(3)]


def test_the_translator_learns_and_needs_the_source_and_its_order(translators):
    """Over .95 of new sentences exact; from sorted words under .3; from no words none."""
    assert min(share_exact(model) for model in translators) > 0.95

    def as_sorted(source):
        return source.sort(dim=1, descending=True).values

    assert share_exact(train_translator(0, as_sorted), as_sorted) < 0.3
    assert share_exact(train_translator(0, torch.zeros_like), torch.zeros_like) == 0


def test_longer_sentences_fail(translators):
    """With three adjectives a noun, never seen in training, under .05 come out right."""
    assert max(share_exact(model, least=3, most=3) for model in translators) < 0.05


def test_cross_attention_finds_the_alignment(translators):
    """The largest weight is on the right word in over .85 of all words; by place, in under .3."""
    source, translation, alignment = draw_pairs(500, torch.Generator().manual_seed(9))
    words, places = alignment >= 0, torch.arange(alignment.shape[1])
    assert (alignment == places)[words].double().mean() < 0.3
    for model in translators:
        with torch.no_grad():
            written = teacher_forced(source, translation)[1]
            _, weights = model(source, written, return_weights=True)
        looked = weights[0].mean(1).argmax(-1)
        assert (looked == alignment)[words].double().mean() > 0.85


def test_left_alone_mistakes_follow_mistakes(translators):
    """As in training both ways name over .95 of the words; on longer sentences .2 lie between."""
    for adjectives in (2, 3):
        generator = torch.Generator().manual_seed(9)
        source, translation, _ = draw_pairs(500, generator, adjectives, adjectives)
        for model in translators:
            taught = written_by_the_teacher(model, source, translation).double().mean()
            alone = written_freely(model, source, translation).double().mean()
            if adjectives == 2:
                assert taught > 0.95 and alone > 0.95
            else:
                assert alone < taught - 0.2


def test_forgotten_padding_spoils_short_sentences(translators, monkeypatch):
    """Beside longer sentences; with the mask, or one by one, hardly any is spoilt."""
    source, translation, _ = draw_pairs(500, torch.Generator().manual_seed(9))
    short = (source != PAD).sum(1) == 3
    assert short.any()
    for model in translators:
        assert written_freely(model, source, translation)[short].all(1).double().mean() > 0.9
        memory, mask = model.encode(source)
        forgotten = memory, torch.ones_like(mask)
        with monkeypatch.context() as patch:
            patch.setattr(model, "encode", lambda source, forgotten=forgotten: forgotten)
            assert written_freely(model, source, translation)[short].all(1).double().mean() < 0.8
