"""Recordings of different lengths as one batch of frames, ready for a model."""

import torch
from torch import Tensor

from attention.tokens.log_mel import log_mel_frames

SIZE, STEP, N_MELS = 200, 160, 24  # at 8000 samples a second: 25 ms, one every 20 ms


def framed(
    waves: Tensor, lengths: Tensor, rate: int, size: int = SIZE, step: int = STEP
) -> tuple[Tensor, Tensor]:
    """Turn recordings into log-mel frames, each recording shifted to mean zero.

    A louder recording has the same number added everywhere, so the shift takes its loudness out.

    Args:
        waves: (batch, samples), padded at the end.
        lengths: (batch,) samples of each recording.
        rate, size, step: as for `log_mel_frames`.

    Returns:
        frames: (batch, n_frames, N_MELS), zeros where a recording is over.
        n_frames: (batch,) how many frames lie wholly inside each recording.

    Raises:
        ValueError: a recording is shorter than one frame.
    """
    if (lengths < size).any():
        raise ValueError(
            f"each recording must be at least one frame of {size} samples long, got lengths "
            f"from {int(lengths.min())}"
        )
    frames = log_mel_frames(waves, rate, size, step, N_MELS)
    n_frames = ((lengths - size) // step + 1).to(frames.device)  # (batch,)
    frames = frames[:, : int(n_frames.max())]
    place = torch.arange(frames.shape[1], device=frames.device)
    is_real = (place < n_frames[:, None])[..., None]
    total = frames.where(is_real, 0).sum(dim=(1, 2))  # (batch,)
    mean = total / (n_frames * N_MELS)
    return (frames - mean[:, None, None]).where(is_real, 0), n_frames
