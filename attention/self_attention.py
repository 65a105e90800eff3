"""Self-attention: a sequence asks questions of itself."""

from torch import Tensor, nn

from attention.masks.checks import check_boolean
from attention.scoring.scaled_dot_product import attention_weights
from attention.shapes import check_last_axis


class SelfAttention(nn.Module):
    """One head of attention whose queries, keys and values are all read off the same sequence.

        SelfAttention(X) = softmax(X W_q (X W_k)ᵀ / √head_dim) X W_v

    Args:
        d_model: the width of each token's vector.
        head_dim: the width of its query, key and value.

    Source: Vaswani et al. (2017), section 3.2.2, one head without the output map.
    """

    def __init__(self, d_model: int, head_dim: int):
        super().__init__()
        self.d_model = d_model
        self.to_query = nn.Linear(d_model, head_dim, bias=False)
        self.to_key = nn.Linear(d_model, head_dim, bias=False)
        self.to_value = nn.Linear(d_model, head_dim, bias=False)

    def forward(self, x: Tensor, mask: Tensor | None = None, *, return_weights: bool = False):
        """Let each token gather what it needs from the whole sequence.

        Args:
            x: (batch, length, d_model).
            mask: boolean, broadcast to (batch, length, length); True may attend.
            return_weights: also return the weights.

        Returns:
            (batch, length, head_dim), or that and the weights (batch, length, length).

        Raises:
            ValueError: the last axis of x is not d_model, or the mask does not broadcast.
            TypeError: the mask is not boolean.
        """
        check_last_axis("x", x, "d_model", self.d_model)
        if mask is not None:
            check_boolean(mask)
        query, key, value = self.to_query(x), self.to_key(x), self.to_value(x)
        weights = attention_weights(query, key, mask)  # (batch, length, length)
        output = weights @ value  # (batch, length, head_dim)
        return (output, weights) if return_weights else output
