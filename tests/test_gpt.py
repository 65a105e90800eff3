"""GPT-2's decoder against Hugging Face's, with the same weights in both, and writing with it."""

from copy import deepcopy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from attention.generation import choose, generate
from attention.models.gpt import GPT
from attention.models.gpt2 import from_gpt2

BATCH, LENGTH, VOCAB_SIZE, HEADS, HEAD_DIM, LAYERS, MAX_LEN = 2, 6, 11, 4, 3, 5, 8
SIZES = VOCAB_SIZE, HEADS * HEAD_DIM, HEADS, LAYERS, MAX_LEN


def model_of(n_kv_heads=None):
    """A new model, with embeddings as large as trained ones: the choices are no near-ties."""
    torch.manual_seed(0)
    model = GPT(*SIZES, n_kv_heads).eval()
    torch.nn.init.normal_(model.token.weight)
    return model


@pytest.fixture(scope="module")
def tokens():
    return torch.randint(VOCAB_SIZE, (BATCH, LENGTH), generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def model():
    return model_of()


@pytest.fixture(scope="module")
def hugging_face():
    """Hugging Face's model, small, with random weights large enough that all of them count."""
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    names = "vocab_size", "n_embd", "n_head", "n_layer", "n_positions"
    config = GPT2Config(
        **dict(zip(names, SIZES, strict=True)),
        bos_token_id=0,
        eos_token_id=0,
        initializer_range=0.3,
    )
    theirs = GPT2LMHeadModel(config).eval()
    for parameter in theirs.parameters():  # its biases start as zeros, its norms as ones
        torch.nn.init.normal_(parameter, std=0.3)
    return theirs


@torch.no_grad()
def test_our_decoder_agrees_with_hugging_face(hugging_face, tokens):
    """Every score is the same, and the copy is ready to write."""
    ours = from_gpt2(hugging_face)
    assert_close(ours(tokens), hugging_face(tokens).logits)
    assert not any(module.training for module in ours.modules())


def test_the_copy_is_our_own_and_of_the_same_dtype(hugging_face, tokens):
    """Writing into ours changes nothing in theirs, and half precision stays half."""
    before = deepcopy(hugging_face.state_dict())
    ours = from_gpt2(hugging_face)
    with torch.no_grad():
        for parameter in ours.parameters():
            parameter.zero_()
    for name, tensor in hugging_face.state_dict().items():
        assert tensor.equal(before[name]), name
    half = from_gpt2(deepcopy(hugging_face).bfloat16())
    assert {parameter.dtype for parameter in half.parameters()} == {torch.bfloat16}


def test_greedy_writing_agrees_with_hugging_face(hugging_face, tokens):
    """The same tokens as its `generate`, which does not stop early here."""
    prompt, n_new = tokens[:, :3], MAX_LEN - 3
    theirs = hugging_face.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=n_new,
        do_sample=False,
        eos_token_id=None,
        pad_token_id=0,
    )
    ours = from_gpt2(hugging_face)
    assert generate(ours, prompt, n_new).equal(theirs)
    assert generate(ours, prompt, n_new, use_cache=False).equal(theirs)


def test_a_model_of_another_shape_is_not_gpt2(hugging_face):
    """A feed-forward network that ours lacks is refused, not dropped."""
    from transformers import GPT2Config, GPT2LMHeadModel

    for option, got in (({"n_inner": 7}, "n_inner 7"), ({"activation_function": "relu"}, "relu")):
        config = GPT2Config(n_embd=12, n_head=4, n_layer=1, vocab_size=11, **option)
        with pytest.raises(ValueError, match=f"four times d_model wide .* got .*{got}"):
            from_gpt2(GPT2LMHeadModel(config))


CHUNKINGS = [[1] * LENGTH, [LENGTH], [3, 1, 1, 1], [2, 4]]


