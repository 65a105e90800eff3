"""Masks: padding, causal, and the contract that they keep."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F
from torch.testing import assert_close

from attention import (
    KVCache,
    MultiHeadAttention,
    SelfAttention,
    attention_weights,
    block_mask,
    causal_mask,
    fast_attention,
    influence_map,
    merge_heads,
    padding_mask,
    prefix_mask,
    scaled_dot_product_attention,
    scaled_dot_scores,
    split_heads,
    window_mask,
)
from attention.data.sentences import SENTENCES
from attention.masks.conventions import to_added_mask
from attention.masks.join import add_bias, add_head_axis, combine_masks
from attention.masks.window_conventions import from_attention_window, from_each_side
from attention.models.bert.pretrained import encode
from attention.models.toys.next_item import accuracy_on_noise

BATCH, HEADS, QUERY_LEN, KEY_LEN = 2, 3, 4, 5


@settings(deadline=None)
@given(st.integers(0, 6), st.integers(0, 6))
def test_a_causal_mask_lines_the_last_query_up_with_the_last_key(query_len, key_len):
    """Counted from the end, no query sees a key that comes after it."""
    mask = causal_mask(query_len, key_len)
    assert mask.shape == (query_len, key_len) and mask.dtype == torch.bool
    for i in range(query_len):
        for j in range(key_len):
            assert mask[i, j] == (key_len - 1 - j >= query_len - 1 - i)


def test_a_causal_mask_is_square_unless_told_otherwise():
    """One length makes the lower triangle."""
    assert causal_mask(3).tolist() == [[True, False, False], [True, True, False], [True] * 3]


def test_the_newest_query_alone_sees_every_key():
    """A model that keeps its earlier keys asks with one query."""
    assert causal_mask(1, KEY_LEN).all()


def test_a_causal_mask_rejects_negative_lengths():
    """A length counts something."""
    with pytest.raises(ValueError, match=r"must not be negative, got query_len -1 and key_len 5"):
        causal_mask(-1, KEY_LEN)


@settings(deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=4))
def test_a_padding_mask_allows_as_many_keys_as_there_are_tokens(lengths):
    """Row b has lengths[b] True first, and False after them."""
    mask = padding_mask(torch.tensor(lengths), 5)
    assert mask.shape == (len(lengths), 1, 5) and mask.dtype == torch.bool
    for row, length in zip(mask[:, 0].tolist(), lengths, strict=True):
        assert row == [True] * length + [False] * (5 - length)


def test_a_padding_mask_takes_a_list_too():
    """A list of lengths means the same as a tensor."""
    assert padding_mask([2, 0], 3).tolist() == [[[True, True, False]], [[False] * 3]]


def test_a_padding_mask_names_the_rule_that_its_lengths_break():
    """Each error says which rule, and the lengths that came."""
    with pytest.raises(ValueError, match=r"between 0 and max_len = 3, got \[2, 4\]"):
        padding_mask([2, 4], 3)
    with pytest.raises(ValueError, match=r"between 0 and max_len = 3, got \[-1\]"):
        padding_mask([-1], 3)
    with pytest.raises(ValueError, match=r"lengths must have shape \(batch,\), got \(1, 2\)"):
        padding_mask([[1, 2]], 3)
    for wrong, dtype in ((torch.tensor([1.0]), "float32"), (torch.tensor([True]), "bool")):
        with pytest.raises(TypeError, match=f"lengths must be whole numbers, got torch.{dtype}"):
            padding_mask(wrong, 3)


def test_combined_masks_allow_what_both_allow():
    """Padding and causal together: a key must be real and not in the future."""
    query, key = torch.zeros(BATCH, KEY_LEN, HEADS), torch.zeros(KEY_LEN, HEADS)
    padding = padding_mask([KEY_LEN, 2], KEY_LEN)
    both = combine_masks(padding, True, query, key)
    for b, length in enumerate([KEY_LEN, 2]):
        for i in range(KEY_LEN):
            for j in range(KEY_LEN):
                assert both[b, i, j] == (j <= i and j < length)
    assert combine_masks(None, False, query, key) is None
    assert combine_masks(padding, False, query, key) is padding
    assert combine_masks(None, True, query, key).equal(causal_mask(KEY_LEN))


def test_a_mask_of_numbers_stays_one_and_hides_the_future_too():
    """What is added stays where looking back is allowed, and is −∞ elsewhere."""
    added = torch.randn(BATCH, QUERY_LEN, KEY_LEN)
    query, key = torch.zeros(BATCH, QUERY_LEN, HEADS), torch.zeros(KEY_LEN, HEADS)
    both = combine_masks(added, True, query, key)
    allowed = causal_mask(QUERY_LEN, KEY_LEN).expand_as(added)
    assert both[allowed].equal(added[allowed])
    assert both[~allowed].isneginf().all()


def test_combining_refuses_what_attention_refuses():
    """A wrong mask is refused whether or not the causal one joins it."""
    query, key = torch.zeros(BATCH, QUERY_LEN, HEADS), torch.zeros(BATCH, KEY_LEN, HEADS)
    for is_causal in (False, True):
        with pytest.raises(TypeError, match=r"mask must be boolean, .* got torch\.int64"):
            combine_masks(torch.ones(KEY_LEN, dtype=torch.int64), is_causal, query, key)
        with pytest.raises(ValueError, match=r"got mask \(2, 5\) and scores \(2, 4, 5\)"):
            combine_masks(torch.ones(BATCH, KEY_LEN, dtype=torch.bool), is_causal, query, key)
        with pytest.raises(ValueError, match="got mask on meta and scores on cpu"):
            combine_masks(torch.zeros(KEY_LEN, device="meta"), is_causal, query, key)


def test_a_mask_and_a_bias_become_one():
    """The bias where the mask allows, −∞ where it hides, and either alone as it came."""
    bias, mask = torch.randn(HEADS, QUERY_LEN, KEY_LEN), torch.rand(BATCH, 1, 1, KEY_LEN) > 0.5
    both, allowed = add_bias(mask, bias), mask.expand(BATCH, HEADS, QUERY_LEN, KEY_LEN)
    assert both[allowed].equal(bias.expand_as(both)[allowed])
    assert both[~allowed].isneginf().all()
    assert add_bias(None, bias) is bias and add_bias(mask, None) is mask
    with pytest.raises(TypeError, match=r"bias must hold floating-point numbers, got torch\.bool"):
        add_bias(mask, mask)


@pytest.mark.parametrize(
    ("shape", "with_heads"),
    [
        ((QUERY_LEN, KEY_LEN), (1, QUERY_LEN, KEY_LEN)),
        ((BATCH, 1, KEY_LEN), (BATCH, 1, 1, KEY_LEN)),
        ((BATCH, HEADS, QUERY_LEN, KEY_LEN), (BATCH, HEADS, QUERY_LEN, KEY_LEN)),
    ],
)
def test_the_head_axis_goes_where_it_is_missing(shape, with_heads):
    """Two or three axes get one for the heads; four are taken as they are."""
    mask = add_head_axis(torch.ones(shape, dtype=torch.bool))
    assert mask.shape == with_heads
    assert add_head_axis(None) is None


def test_the_head_axis_is_only_given_to_boolean_masks():
    """A mask of numbers is refused here too."""
    with pytest.raises(TypeError, match="mask must be boolean"):
        add_head_axis(torch.ones(QUERY_LEN, KEY_LEN))


# --- nothing leaks: whatever the mask hides, no output hears ---


def patterns(query_len, key_len):
    """A mask of each kind for these lengths."""
    causal = causal_mask(query_len, key_len)
    padding = padding_mask([key_len - 1], key_len)[0]
    texts = block_mask(torch.arange(key_len) // 2)[-query_len:]
    return {
        "causal": causal,
        "padding": padding.expand(query_len, key_len),
        "window": window_mask(query_len, key_len, window=2),
        "prefix": prefix_mask(1, query_len, key_len),
        "texts": texts,
        "causal, padded, of several texts": causal & padding & texts,
    }


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_an_output_hears_exactly_the_keys_and_values_that_its_mask_allows(data):
    """By the Jacobian, for each pattern and any lengths: no leak, and nothing missed."""
    key_len = data.draw(st.integers(1, 5))
    query_len = data.draw(st.integers(1, key_len))
    query = torch.randn(1, query_len, 3, dtype=torch.float64)
    memory = torch.randn(key_len, 3, dtype=torch.float64)
    for name, mask in patterns(query_len, key_len).items():
        heard = influence_map(
            lambda x, m=mask: scaled_dot_product_attention(query, x, x, m), memory
        )
        assert (heard > 0).equal(mask), name


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 5), st.integers(1, 5))
def test_no_output_hears_the_future(query_len, key_len):
    """By the Jacobian, also with more queries than keys, whose first rows hear nothing."""
    query = torch.randn(1, query_len, 3, dtype=torch.float64)
    memory = torch.randn(key_len, 3, dtype=torch.float64)
    for attention in (scaled_dot_product_attention, fast_attention):
        heard = influence_map(lambda x, a=attention: a(query, x, x, is_causal=True), memory)
        assert (heard > 0).equal(causal_mask(query_len, key_len))


# --- what the chapter claims ---


@pytest.mark.parametrize("window", [1, 3, 4])
def test_a_window_is_that_of_the_decoders(window):
    """Hugging Face makes Mistral's, Gemma's and gpt-oss's masks by one rule, and it is ours."""
    from transformers.masking_utils import sliding_window_causal_mask_function

    place = torch.arange(7)
    theirs = sliding_window_causal_mask_function(window)(0, 0, place[:, None], place)
    assert theirs.equal(window_mask(7, window=window) & causal_mask(7))
    assert theirs[-1].sum() == window


