"""DINOv2's Vision Transformer: colour images of any size in, a vector for each patch out.

Source: Oquab et al. (2024), DINOv2: Learning Robust Visual Features without Supervision.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from attention.tokens.patches import patchify
from attention.transformer.encoder_block import EncoderBlock
from attention.transformer.stack import run_blocks

# Red, green and blue of the photographs of ImageNet, from 0 to 1: what every colour is compared to
PIXEL_MEAN, PIXEL_SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
NORM_EPS = 1e-6


class Dino(nn.Module):
    """Read an image as a sequence of patches, and give each of them, and the whole, a vector.

        x = [x_cls; colours_1 W_token; …; colours_n W_token] + E
        x = EncoderBlock(x), once for each layer
        output = LayerNorm(x)

    for the numbers colours_i of patch i, the class token x_cls and the places' vectors E. There are
    learned vectors for side × side places. For an image with other sides they are stretched, as a
    picture with d_model colours would be.

    Args:
        patch: the side of a patch, in pixels.
        side: patches along each side of the images that it was trained on.
        d_model: the width of each token's vector, a multiple of n_heads.
        n_heads: heads in each block.
        n_layers: blocks.

    Source: Dosovitskiy et al. (2021), section 3.1, for the model, and 3.2 for the stretched places;
    Oquab et al. (2024) for the weights. Their layer scale is part of the maps here: see `names`.
    """

    def __init__(self, patch: int, side: int, d_model: int, n_heads: int, n_layers: int):
        super().__init__()
        self.patch, self.side = patch, side
        self.to_token = nn.Linear(3 * patch * patch, d_model)
        self.class_token = nn.Parameter(torch.zeros(d_model))
        # zeros: drawing numbers for the meta device would import sympy, for two seconds
        self.position = nn.Parameter(torch.zeros(1 + side * side, d_model))
        self.blocks = nn.ModuleList(
            EncoderBlock(d_model, n_heads, 4 * d_model, norm_eps=NORM_EPS) for _ in range(n_layers)
        )
        self.norm = nn.LayerNorm(d_model, eps=NORM_EPS)

    def forward(
        self, images: Tensor, *, return_weights: bool = False
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Give each patch a vector.

        Args:
            images: (batch, 3, height, width) red, green and blue, from 0 to 1; both sides are
                multiples of patch.
            return_weights: also return the weights of all heads.

        Returns:
            (batch, length, d_model), or that and one tensor of weights
            (n_layers, batch, n_heads, length, length), length = 1 + n_patches. Token 0 is the class
            token; the patches follow row by row.

        Raises:
            ValueError: images have another shape, or sides that are no multiples of patch.
        """
        x, maps = run_blocks(self.blocks, self.embed(images), return_weights=return_weights)
        output = self.norm(x)
        return (output, maps) if return_weights else output

    def embed(self, images: Tensor) -> Tensor:
        """Make the tokens that the first block reads, (batch, length, d_model)."""
        if images.ndim != 4 or images.shape[1] != 3:
            raise ValueError(
                "images must have shape (batch, 3, height, width), with red, green and blue, got "
                f"{tuple(images.shape)}"
            )
        mean, spread = (
            images.new_tensor(each)[:, None, None] for each in (PIXEL_MEAN, PIXEL_SPREAD)
        )
        patches = patchify((images - mean) / spread, self.patch)  # (batch, 3, n_patches, patch²)
        patches = patches.transpose(1, 2).flatten(2)  # the colours side by side, 3 · patch²
        first = self.class_token.expand(len(images), 1, -1)
        rows, columns = (size // self.patch for size in images.shape[-2:])
        return torch.cat([first, self.to_token(patches)], dim=1) + self.places(rows, columns)

    def places(self, rows: int, columns: int) -> Tensor:
        """Stretch the vectors of the side × side places to another grid.

        Returns:
            (1 + rows · columns, d_model); the first is the class token's, which stands nowhere.
        """
        if (rows, columns) == (self.side, self.side):
            return self.position
        first, grid = self.position[:1], self.position[1:]
        grid = grid.T.unflatten(1, (self.side, self.side))  # (d_model, side, side)
        # align_corners=False: a place is the middle of its square, as when the weights were trained
        grid = F.interpolate(grid[None], (rows, columns), mode="bicubic", align_corners=False)[0]
        return torch.cat([first, grid.flatten(1).T])
