"""What the chapter language_model claims of SmolLM2, beside `models/llama/`."""

import pytest
import torch
from torch.nn import functional as F
from torch.testing import assert_close

from attention import KVCache, generate
from attention.data.tales import load_text
from attention.models.llama.names import halves
from attention.models.llama.pretrained import encode

SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


def chat(question):
    return (
        f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n{question}<|im_end|>\n"
        "<|im_start|>assistant\n"
    )


@pytest.fixture
def first_choice(llama):
    """What the model would write next, as text."""
    model, tokenizer = llama

    def choose(text, n_new=1):
        tokens = encode(tokenizer, text)
        written = generate(model, tokens, n_new)[0, tokens.shape[1] :]
        return tokenizer.decode(written.tolist(), skip_special_tokens=False)

    return choose


@torch.no_grad()
def test_the_loop_over_blocks_is_the_model(llama):
    """Embeddings, thirty times two additions, the norm, and the table once more."""
    model, tokenizer = llama
    tokens = encode(tokenizer, "The cat sat on the mat. The cat")
    x = model.token(tokens)
    for block in model.blocks:
        x = x + block.attention(block.attention_norm(x), is_causal=True)
        x = x + block.feed_forward(block.feed_forward_norm(x))
    assert_close(model.norm(x) @ model.token.weight.T, model(tokens), rtol=0, atol=1e-3)


def test_shared_key_heads_make_the_cache_a_third(llama):
    """Nine query heads, three of keys and values."""
    caches = llama[0].new_cache(1, 5)
    nine = KVCache(1, 9, 5, 64)
    assert len(caches) == 30
    assert all(3 * cache.bytes_per_token == nine.bytes_per_token for cache in caches)


def test_in_a_text_it_is_sydney_and_in_a_chat_canberra(first_choice):
    """The same weights, and a text of another form."""
    assert first_choice("The capital of Australia is") == " Sydney"
    answer = first_choice(chat("What is the capital of Australia?"), 8)
    assert "Canberra" in answer and "Sydney" not in answer


def test_it_ends_its_turn(first_choice):
    """Behind the answer comes the mark."""
    answer = first_choice(chat("What is the capital of Australia?"), 8)
    assert answer.removesuffix("<|im_end|>").endswith("Canberra.")
    assert first_choice(chat("What is the capital of Australia?") + "The capital of Australia is "
                        "Canberra.") == "<|im_end|>"  # fmt: skip


@torch.no_grad()
def test_rows_in_the_wrong_order_know_the_capital_and_read_worse(llama, first_choice):
    """Put into Hugging Face's order, and back."""
    model, tokenizer = llama
    tale = encode(tokenizer, load_text()[:1200])[:, :200]

    def surprise():
        return F.cross_entropy(model(tale)[0, :-1], tale[0, 1:]).item()

    maps = [m for b in model.blocks for m in (b.attention.to_query, b.attention.to_key)]
    right, before = [m.weight for m in maps], surprise()
    try:
        for m in maps:
            m.weight = torch.nn.Parameter(halves(m.weight, 64))
        assert first_choice("The capital of France is") == " Paris"
        assert surprise() > before + 1
    finally:
        for m, weight in zip(maps, right, strict=True):
            m.weight = weight
    assert surprise() == pytest.approx(before)