def test_a_window_of_others_counts_the_neighbours():
    """Looking both ways, 3 is three on each side for Hugging Face; Longformer's 6 the same."""
    from transformers.masking_utils import sliding_window_bidirectional_mask_function

    place = torch.arange(9)
    theirs = sliding_window_bidirectional_mask_function(3)(0, 0, place[:, None], place)
    assert theirs[4].tolist() == [False, *[True] * 7, False]
    for window in (from_each_side(3), from_attention_window(6)):
        assert theirs.equal(window_mask(9, window=window))
    assert not theirs.equal(window_mask(9, window=3))


@pytest.mark.parametrize(("window", "n_layers"), [(3, 2), (2, 3), (4, 3)])
def test_each_layer_reaches_a_window_further(window, n_layers):
    """A window of 4, three layers: nine places away are heard and no tenth, causally as well."""
    torch.manual_seed(0)
    layers = [SelfAttention(4, 4).double() for _ in range(n_layers)]
    x, reach = torch.randn(12, 4, dtype=torch.float64), n_layers * (window - 1)
    for rule in (torch.ones(12, 12, dtype=torch.bool), causal_mask(12)):
        mask = window_mask(12, window=window) & rule

        def stack(x, mask=mask):
            for layer in layers:
                x = layer(x, mask)
            return x

        heard = influence_map(stack, x) > 0
        assert heard.equal(window_mask(12, window=reach + 1) & rule)


