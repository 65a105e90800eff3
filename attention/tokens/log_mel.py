"""Log-mel frames: a sound as a sequence of vectors, one for each short stretch of time."""

import torch
from torch import Tensor

from attention.precision import wide, wide_product
from attention.shapes import check_tensor
from attention.tokens.mel import mel_filters

FLOOR = 1e-10  # a power below this counts as this much, for the logarithm of silence


def windowed_frames(wave: Tensor, size: int, step: int) -> Tensor:
    """Cut a sound into overlapping frames, each of which fades in and out (a Hann window).

    Args:
        wave: (..., samples) floating point, at least one frame long.
        size: samples in a frame.
        step: samples from the start of one frame to the start of the next.

    Returns:
        (..., n_frames, size), n_frames = (samples − size) // step + 1; what is left over at the
        end is too short for a frame and dropped.

    Raises:
        ValueError: size or step is not positive, or the sound is shorter than a frame.
        TypeError: the sound is not floating point.
    """
    check_tensor("wave", wave, axes=1)
    if size < 1 or step < 1:
        raise ValueError(f"size and step must be at least 1, got size {size} and step {step}")
    if wave.shape[-1] < size:
        raise ValueError(
            f"wave must be at least one frame of size {size} long, got {wave.shape[-1]} samples: "
            "take shorter frames, or put silence around it"
        )
    window = torch.hann_window(size, dtype=wave.dtype, device=wave.device)
    return wave.unfold(-1, size, step) * window


def log_mel_frames(
    wave: Tensor, rate: int, size: int = 200, step: int = 80, n_mels: int = 24
) -> Tensor:
    """Measure how strong each band of frequencies is in each frame of a sound.

        y_tr = Hann_r wave_(t·step + r)
        power_tν = (Σ_r y_tr cos(2πνr/size))² + (Σ_r y_tr sin(2πνr/size))²
        L_tb = log max(Σ_ν F_bν power_tν, 1e-10)

    for frame t, sample r of it, bin ν of the spectrum and band b; F are the mel filters. At 8000
    samples a second the defaults are frames of 25 ms, one every 10 ms.

    Args:
        wave: (..., samples) the air pressure, floating point.
        rate: samples a second.
        size: samples in a frame.
        step: samples from the start of one frame to the start of the next.
        n_mels: how many bands.

    Returns:
        (..., n_frames, n_mels) natural logarithms of power, on the sound's device and, but for half
        precision, of its dtype; n_frames as for `windowed_frames`.

    Raises:
        ValueError: a number is not positive, the sound is shorter than a frame, or there are more
            bands than a frame can tell apart.
        TypeError: the sound is not floating point.

    Source: Davis and Mermelstein (1980), without their last step; Radford et al. (2023),
    section 2.2, feed such frames to Whisper.
    """
    frames = wide(windowed_frames(wave, size, step))  # (..., n_frames, size)
    power = torch.fft.rfft(frames).abs().square()  # (..., n_frames, size // 2 + 1)
    like_power = {"dtype": power.dtype, "device": power.device}
    filters = mel_filters(rate, size, n_mels, **like_power)  # (n_mels, size // 2 + 1)
    return wide_product(power, filters.T).clamp(min=FLOOR).log()
