"""Self-attention: one head on one sequence."""

from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from attention import (
    SelfAttention,
    attention_maps,
    bilinear_scores,
    causal_mask,
    dot_scores,
    padding_mask,
)
from attention.data.subjects import SUBJECTS
from attention.models.bert.pretrained import encode

BATCH, LENGTH, D_MODEL, HEAD_DIM = 2, 5, 6, 7


@pytest.fixture
def module():
    torch.manual_seed(0)
    return SelfAttention(D_MODEL, HEAD_DIM)


@pytest.mark.parametrize("mask", [None, causal_mask(LENGTH), padding_mask([LENGTH, 3], LENGTH)])
def test_self_attention_is_attention_between_three_views_of_one_sequence(module, mask):
    """PyTorch's function on x W_q, x W_k, x W_v gives the same output."""
    x = torch.randn(BATCH, LENGTH, D_MODEL)
    views = [x @ linear.weight.T for linear in (module.to_query, module.to_key, module.to_value)]
    output, weights = module(x, mask, return_weights=True)
    assert output.shape == (BATCH, LENGTH, HEAD_DIM) and weights.shape == (BATCH, LENGTH, LENGTH)
    assert_close(output, F.scaled_dot_product_attention(*views, attn_mask=mask))
    assert_close(weights @ views[2], output)
    assert_close(module(x, mask), output)


def test_its_three_maps_have_no_bias(module):
    """The parameters are three matrices."""
    shapes = {name: tuple(p.shape) for name, p in module.named_parameters()}
    assert shapes == {f"to_{w}.weight": (HEAD_DIM, D_MODEL) for w in ("query", "key", "value")}


def test_permuting_the_tokens_permutes_the_output(module):
    """Without positions, self-attention does not know the order of its tokens."""
    x, order = torch.randn(BATCH, LENGTH, D_MODEL), torch.randperm(LENGTH)
    assert_close(module(x[:, order]), module(x)[:, order])


def test_under_a_causal_mask_the_future_does_not_leak(module):
    """Changing the last tokens changes no earlier output."""
    x = torch.randn(BATCH, LENGTH, D_MODEL)
    changed = x.clone()
    changed[:, 3:] += 10
    before, after = (module(y, causal_mask(LENGTH)) for y in (x, changed))
    assert_close(before[:, :3], after[:, :3])
    assert (before[:, 3:] != after[:, 3:]).any()


def test_a_sequence_without_a_batch_is_served_too(module):
    """Two axes are enough."""
    x = torch.randn(BATCH, LENGTH, D_MODEL)
    assert_close(module(x[1]), module(x)[1])


def test_self_attention_names_the_width_that_it_wants(module):
    """The error shows d_model and the shape that came."""
    with pytest.raises(ValueError, match=r"axis of x must be d_model = 6, got shape \(2, 5, 7\)"):
        module(torch.randn(BATCH, LENGTH, HEAD_DIM))


def test_self_attention_takes_no_mask_of_zeros_and_ones(module):
    """Added to the scores it would hide nothing, and no error would say so."""
    x = torch.randn(BATCH, LENGTH, D_MODEL)
    with pytest.raises(TypeError, match=r"mask must be boolean, .* got torch\.float32"):
        module(x, causal_mask(LENGTH).float())
    with pytest.raises(ValueError, match=r"got mask \(4, 4\) and scores \(2, 5, 5\)"):
        module(x, causal_mask(LENGTH - 1))


# What the chapter claims.

THE_WORD_BEFORE, THE_CONTENT_HEAD = (0, 2), (5, 11)


def read(minilm, sentence):
    """The tokens of a sentence, and what MiniLM's heads attend to in it."""
    encoder, tokenizer = minilm
    ids, tokens = encode(tokenizer, sentence)
    return tokens, attention_maps(encoder, ids)


def gives(minilm, head, sentence, asker, asked):
    """The weight that one word gives another in one head."""
    tokens, maps = read(minilm, sentence)
    return maps[head][tokens.index(asker), tokens.index(asked)].item()


def test_scores_are_a_bilinear_form_of_the_tokens(module):
    """x W_q (x W_k)ᵀ is x W xᵀ with W = W_q W_kᵀ."""
    x = torch.randn(BATCH, LENGTH, D_MODEL)
    w = module.to_query.weight.T @ module.to_key.weight  # (D_MODEL, D_MODEL)
    assert_close(dot_scores(module.to_query(x), module.to_key(x)), bilinear_scores(x, x, w))


def test_one_map_for_query_and_key_makes_scores_mutual(module):
    """With a shared map the table of scores is symmetric; with two it is not."""
    x = torch.randn(BATCH, LENGTH, D_MODEL)
    query, key = module.to_query(x), module.to_key(x)
    shared = dot_scores(query, query)
    assert_close(shared, shared.mT)
    assert not torch.allclose(dot_scores(query, key), dot_scores(query, key).mT, atol=0.01)


@pytest.mark.parametrize(
    "sentence",
    [
        "The cat sat on the mat",
        "The cat that we had fed sat on the mat",
        "The mat sat on the cat",
        "Nobody knew why the old clock had stopped",
    ],
)
def test_a_head_of_minilm_reads_the_word_before(minilm, sentence):
    """Head (0, 2) gives the token before more than .99, from every token that has one."""
    tokens, maps = read(minilm, sentence)
    positions = torch.arange(1, len(tokens))
    assert (maps[THE_WORD_BEFORE][positions, positions - 1] > 0.99).all()


def test_the_content_head_likes_words_not_subjects(minilm):
    """Head (5, 11) finds an animal at any distance, for every asker, in any role; and no king."""
    head, plain = THE_CONTENT_HEAD, "The cat sat on the mat"
    for animal in ("cat", "dog", "bird"):
        for words in ("", "quietly", "that my friend saw in the garden"):
            assert gives(minilm, head, f"The {animal} {words} sat on the mat", "sat", animal) > 0.5
    swapped = "The mat sat on the cat"
    assert gives(minilm, head, swapped, "sat", "cat") > 0.5
    assert gives(minilm, head, swapped, "sat", "mat") < 0.2
    tokens, maps = read(minilm, plain)
    assert (maps[head][:, tokens.index("cat")] > 0.5).all()
    medians = {}
    for kind, words in SUBJECTS.items():
        weights = [gives(minilm, head, f"The {w} sat on the mat", "sat", w) for w in words]
        medians[kind] = torch.tensor(weights).median()
    assert medians["animals"] > 0.6 and 0.3 < medians["things"] < 0.6 and medians["people"] < 0.2


def test_without_positions_minilm_knows_no_order(minilm):
    """Its positions set to zero, six layers give each token the same vector in any order."""
    encoder, tokenizer = minilm
    blind = deepcopy(encoder)
    with torch.no_grad():
        blind.embed.position.weight.zero_()
        ids, _ = encode(tokenizer, "The cat sat on the mat")
        order = torch.tensor([4, 6, 0, 3, 7, 1, 5, 2])
        for model, same in ((blind, True), (encoder, False)):
            hidden, shuffled = model(ids[None]), model(ids[order][None])
            # float32 through six layers: rounding adds up to a few units in the sixth digit
            assert torch.allclose(shuffled, hidden[:, order], atol=1e-4) == same