@torch.no_grad()
def test_filler_changes_the_meaning_unless_it_is_hidden(minilm):
    """The mean of a sentence's vectors: like itself behind a mask, and ever less without one."""
    encoder, tokenizer = minilm
    for text in SENTENCES:
        ids, _ = encode(tokenizer, text)
        alone = encoder(ids[None])[0].mean(0)
        likeness = {None: [1.0], "masked": [1.0]}
        for filler in (1, 4, 16, 64):
            padded = F.pad(ids, (0, filler))[None]
            for name, found in likeness.items():
                mask = padding_mask([len(ids)], len(ids) + filler) if name else None
                mean = encoder(padded, mask)[0, : len(ids)].mean(0)
                found.append(F.cosine_similarity(mean, alone, dim=0).item())
        assert min(likeness["masked"]) > 1 - 1e-5
        assert likeness[None] == sorted(likeness[None], reverse=True) and likeness[None][-1] < 0.85


@pytest.mark.parametrize("seed", range(3))
def test_without_the_mask_the_model_reads_the_answer(seed):
    """Where the next item is in sight the model names it; elsewhere it only guesses."""
    four_deviations = 4 * math.sqrt(0.1 * 0.9 / 1000)
    one_ahead = torch.ones(8, 8, dtype=torch.bool).tril(1)
    for mask in (None, one_ahead):
        seen = accuracy_on_noise(mask, seed=seed)
        assert (seen[:-1] > 0.95).all()
        assert abs(seen[-1] - 0.1) < four_deviations
    hidden = accuracy_on_noise(causal_mask(8), seed=seed)
    assert ((hidden - 0.1).abs() < four_deviations).all()


