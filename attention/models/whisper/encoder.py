"""Whisper's encoder: half a minute of frames becomes 1500 vectors, each in the context of all."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from attention.shapes import check_shape
from attention.transformer.encoder_block import EncoderBlock
from attention.transformer.stack import run_blocks


class WhisperEncoder(nn.Module):
    """Two convolutions, of which the second halves the length, positions, and a stack of blocks.

        x = GELU(Conv₂(GELU(Conv₁(frames)))) + positions,   then the blocks, then a norm

    Args:
        n_mels: numbers in a frame.
        d_model, n_heads, d_ff, n_layers: as in any encoder.
        max_len: the vectors that come out, half as many as the frames that go in.

    Source: Radford et al. (2023), section 2.2.
    """

    def __init__(self, n_mels, d_model, n_heads, d_ff, n_layers, max_len):
        super().__init__()
        self.conv1 = nn.Conv1d(n_mels, d_model, kernel_size=3, padding=1)
        self.conv2 = nn.Conv1d(d_model, d_model, kernel_size=3, stride=2, padding=1)
        self.position = nn.Parameter(torch.zeros(max_len, d_model))
        self.blocks = nn.ModuleList(EncoderBlock(d_model, n_heads, d_ff) for _ in range(n_layers))
        self.norm = nn.LayerNorm(d_model)

    def forward(self, frames: Tensor, *, return_weights: bool = False):
        """Listen.

        Args:
            frames: (batch, 2 · max_len, n_mels), as `whisper_frames` makes them.
            return_weights: also return the weights of every block.

        Returns:
            memory (batch, max_len, d_model), or that and the weights
            (n_layers, batch, n_heads, max_len, max_len).

        Raises:
            ValueError: frames have another shape.
        """
        wanted = frames.shape[0], 2 * len(self.position), self.conv1.in_channels
        check_shape("frames", frames, "(batch, 2 · max_len, n_mels)", wanted)
        x = F.gelu(self.conv1(frames.mT))  # (batch, d_model, 2 · max_len)
        x = F.gelu(self.conv2(x)).mT + self.position  # (batch, max_len, d_model)
        x, maps = run_blocks(self.blocks, x, return_weights=return_weights)
        return (self.norm(x), maps) if return_weights else self.norm(x)
