"""T5's relative bias against Hugging Face's T5."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close
from transformers import T5Config
from transformers.models.t5.modeling_t5 import T5Attention

from attention import RelativeBias, causal_buckets, relative_buckets, scaled_dot_product_attention
from attention.masks.causal import causal_mask

HEADS, QUERY_LEN, KEY_LEN = 3, 4, 6
theirs = T5Attention._relative_position_bucket  # of key minus query, where ours is query minus key


@settings(deadline=None)
@given(st.integers(1, 20), st.integers(1, 400))
def test_buckets_are_those_of_t5(half, room):
    """Both sides, any number of buckets, every distance up to 1000."""
    distance = torch.arange(-1000, 1000)
    n_buckets, max_distance = 2 * half, half + room
    assert causal_buckets(distance, n_buckets, max_distance).equal(
        theirs(-distance, False, n_buckets, max_distance)
    )
    if half > 1:  # one bucket for each side has no room for "near" and "far"
        assert relative_buckets(distance, n_buckets, max_distance).equal(
            theirs(-distance, True, n_buckets, max_distance)
        )


def test_buckets_grow_with_the_distance_and_end_at_the_last():
    """Short distances have one each, in order; from max_distance on there is one for all."""
    bucket = causal_buckets(torch.arange(300), 32, 128)
    assert bucket[:16].equal(torch.arange(16))
    assert (bucket.diff() >= 0).all()
    assert bucket.unique().equal(torch.arange(32))
    assert (bucket[128:] == 31).all()


@pytest.mark.parametrize("is_causal", [False, True])
def test_the_bias_is_that_of_t5(is_causal):
    """The module with T5's table gives T5's numbers, also for the newest queries of a cache."""
    config = T5Config(d_model=12, d_kv=4, num_heads=HEADS, is_decoder=is_causal)
    t5 = T5Attention(config, has_relative_attention_bias=True, layer_idx=0)
    ours = RelativeBias(HEADS, is_causal=is_causal)
    ours.bias.load_state_dict(t5.relative_attention_bias.state_dict())
    bias = ours(QUERY_LEN, KEY_LEN)
    assert bias.shape == (HEADS, QUERY_LEN, KEY_LEN)
    started = KEY_LEN - QUERY_LEN
    expected = t5.compute_bias(QUERY_LEN, KEY_LEN, past_seen_tokens=started)
    assert_close(bias, expected[0])
    assert_close(ours(KEY_LEN, KEY_LEN)[:, -QUERY_LEN:], bias)


def test_the_bias_adds_to_the_scores_and_learns():
    """As a mask it composes with a causal one, and the table gets a gradient."""
    torch.manual_seed(0)
    query, key = torch.randn(2, HEADS, QUERY_LEN, 5), torch.randn(2, HEADS, KEY_LEN, 5)
    value, module = torch.randn(2, HEADS, KEY_LEN, 7), RelativeBias(HEADS)
    bias, mask = module(QUERY_LEN, KEY_LEN), causal_mask(QUERY_LEN, KEY_LEN)
    output = scaled_dot_product_attention(query, key, value, bias, is_causal=True)
    scores = (query @ key.mT / 5**0.5 + bias).masked_fill(~mask, float("-inf"))
    assert_close(output, scores.softmax(-1) @ value)
    output.square().sum().backward()
    used = relative_buckets(torch.arange(KEY_LEN))  # what lies ahead is hidden, and learns nothing
    assert (module.bias.weight.grad[used] != 0).all()
    assert module.bias.weight.grad.count_nonzero() == len(used) * HEADS


def test_relative_bias_names_the_rule_that_is_broken():
    """When it is built, not when it is first used."""
    with pytest.raises(ValueError, match="n_buckets must be even, half for each side, got 7"):
        RelativeBias(HEADS, n_buckets=7)
    with pytest.raises(ValueError, match="n_buckets must be at least 2 for each side, got 1"):
        RelativeBias(HEADS, n_buckets=2)
    with pytest.raises(ValueError, match="got max_distance 8 and half 8"):
        RelativeBias(HEADS, n_buckets=32, max_distance=8)
    with pytest.raises(ValueError, match="got query_len -1 and key_len 3"):
        RelativeBias(HEADS)(-1, 3)


def test_the_bias_lives_where_its_table_does():
    """Distances are made on the device of the weights."""
    assert RelativeBias(HEADS).to("meta")(QUERY_LEN, KEY_LEN).device.type == "meta"


def test_left_to_themselves_buckets_are_those_of_the_published_models():
    """32 buckets, and one for all distances from 128 on, as in every T5."""
    distance = torch.arange(-300, 300)
    assert causal_buckets(distance).equal(theirs(-distance, False, 32, 128))
    assert relative_buckets(distance).equal(theirs(-distance, True, 32, 128))
    module = RelativeBias(HEADS)
    assert (module.n_buckets, module.max_distance) == (32, 128)


@pytest.mark.parametrize("is_causal", [False, True])
def test_the_module_groups_distances_as_it_was_told(is_causal):
    """Two distances share a number exactly when they share a bucket."""
    module = RelativeBias(1, n_buckets=8, max_distance=20, is_causal=is_causal)
    torch.nn.init.normal_(module.bias.weight)
    distance = torch.arange(30).view(-1, 1) - torch.arange(30)
    to_bucket = causal_buckets if is_causal else relative_buckets
    expected = module.bias.weight[to_bucket(distance, 8, 20), 0]
    assert module(30, 30)[0].equal(expected)


def test_errors_of_buckets_are_whole_sentences():
    """They name the rule, and both values."""
    with pytest.raises(
        ValueError,
        match=r"^max_distance must exceed half the buckets of a side, each of which is one "
        r"distance, got max_distance 16 and half 16$",
    ):
        causal_buckets(torch.arange(3), 32, 16)
    with pytest.raises(ValueError, match=r"^n_buckets must be at least 2 for each side, got 1$"):
        causal_buckets(torch.arange(3), 1)
