"""Masks for PyTorch's module and Hugging Face's models, against the libraries themselves."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.testing import assert_close

from attention import BertEncoder, MultiHeadAttention, causal_mask, padding_mask
from attention.masks.conventions import (
    from_added_mask,
    from_attention_mask,
    from_attn_mask,
    from_key_padding_mask,
    to_added_mask,
    to_attention_mask,
    to_attn_mask,
    to_key_padding_mask,
)
from attention.models.bert.pretrained import rename

BATCH, HEADS, QUERY_LEN, KEY_LEN, HEAD_DIM = 2, 3, 4, 5, 6
D_MODEL = HEADS * HEAD_DIM


def some_mask(*shape):
    """A mask in which each query may attend to at least one key."""
    mask = torch.rand(*shape) > 0.5
    mask[..., 2] = True
    return mask


def masks(*axes):
    """Any mask with these axes, for hypothesis."""
    shape = st.tuples(*(st.integers(1, 4) if n is None else st.just(n) for n in axes))
    return shape.flatmap(
        lambda s: st.lists(st.booleans(), min_size=math.prod(s), max_size=math.prod(s)).map(
            lambda cells: torch.tensor(cells).reshape(s)
        )
    )


# --- there and back ---


@settings(deadline=None)
@given(masks(None, None, None), st.sampled_from([torch.float16, torch.float32, torch.float64]))
def test_a_mask_survives_as_numbers(mask, dtype):
    """To numbers and back, in any precision."""
    added = to_added_mask(mask, dtype)
    assert added.dtype == dtype
    assert from_added_mask(added).equal(mask)


@settings(deadline=None)
@given(st.one_of(masks(None, None), masks(None, None, None), masks(None, HEADS, None, None)))
def test_a_mask_survives_pytorchs_module(mask):
    """To attn_mask and back; a head axis that was missing has come in."""
    there = to_attn_mask(mask, HEADS)
    back = from_attn_mask(there, HEADS)
    heads = mask if mask.ndim == 2 else mask if mask.ndim == 4 else mask.unsqueeze(1)
    assert back.equal(heads.expand_as(back))


@settings(deadline=None)
@given(masks(None, 1, None))
def test_a_padding_mask_survives_both_libraries(mask):
    """To key_padding_mask or attention_mask and back."""
    assert from_key_padding_mask(to_key_padding_mask(mask)).equal(mask)
    assert from_attention_mask(to_attention_mask(mask)).equal(mask)


# --- against PyTorch's module ---


@pytest.fixture
def modules():
    torch.manual_seed(0)
    theirs = nn.MultiheadAttention(D_MODEL, HEADS, batch_first=True)
    return MultiHeadAttention.from_torch(theirs), theirs


@pytest.mark.parametrize(
    "shape",
    [
        (QUERY_LEN, KEY_LEN),
        (BATCH, QUERY_LEN, KEY_LEN),
        (BATCH, 1, QUERY_LEN, KEY_LEN),
        (BATCH, HEADS, QUERY_LEN, KEY_LEN),
    ],
)
@pytest.mark.parametrize("form", ["boolean", "added"])
def test_pytorchs_module_reads_attn_mask_as_we_wrote_it(modules, shape, form):
    """With one mask for all, one a sentence and one a head; and what it reads, we read back."""
    ours, theirs = modules
    x, memory = torch.randn(BATCH, QUERY_LEN, D_MODEL), torch.randn(BATCH, KEY_LEN, D_MODEL)
    mask = some_mask(*shape)
    attn_mask = to_attn_mask(mask, HEADS)
    if form == "added":
        attn_mask = to_added_mask(~attn_mask)
    expected = ours(x, memory, mask)
    assert_close(theirs(x, memory, memory, attn_mask=attn_mask)[0], expected)
    assert_close(ours(x, memory, from_attn_mask(attn_mask, HEADS)), expected)


@pytest.mark.parametrize("form", ["boolean", "added"])
def test_pytorchs_module_reads_key_padding_mask_as_we_wrote_it(modules, form):
    """The padding of each sentence is hidden from all its queries."""
    ours, theirs = modules
    x = torch.randn(BATCH, KEY_LEN, D_MODEL)
    mask = padding_mask([2, KEY_LEN], KEY_LEN)
    theirs_mask = to_key_padding_mask(mask) if form == "boolean" else to_added_mask(mask[:, 0])
    expected = ours(x, mask=mask)
    assert_close(theirs(x, x, x, key_padding_mask=theirs_mask)[0], expected)
    assert_close(ours(x, mask=from_key_padding_mask(theirs_mask)), expected)


# --- against Hugging Face ---


def bert(attention):
    """A small random model of theirs, and its copy in ours."""
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=11,
        hidden_size=D_MODEL,
        num_attention_heads=HEADS,
        num_hidden_layers=2,
        intermediate_size=7,
        max_position_embeddings=KEY_LEN,
        attn_implementation=attention,
    )
    theirs = BertModel(config).eval()
    ours = BertEncoder(11, D_MODEL, HEADS, 2, 7, KEY_LEN).eval()
    ours.load_state_dict(rename(theirs.state_dict()))
    return ours, theirs


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@torch.no_grad()
def test_hugging_faces_model_reads_our_masks(attention):
    """A padding mask as its tokenizer writes it, and any other as numbers with a head axis."""
    ours, theirs = bert(attention)
    tokens = torch.randint(11, (BATCH, KEY_LEN))
    padding = padding_mask([2, KEY_LEN], KEY_LEN)
    output = theirs(tokens, attention_mask=to_attention_mask(padding)).last_hidden_state
    assert_close(ours(tokens, padding), output)
    both = (padding & causal_mask(KEY_LEN))[:, None]  # (batch, 1, key_len, key_len)
    output = theirs(tokens, attention_mask=to_added_mask(both)).last_hidden_state
    assert_close(ours(tokens, both), output)


def test_what_a_model_of_theirs_adds_inside_is_read_back():
    """Hugging Face's own mask of numbers, which hides with the lowest of float32."""
    from transformers import BertConfig
    from transformers.masking_utils import create_bidirectional_mask

    padding = padding_mask([2, KEY_LEN], KEY_LEN)
    inside = create_bidirectional_mask(
        BertConfig(attn_implementation="eager"),
        inputs_embeds=torch.zeros(BATCH, KEY_LEN, D_MODEL),
        attention_mask=to_attention_mask(padding),
    )
    assert inside.dtype == torch.float32
    read = from_added_mask(inside)
    assert read.equal(padding[:, None].expand_as(read))


