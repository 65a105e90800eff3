"""Exercise of the chapter "Self-attention". Replace each `raise` with your code; save; grade.

make grade EXERCISE=self_attention

The attention itself may be the book's: from attention import scaled_dot_product_attention
Or yours, if you have written it:    from scoring import scaled_dot_product_attention
"""

from torch import nn


class SelfAttention(nn.Module):
    """One head of self-attention.

    The constructor makes three maps from d_model to head_dim, each a linear
    layer without a bias, called `to_query`, `to_key` and `to_value`.

    Args:
        d_model: the width of each token's vector.
        head_dim: the width of its query, key and value.
    """

    def __init__(self, d_model, head_dim):
        super().__init__()
        raise NotImplementedError

    def forward(self, x, mask=None):
        """Let each token gather what it needs from the whole sequence.

        Args:
            x: (batch, length, d_model).
            mask: boolean, broadcast to (batch, length, length);
                True may attend.

        Returns:
            (batch, length, head_dim).
        """
        raise NotImplementedError
