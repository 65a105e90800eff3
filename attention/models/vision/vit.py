"""A Vision Transformer: patches in, one name for the whole image out.

Source: Dosovitskiy et al. (2021), An Image is Worth 16x16 Words, section 3.1.
"""

import torch
from torch import Tensor, nn

from attention.tokens.patches import patchify
from attention.transformer.encoder_block import EncoderBlock
from attention.transformer.stack import run_blocks

PIXEL_MEAN, PIXEL_SPREAD = 0.3, 0.4  # about those of the digits, where 0 is paper and 1 is ink


class VisionTransformer(nn.Module):
    """Read an image as a sequence of patches, and say what it shows.

        x = [x_cls; pixels_1 W_token; …; pixels_n W_token] + E
        x = EncoderBlock(x), once for each layer
        logits = LayerNorm(x_0) W_read

    for the numbers pixels_i of patch i, the class token x_cls and the places' vectors E.

    The class token belongs to no patch. It starts the same for every image and can only gather,
    so that its row of a map shows what the answer was gathered from.

    Args:
        side: height and width of the images, a multiple of patch.
        patch: the side of a patch, in pixels.
        n_classes: how many names there are.
        d_model: the width of each token's vector, a multiple of n_heads.
        n_heads: heads in each block.
        n_layers: blocks.
        d_ff: the width of the feed-forward networks' hidden layer.
        dropout: the share of hidden numbers that training drops.

    Raises:
        ValueError: side is not a multiple of patch, or d_model not of n_heads.
    """

    def __init__(self, side, patch, n_classes, d_model, n_heads, n_layers, d_ff, dropout=0.0):
        super().__init__()
        self.side, self.patch = side, patch
        n_patches, patch_dim = patchify(torch.zeros(side, side), patch).shape
        self.to_token = nn.Linear(patch_dim, d_model)
        self.class_token = nn.Parameter(torch.zeros(d_model))
        # as large as what the patches say, or the places are found much later
        self.position = nn.Parameter(torch.randn(1 + n_patches, d_model) * 0.5)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            EncoderBlock(d_model, n_heads, d_ff, dropout=dropout) for _ in range(n_layers)
        )
        self.norm = nn.LayerNorm(d_model)
        self.read = nn.Linear(d_model, n_classes)

    def forward(self, images: Tensor, *, return_weights: bool = False):
        """Score every class as the name of each image.

        Args:
            images: (batch, side, side).
            return_weights: also return the weights of all heads.

        Returns:
            logits (batch, n_classes), or that and one tensor of weights
            (n_layers, batch, n_heads, length, length), length = 1 + n_patches; token 0 is the
            class token.

        Raises:
            ValueError: the images have another size than the model was built for.
        """
        if images.ndim != 3 or images.shape[1:] != (self.side, self.side):
            raise ValueError(
                f"images must have shape (batch, {self.side}, {self.side}), the size that this "
                f"model has positions for, got {tuple(images.shape)}; resize or cut them first"
            )
        return self.read_patches(patchify(images, self.patch), return_weights=return_weights)

    def read_patches(self, patches: Tensor, *, return_weights: bool = False):
        """Do the same for images that are cut already, (batch, n_patches, patch²)."""
        tokens = self.to_token((patches - PIXEL_MEAN) / PIXEL_SPREAD)  # (batch, n_patches, d_model)
        first = self.class_token.expand(len(tokens), 1, -1)
        x = self.place(torch.cat([first, tokens], dim=1))  # (batch, length, d_model)
        x, maps = run_blocks(self.blocks, self.dropout(x), return_weights=return_weights)
        logits = self.read(self.norm(x[:, 0]))  # (batch, n_classes)
        return (logits, maps) if return_weights else logits

    def place(self, tokens: Tensor) -> Tensor:
        """Add to each token (batch, length, d_model) the vector of its place."""
        return tokens + self.position


class BagOfPatches(VisionTransformer):
    """The same without positions: it knows which patches an image has, and not where."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        del self.position

    def place(self, tokens: Tensor) -> Tensor:
        """Leave the tokens as they are."""
        return tokens
