"""SmolLM2 in the book's blocks computes what Hugging Face's does with the same weights."""

import pytest
import torch
from torch.testing import assert_close

from attention import attention_maps, generate
from attention.data.tales import load_text
from attention.models.llama.names import from_hugging_face, halves, neighbours, to_hugging_face
from attention.models.llama.peer import hugging_face
from attention.models.llama.pretrained import encode

LENGTH = 800


@pytest.fixture(scope="module")
def tokens(llama):
    """The beginning of the tales, (1, LENGTH)."""
    return encode(llama[1], load_text()[: 5 * LENGTH])[:, :LENGTH]


@pytest.fixture(scope="module")
def scores(llama, tokens):
    with torch.no_grad():
        return llama[0](tokens)


@pytest.fixture(scope="module")
def theirs(llama):
    """Hugging Face's `LlamaForCausalLM` with our weights."""
    return hugging_face(llama[0])


@torch.no_grad()
def test_the_scores_are_hugging_faces(scores, tokens, theirs):
    """On 800 tokens: no score is off by a thousandth, and every first choice is the same."""
    wanted = theirs(tokens).logits
    assert_close(scores, wanted, rtol=0, atol=1e-3)  # scores are in the tens
    assert scores.argmax(-1).equal(wanted.argmax(-1))


@torch.no_grad()
def test_read_in_pieces_it_says_the_same(llama, scores, tokens):
    """With a cache: 500 tokens, one, one, and the rest."""
    model = llama[0]
    caches = model.new_cache(1, LENGTH)
    pieces = [model(piece, caches) for piece in tokens.split([500, 1, 1, 298], dim=1)]
    assert_close(torch.cat(pieces, 1), scores, rtol=0, atol=1e-3)  # as above


def test_the_order_of_rows_decides(llama, scores, tokens):
    """In the order in which Hugging Face keeps them the weights load, and are another model."""
    attention = llama[0].blocks[0].attention
    weight = attention.to_query.weight
    assert not weight.equal(halves(weight, 64)) and weight.equal(neighbours(halves(weight, 64), 64))
    right = attention.to_query.weight
    try:
        attention.to_query.weight = torch.nn.Parameter(halves(weight, 64))
        with torch.no_grad():
            assert (llama[0](tokens[:, :50]) - scores[:, :50]).abs().max() > 1
    finally:
        attention.to_query.weight = right


def test_names_go_to_and_fro(llama):
    """What goes to Hugging Face's names comes back the same, tensor by tensor."""
    state = llama[0].state_dict()
    back = from_hugging_face(to_hugging_face(state, 64), 64)
    assert state.keys() == back.keys()
    assert all(tensor.equal(back[name]) for name, tensor in state.items())


def test_its_maps_are_causal_and_sum_to_one(llama, tokens):
    """30 layers of 9 heads, looked at as those of an encoder are."""
    maps = attention_maps(llama[0], tokens[0, :7])
    assert maps.shape == (30, 9, 7, 7)
    assert_close(maps.sum(-1), torch.ones(30, 9, 7))
    assert maps.triu(1).eq(0).all()


def test_it_goes_on_as_it_would_without_a_cache(llama):
    """And knows a capital."""
    model, tokenizer = llama
    prompt = encode(tokenizer, "The capital of France is")
    written = generate(model, prompt, 5)
    assert written.equal(generate(model, prompt, 5, use_cache=False))
    assert tokenizer.decode(written[0].tolist()).startswith("The capital of France is Paris")


def test_what_outgrows_the_context_is_refused(llama):
    """Before anything is computed, with the three numbers; a cache that is full likewise."""
    model = llama[0]
    prompt = torch.zeros(1, 8190, dtype=torch.long)
    with pytest.raises(ValueError, match=r"max_len = 8192, got 8190 and 3"):
        generate(model, prompt, 3)
    with pytest.raises(ValueError, match=r"max_len = 8192 tokens, got 8193 after 0"):
        model(torch.zeros(1, 8193, dtype=torch.long))
    with pytest.raises(ValueError, match="the cache holds at most max_len = 2 tokens, got 3"):
        model(prompt[:, :3], model.new_cache(1, 2))
