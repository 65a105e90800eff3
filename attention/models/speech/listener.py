"""A small encoder that names the word in a recording: frames in, one answer out."""

import torch
from torch import Tensor, nn

from attention.masks.padding import padding_mask
from attention.positions.sinusoidal import sinusoidal
from attention.shapes import check_last_axis
from attention.transformer.encoder_block import EncoderBlock
from attention.transformer.stack import run_blocks


class Listener(nn.Module):
    """Let the frames and a class token hear each other, and read the answer off the class token.

    The class token is a learned vector put before the frames, as BERT's [CLS] is. With one block
    its row of the attention map is the only one that the answer depends on.

    Args:
        n_mels: numbers in a frame.
        n_classes: how many words there are.
        d_model, n_heads, n_layers: as in any encoder.
        positions: add sinusoidal positions to the frames.

    Source: Dosovitskiy et al. (2021), equations 1 to 4, with frames for patches.
    """

    def __init__(
        self,
        n_mels: int,
        n_classes: int,
        *,
        d_model: int = 32,
        n_heads: int = 4,
        n_layers: int = 1,
        positions: bool = True,
    ):
        super().__init__()
        self.n_mels, self.positions = n_mels, positions
        self.embed = nn.Linear(n_mels, d_model)
        self.class_token = nn.Parameter(torch.randn(d_model) * 0.1)
        self.blocks = nn.ModuleList(
            EncoderBlock(d_model, n_heads, 2 * d_model) for _ in range(n_layers)
        )
        self.norm = nn.LayerNorm(d_model)
        self.read = nn.Linear(d_model, n_classes)

    def forward(
        self,
        frames: Tensor,
        n_frames: Tensor,
        audible: Tensor | None = None,
        *,
        return_weights: bool = False,
    ):
        """Score each word as the one in the recording.

        Args:
            frames: (batch, length, n_mels), padded at the end.
            n_frames: (batch,) how many frames of each are real; nobody attends to the others.
            audible: (batch, length) boolean; False hides a frame from everybody. All if not given.
            return_weights: also return the weights of every block.

        Returns:
            (batch, n_classes), or that and the weights (n_layers, batch, n_heads, 1 + length,
            1 + length), with the class token first.

        Raises:
            ValueError: the last axis of frames is not n_mels, n_frames does not fit, or audible
                has not the shape (batch, length).
        """
        check_last_axis("frames", frames, "n_mels", self.n_mels)
        batch, length = frames.shape[:2]
        mask = padding_mask(n_frames, length)  # (batch, 1, length)
        if audible is not None:
            if audible.shape != (batch, length):
                raise ValueError(
                    f"audible must have shape (batch, length) = {(batch, length)}, "
                    f"got {tuple(audible.shape)}"
                )
            mask = mask & audible[:, None]
        mask = nn.functional.pad(mask, (1, 0), value=True)  # everybody may hear the class token
        x = self.embed(frames)
        if self.positions:
            x = x + sinusoidal(length, x.shape[-1], device=x.device)
        x = torch.cat([self.class_token.expand(batch, 1, -1), x], dim=1)  # (batch, 1 + length, …)
        x, maps = run_blocks(self.blocks, x, mask, return_weights=return_weights)
        logits = self.read(self.norm(x[:, 0]))
        return (logits, maps) if return_weights else logits
