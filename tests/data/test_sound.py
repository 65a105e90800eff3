"""Recordings as people have them: of any rate, of several channels, of any common numbers."""

import numpy as np
import pytest
import torch
from scipy.io import wavfile
from torch.testing import assert_close

from attention.data.sound import load_sound, resample

RATE = 16_000
PEAK = {"u1": 127, "i2": 2**15 - 1, "i4": 2**31 - 1, "f4": 1, "f8": 1}


def tone(rate, hertz=440, seconds=0.5):
    return np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate) / 2


def inside(wave):
    """Without the ends, where a filter has heard less than it wants."""
    return wave[400:-400]


@pytest.mark.parametrize("dtype", PEAK)
def test_each_kind_of_number_is_the_same_sound(tmp_path, dtype):
    """Whole numbers of 8, 16 and 32 bits, floating-point ones of 32 and 64."""
    numbers = tone(RATE) * PEAK[dtype] + (128 if dtype == "u1" else 0)
    wavfile.write(tmp_path / "a.wav", RATE, numbers.astype(dtype))
    got = load_sound(tmp_path / "a.wav", RATE)
    assert got.dtype == torch.float32
    assert_close(
        got, torch.tensor(tone(RATE)).float(), rtol=0, atol=0.016 if dtype == "u1" else 1e-4
    )


def test_twenty_four_bits_are_read(tmp_path):
    """The low and the high end, and what lies between: scipy reads them as the upper 24 of 32."""
    head = np.zeros(4, "<i4")
    wavfile.write(tmp_path / "a.wav", RATE, head)
    form = bytearray((tmp_path / "a.wav").read_bytes())
    form[32:36] = b"\x03\0\x18\0"  # three bytes for a sample, 24 bits
    form[40:44] = (12).to_bytes(4, "little")
    data = b"".join(n.to_bytes(3, "little", signed=True) for n in (-(2**23), 2**22, -1, 2**23 - 1))
    (tmp_path / "a.wav").write_bytes(bytes(form[:44]) + data)
    expected = torch.tensor([-1, 0.5, -(2.0**-23), 1 - 2.0**-23])
    assert_close(load_sound(tmp_path / "a.wav", RATE), expected)


def test_channels_are_averaged(tmp_path):
    """Two that agree, and one that is silent."""
    both = np.stack([tone(RATE), tone(RATE), np.zeros(RATE // 2)], axis=1)
    wavfile.write(tmp_path / "a.wav", RATE, both.astype("f4"))
    assert_close(load_sound(tmp_path / "a.wav", RATE), torch.tensor(tone(RATE) * 2 / 3).float())


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 48_000])
def test_another_rate_is_the_same_tone(tmp_path, rate):
    """As long, as high and as loud as it was."""
    wavfile.write(tmp_path / "a.wav", rate, tone(rate).astype("f4"))
    got = load_sound(tmp_path / "a.wav", RATE)
    assert len(got) == RATE // 2
    expected = torch.tensor(tone(RATE)).float()
    assert_close(inside(got), inside(expected), rtol=0, atol=3e-3)


def test_what_a_rate_cannot_hold_is_not_heard_as_something_else():
    """11 kHz at 44.1 kHz would come back as 5 kHz if every sample were just taken in turn."""
    high = torch.tensor(tone(44_100, hertz=11_000)).float()
    assert inside(resample(high, 44_100, RATE)).abs().max() < 0.01


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: b"", r"not a WAV file with uncompressed samples \(it is empty\).*ffmpeg"),
        (lambda data: b"ID3" + data, r"it does not begin as one"),
        (lambda data: data[:-100], r"ends early: 16000 bytes are announced, 15900 are there"),
        (lambda data: data[:44].replace((16_000).to_bytes(4, "little"), bytes(4)), "damaged"),
        (lambda data: data[:40] + bytes(4), "holds no samples: record it again, or delete it"),
        (lambda data: data[:22] + bytes(2) + data[24:], "0 channels"),
        (lambda data: data[:34] + b"\x30\0" + data[36:], "48 bits"),
    ],
)
def test_damaged_files_are_refused(tmp_path, change, said):
    """Empty, another format, cut short, without a rate, without samples, channels or bits."""
    path = tmp_path / "mine.wav"
    wavfile.write(path, RATE, (tone(RATE) * 2**15).astype("i2"))
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ValueError, match=rf"mine\.wav .*{said}"):
        load_sound(path, RATE)


def test_a_file_that_is_not_there_is_told(tmp_path):
    """With its path."""
    with pytest.raises(FileNotFoundError, match=r"mine\.wav is not a file: check the path"):
        load_sound(tmp_path / "mine.wav", RATE)
