"""The exercise of the chapter "A real language model". Replace the `raise`s; save; grade.

make grade EXERCISE=language_model
"""

import torch
from torch import nn


class RMSNorm(nn.Module):
    """Divide a token's vector by the root of the mean of its squares, and weigh each number.

        RMSNorm(x) = x / √(mean(x²) + ε) ⊙ γ

    Args:
        d_model: the width of each token's vector.
        eps: ε.

    The checks copy known weights into one part:
        self.weight: γ, an nn.Parameter (d_model,), all ones at first.
    """

    def __init__(self, d_model, eps=1e-5):
        super().__init__()
        raise NotImplementedError

    def forward(self, x):
        """Normalise each token by itself.

        Args:
            x: (batch, length, d_model), in any precision.

        Returns:
            (batch, length, d_model) of the dtype of x. What is in half precision is squared in
            float32, for float16 ends at 65,504.
        """
        raise NotImplementedError
