"""PyTorch's defaults have no say: neither its default device, nor its dtype, nor a mode.

What is made from tensors is where they are; what is drawn is where the generator is; what is read
from files, or kept from an earlier call, is what it is.
"""

import runpy
from functools import partial

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.testing import assert_close

import attention as a
from attention.data import (
    characters,
    dates,
    digits,
    keywords,
    mirror,
    order,
    recall,
    sentence,
    sessions,
    shop,
    tokens,
    translation,
)
from attention.data.framed import framed
from attention.data.recordings import read_wav, wav_bytes
from attention.interpretation.digit_maps import cover
from attention.interpretation.importance import integrated_gradients, leave_one_out
from attention.models.alignment.mirroring import fresh_sentences
from attention.models.bert.pretrained import encode
from attention.models.gpt.ngram import NGram
from attention.models.speech.mean_of_parts import MeanOfParts
from attention.models.toys.order import OrderModel
from attention.models.toys.two_questions import draw_two_questions
from attention.tokens import mel


def noise(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def dice(draw, *args):
    return lambda: draw(*args, torch.Generator().manual_seed(1))


# All inputs are made here, before any default is changed.
WAVE, TEXT, ITEMS = noise(2, 300), torch.arange(30) % 7, torch.tensor([[1, 2, 0, 2], [0, 1, 2, 1]])
LENGTHS, READS = torch.tensor([300, 250]), torch.ones(3, 3) > 0
FRAMES, IMAGES, SCORES, MAPS = noise(2, 6, 5), noise(2, 8, 8), noise(2, 16), noise(2, 3, 4, 4)
BERT = a.BertEncoder(9, 12, 3, 2, 8, 6).eval()
LISTENERS = {
    name: OrderModel(name).eval() for name in ("sinusoidal", "learned", "T5", "RoPE", "ALiBi")
}
PARTS = MeanOfParts(5, 4, parts=2)

# Made from tensors: what comes out is where these are.
MADE = {
    "log mel": lambda: a.log_mel_frames(WAVE, 80, 20, 8, 3),
    "framed": lambda: framed(WAVE, LENGTHS, 8000),
    "mean of parts": lambda: PARTS(FRAMES, LENGTHS // 50),
    "n-gram": lambda: NGram(3, TEXT, 7).surprise(TEXT),
    "leave one out": lambda: leave_one_out(BERT, TEXT[:4], 0),
    "integrated gradients": lambda: integrated_gradients(BERT, TEXT[:4], 0, steps=3),
    "cover": lambda: cover(IMAGES, SCORES, 3),
    "path": lambda: torch.tensor(a.path_length([READS]), device="cpu"),
    "padding": lambda: a.padding_mask(LENGTHS, 300),
    "tiles": lambda: a.tiled_attention(WAVE, WAVE, WAVE, block=1, is_causal=True),
    "window": lambda: a.sliding_window_attention(WAVE[None], WAVE[None], WAVE[None], 2, 1),
    "causal": lambda: a.scaled_dot_product_attention(WAVE, WAVE, WAVE, is_causal=True),
    "linear": lambda: a.causal_linear_attention(WAVE, WAVE, WAVE, 1),
    "rotate": lambda: a.rotate(WAVE, torch.arange(2, device="cpu")),
    "kernel": lambda: a.kernel_regression(WAVE, WAVE, WAVE, 1.0),
    "influence": lambda: a.influence(torch.sin, SCORES),
    "rollout": lambda: a.rollout(MAPS),
    "sound": lambda: torch.tensor(list(wav_bytes(WAVE[0], 80)), device="cpu"),
    **{f"order, {name}": partial(model, ITEMS) for name, model in LISTENERS.items()},
}
# Drawn: where the generator is, and the same numbers.
DRAWN = {
    "recall": dice(recall.lookup_up_to, 5, 4),
    "announced": dice(recall.announced_up_to, 5, 4),
    "sessions": dice(sessions.series_sessions, 5, 7),
    "chains": dice(sessions.chain_sessions, 5, 7),
    "translation": dice(translation.draw_pairs, 5),
    "dates": dice(dates.training_dates, 5),
    "mirror": dice(mirror.mirrored_up_to, 5, 4),
    "mirror's test": lambda: fresh_sentences(2)[:4],
    "steps back": dice(order.steps_back, 5, 9),
    "signals": dice(order.latest_signal, 5, 9),
    "own place": dice(order.own_place, 5),
    "two questions": dice(draw_two_questions, 5),
    "windows": dice(characters.draw_windows, TEXT, 5, 4),
    "letters": lambda: characters.Alphabet("abc").encode("cab"),
    "padded": lambda: tokens.padded([[1, 2], [3]]),
    "words": lambda: mirror.numbers(["cat"]),
    "digits": lambda: digits.some_of(digits.load_digits().test, 20, seed=0),
    "batches": lambda: dice(digits.batches(digits.load_digits().test, 4))(),
}  # fmt: skip


def leaves(x):
    return [y for part in x for y in leaves(part)] if isinstance(x, tuple | list) else [x]


@pytest.mark.parametrize("name", [*MADE, *DRAWN])
def test_another_default_device_has_no_say(name):
    """On "meta" there are no numbers; whatever forgot to say where it is would have none."""
    call = (MADE | DRAWN)[name]
    plain = leaves(call())
    with torch.device("meta"):
        again = leaves(call())
    for now, then in zip(again, plain, strict=True):
        assert now.device.type == "cpu"
        assert_close(now, then)


@pytest.mark.parametrize("name", [*MADE, *DRAWN])
def test_another_default_dtype_has_no_say(name):
    """Nor does it change what is drawn."""
    call = (MADE | DRAWN)[name]
    plain = leaves(call())
    torch.set_default_dtype(torch.float64)
    try:
        again = leaves(call())
    finally:
        torch.set_default_dtype(torch.float32)
    for now, then in zip(again, plain, strict=True):
        assert_close(now, then)  # dtypes, too


@pytest.mark.parametrize(
    "module, name", [(sentence, "VECTORS"), (sentence, "WHO"), (shop, "VECTORS"), (shop, "SESSION"),
                     (keywords, "ORDER")],
)  # fmt: skip
def test_constants_are_the_same_whenever_their_file_is_first_read(module, name):
    """Also in the middle of a program that has chosen another default."""
    torch.set_default_dtype(torch.float64)
    try:
        with torch.device("meta"):
            read = runpy.run_path(module.__file__)[name]
    finally:
        torch.set_default_dtype(torch.float32)
    assert read.device.type == "cpu" and read.equal(getattr(module, name))
    assert read.dtype == getattr(module, name).dtype


def test_synthetic_words_are_drawn_where_the_generator_is():
    """Under another default device; their numbers are floats of the default dtype."""
    spoken = keywords.speak(torch.tensor([0, 4]), torch.Generator().manual_seed(0))
    with torch.device("meta"):
        again = keywords.speak(torch.tensor([0, 4], device="cpu"), torch.Generator().manual_seed(0))
    assert_close(tuple(again), tuple(spoken))


def test_what_comes_from_files_is_on_the_cpu(tmp_path, minilm):
    """A recording, and a text's tokens, whatever the default is."""
    ids, _ = encode(minilm[1], "A cat.")
    with torch.device("meta"):
        assert encode(minilm[1], "A cat.")[0].equal(ids)
    (tmp_path / "a.wav").write_bytes(wav_bytes(WAVE[0], 80))
    with torch.device("meta"):
        assert read_wav(tmp_path / "a.wav", 80).sum().isfinite()


def test_what_has_no_tensor_to_go_by_is_on_the_default_device():
    """As PyTorch's own functions, unless told where."""
    with torch.device("meta"):
        for made in (
            a.sinusoidal(4, 6),
            a.mel_filters(90, 13, 2),
            a.alibi_bias(2, 3, 3),
            a.causal_mask(3),
            a.window_mask(3, window=2),
        ):
            assert made.device.type == "meta"
        assert a.sinusoidal(4, 6, device="cpu").sum().isfinite()
        assert a.alibi_bias(3, 4, 4, device="cpu").sum().isfinite()
        assert a.mel_filters(90, 13, 2, device="cpu").sum().isfinite()


def forget():
    """Let the filters be made anew."""
    mel._filters.cache_clear()


@pytest.mark.parametrize(
    "mode",
    [
        lambda: torch.device("meta"),
        FakeTensorMode,
        torch.inference_mode,
        lambda: torch.autocast("cpu", dtype=torch.float16),
    ],
    ids=["meta", "fake", "inference", "autocast"],
)
def test_what_is_kept_is_kept_for_every_mode(mode):
    """Filters that were first asked for in some mode serve the next caller."""
    wave = noise(60).requires_grad_()
    plain = a.log_mel_frames(wave, 90, 13, 5, 2)
    forget()
    with mode():
        a.mel_filters(90, 13, 2)
    frames = a.log_mel_frames(wave, 90, 13, 5, 2)
    assert_close(frames, plain)
    frames.sum().backward()
    assert wave.grad.isfinite().all()


def test_frames_are_where_the_sound_is():
    """Also on a device where nothing is computed."""
    forget()
    assert a.log_mel_frames(WAVE.to("meta"), 80, 20, 8, 3).device.type == "meta"
    assert a.log_mel_frames(WAVE, 80, 20, 8, 3).isfinite().all()
    frames, n_frames = framed(noise(2, 300), torch.tensor([300, 250], device="cpu"), 8000)
    assert frames.device == n_frames.device == WAVE.device


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_frames_under_autocast_and_of_half_precision(dtype):
    """A loud sound's power passes 65 504, and silence is log 10⁻¹⁰, not log 0."""
    wave = torch.cat([100 * noise(120), torch.zeros(120)]).to(dtype)
    exact = a.log_mel_frames(wave.float(), 80, 20, 8, 3)
    assert exact.max() > 11.1  # log 65 504
    with torch.autocast("cpu", dtype=dtype):
        assert_close(a.log_mel_frames(wave.float(), 80, 20, 8, 3), exact)
    # the window is in the sound's dtype
    assert_close(a.log_mel_frames(wave, 80, 20, 8, 3), exact, rtol=0, atol=0.1)
