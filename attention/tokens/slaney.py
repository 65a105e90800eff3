"""Slaney's mel scale, the one that Whisper was trained with: a straight line, then a logarithm."""

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from attention.tokens.mel import triangles

BEND = 1000  # hertz: below it the scale is a line, above it a logarithm
HERTZ_PER_MEL = 200 / 3  # below the bend
RATIO = 6.4 ** (1 / 27)  # above it, one mel more is so many times the frequency


def to_slaney(hertz: float) -> float:
    """Turn a frequency into Slaney's mels.

        mel(f) = 3f / 200                      up to 1000 Hz
        mel(f) = 15 + 27 ln(f / 1000) / ln 6.4   above

    Args:
        hertz: vibrations a second, not negative.

    Returns:
        Mels. They are larger steps than those of `to_mel`: 1000 Hz are 15 here and 1000 there.

    Source: Slaney (1998), Auditory Toolbox, technical report 1998-010; as librosa has it.
    """
    if hertz < BEND:
        return hertz / HERTZ_PER_MEL
    return BEND / HERTZ_PER_MEL + math.log(hertz / BEND) / math.log(RATIO)


def from_slaney(mel: float) -> float:
    """Turn Slaney's mels back into a frequency."""
    bend = BEND / HERTZ_PER_MEL
    return mel * HERTZ_PER_MEL if mel < bend else BEND * RATIO ** (mel - bend)


@lru_cache
def _filters(rate: int, size: int, n_mels: int) -> np.ndarray:
    top = to_slaney(rate / 2)
    corners = np.array([from_slaney(top * i / (n_mels + 1)) for i in range(n_mels + 2)])
    width = (corners[2:] - corners[:-2])[:, None]  # (n_mels, 1) from foot to foot
    return triangles(corners, rate, size) * 2 / width


def slaney_filters(rate: int, size: int, n_mels: int) -> Tensor:
    """Make triangles as `mel_filters` does, on Slaney's scale and each of the same area.

    A wide triangle is low: its height is 2 / width, so that the area over an axis of hertz is one.
    Noise that is equally strong at all frequencies is then equally strong in all bands.

    Args:
        rate: samples a second.
        size: samples in a frame.
        n_mels: how many filters. A filter too narrow for any bin is zero, and so is its band.

    Returns:
        (n_mels, size // 2 + 1) float32: what filter b takes of bin ν.

    Raises:
        ValueError: a number is not positive.

    Source: Slaney (1998); Radford et al. (2023), section 2.2, who take 80 or 128 of them.
    """
    for name, number in (("rate", rate), ("size", size), ("n_mels", n_mels)):
        if number < 1:
            raise ValueError(f"{name} must be at least 1, got {number}")
    return torch.tensor(_filters(rate, size, n_mels), dtype=torch.float32)
