"""RMSNorm: a token's vector brought to one length, and nothing taken off."""

import torch
from torch import Tensor, nn

from attention.precision import wide
from attention.shapes import check_last_axis
from attention.transformer.residual import PreNorm


class RMSNorm(nn.Module):
    """Divide a vector by the root of the mean of its squares, and weigh each number.

        RMSNorm(x) = x / √(mean(x²) + ε) ⊙ γ

    LayerNorm takes the mean off first, and adds a shift at the end; here is neither.

    Args:
        d_model: the width of each token's vector.
        eps: what is added to the mean of the squares before its root is taken.

    Source: Zhang and Sennrich (2019), Root Mean Square Layer Normalization, equation 4.
    """

    def __init__(self, d_model: int, eps: float = 1e-5):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(d_model))  # γ

    def forward(self, x: Tensor) -> Tensor:
        """Normalise each token by itself.

        Args:
            x: (..., length, d_model).

        Returns:
            (..., length, d_model) of x's dtype; what is in half precision is squared in float32.

        Raises:
            ValueError: the last axis of x is not d_model.
        """
        check_last_axis("x", x, "d_model", len(self.weight))
        numbers = wide(x)
        mean_square = numbers.square().mean(dim=-1, keepdim=True)  # (..., length, 1)
        return self.weight * (numbers * torch.rsqrt(mean_square + self.eps)).to(x.dtype)


class PreRMSNorm(RMSNorm):
    """Normalise what the layer reads: x ← x + layer(RMSNorm(x)).

    Args: as `RMSNorm`.

    Source: Touvron et al. (2023), LLaMA, section 2.2.
    """

    def read(self, x: Tensor) -> Tensor:
        """Return the stream (..., length, d_model), normalised: what the layer is given."""
        return self(x)

    write = PreNorm.write  # x + change