def added(mask, fill):
    """Attention whose mask is a number added to the scores."""
    numbers = torch.zeros(mask.shape).masked_fill(~mask, fill)
    return lambda q, k, v: (q @ k.mT / q.shape[-1] ** 0.5 + numbers).softmax(-1) @ v


@pytest.mark.parametrize("seed", range(3))
def test_what_an_empty_row_gives_by_each_way(seed):
    """Zeros, NaN, an average, or all; and NaN spreads to a loss that leaves the row out."""
    torch.manual_seed(seed)
    mask = causal_mask(4)
    mask[1] = False
    module = nn.MultiheadAttention(6, 2, batch_first=True)
    query, key, value = inputs = [torch.randn(1, 4, 6, requires_grad=True) for _ in range(3)]
    everything = scaled_dot_product_attention(query, key, value)[:, 1]
    ways = [
        (lambda *qkv: scaled_dot_product_attention(*qkv, mask), torch.zeros(1, 6)),
        (lambda *qkv: fast_attention(*qkv, mask), torch.zeros(1, 6)),
        (lambda *qkv: F.scaled_dot_product_attention(*qkv, mask), torch.zeros(1, 6)),
        (lambda *qkv: module(*qkv, attn_mask=~mask)[0], None),
        (added(mask, -math.inf), None),
        (added(mask, torch.finfo(torch.float32).min), value.mean(1)),
        (added(mask, -1e4), everything),
    ]
    for attend, row in ways:
        output = attend(*inputs)
        gradients = torch.autograd.grad(output[:, [0, 2, 3]].square().sum(), inputs)
        finite = all(gradient.isfinite().all() for gradient in gradients)
        if row is None:
            assert output[:, 1].isnan().all() and not finite
        else:
            # near −10 000 float32 keeps a score to the third decimal
            assert_close(output[:, 1], row, rtol=0, atol=1e-2)
            assert finite


@pytest.mark.parametrize(("attention", "reads_what_is_hidden"), [("eager", True), ("sdpa", False)])
@torch.no_grad()
def test_hugging_faces_empty_row_depends_on_the_implementation(attention, reads_what_is_hidden):
    """Exchange a token that is hidden from all: do the others' vectors move?"""
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    sizes = dict(vocab_size=11, hidden_size=6, num_attention_heads=3, num_hidden_layers=1)
    config = BertConfig(**sizes, intermediate_size=7, attn_implementation=attention)
    model = BertModel(config).eval()
    tokens, nothing = torch.tensor([[1, 2, 3, 4]]), torch.zeros(1, 4, dtype=torch.long)
    before = model(tokens, attention_mask=nothing).last_hidden_state
    tokens[0, 2] = 9
    after = model(tokens, attention_mask=nothing).last_hidden_state
    others = [0, 1, 3]
    assert (before[:, others] != after[:, others]).any() == reads_what_is_hidden
    if reads_what_is_hidden:
        weights = model(tokens, attention_mask=nothing, output_attentions=True).attentions[0]
        assert_close(weights, torch.full((1, 3, 4, 4), 0.25))


@pytest.mark.parametrize(
    ("fill", "dtype"),
    [
        (-1e4, torch.float16),
        (-65504, torch.float16),
        (-1e4, torch.float32),
        (-1e9, torch.float32),
        (-math.inf, torch.float32),
    ],
)
def test_a_finite_number_hides_up_to_its_own_size(fill, dtype):
    """A hidden score below it stays hidden, one above it comes through, and −∞ hides all."""

    def weight_of_hidden(gap):
        scores = torch.tensor([-gap / 2, gap / 2], dtype=dtype)
        return (scores + torch.tensor([0, fill], dtype=dtype)).softmax(0)[1]

    if math.isinf(fill):
        assert weight_of_hidden(1e30) == 0
    else:
        assert weight_of_hidden(0.99 * -fill) < 1e-6
        assert weight_of_hidden(1.01 * -fill) > 0.99


@torch.no_grad()
def test_minilms_scores_are_far_too_small_to_leak(minilm):
    """In no head of five sentences does a score come near a hundredth of 10 000."""
    encoder, tokenizer = minilm
    for text in SENTENCES:
        x = encoder.embed(encode(tokenizer, text)[0][None])
        for block in encoder.blocks:
            attention = block.attention
            query, key = (
                split_heads(layer(x), attention.n_heads)
                for layer in (attention.to_query, attention.to_key)
            )
            assert scaled_dot_scores(query, key).abs().max() < 100
            x = block(x)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_two_lowest_numbers_added_are_minus_infinity(dtype):
    """A padding and a causal mask that both hide with the lowest number; an empty row is NaN."""
    lowest = torch.finfo(dtype).min
    both = torch.full((3,), lowest, dtype=dtype) + lowest
    assert both.isneginf().all()
    assert both.softmax(0).isnan().all()


