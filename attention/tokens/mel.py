"""The mel scale, on which equal steps sound equally wide, and a bank of filters spaced by it."""

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor


def to_mel(hertz: float) -> float:
    """Turn a frequency into mels.

        mel(f) = 2595 · log₁₀(1 + f / 700)

    Args:
        hertz: vibrations a second, not negative.

    Returns:
        Mels: nearly a straight line up to 1000 Hz, ever flatter above.

    Source: O'Shaughnessy (1987), Speech Communication, p. 150; the formula of the HTK toolkit.
    """
    return 2595 * math.log10(1 + hertz / 700)


def to_hertz(mel: float) -> float:
    """Turn mels back into a frequency."""
    return 700 * (10 ** (mel / 2595) - 1)


def triangles(corners: np.ndarray, rate: int, size: int) -> np.ndarray:
    """Make a triangle over each three neighbouring corners, (n_mels, n_bins), one at its peak.

    Args:
        corners: (n_mels + 2,) frequencies in hertz, rising.
        rate, size: as for `mel_filters`.
    """
    left, peak, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]  # (n_mels, 1)
    hertz = np.arange(size // 2 + 1) * rate / size  # of the bins
    rising, falling = (hertz - left) / (peak - left), (right - hertz) / (right - peak)
    return np.minimum(rising, falling).clip(min=0)


# Kept, for a training asks for the same filters again and again. And by NumPy, for a tensor is
# marked by where and how it was first asked for: its device, a mode, a trace that is being made.
@lru_cache
def _filters(rate: int, size: int, n_mels: int) -> np.ndarray:
    top = to_mel(rate / 2)
    corners = np.array([to_hertz(top * i / (n_mels + 1)) for i in range(n_mels + 2)])
    return triangles(corners, rate, size)


def mel_filters(
    rate: int,
    size: int,
    n_mels: int,
    *,
    dtype: torch.dtype = torch.float32,
    device: torch.device | None = None,
) -> Tensor:
    """Make triangles that share the frequencies out: each has its feet on its neighbours' peaks.

    The peaks are equally far apart in mels, from 0 to rate / 2, so in hertz the low filters are
    narrow and the high ones wide.

    Args:
        rate: samples a second.
        size: samples in a frame. Its spectrum has size // 2 + 1 bins, bin ν at ν · rate / size
            hertz.
        n_mels: how many filters.
        dtype: of the result.
        device: where the filters live.

    Returns:
        (n_mels, size // 2 + 1): what filter b takes of bin ν, from 0 to 1.

    Raises:
        ValueError: a number is not positive, or a filter is so narrow that it meets no bin.

    Source: Davis and Mermelstein (1980), figure 1, with the scale of `to_mel`.
    """
    for name, number in (("rate", rate), ("size", size), ("n_mels", n_mels)):
        if number < 1:
            raise ValueError(f"{name} must be at least 1, got {number}")
    filters = _filters(rate, size, n_mels)
    empty = np.flatnonzero(filters.sum(axis=-1) == 0)
    if len(empty):
        raise ValueError(
            f"filter {empty[0]} of n_mels = {n_mels} is too narrow for the bins of a frame of "
            f"size {size}, {rate / size:g} Hz apart: take fewer filters or longer frames"
        )
    rounded = filters if dtype == torch.float64 else filters.astype(np.float32)
    return torch.tensor(rounded, dtype=dtype, device=device)
