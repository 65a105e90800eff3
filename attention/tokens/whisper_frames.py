"""The frames that Whisper hears: half a minute at a time, whatever the length of the recording."""

import torch
from torch import Tensor
from torch.nn import functional as F

from attention.shapes import check_tensor
from attention.tokens.log_mel import FLOOR, windowed_frames
from attention.tokens.slaney import slaney_filters

RATE, SECONDS = 16_000, 30
SIZE, STEP = 400, 160  # samples: frames of 25 ms, one every 10 ms
RANGE = 8  # powers of ten that are told apart below the strongest band; what is weaker is raised


def whisper_frames(wave: Tensor, n_mels: int = 80) -> Tensor:
    """Turn at most 30 seconds of sound into log-mel frames, scaled as Whisper was trained.

        L = log₁₀ max(power · Fᵀ, 1e-10)
        frames = (max(L, max L − 8) + 4) / 4

    F are Slaney's filters. The sound is filled up with silence to 30 seconds, and continued at both
    ends by its mirror image, so that frame t is centred on sample 160 t.

    Args:
        wave: (samples,) floating point, the air pressure between −1 and 1 at 16,000 samples a
            second.
        n_mels: how many bands; large-v3 has 128.

    Returns:
        (3000, n_mels) float32, one frame every 10 ms.

    Raises:
        ValueError: the sound is not one axis of samples, is empty, longer than 30 seconds, or not
            finite.
        TypeError: it is not floating point.

    Source: Radford et al. (2023), Whisper, section 2.2, and the authors' own code for the scaling.
    """
    check_tensor("wave", wave, axes=1)
    most = RATE * SECONDS
    if wave.ndim != 1 or not 0 < len(wave) <= most:
        raise ValueError(
            f"wave must have shape (samples,), from 1 to {most} of them, which are {SECONDS} s at "
            f"{RATE} a second, got {tuple(wave.shape)}"
        )
    if not wave.isfinite().all():
        raise ValueError("wave must be finite, got NaN or ∞ among its samples")
    wave = F.pad(wave.float(), (0, most - len(wave)))
    wave = F.pad(wave[None], (SIZE // 2, SIZE // 2), mode="reflect")[0]
    frames = windowed_frames(wave, SIZE, STEP)[:-1]  # the last one is centred on the end
    power = torch.fft.rfft(frames).abs().square()  # (3000, SIZE // 2 + 1)
    filters = slaney_filters(RATE, SIZE, n_mels).to(power.device)
    logs = (power @ filters.T).clamp(min=FLOOR).log10()
    return (logs.clamp(min=logs.max() - RANGE) + 4) / 4