def test_with_a_cache_the_last_query_is_the_last_key():
    """Word by word, in chunks and at once: the same, by our rule and not by PyTorch's."""
    torch.manual_seed(0)
    module, x = MultiHeadAttention(12, 3), torch.randn(BATCH, 6, 12)
    whole = module(x, is_causal=True)
    cache = KVCache(BATCH, 3, 6, 4)
    with torch.no_grad():
        chunks = [
            module(x[:, a:b], is_causal=True, cache=cache) for a, b in ((0, 3), (3, 5), (5, 6))
        ]
    assert_close(torch.cat(chunks, dim=1), whole)
    query, (key, value) = split_heads(module.to_query(x[:, 3:]), 3), (cache.keys, cache.values)
    theirs = F.scaled_dot_product_attention(query, key, value, is_causal=True)
    assert not torch.allclose(module.to_output(merge_heads(theirs)), whole[:, 3:], atol=0.01)
    masked = F.scaled_dot_product_attention(query, key, value, attn_mask=causal_mask(3, 6))
    assert_close(module.to_output(merge_heads(masked)), whole[:, 3:])


def test_wrong_masks_show_in_the_influence():
    """What is hidden and heard, and what is allowed and not heard, for each wrong way."""
    torch.manual_seed(0)
    query, x = (torch.randn(*shape, dtype=torch.float64) for shape in ((1, 6, 12), (6, 12)))
    past, anything = causal_mask(6), torch.ones(6, 6, dtype=torch.bool)

    def heard(mask):
        return influence_map(lambda x: scaled_dot_product_attention(query, x, x, mask), x) > 0

    assert heard(past).equal(past)
    assert heard(~past).equal(~past)
    assert heard(anything.tril(1)).equal(anything.tril(1))
    assert heard(anything.tril(-1)).equal(anything.tril(-1))
    late = influence_map(lambda x: attention_weights(query, x) * past @ x, x)
    assert (late > 0).equal(anything & past.any(-1, keepdim=True))
    product = influence_map(lambda x: (scaled_dot_scores(query, x) * past).softmax(-1) @ x, x)
    assert (product > 0).all()


def test_a_mask_of_sentences_falls_on_heads_unless_they_have_an_axis():
    """Three sentences, three heads: the first sentence reads what the third one may."""
    torch.manual_seed(0)
    query, x = (torch.randn(*shape, dtype=torch.float64) for shape in ((1, 6, 12), (6, 12)))
    lengths = padding_mask([2, 4, 6], 6)  # of three sentences

    def heads(x):
        return x.unflatten(-1, (3, 4)).transpose(1, 2)

    def in_heads(mask):
        return lambda x: (
            scaled_dot_product_attention(heads(query), heads(x), heads(x), mask)
            .transpose(1, 2)
            .flatten(2)
        )

    assert (influence_map(in_heads(lengths), x) > 0).all()  # the third head reads all six words
    right = influence_map(in_heads(lengths[:1, None]), x) > 0
    assert right.equal(lengths[0].expand(6, 6))


@torch.no_grad()
def test_hugging_face_adds_a_boolean_mask():
    """A causal mask of booleans with four axes hides nothing, one of numbers does."""
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    sizes = dict(vocab_size=11, hidden_size=6, num_attention_heads=3, num_hidden_layers=1)
    config = BertConfig(**sizes, intermediate_size=7, attn_implementation="eager")
    model, tokens = BertModel(config).eval(), torch.tensor([[1, 2, 3, 4]])
    mask = causal_mask(4)[None, None]
    options = {"output_attentions": True}
    booleans = model(tokens, attention_mask=mask, **options).attentions[0]
    ones = model(tokens, attention_mask=mask.float(), **options).attentions[0]
    numbers = model(tokens, attention_mask=to_added_mask(mask), **options).attentions[0]
    assert booleans.equal(ones) and (booleans > 0).all()
    assert (numbers.triu(1) == 0).all()
