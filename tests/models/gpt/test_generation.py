"""Writing with a decoder: greedy, by dice, with a cache and without."""

import pytest
import torch
from torch.testing import assert_close

from attention.models.gpt.generation import choose, generate
from attention.models.gpt.model import GPT

BATCH, LENGTH, VOCAB_SIZE, HEADS, HEAD_DIM, LAYERS, MAX_LEN = 2, 6, 11, 4, 3, 5, 8


@pytest.fixture(scope="module")
def model():
    """A new model, with embeddings as large as trained ones: the choices are no near-ties."""
    torch.manual_seed(0)
    model = GPT(VOCAB_SIZE, HEADS * HEAD_DIM, HEADS, LAYERS, MAX_LEN).eval()
    torch.nn.init.normal_(model.token.weight)
    return model


@pytest.fixture(scope="module")
def tokens():
    return torch.randint(VOCAB_SIZE, (BATCH, LENGTH), generator=torch.Generator().manual_seed(1))


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


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("options", [{}, {"temperature": 0.8, "top_k": 5}], ids=["best", "drawn"])
def test_autocast_writes_the_same_with_a_cache_and_without(model, tokens, dtype, options):
    """The cache is kept in autocast's dtype, half as large."""
    with torch.autocast("cpu", dtype=dtype):
        assert model.new_cache(BATCH)[0].keys.dtype == dtype
        first, second = (
            generate(
                model,
                tokens[:, :3],
                5,
                use_cache=use_cache,
                generator=torch.Generator().manual_seed(0),
                **options,
            )
            for use_cache in (True, False)
        )
    assert first.equal(second)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_model_that_is_nan_writes_nothing(temperature, bad):
    """A score that is no number is told, and not taken for the best."""
    scores = torch.tensor([[0.0, bad, 2.0], [1.0, 2.0, 3.0]])
    words = rf"^the best score of each row must be a finite number, got \[{bad}, 3.0\]: the model"
    with pytest.raises(ValueError, match=words):
        choose(scores, temperature=temperature)
    with pytest.raises(ValueError, match="or every token is forbidden"):
        choose(torch.full((1, 3), -torch.inf), temperature=temperature)
    broken = GPT(VOCAB_SIZE, 12, HEADS, 1, MAX_LEN)
    torch.nn.init.constant_(broken.token.weight, bad)
    with pytest.raises(ValueError, match="the model is NaN or overflows"):
        generate(broken, torch.zeros(1, 2, dtype=torch.long), 1, temperature=temperature)
