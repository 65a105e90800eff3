"""Multi-head attention whose maps add no bias, and whose queries and keys are turned."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from attention import (
    KVCache,
    MultiHeadAttention,
    ablate_head,
    attention_weights,
    merge_heads,
    reweigh_head,
    rotate,
    share_heads,
    split_heads,
)

BATCH, HEADS, KV_HEADS, LENGTH, HEAD_DIM = 2, 6, 3, 5, 4
D_MODEL, BASE = HEADS * HEAD_DIM, 50.0


@pytest.fixture
def module():
    torch.manual_seed(0)
    return MultiHeadAttention(D_MODEL, HEADS, KV_HEADS, bias=False, rotary_base=BASE)


@pytest.fixture
def x():
    torch.manual_seed(1)
    return torch.randn(BATCH, LENGTH, D_MODEL)


def by_hand(module, x):
    """Weights and answers of all heads, from the definitions."""
    place = torch.arange(LENGTH)
    query = rotate(split_heads(x @ module.to_query.weight.T, HEADS), place, base=BASE)
    key = rotate(split_heads(x @ module.to_key.weight.T, KV_HEADS), place, base=BASE)
    value = split_heads(x @ module.to_value.weight.T, KV_HEADS)
    weights = attention_weights(query, share_heads(key, HEADS), is_causal=True)
    return weights, weights @ share_heads(value, HEADS)


def test_it_is_what_the_definitions_say(module, x):
    """Without biases, turned, and with shared heads; the weights, too."""
    assert sum(p.numel() for p in module.parameters()) == D_MODEL**2 * 3
    weights, answers = by_hand(module, x)
    wanted = merge_heads(answers) @ module.to_output.weight.T
    assert_close(module(x, is_causal=True), wanted)
    found, its_weights = module(x, is_causal=True, return_weights=True)
    assert_close(found, wanted)
    assert_close(its_weights, weights)


def test_a_distance_counts_and_a_place_does_not(module, x):
    """The same tokens behind three others, which are hidden, get the same answers."""
    longer = torch.cat([torch.randn(BATCH, 3, D_MODEL), x], dim=1)
    mask = torch.ones(LENGTH + 3, LENGTH + 3, dtype=torch.bool)
    mask[:, :3] = False
    assert_close(module(longer, mask=mask, is_causal=True)[:, 3:], module(x, is_causal=True))
    order = torch.tensor([1, 0, 2, 3, 4])
    assert not torch.allclose(module(x[:, order])[:, 4], module(x)[:, 4])


@pytest.mark.parametrize("cuts", [[5], [1, 4], [3, 1, 1]])
def test_pieces_stand_where_they_stand_in_the_whole(module, x, cuts):
    """A cache counts how far the sequence has come."""
    cache = KVCache(BATCH, KV_HEADS, LENGTH, HEAD_DIM)
    pieces = [module(piece, is_causal=True, cache=cache) for piece in x.split(cuts, dim=1)]
    assert_close(torch.cat(pieces, dim=1), module(x, is_causal=True))


def test_a_memory_has_no_places_of_its_own(module, x):
    """Where its tokens stand beside those of x nobody has said."""
    with pytest.raises(ValueError, match="rotary positions count along one sequence"):
        module(x, x)
    with pytest.raises(ValueError, match="head_dim must be even, to be turned in pairs, got 3"):
        MultiHeadAttention(6, 2, rotary_base=BASE)


class OneLayer(nn.Module):
    """What `ablate_head` asks of a model."""

    def __init__(self, attention):
        super().__init__()
        block = nn.Module()
        block.attention = attention
        self.blocks = [block]


def test_a_heads_own_weights_change_nothing_and_others_do(module, x):
    """Turned queries and keys are turned again where a head is given its weights anew."""
    model, before = OneLayer(module), module(x, is_causal=True)
    for head in range(HEADS):
        seen = []
        with reweigh_head(
            model, 0, head, lambda weights, seen=seen: seen.append(weights) or weights
        ):
            assert_close(module(x, is_causal=True), before)
        assert_close(seen[0], by_hand(module, x)[0][:, head])
        with reweigh_head(model, 0, head, torch.zeros_like):
            without = module(x, is_causal=True)
        with ablate_head(model, 0, head):
            assert_close(module(x, is_causal=True), without)
        answers = by_hand(module, x)[1]
        answers[:, head] = 0
        assert_close(without, merge_heads(answers) @ module.to_output.weight.T)


def test_pytorchs_module_is_copied_as_ever():
    """Its biases, or zeros where it has none."""
    theirs = nn.MultiheadAttention(D_MODEL, HEADS, bias=False, batch_first=True)
    ours = MultiHeadAttention.from_torch(theirs)
    x = torch.randn(BATCH, LENGTH, D_MODEL)
    assert ours.rotary_base is None and ours.to_key.bias.eq(0).all()
    assert_close(ours(x), theirs(x, x, x, need_weights=False)[0])
