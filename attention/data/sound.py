"""A sound from a WAV file of any common kind, as a model wants it: one channel, at a given rate."""

from math import gcd
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from attention.data.riff import FLOATS, Riff, parse_riff

MOST_RATE = 400_000  # samples a second; who announces more is damaged


def pressure(sound: Riff) -> Tensor:
    """Decode what a WAV file holds.

    Args:
        sound: with samples of 8, 16, 24 or 32 bits, or floating-point ones of 32 or 64.

    Returns:
        (samples, channels) float32 air pressure, from −1 to 1.
    """
    width, whole = sound.width, len(sound.data) // (sound.width * sound.channels)
    data = np.frombuffer(sound.data, "u1", whole * width * sound.channels)
    if sound.kind == FLOATS:
        numbers = data.view(f"<f{width}")
    elif width == 1:
        numbers = data.astype(np.float64) / 128 - 1  # counted from 0, wider ones from the middle
    elif width == 3:  # to 32 bits, with eight empty ones at the end
        filled = np.zeros((len(data) // 3, 4), "u1")
        filled[:, 1:] = data.reshape(-1, 3)
        numbers = filled.view("<i4")[:, 0] / 2.0**31
    else:
        numbers = data.view(f"<i{width}") / 2.0 ** (8 * width - 1)
    numbers = torch.tensor(numbers.astype(np.float32), device="cpu")
    return numbers.reshape(whole, sound.channels)


def load_sound(path: Path | str, rate: int) -> Tensor:
    """Read a recording as people have it: any rate, one channel or several, any common numbers.

    Channels are averaged, and the samples are computed anew at the rate that is asked for, without
    what that rate cannot hold.

    Args:
        path: a WAV file, uncompressed, of 8, 16, 24 or 32 bits or of floating-point numbers.
        rate: the samples a second that are wanted.

    Returns:
        (samples,) float32 air pressure, from −1 to 1.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not such a WAV file, ends early, or is empty.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not a file: check the path")
    try:
        sound = parse_riff(path.read_bytes())
    except ValueError as error:
        raise ValueError(
            f"{path} is not a WAV file with uncompressed samples ({error}). Convert it first, for "
            f"example with `ffmpeg -i IN -ac 1 -ar {rate} -c:a pcm_s16le OUT.wav`"
        ) from None
    widths = (4, 8) if sound.kind == FLOATS else (1, 2, 3, 4)
    if sound.width not in widths or sound.channels < 1 or not 0 < sound.rate <= MOST_RATE:
        raise ValueError(
            f"{path} is damaged, or of a kind that is not read here: {8 * sound.width} bits, "
            f"{sound.channels} channels, {sound.rate} samples a second"
        )
    if len(sound.data) < sound.announced:
        raise ValueError(
            f"{path} ends early: {sound.announced} bytes are announced, {len(sound.data)} are there"
        )
    wave = pressure(sound).mean(dim=1)
    if len(wave) == 0:
        raise ValueError(f"{path} holds no samples: record it again, or delete it")
    return resample(wave, sound.rate, rate)


def resample(wave: Tensor, rate: int, wanted: int) -> Tensor:
    """Compute the samples that would have been taken at another rate.

    What is higher than half of the new rate is filtered out first. Left in, it would be heard as a
    tone that was not there.

    Args:
        wave: (samples,) floating point.
        rate: the samples a second that there are.
        wanted: those to be.

    Returns:
        (samples · wanted / rate, rounded up,) float32.
    """
    if rate == wanted:
        return wave
    from scipy.signal import resample_poly  # here, for it takes a second and most need it not

    factor = gcd(rate, wanted)
    numbers = resample_poly(wave.double().numpy(), wanted // factor, rate // factor)
    return torch.tensor(numbers, dtype=torch.float32, device="cpu")
