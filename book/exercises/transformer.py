"""Exercises of the chapter "A Transformer block". Replace each `raise` with your code; save; grade.

make grade EXERCISE=transformer
"""

import torch
from torch import nn

from attention import MultiHeadAttention


class EncoderBlock(nn.Module):
    """Attention between the tokens, then a feed-forward network within each; pre-norm.

    Pre-norm: a layer reads a normalised copy of the stream, and its answer is added to the stream.

    Args:
        d_model: the width of each token's vector, a multiple of n_heads.
        n_heads: how many heads.
        d_ff: the width of the feed-forward network's hidden layer.

    The checks copy known weights into these parts:
        self.attention: a MultiHeadAttention(d_model, n_heads), the book's or yours
        self.attention_norm, self.feed_forward_norm: an nn.LayerNorm(d_model) each
        self.feed_forward: a module with an nn.Linear from d_model to d_ff and one back, and a
            GELU between
    """

    def __init__(self, d_model, n_heads, d_ff):
        super().__init__()
        raise NotImplementedError

    def forward(self, x, mask=None):
        """Let the tokens hear each other, then think.

        Args:
            x: (batch, length, d_model).
            mask: None, or boolean that broadcasts to (batch, length, length), for the attention.

        Returns:
            (batch, length, d_model).
        """
        raise NotImplementedError
