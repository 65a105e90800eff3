"""Exercise of the chapter "Speech". Replace the `raise` with your code; save; grade.

make grade EXERCISE=speech
"""

import torch

from attention import mel_filters


def log_mel_frames(wave, rate, size, step, n_mels):
    """Measure how strong each band of frequencies is in each frame of a sound.

    What you can use: `mel_filters(rate, size, n_mels)` returns (n_mels, size // 2 + 1), what each
    filter takes of each bin; and `torch.fft.rfft`, the spectrum along the last axis, size // 2 + 1
    complex numbers.

    Args:
        wave: (samples,) float32 air pressure, at least one frame long.
        rate: samples a second.
        size: samples in a frame.
        step: samples from the start of one frame to the start of the next.
        n_mels: how many bands.

    Returns:
        (n_frames, n_mels) float32: the natural logarithm of the power in each band, where a power
        below 1e-10 counts as 1e-10. Frame t begins at sample t · step and fades in and out with
        `torch.hann_window(size)`; samples at the end that fill no whole frame are left out.
    """
    raise NotImplementedError
