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
