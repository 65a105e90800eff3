"""Sound as a sequence of tokens: pure tones, made here, and the spectra of short frames."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from attention.tokens.log_mel import windowed_frames

RATE = 8000  # samples a second, as on a telephone


def melody(pitches: Sequence[float], seconds: float = 0.1) -> Tensor:
    """Play one pure tone after the other; each swells and fades, so that none clicks.

    Args:
        pitches: the tones' frequencies, in hertz, below RATE / 2.
        seconds: how long each lasts.

    Returns:
        (samples,) the air pressure, between −1 and 1.
    """
    time = torch.arange(round(seconds * RATE)) / RATE  # (samples of one tone,)
    swell = (math.pi * time / seconds).sin()
    return torch.cat([swell * (2 * math.pi * pitch * time).sin() for pitch in pitches])


def spectra(wave: Tensor, size: int = 200, step: int = 80) -> Tensor:
    """Measure how strong each frequency is in short frames of a sound.

    The defaults are frames of 25 ms, one every 10 ms, so neighbours overlap. Each frame fades
    in and out (a Hann window), or its cut edges would sound as frequencies of their own.

    Args:
        wave: (samples,) at least one frame long.
        size: samples in a frame.
        step: samples from the start of one frame to the next.

    Returns:
        (n_frames, size/2 + 1) strengths; column k stands for k · RATE / size hertz.
    """
    return torch.fft.rfft(windowed_frames(wave, size, step)).abs()
