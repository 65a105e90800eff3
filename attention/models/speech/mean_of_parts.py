"""The baselines for words in recordings: average the frames, all of them or part by part."""

import torch
from torch import Tensor, nn


class MeanOfParts(nn.Module):
    """Cut a recording into equal parts, average each part's frames, and answer from the averages.

    With one part it knows the mean spectrum and nothing of the order. With three it is told what a
    listener has to find out: that there are three things to hear, one after the other.

    Args:
        n_mels: numbers in a frame.
        n_classes: how many words there are.
        parts: how many.
        hidden: width of the hidden layer.
    """

    def __init__(self, n_mels: int, n_classes: int, parts: int = 1, hidden: int = 64):
        super().__init__()
        self.parts = parts
        self.read = nn.Sequential(
            nn.Linear(parts * n_mels, hidden), nn.GELU(), nn.Linear(hidden, n_classes)
        )

    def forward(self, frames: Tensor, n_frames: Tensor) -> Tensor:
        """Score each word, (batch, n_classes), for frames (batch, length, n_mels)."""
        frame, part = (torch.arange(n, device=frames.device) for n in (frames.shape[1], self.parts))
        place = frame * self.parts // n_frames[:, None]  # (batch, length)
        is_in = (place[:, None] == part[:, None]).to(frames.dtype)  # (batch, parts, length)
        weights = is_in / is_in.sum(dim=-1, keepdim=True).clamp(min=1)
        return self.read((weights @ frames).flatten(1))
