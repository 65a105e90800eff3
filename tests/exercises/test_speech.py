"""The checks that grade the exercise of the chapter speech, on tones and clicks made here.

Sizes all differ, so that no axis passes for another: 6 frames of 16 samples, 7 apart, 3 bands.
"""

import math

import torch

from attention import mel_filters
from grading.checks import (
    Failure,
    assert_unchanged,
    assert_values,
    exercise,
    line,
    points,
    strip,
)

log_mel_frames = exercise("log_mel_frames")

RATE, SIZE, STEP, N_MELS = 8000, 16, 7, 3
SAMPLES = 54  # six frames, and three samples too few for a seventh
N_FRAMES = 6
FLOOR = math.log(1e-10)


@points(1, hint="A model reads one frame after the other: frames are the rows, bands the columns. "
        "How many numbers describe a frame when the filters have done their work?")  # fmt: skip
def test_a_row_holds_the_bands_of_a_frame(log_mel_frames):
    """The result has two axes, and the last one counts the bands."""
    try:
        frames = log_mel_frames(_wave(), RATE, SIZE, STEP, N_MELS)
    except RuntimeError as error:
        if "omplex" not in str(error):
            raise
        raise _still_complex(f"Complex numbers met real ones: {error}") from None
    if isinstance(frames, torch.Tensor) and frames.is_complex():
        raise _still_complex(f"Expected real numbers, got {frames.dtype}.")
    assert isinstance(frames, torch.Tensor), f"Expected a tensor, got a {type(frames).__name__}."
    shape = tuple(frames.shape)
    turned = " Your rows seem to be the bands." if shape[:1] == (N_MELS,) else ""
    bins = " These are all the bins of the spectrum." if shape[-1:] == (SIZE // 2 + 1,) else ""
    assert frames.ndim == 2 and shape[1] == N_MELS, (
        f"Expected {N_MELS} numbers in each row, one for each band; got the shape {shape}.{turned}"
        f"{bins}"
    )


@points(2, hint="Draw it: where does the last frame begin that still fits? Frames before it begin "
        "at 0, step, 2 · step, and so on. And none is begun outside the sound.")  # fmt: skip
def test_as_many_frames_as_fit(log_mel_frames):
    """There are as many frames as fit wholly into the sound."""
    for samples, expected in ((SAMPLES, N_FRAMES), (SIZE, 1), (SIZE + STEP, 2)):
        count = len(log_mel_frames(_wave(samples), RATE, SIZE, STEP, N_MELS))
        guesses = {
            samples // SIZE: f"as many as there are if step were {SIZE}, without overlap",
            samples // STEP + 1: "as many as there are if the sound is padded",
            expected + 1: "one more than fits",
            expected - 1: "one fewer than fits",
        }
        begins = list(range(0, samples - SIZE + 1, STEP))
        assert count == expected, (
            f"{samples} samples, frames of {SIZE}, {STEP} apart: expected {expected}, which begin "
            f"at {', '.join(map(str, begins))}. Got {count}, {guesses.get(count, 'another number')}"
            "."
        )


@points(1, hint="Silence has power zero. What is the logarithm of zero, and what does the "
        "statement say about powers below 1e-10?")  # fmt: skip
def test_silence_gives_finite_numbers(log_mel_frames):
    """Silence gives numbers that can be computed with."""
    frames = log_mel_frames(torch.zeros(SAMPLES), RATE, SIZE, STEP, N_MELS)
    bad = frames[~frames.isfinite()]
    if len(bad):
        divided = "Zero divided by zero is no number. What do you divide by, and is that asked?"
        raise Failure(
            f"For silence {len(bad)} of {frames.numel()} numbers are {bad[0].item()}.",
            hint=divided if bad.isnan().any() else None,
        )


@points(1, hint="A view shares its memory with the tensor that it looks at: unfold makes one, and "
        "a slice is one. An operation that ends in = or _ writes through it.")  # fmt: skip
def test_the_sound_stays_as_it_was(log_mel_frames):
    """The sound is not written to."""
    wave = _wave()
    log_mel_frames(wave, RATE, SIZE, STEP, N_MELS)
    assert_unchanged(_wave(), wave, "the sound")


@points(2, hint="Power is the square of the strength. Which logarithm turns a factor of four into "
        "1.39, and in what order do filters and logarithm come?")  # fmt: skip
def test_a_louder_sound_adds_the_same_everywhere(log_mel_frames):
    """Pressure times g makes each number larger by log g², which is 2 log g."""
    quiet = log_mel_frames(_wave(), RATE, SIZE, STEP, N_MELS)
    seen = []
    for gain in (2.0, 3.0, 5.0):
        loud = log_mel_frames(_wave() * gain, RATE, SIZE, STEP, N_MELS)
        change, factor = loud - quiet, loud / quiet
        if change.max() - change.min() > 1e-3:
            hint = ("Filters add powers up. A sum of logarithms is something else: take the "
                    "logarithm last.")  # fmt: skip
            if factor.max() - factor.min() < 1e-3:
                hint = (f"Yours were all multiplied by {factor.mean():.3g}, as powers are. "
                        "Which step turns a factor into a sum?")  # fmt: skip
            raise Failure(
                f"The sound was made {gain:g} times louder. Expected every number to grow by the "
                f"same; yours grew by {change.min():.3f} in one place and by {change.max():.3f} in "
                "another.",
                hint=hint,
            )
        seen.append((math.log(gain), change.mean().item()))
    slope = seen[0][1] / seen[0][0]
    if not math.isclose(slope, 2, rel_tol=1e-3):
        guesses = {1: "an amplitude's logarithm", 2 / math.log(10): "a logarithm to base 10",
                   20 / math.log(10): "decibels", 2 / math.log(2): "a logarithm to base 2",
                   4: "a power squared once more", 0: "no loudness at all"}  # fmt: skip
        name = next((w for s, w in guesses.items() if math.isclose(slope, s, abs_tol=1e-3)), "")
        raise Failure(
            f"Twice the pressure should add 2 log 2 = {2 * math.log(2):.3f}; yours adds "
            f"{seen[0][1]:.3f}{f', as {name} would' if name else ''}.",
            pictures=[line("How your numbers grow", seen, {"yours": slope, "expected": 2.0},
                           across="log of the gain", up="change of your numbers")],
        )  # fmt: skip


@points(1, hint="The floor belongs to the power in a band, right before the logarithm.")
def test_silence_is_the_logarithm_of_the_floor(log_mel_frames):
    """Silence gives log 1e-10 everywhere."""
    frames = log_mel_frames(torch.zeros(SAMPLES), RATE, SIZE, STEP, N_MELS)
    if frames.shape == (N_FRAMES, N_MELS) and torch.allclose(frames, torch.tensor(1e-10)):
        raise Failure(
            f"The frames of silence are 1e-10 in yours; expected log 1e-10 = {FLOOR:.2f}.",
            hint="The floor of 1e-10 is one for powers. Does it come before your logarithm?",
        )
    assert_values(frames, torch.full((N_FRAMES, N_MELS), FLOOR), "the frames of silence")


@points(2, hint="Frame t begins at sample t · step of the sound, with nothing put before it.")
def test_a_click_is_heard_by_the_frames_that_hold_it(log_mel_frames):
    """A click changes the frames that contain it, and no others."""
    click = 25
    wave = torch.zeros(SAMPLES)
    wave[click] = 1.0
    frames = log_mel_frames(wave, RATE, SIZE, STEP, N_MELS)
    hears = (frames > FLOOR + 1).any(dim=-1).tolist()
    expected = [t * STEP < click < t * STEP + SIZE for t in range(N_FRAMES)]
    if hears != expected:
        said = " ".join(str(t) for t in range(N_FRAMES) if hears[t]) or "none"
        wanted = " ".join(str(t) for t in range(N_FRAMES) if expected[t])
        raise Failure(
            f"The only sound is a click at sample {click}. It lies in the frames {wanted}; with "
            f"yours it is heard in {said}.",
            pictures=[strip("Frames that hear the click",
                            {"yours": ["click" if h else "–" for h in hears],
                             "expected": ["click" if h else "–" for h in expected]},
                            [f"frame {t}" for t in range(N_FRAMES)])],
        )  # fmt: skip


@points(2, hint="The spectrum's numbers are complex: a real part, from cosines, and an imaginary "
        "one, from sines. How much of a tone lies in which depends on where in its swing the frame "
        "begins. What is made of both, so that it does not?")  # fmt: skip
def test_a_tone_is_as_loud_wherever_its_swing_begins(log_mel_frames):
    """A sine and a cosine of one frequency are equally strong."""
    size, n_mels = 200, 10
    angle = 2 * math.pi * 400 * torch.arange(size) / RATE  # whole swings in a frame
    loudest = [
        log_mel_frames((angle + shift).sin(), RATE, size, 100, n_mels).max().item()
        for shift in (0.0, 0.7, math.pi / 2)
    ]
    if max(loudest) - min(loudest) > 0.5:
        said = ", ".join(f"{value:.2f}" for value in loudest)
        raise Failure(
            "Three tones of 400 Hz, equally strong, begin at different points of their swing: at "
            f"zero, higher up, and at the top. Their loudest bands are {said} in yours; they "
            "should be equal."
        )


@points(2, hint="A frame that is cut off at full strength has two edges that are not in the "
        "sound, and in a jump all frequencies are found. What makes each single frame begin and "
        "end softly?")  # fmt: skip
def test_a_tone_stays_out_of_distant_bands(log_mel_frames):
    """A pure tone is heard in its own band and hardly in those far away."""
    size, n_mels = 200, 10
    wave = torch.sin(2 * math.pi * 430 * torch.arange(500) / RATE)
    frames = log_mel_frames(wave, RATE, size, 100, n_mels)
    below = (frames.max(dim=-1).values - frames[:, -1]).min().item() * 10 / math.log(10)
    assert below > 60, (
        f"A tone of 430 Hz is as loud as it gets in its own band. In the highest band, near 3500 "
        f"Hz, your frames hear it {below:.0f} decibels weaker; with a window it is over 60."
    )


@points(2, hint="Which frequency does bin k stand for? It depends on the rate and on the size of a "
        "frame. And the bands are equally wide in mels, not in hertz.")  # fmt: skip
def test_each_tone_lands_in_its_mel_band(log_mel_frames):
    """A tone at the peak of a filter is strongest in that filter's band, at any rate."""
    size, n_mels = 128, 7
    for rate in (8000, 16000):
        peaks = mel_filters(rate, size, n_mels).argmax(dim=-1) * rate / size  # in hertz
        time = torch.arange(size) / rate
        lands = [
            log_mel_frames(
                torch.sin(2 * math.pi * hertz * time), rate, size, 50, n_mels
            )[0].argmax().item()
            for hertz in peaks.tolist()
        ]  # fmt: skip
        if lands != list(range(n_mels)):
            wrong = next(m for m in range(n_mels) if lands[m] != m)
            raise Failure(
                f"At {rate} samples a second a tone of {peaks[wrong]:.0f} Hz belongs in band "
                f"{wrong}; with yours it is strongest in band {lands[wrong]}.",
                pictures=[strip("The strongest band of seven tones",
                                {"yours": lands, "expected": range(n_mels)},
                                [f"{hertz:.0f} Hz" for hertz in peaks.tolist()])],
            )  # fmt: skip


@points(2, hint="All that is left are details: the window of torch.hann_window(size) as it comes, "
        "the square of the spectrum's absolute value, and no division.")  # fmt: skip
def test_values(log_mel_frames):
    """The numbers are right, against sines and cosines added up one by one."""
    expected = _slowly(_wave(), RATE, SIZE, STEP, N_MELS)
    frames = log_mel_frames(_wave(), RATE, SIZE, STEP, N_MELS)
    assert_values(frames, expected, "the frames", rtol=1e-4, atol=1e-4)  # of a float32 spectrum


@points(1, hint="Does anything in your code depend on the size being even, or on the frames "
        "overlapping?")  # fmt: skip
def test_odd_frames_that_do_not_touch(log_mel_frames):
    """Frames of an odd size with gaps between them are right, too."""
    expected = _slowly(_wave(), RATE, 15, 19, 2)
    frames = log_mel_frames(_wave(), RATE, 15, 19, 2)
    assert_values(frames, expected, "the frames", rtol=1e-4, atol=1e-4)  # of a float32 spectrum


@points(1, hint="The floor replaces powers that lie below it. What does your way of avoiding log 0 "
        "do to powers above it?")  # fmt: skip
def test_the_floor_changes_nothing_above_it(log_mel_frames):
    """A faint sound, hardly above the floor, is as faint as it is."""
    wave = _wave() * 1e-5
    expected = _slowly(wave, RATE, SIZE, STEP, N_MELS)
    frames = log_mel_frames(wave, RATE, SIZE, STEP, N_MELS)
    assert_values(frames, expected, "the frames", rtol=1e-4, atol=1e-4)  # of a float32 spectrum


def _still_complex(message):
    return Failure(
        message,
        hint="`rfft` returns complex numbers, and their square is complex, too. A power is the "
        "square of their absolute value: which method takes it?",
    )


def _wave(samples=SAMPLES):
    """The same noise each time."""
    return torch.randn(samples, generator=torch.Generator().manual_seed(4))


def _slowly(wave, rate, size, step, n_mels):
    """The definition, in loops and in float64."""
    filters = mel_filters(rate, size, n_mels).double()
    n = torch.arange(size, dtype=torch.float64)
    window = 0.5 - 0.5 * torch.cos(2 * math.pi * n / size)
    rows = []
    for begin in range(0, len(wave) - size + 1, step):
        frame = wave[begin : begin + size].double() * window
        angles = [2 * math.pi * k * n / size for k in range(size // 2 + 1)]
        power = [(frame * a.cos()).sum() ** 2 + (frame * a.sin()).sum() ** 2 for a in angles]
        rows.append((filters @ torch.stack(power)).clamp(min=1e-10).log())
    return torch.stack(rows).float()
