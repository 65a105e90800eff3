"""SwiGLU: a feed-forward network with a gate."""

from torch import Tensor, nn
from torch.nn import functional as F

from attention.shapes import check_last_axis


class SwiGLU(nn.Module):
    """Two maps side by side, of which one opens and shuts the other's numbers; then a third.

        SwiGLU(x) = (silu(x W_gate) ⊙ x W_up) W_down,   silu(z) = z · sigmoid(z)

    Args:
        d_model: the width of each token's vector.
        d_ff: how many numbers are gated. With ⅔ as many as `FeedForward` has, three maps hold as
            many weights as its two.

    Source: Shazeer (2020), GLU Variants Improve Transformer, equation 6.
    """

    def __init__(self, d_model: int, d_ff: int):
        super().__init__()
        self.d_model = d_model
        self.gate = nn.Linear(d_model, d_ff, bias=False)
        self.up = nn.Linear(d_model, d_ff, bias=False)
        self.down = nn.Linear(d_ff, d_model, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Work on each token by itself.

        Args:
            x: (..., length, d_model).

        Returns:
            (..., length, d_model). Row i depends on row i of x and on no other.

        Raises:
            ValueError: the last axis of x is not d_model.
        """
        check_last_axis("x", x, "d_model", self.d_model)
        return self.down(F.silu(self.gate(x)) * self.up(x))
