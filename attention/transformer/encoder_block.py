"""An encoder block: attention between the tokens, then a feed-forward network within each."""

from torch import Tensor, nn

from attention.multi_head.attention import MultiHeadAttention
from attention.multi_head.kv_cache import KVCache
from attention.transformer.feed_forward import FeedForward
from attention.transformer.residual import PostNorm, PreNorm


class EncoderBlock(nn.Module):
    """Attention between the tokens, then a feed-forward network within each; pre-norm.

        y  = x + MultiHead(LayerNorm(x))
        x′ = y + FeedForward(LayerNorm(y))

    Called with `is_causal=True` it is the block of a model that only writes, such as GPT-2.

    Args:
        d_model: the width of each token's vector, a multiple of n_heads.
        n_heads: how many heads.
        d_ff: the width of the feed-forward network's hidden layer.
        dropout: the share of each layer's answer that training drops.
        norm_eps: what the norms add to the variance.

    Raises:
        ValueError: d_model is not a multiple of n_heads.

    Source: Vaswani et al. (2017), figure 1, left; Xiong et al. (2020), table 1, for the norms.
    """

    residual = PreNorm

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        d_ff: int,
        *,
        dropout: float = 0.0,
        norm_eps: float = 1e-5,
    ):
        super().__init__()
        self.attention = MultiHeadAttention(d_model, n_heads)
        self.attention_norm = self.residual(d_model, eps=norm_eps)
        self.feed_forward = FeedForward(d_model, d_ff)
        self.feed_forward_norm = self.residual(d_model, eps=norm_eps)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        *,
        is_causal: bool = False,
        cache: KVCache | None = None,
        return_weights: bool = False,
    ):
        """Let the tokens hear each other, then think.

        Args:
            x: (batch, length, d_model).
            mask: boolean, broadcast to (batch, length, length); True may attend.
            is_causal: also hide the future.
            cache: keys and values of earlier tokens, which x goes on from.
            return_weights: also return the weights of the attention.

        Returns:
            (batch, length, d_model), or that and the weights (batch, n_heads, length, length);
            with a cache, the last axis counts the earlier tokens too.

        Raises:
            ValueError: the last axis of x is not d_model, the mask does not broadcast, or the
                cache does not fit.
            TypeError: the mask is not boolean.
        """
        heard = self.attention(
            self.attention_norm.read(x),
            mask=mask,
            is_causal=is_causal,
            cache=cache,
            return_weights=return_weights,
        )
        heard, weights = heard if return_weights else (heard, None)
        y = self.attention_norm.write(x, self.dropout(heard))
        thought = self.feed_forward(self.feed_forward_norm.read(y))
        output = self.feed_forward_norm.write(y, self.dropout(thought))
        return (output, weights) if return_weights else output


class PostNormEncoderBlock(EncoderBlock):
    """The same parts wired as in the paper and in BERT; post-norm.

        y  = LayerNorm(x + MultiHead(x))
        x′ = LayerNorm(y + FeedForward(y))

    Args and forward: as `EncoderBlock`.

    Source: Vaswani et al. (2017), section 3.1.
    """

    residual = PostNorm