# --- what is refused ---


def test_what_is_no_mask_is_refused():
    """Each error names the argument, the rule and what came."""
    mask = some_mask(BATCH, QUERY_LEN, KEY_LEN)
    for convert in (to_added_mask, to_key_padding_mask, to_attention_mask):
        with pytest.raises(TypeError, match=r"mask must be boolean, .* got torch\.float32"):
            convert(mask.float())
    with pytest.raises(TypeError, match=r"mask must be boolean, .* got torch\.float32"):
        to_attn_mask(mask.float(), HEADS)
    for convert in (to_key_padding_mask, to_attention_mask):
        with pytest.raises(ValueError, match=r"axes \(batch, 1, key_len\), got \(2, 4, 5\)"):
            convert(mask)
    with pytest.raises(ValueError, match=r"n_heads = 3, got \(2, 2, 4, 5\)"):
        to_attn_mask(mask[:, None].repeat(1, 2, 1, 1), HEADS)
    with pytest.raises(ValueError, match=r"n_heads = 3, got \(5,\)"):
        to_attn_mask(mask[0, 0], HEADS)
    for shape in ((HEADS + 1, QUERY_LEN, KEY_LEN), (1, HEADS, QUERY_LEN, KEY_LEN)):
        with pytest.raises(ValueError, match=r"attn_mask must have axes .* n_heads = 3, got \("):
            from_attn_mask(torch.zeros(shape), HEADS)
    with pytest.raises(TypeError, match=r"attn_mask must hold floating-point .* got torch\.int64"):
        from_attn_mask(mask.long(), HEADS)
    with pytest.raises(TypeError, match="key_padding_mask must hold floating-point"):
        from_key_padding_mask(mask[:, 0].long())


@pytest.mark.parametrize("number", [0.5, -9.0, math.inf, math.nan])
def test_a_bias_is_not_taken_for_a_mask(number):
    """A number that neither allows nor hides is named."""
    added = to_added_mask(causal_mask(3))
    added[2, 1] = number
    with pytest.raises(ValueError, match=f"added must hold 0 .* got {number:g}: that is a bias"):
        from_added_mask(added)
    with pytest.raises(
        ValueError, match=f"attn_mask must hold 0 .* got {number:g}: that is a bias"
    ):
        from_attn_mask(added, HEADS)


@pytest.mark.parametrize("lowest", [-1e4, -1e9, torch.finfo(torch.float32).min, -math.inf])
def test_all_that_libraries_hide_with_is_read(lowest):
    """From −10 000 down to −∞."""
    assert from_added_mask(torch.tensor([0.0, lowest])).tolist() == [True, False]


def test_an_attention_mask_is_ones_and_zeros():
    """Another number or shape is named; any dtype will do."""
    ones = torch.tensor([[1, 1, 0]])
    for dtype in (torch.bool, torch.int64, torch.float32):
        assert from_attention_mask(ones.to(dtype)).tolist() == [[[True, True, False]]]
    with pytest.raises(ValueError, match=r"1 or 0 for each \(batch, key_len\), got -10000"):
        from_attention_mask(torch.tensor([[0.0, -1e4]]))
    with pytest.raises(ValueError, match=r"1 or 0 for each \(batch, key_len\), got shape \(3,\)"):
        from_attention_mask(ones[0])
