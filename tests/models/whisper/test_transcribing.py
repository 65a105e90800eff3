"""What `transcribe` makes of recordings that are not as Whisper wants them."""

import numpy as np
import pytest
import torch
from scipy.io import wavfile

from attention.data.austen import RATE, load_austen
from attention.models.whisper.transcribing import quiet_parts, transcribe

BEGINS = "And Mr. John Dashwood had then"


@pytest.fixture(scope="module")
def two_seconds():
    return load_austen()[0][: int(2.2 * RATE)]


def test_a_phones_recording_is_written_down(whisper, tmp_path, two_seconds):
    """Two channels, 44.1 kHz, floating point: all of them are mended."""
    from scipy.signal import resample_poly

    wave = resample_poly(two_seconds.numpy(), 441, 160)
    wavfile.write(tmp_path / "mine.wav", 44_100, np.stack([wave, wave], axis=1).astype("f4"))
    assert transcribe(tmp_path / "mine.wav", whisper=whisper).startswith(BEGINS)


def test_samples_are_taken_at_their_rate(whisper, two_seconds):
    """Every second one, at half the rate."""
    assert transcribe(two_seconds[::2], RATE // 2, whisper=whisper).startswith(BEGINS)


def test_more_than_half_a_minute_is_heard_to_the_end(whisper):
    """In two parts, of which none begins within a word."""
    wave, _ = load_austen()
    silence = torch.zeros(13 * RATE)
    text = transcribe(torch.cat([wave, silence, wave, silence[: 4 * RATE]]), whisper=whisper)
    assert text.count("power to do for them") == 2


@pytest.mark.parametrize("seconds", [1, 30, 31, 75])
def test_parts_make_up_the_whole(seconds):
    """None is longer than half a minute, and nothing is lost."""
    wave = torch.randn(int(seconds * RATE), generator=torch.Generator().manual_seed(0))
    parts = quiet_parts(wave)
    assert torch.equal(torch.cat(parts), wave)
    assert max(map(len, parts)) <= 30 * RATE and len(parts) <= 1 + seconds // 20


def test_a_cut_is_made_where_it_is_quiet():
    """In the middle of the only pause."""
    wave = torch.ones(40 * RATE)
    wave[25 * RATE : 25 * RATE + RATE // 2] = 0
    first = quiet_parts(wave)[0]
    assert 25 * RATE < len(first) < 25.5 * RATE


@pytest.mark.parametrize(
    ("sound", "rate", "error", "said"),
    [
        (torch.zeros(0), RATE, ValueError, r"at least one.*got \(0,\) at 16000"),
        (torch.zeros(2, 99), RATE, ValueError, r"got \(2, 99\).*mean over channels"),
        (torch.zeros(99), 0, ValueError, r"rate of at least 1 a second.*at 0"),
        (torch.full((99,), torch.nan), RATE, ValueError, "must be finite"),
        (torch.zeros(99, dtype=torch.int16), RATE, TypeError, "floating-point numbers"),
        ("nowhere.wav", RATE, FileNotFoundError, "nowhere.wav is not a file"),
    ],
)
def test_what_cannot_be_heard_is_told(whisper, sound, rate, error, said):
    """Nothing, several channels, no rate, no numbers, whole numbers, no file."""
    with pytest.raises(error, match=said):
        transcribe(sound, rate, whisper=whisper)