@pytest.mark.parametrize("n_kv_heads", [HEADS, 2, 1])
@pytest.mark.parametrize("sizes", CHUNKINGS, ids=str)
@torch.no_grad()
def test_reading_in_chunks_gives_what_reading_at_once_gives(tokens, sizes, n_kv_heads):
    """With caches, whatever the chunks and however many key and value heads are shared."""
    model = model_of(n_kv_heads)
    caches = model.new_cache(BATCH)
    parts = [model(part, caches) for part in tokens.split(sizes, dim=1)]
    assert_close(torch.cat(parts, dim=1), model(tokens))
    assert [cache.length for cache in caches] == [LENGTH] * LAYERS


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 5), min_size=1).filter(lambda sizes: sum(sizes) <= MAX_LEN))
@torch.no_grad()
def test_any_chunks_will_do(sizes):
    """As above, for any chunks that fit."""
    model = model_of()
    tokens = torch.randint(VOCAB_SIZE, (BATCH, sum(sizes)))
    caches = model.new_cache(BATCH, sum(sizes))
    parts = [model(part, caches) for part in tokens.split(sizes, dim=1)]
    assert_close(torch.cat(parts, dim=1), model(tokens))


@torch.no_grad()
def test_the_newest_scores_alone_are_the_last_ones(model, tokens):
    """Nothing is scored that is not needed, and what is needed is the same."""
    assert_close(model(tokens, newest_only=True), model(tokens)[:, -1:])


def test_no_score_depends_on_a_later_token(model, tokens):
    """Another token at place t changes the scores at t, and none before."""
    with torch.no_grad():
        before = model(tokens)
        for t in range(LENGTH):
            changed = tokens.clone()
            changed[:, t] = (changed[:, t] + 1) % VOCAB_SIZE
            after = model(changed)
            assert after[:, :t].equal(before[:, :t])
            assert (after[:, t] != before[:, t]).any()


def test_a_new_model_scores_every_token_alike_and_learns():
    """Its first scores are small, so that the first loss is near ln(vocab_size); all learns."""
    torch.manual_seed(0)
    model = GPT(*SIZES)
    scores = model(torch.arange(MAX_LEN).unsqueeze(0))  # (1, 8, 11), every position used
    assert scores.abs().max() < 1
    (scores * torch.randn_like(scores)).sum().backward()
    for name, parameter in model.named_parameters():
        if not name.endswith("to_key.bias"):  # adds the same to a whole row of scores: no effect
            assert (parameter.grad != 0).any(), name


def test_a_cache_has_the_models_shape_and_kind():
    """As many as blocks, each with the model's heads of keys and values, dtype and room."""
    caches = model_of(n_kv_heads=2).bfloat16().new_cache(BATCH)
    assert len(caches) == LAYERS
    for cache in caches:
        assert cache.keys.shape == cache.values.shape == (BATCH, 2, MAX_LEN, HEAD_DIM)
        assert cache.keys.dtype == torch.bfloat16


def test_the_decoder_names_what_does_not_fit(model, tokens):
    """One sequence without a batch, none at all, too many tokens, and too few caches."""
    with pytest.raises(ValueError, match=r"\(batch, length\) with at least one .*, got \(6,\)"):
        model(tokens[0])
    with pytest.raises(ValueError, match=r"at least one token, got \(2, 0\)"):
        model(tokens[:, :0])
    with pytest.raises(ValueError, match="positions for max_len = 8 tokens, got 9 after 0"):
        model(torch.zeros(BATCH, MAX_LEN + 1, dtype=torch.int64))
    caches = model.new_cache(BATCH, MAX_LEN + 1)
    model(tokens, caches)
    with pytest.raises(ValueError, match="max_len = 8 tokens, got 3 after 6"):
        model(tokens[:, :3], caches)
    with pytest.raises(ValueError, match="one cache for each block, got 4 caches and 5 blocks"):
        model(tokens, caches[:-1])
    with pytest.raises(ValueError, match="at most max_len = 4 tokens, got 6 new ones after 0"):
        model(tokens, model.new_cache(BATCH, 4))


# Writing.


def test_what_is_written_stands_behind_the_prompt(model, tokens):
    """Nothing of the prompt is lost, and to write nothing is allowed."""
    written = generate(model, tokens[:, :4], 3)
    assert written.shape == (BATCH, 7)
    assert written[:, :4].equal(tokens[:, :4])
    assert generate(model, tokens, 0).equal(tokens)
    assert not written.requires_grad


def test_each_greedy_token_is_the_best_one(model, tokens):
    """What was written is, at each place, what the model scores highest there."""
    written = generate(model, tokens[:, :3], 5)
    best = model(written).argmax(-1)  # (batch, length)
    assert written[:, 3:].equal(best[:, 2:-1])


