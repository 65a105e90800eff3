"""How a layer is hung on the residual stream: what it reads, and what becomes of its answer.

A token's vector runs through a Transformer as a stream. A layer reads it and writes a change into
it. Two ways of keeping the numbers in bounds differ in where the layer norm stands:

    post-norm   x ← LayerNorm(x + layer(x))    the paper, BERT: normalise what was written
    pre-norm    x ← x + layer(LayerNorm(x))    GPT-2 and nearly all since: normalise what is read

Both have one norm a layer, with the same parameters, so that either loads the other's weights
without an error, and computes something else.
"""

from torch import Tensor, nn

from attention.shapes import check_last_axis


class PreNorm(nn.LayerNorm):
    """Normalise what the layer reads: x ← x + layer(LayerNorm(x)).

    The stream itself is never normalised, so a stack of such layers ends with one more norm.

    Args:
        d_model: the width of each token's vector.
        eps: what is added to the variance before its root is taken.

    Source: Xiong et al. (2020), table 1, right.
    """

    def read(self, x: Tensor) -> Tensor:
        """Return what the layer is given.

        Args:
            x: (..., length, d_model), the stream.

        Returns:
            (..., length, d_model): the stream, normalised.

        Raises:
            ValueError: the last axis of x is not d_model.
        """
        check_last_axis("x", x, "d_model", self.normalized_shape[0])
        return self(x)

    def write(self, x: Tensor, change: Tensor) -> Tensor:
        """Return the stream after the layer's answer.

        Args:
            x: (..., length, d_model), the stream before.
            change: (..., length, d_model), the answer.

        Returns:
            (..., length, d_model): their sum.
        """
        return x + change


class PostNorm(nn.LayerNorm):
    """Normalise what has been written: x ← LayerNorm(x + layer(x)).

    Args:
        d_model: the width of each token's vector.
        eps: what is added to the variance before its root is taken.

    Source: Vaswani et al. (2017), section 3.1; Xiong et al. (2020), table 1, left.
    """

    def read(self, x: Tensor) -> Tensor:
        """Return what the layer is given.

        Args:
            x: (..., length, d_model), the stream.

        Returns:
            (..., length, d_model): the stream as it is.
        """
        return x

    def write(self, x: Tensor, change: Tensor) -> Tensor:
        """Return the stream after the layer's answer.

        Args:
            x: (..., length, d_model), the stream before.
            change: (..., length, d_model), the answer.

        Returns:
            (..., length, d_model): their sum, normalised.
        """
        return self(x + change)
