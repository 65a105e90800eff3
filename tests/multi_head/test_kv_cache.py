"""With a cache, attention over the newest tokens alone gives what attention over all gives."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from attention import KVCache, MultiHeadAttention

BATCH, HEADS, KV_HEADS, LENGTH, HEAD_DIM = 2, 6, 3, 7, 4
D_MODEL = HEADS * HEAD_DIM


def empty(**options):
    return KVCache(BATCH, KV_HEADS, LENGTH, HEAD_DIM, **options)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 4), min_size=1).filter(lambda sizes: sum(sizes) <= LENGTH))
def test_any_chunking_gives_what_no_cache_gives(sizes):
    """One token at a time, all at once, or anything between."""
    torch.manual_seed(0)
    module = MultiHeadAttention(D_MODEL, HEADS, KV_HEADS)
    x = torch.randn(BATCH, sum(sizes), D_MODEL)
    cache = empty()
    with torch.no_grad():
        parts = [module(part, is_causal=True, cache=cache) for part in x.split(sizes, dim=1)]
        assert_close(torch.cat(parts, dim=1), module(x, is_causal=True))
    assert cache.length == sum(sizes)


def test_the_weights_over_the_cache_are_the_last_rows_of_all_weights():
    """Also where the weights are asked for."""
    module = MultiHeadAttention(D_MODEL, HEADS, KV_HEADS)
    x, cache = torch.randn(BATCH, LENGTH, D_MODEL), empty()
    module(x[:, :5], is_causal=True, cache=cache)
    _, newest = module(x[:, 5:], is_causal=True, cache=cache, return_weights=True)
    _, everything = module(x, is_causal=True, return_weights=True)
    assert_close(newest, everything[:, :, 5:])


def test_what_is_kept_carries_no_gradient():
    """A cache is for writing; nothing is trained through it."""
    cache = empty()
    new = torch.randn(BATCH, KV_HEADS, 2, HEAD_DIM, requires_grad=True)
    keys, values = cache.append(new, new)
    assert not keys.requires_grad and not values.requires_grad
    assert keys.equal(new) and values.equal(new)


def test_the_memory_of_a_token_is_counted():
    """A key and a value for each sequence and head, of two bytes a number in bfloat16."""
    cache = empty(dtype=torch.bfloat16)
    everything = cache.keys.nbytes + cache.values.nbytes
    assert cache.bytes_per_token * LENGTH == everything


def test_what_does_not_fit_is_refused_and_nothing_is_lost():
    """Another batch, number of heads, width, dtype, device, or one token too many."""
    cache = empty()
    new = torch.randn(BATCH, KV_HEADS, 5, HEAD_DIM)
    keys, _ = cache.append(new, new)
    before = keys.clone()
    rule = r"must have shape \(batch, n_kv_heads, new, head_dim\) = \(2, 3, 5, 4\) .*got \("
    with pytest.raises(ValueError, match="key " + rule + "1, 3, 5, 4"):
        cache.append(new[:1], new)
    with pytest.raises(ValueError, match="value " + rule + "2, 3, 4, 4"):
        cache.append(new, new[:, :, 1:])
    with pytest.raises(ValueError, match=r"torch\.float32 on cpu, got torch\.float16 on cpu"):
        cache.append(new.half(), new)
    with pytest.raises(ValueError, match=r"value must have the cache's .*on cpu, got .* on meta"):
        cache.append(new, new.to("meta"))
    with pytest.raises(ValueError, match="at most max_len = 7 tokens, got 5 new ones after 5"):
        cache.append(new, new)
    with pytest.raises(ValueError, match=r"key must have at least 4 axes, got shape \(4,\)"):
        cache.append(new[0, 0, 0], new)
    with pytest.raises(TypeError, match=r"value must hold floating.* got torch\.int64"):
        cache.append(new, new.long())
    assert cache.length == 5 and cache.keys[:, :, :5].equal(before)


@pytest.mark.parametrize("weights", [False, True])
def test_a_refused_call_leaves_no_tokens_behind(weights):
    """Mend the mask or the bias, call again, and each token is there once."""
    module, x = MultiHeadAttention(D_MODEL, HEADS, KV_HEADS), torch.randn(BATCH, 2, D_MODEL)
    cache = empty()
    module(x, is_causal=True, cache=cache)
    for wrong, error in (
        ({"mask": torch.ones(2, 3, dtype=torch.bool)}, ValueError),
        ({"mask": torch.ones(2, 4)}, TypeError),
        ({"bias": torch.ones(2, 3)}, ValueError),
        ({"bias": torch.ones(2, 4, dtype=torch.bool)}, TypeError),
    ):
        with pytest.raises(error, match="must"):
            module(x, cache=cache, return_weights=weights, **wrong)
        assert cache.length == 2
    module(x, cache=cache, mask=torch.ones(2, 4, dtype=torch.bool), bias=torch.ones(2, 4))
    assert cache.length == 4


def test_a_cache_that_is_full_still_answers():
    """No new token, no new key: the queries are none as well."""
    module, x = MultiHeadAttention(D_MODEL, HEADS, KV_HEADS), torch.randn(BATCH, LENGTH, D_MODEL)
    cache = empty()
    module(x, is_causal=True, cache=cache)
    assert module(x[:, :0], is_causal=True, cache=cache).shape == (BATCH, 0, D_MODEL)
    assert cache.length == LENGTH


def test_a_cache_keeps_a_sequence_not_a_memory():
    """Cross-attention has nothing to go on from."""
    module, x = MultiHeadAttention(D_MODEL, HEADS, KV_HEADS), torch.randn(BATCH, 2, D_MODEL)
    with pytest.raises(ValueError, match="hand over memory or cache"):
        module(x, x, cache=empty())


@pytest.mark.parametrize("filled, used", [(True, False), (False, True), (True, True)])
def test_a_cache_may_be_made_filled_and_used_in_any_mode(filled, used):
    """Made and filled in inference mode, gone on with outside, gradients recorded; or otherwise."""
    module = MultiHeadAttention(D_MODEL, HEADS, KV_HEADS)
    x = torch.randn(BATCH, 5, D_MODEL)
    with torch.inference_mode(filled):
        cache = empty()
        module(x[:, :3], is_causal=True, cache=cache)
    with torch.inference_mode(used):
        newest = module(x[:, 3:], is_causal=True, cache=cache)
    assert_close(newest.clone(), module(x, is_causal=True)[:, 3:])
    if not used:
        newest.sum().backward()
        assert module.to_query.weight.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("weights", [False, True])
@torch.no_grad()
def test_autocast_reads_and_fills_a_cache_of_any_dtype(dtype, weights):
    """Of float32, or of autocast's own: what is kept is what autocast computed."""
    torch.manual_seed(0)
    module, x = MultiHeadAttention(D_MODEL, HEADS, KV_HEADS), torch.randn(BATCH, 5, D_MODEL)
    with torch.autocast("cpu", dtype=dtype):
        whole = module(x, is_causal=True)
        for kept in (torch.float32, dtype):
            cache = empty(dtype=kept)
            parts = [
                module(part, is_causal=True, cache=cache, return_weights=weights)
                for part in x.split([3, 1, 1], dim=1)
            ]
            parts = [part[0] if weights else part for part in parts]
            bits = 2 * torch.finfo(dtype).eps
            assert_close(torch.cat(parts, dim=1), whole, rtol=bits, atol=bits)


def test_a_cache_in_half_precision_is_no_place_for_float32_outside_of_autocast():
    """Whoever fills it under autocast and goes on without is told which dtype is kept."""
    module, x = MultiHeadAttention(D_MODEL, HEADS, KV_HEADS), torch.randn(BATCH, 2, D_MODEL)
    cache = empty(dtype=torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        module(x, cache=cache)
    with pytest.raises(ValueError, match=r"cache's dtype and device, torch\.bfloat16 .*float32"):
        module(x, cache=cache)
    assert cache.length == 2