@pytest.mark.parametrize("use_cache", [True, False])
def test_the_same_dice_write_the_same_text(model, tokens, use_cache):
    """With a generator, drawing repeats exactly, with a cache or without."""
    options = dict(temperature=0.7, top_k=5)
    first = generate(model, tokens[:, :2], 6, generator=torch.Generator().manual_seed(3), **options)
    dice = torch.Generator().manual_seed(3)
    again = generate(model, tokens[:, :2], 6, generator=dice, use_cache=use_cache, **options)
    assert first.equal(again)


def test_a_cache_spares_reading_the_past_again(model, tokens, monkeypatch):
    """With it each step reads the newest token alone; without it, all of them."""
    read = []
    forward = model.forward
    monkeypatch.setattr(
        model,
        "forward",
        lambda new, *rest, **options: read.append(new.shape[1]) or forward(new, *rest, **options),
    )
    generate(model, tokens[:, :4], 3)
    generate(model, tokens[:, :4], 3, use_cache=False)
    assert read == [4, 1, 1, 4, 5, 6]


def test_tokens_are_drawn_as_often_as_the_softmax_says():
    """Over many draws the shares are softmax(scores / temperature)."""
    scores = torch.tensor([0.0, 1.0, 2.0, -1.0])
    n, dice = 20_000, torch.Generator().manual_seed(0)
    drawn = choose(scores.expand(n, 4), temperature=0.5, generator=dice)
    shares = drawn.flatten().bincount(minlength=4) / n
    # four standard deviations of a share near 1/2 over 20 000 draws
    assert_close(shares, (scores / 0.5).softmax(-1), rtol=0, atol=0.015)


def test_top_k_draws_from_the_best_alone():
    """With k = 1 always the best; with k = 2 both of the best and no other; a large k is all."""
    scores = torch.tensor([[0.5, 0.0, 1.0, -0.5]]).expand(500, 4)
    for top_k, tokens in ((1, {2}), (2, {0, 2}), (3, {0, 1, 2}), (99, {0, 1, 2, 3})):
        drawn = choose(scores, temperature=1.0, top_k=top_k)
        assert set(drawn.flatten().tolist()) == tokens


def test_a_low_temperature_takes_the_best():
    """And temperature zero draws nothing."""
    scores = torch.tensor([[0.1, 0.3, 0.2]]).expand(50, 3)
    assert choose(scores, temperature=1e-3).equal(choose(scores, temperature=0.0))
    assert choose(scores, temperature=0.0).eq(1).all()


def test_writing_names_the_rule_that_is_broken(model, tokens):
    """A prompt that is empty or too long, and options out of their range."""
    with pytest.raises(ValueError, match=r"at least one token, got \(2, 0\)"):
        generate(model, tokens[:, :0], 1)
    with pytest.raises(ValueError, match=r"prompt must have shape \(batch, length\).*got \(6,\)"):
        generate(model, tokens[0], 1)
    with pytest.raises(ValueError, match="n_new must not be negative, got -1"):
        generate(model, tokens, -1)
    with pytest.raises(ValueError, match="fit into the model's max_len = 8, got 6 and 3"):
        generate(model, tokens, 3)
    for bad in (-0.1, float("nan")):
        with pytest.raises(ValueError, match=f"temperature must not be negative, got {bad}"):
            generate(model, tokens, 1, temperature=bad)
    for bad in (0, -1):
        with pytest.raises(ValueError, match=f"top_k must be at least 1, got {bad}"):
            generate(model, tokens, 1, top_k=bad)


def test_left_to_itself_choose_takes_the_best():
    """Nothing is drawn unless a temperature is given, also for a batch of one."""
    scores = torch.tensor([[0.0, 3.0, 2.9]])
    assert all(choose(scores).item() == 1 for _ in range(20))
    drawn = {choose(scores, temperature=1.0).item() for _ in range(200)}
    assert {1, 2} <= drawn  # without top_k all are drawn from


def test_choose_refuses_what_it_cannot_do():
    """Called by itself, too."""
    scores = torch.zeros(1, 3)
    with pytest.raises(ValueError, match=r"^top_k must be at least 1, got 0$"):
        choose(scores, top_k=0)
    with pytest.raises(ValueError, match=r"^temperature must not be negative, got -1.0$"):
        choose(scores, temperature=-1.0)
    with pytest.raises(ValueError, match=r"^temperature must not be negative, got nan$"):
        choose(scores, temperature=float("nan"))
