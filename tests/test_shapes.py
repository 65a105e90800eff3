"""Checks at the door: an error calls an argument by its own name, and says what is wrong."""

import re
from functools import partial

import pytest
import torch

import attention as a
from attention.positions.distance import query_key_distance

BATCH, HEADS, QUERY_LEN, KEY_LEN, HEAD_DIM, VALUE_DIM, HIDDEN = 2, 3, 4, 5, 6, 7, 8


def draw(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


QKV = {
    "query": draw(BATCH, HEADS, QUERY_LEN, HEAD_DIM),
    "key": draw(BATCH, HEADS, KEY_LEN, HEAD_DIM),
    "value": draw(BATCH, HEADS, KEY_LEN, VALUE_DIM),
}
QK = {name: QKV[name] for name in ("query", "key")}
SHARED = {"enable_gqa": True}
CALLS = {
    "additive_scores": (
        a.additive_scores,
        QK | {"w_query": draw(HEAD_DIM, HIDDEN), "w_key": draw(HEAD_DIM, HIDDEN),
              "a": draw(HIDDEN)},
    ),
    "bilinear_scores": (a.bilinear_scores, QK | {"weight": draw(HEAD_DIM, HEAD_DIM)}),
    "cross_attention": (
        a.cross_attention,
        {"x": draw(BATCH, QUERY_LEN, HEAD_DIM), "memory": draw(BATCH, KEY_LEN, HIDDEN),
         "w_query": draw(HEAD_DIM, 2), "w_key": draw(HIDDEN, 2), "w_value": draw(HIDDEN, 3)},
    ),
    "attention_weights": (a.attention_weights, QK),
    "attention_weights, shared": (partial(a.attention_weights, **SHARED), QK),
    "scaled_dot_product_attention": (a.scaled_dot_product_attention, QKV),
    "scaled_dot_product_attention, shared": (
        partial(a.scaled_dot_product_attention, **SHARED), QKV,
    ),
    "fast_attention": (a.fast_attention, QKV),
    "fast_attention, shared": (partial(a.fast_attention, **SHARED), QKV),
    "soft_lookup": (a.soft_lookup, QKV),
    "KVCache": (
        lambda key, value: a.KVCache(BATCH, HEADS, 9, HEAD_DIM).append(key, value),
        {"key": QKV["key"], "value": QKV["key"]},
    ),
}  # fmt: skip
ARGUMENTS = [(call, name) for call, (_, arguments) in CALLS.items() for name in arguments]


@pytest.mark.parametrize("call, name", ARGUMENTS)
def test_whole_numbers_are_named(call, name):
    """An integer tensor in place of one argument."""
    function, arguments = CALLS[call]
    wrong = arguments | {name: arguments[name].long()}
    with pytest.raises(TypeError, match=f"^{name} must hold floating-point numbers, got torch.int"):
        function(**wrong)


@pytest.mark.parametrize("call, name", ARGUMENTS)
def test_another_dtype_is_named(call, name):
    """One argument in float64: the sentence says which, and what the other has."""
    function, arguments = CALLS[call]
    wrong = arguments | {name: arguments[name].double()}
    others = "|".join([*(set(arguments) - {name}), "the cache"])
    both = rf"(\b{name} torch.float64 on cpu .*\b({others}) torch.float32)|"
    both += rf"(\b({others}) torch.float32 .*\b{name} torch.float64 on cpu)|"
    both += rf"(^{name} must have the cache's dtype)"
    with pytest.raises(ValueError, match=both):
        function(**wrong)


@pytest.mark.parametrize("call", [call for call in CALLS if "shared" in call])
@pytest.mark.parametrize("name", ["query", "key", "value"])
def test_a_missing_head_axis_is_named(call, name):
    """Heads can be shared only where there are heads."""
    function, arguments = CALLS[call]
    if name not in arguments:
        return
    wrong = arguments | {name: arguments[name][0, 0]}
    with pytest.raises(ValueError, match=rf"^{name} must have at least 3 axes, got shape \("):
        function(**wrong)


@pytest.mark.parametrize("name, axes", [("w_query", "query_dim"), ("w_key", "key_dim")])
def test_a_learned_matrix_of_another_shape_is_named(name, axes):
    """With its rule in words and in numbers."""
    function, arguments = CALLS["additive_scores"]
    words = f"{name} must have shape ({axes}, hidden) = ({HEAD_DIM}, {HIDDEN}), got (9, {HIDDEN})"
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        function(**arguments | {name: draw(9, HIDDEN)})


def test_distances_count_from_no_tokens_on():
    """No queries or no keys are an empty table, on the device that was asked for."""
    assert query_key_distance(0, 3).shape == (0, 3)
    assert query_key_distance(2, 0).shape == (2, 0)
    assert query_key_distance(2, 3, device="meta").device.type == "meta"


def test_a_cache_may_be_empty_but_not_negative():
    """Zero is a size; the error names all four."""
    assert a.KVCache(0, 2, 3, 4).keys.shape == (0, 2, 3, 4)
    cache = a.KVCache(1, 2, 3, 4, device="meta", dtype=torch.float16)
    for room in (cache.keys, cache.values):
        assert room.device.type == "meta" and room.dtype == torch.float16
    with pytest.raises(
        ValueError,
        match=r"^a cache's sizes \(batch, n_kv_heads, max_len, head_dim\) must not be negative, "
        r"got \(1, 2, -3, 4\)$",
    ):
        a.KVCache(1, 2, -3, 4)


def test_a_mask_is_made_where_its_lengths_are():
    """Padding follows the lengths' device; an added mask the boolean one's."""
    from attention.masks.conventions import to_added_mask

    lengths = torch.tensor([2, 3])
    assert a.padding_mask(lengths, 4).device == lengths.device
    assert to_added_mask(torch.ones(2, 3, dtype=torch.bool, device="meta")).device.type == "meta"


def test_a_row_without_scores_is_refused_in_words():
    """The shape that came is part of the sentence."""
    with pytest.raises(
        ValueError, match=r"^there must be at least one score in a row, got \(3, 0\)$"
    ):
        a.softmax(torch.empty(3, 0))


def test_only_whole_groups_share_unless_asked_not_to():
    """Left to itself nothing is shared: two key heads for four query heads are an error."""
    query, key = draw(1, 4, 2, 6), draw(1, 2, 3, 6)
    for attend in (a.fast_attention, a.scaled_dot_product_attention):
        with pytest.raises(ValueError, match="before the last two"):
            attend(query, key, key)
    shared = a.share_heads(query, 4)
    assert shared is query  # nothing to share, nothing to copy


def test_masks_of_other_axes_are_refused_in_words():
    """PyTorch's module knows two forms, and each converter names the ones that it takes."""
    from attention.masks.conventions import from_added_mask, from_attn_mask, to_attn_mask

    mask = torch.ones(2, 5, 3, 3, dtype=torch.bool)
    with pytest.raises(
        ValueError,
        match=r"^mask must have axes \(query_len, key_len\), with a batch in front, or a batch and "
        r"n_heads = 4, got \(2, 5, 3, 3\)$",
    ):
        to_attn_mask(mask, 4)
    with pytest.raises(
        ValueError,
        match=r"^attn_mask must have axes \(query_len, key_len\) or \(batch · n_heads, query_len, "
        r"key_len\) with n_heads = 4, got \(5, 3, 3\)$",
    ):
        from_attn_mask(mask[0], 4)
    assert from_added_mask(torch.tensor(0.0)).item() is True  # a mask without axes is a mask


def test_foreign_modules_are_refused_in_words():
    """What `from_torch` cannot copy."""
    with pytest.raises(
        ValueError, match=r"^a module with kdim, vdim, add_bias_kv or add_zero_attn is not ours$"
    ):
        a.MultiHeadAttention.from_torch(torch.nn.MultiheadAttention(4, 2, kdim=3))


def test_a_cache_takes_four_axes():
    """Keys and values of heads, in a batch."""
    cache, new = a.KVCache(1, 1, 3, 4), draw(1, 1, 2, 4)
    for name, given in (("key", (new[0], new)), ("value", (new, new[0]))):
        with pytest.raises(ValueError, match=rf"^{name} must have at least 4 axes, got shape"):
            cache.append(*given)


@pytest.mark.parametrize("attend", [a.scaled_dot_product_attention, a.fast_attention])
def test_a_batch_that_fits_the_keys_alone_is_named(attend):
    """One key for two queries and three values: only query and value do not fit."""
    query, key, value = draw(2, 1, 4, 6), draw(1, 1, 5, 6), draw(3, 1, 5, 7)
    words = r"query .*\bvalue\b.*got query \(2, 1, 4, 6\) and value \(3, 1, 5, 7\)"
    with pytest.raises(ValueError, match=words):
        attend(query, key, value)


def test_a_query_without_numbers_is_refused_in_words():
    """Nothing can be compared with it. Without queries there is nothing to refuse."""
    words = "a query must hold at least one number, got query (2, 4, 0)"
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        a.attention_weights(draw(2, 4, 0), draw(2, 5, 0))
    assert a.attention_weights(draw(2, 0, 6), draw(2, 5, 6)).shape == (2, 0, 5)


def test_heads_are_split_from_a_tensor():
    """The word for what is split is x."""
    with pytest.raises(TypeError, match=r"^x must be a torch.Tensor, got list$"):
        a.split_heads([[1.0]], 1)


def test_a_module_takes_what_its_weights_can_meet():
    """Another dtype is named, and so is another device; autocast mends the dtype alone."""
    module, x = a.MultiHeadAttention(6, 2), draw(2, 4, 6)
    words = "x and the module's weights must have the same dtype and device, got x "
    with pytest.raises(ValueError, match=f"^{words}torch.float64 on cpu and the module's weights"):
        module(x.double())
    with pytest.raises(ValueError, match=f"^{words}torch.float32 on meta"):
        module(x.to("meta"))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert module(x.bfloat16()).dtype == torch.bfloat16
        with pytest.raises(ValueError, match=f"^{words}torch.float32 on meta"):
            module(x.to("meta"))


def test_memory_and_cache_exclude_one_another():
    """In words that say what to do."""
    x, cache = draw(2, 4, 6), a.KVCache(2, 2, 9, 3)
    words = "^a cache keeps x's own keys and values: hand over memory or cache$"
    with pytest.raises(ValueError, match=words):
        a.MultiHeadAttention(6, 2)(x, x, cache=cache)
