"""The feed-forward network of a Transformer block: what each token does by itself."""

from torch import Tensor, nn

from attention.shapes import check_last_axis


class FeedForward(nn.Module):
    """Two linear maps with a bend between, applied to each token alone.

        FeedForward(x) = GELU(x W₁ + b₁) W₂ + b₂

    The bend is the GELU, x · Φ(x), as in BERT and GPT-2. (The paper bends with a ReLU.)

    Args:
        d_model: the width of each token's vector.
        d_ff: how many numbers stand between the two maps; usually 4 · d_model.

    Source: Vaswani et al. (2017), equation 2; Hendrycks and Gimpel (2016) for the GELU.
    """

    def __init__(self, d_model: int, d_ff: int):
        super().__init__()
        self.d_model = d_model
        self.expand = nn.Linear(d_model, d_ff)
        self.contract = nn.Linear(d_ff, d_model)

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
        return self.contract(nn.functional.gelu(self.expand(x)))
