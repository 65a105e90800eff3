"""A decoder block: attention to what is written, attention to what was read, and thought."""

from torch import Tensor, nn

from attention.encoder_decoder.kept_memory import CrossAttention, KeptMemory
from attention.multi_head.attention import MultiHeadAttention
from attention.multi_head.kv_cache import KVCache
from attention.transformer.feed_forward import FeedForward
from attention.transformer.residual import PostNorm, PreNorm


class DecoderBlock(nn.Module):
    """Causal self-attention, cross-attention to a memory, then a feed-forward network; pre-norm.

        y  = x + MultiHead(LayerNorm(x))            each token hears itself and what came before
        z  = y + MultiHead(LayerNorm(y), memory)    each token hears all of the memory
        x′ = z + FeedForward(LayerNorm(z))

    The memory is read as it comes: an encoder's output, already normalised.

    Args:
        d_model: the width of each token's vector, a multiple of n_heads; the memory's, too.
        n_heads: how many heads in each of the two attentions.
        d_ff: the width of the feed-forward network's hidden layer.
        dropout: the share of each layer's answer that training drops.
        norm_eps: what the norms add to the variance.

    Raises:
        ValueError: d_model is not a multiple of n_heads.

    Source: Vaswani et al. (2017), figure 1, right; Xiong et al. (2020), table 1, for the norms.
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
        self.self_attention = MultiHeadAttention(d_model, n_heads)
        self.self_attention_norm = self.residual(d_model, eps=norm_eps)
        self.cross_attention = CrossAttention(d_model, n_heads)
        self.cross_attention_norm = self.residual(d_model, eps=norm_eps)
        self.feed_forward = FeedForward(d_model, d_ff)
        self.feed_forward_norm = self.residual(d_model, eps=norm_eps)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        x: Tensor,
        memory: Tensor | KeptMemory,
        memory_mask: Tensor | None = None,
        *,
        cache: KVCache | None = None,
        return_weights: bool = False,
    ):
        """Let what is written hear its own past and all of the memory, then think.

        Args:
            x: (batch, length, d_model), what is written so far.
            memory: (batch, memory_len, d_model), what was read, or what `cross_attention.keep`
                made of it.
            memory_mask: boolean, broadcast to (batch, length, memory_len); True may attend. The
                padding of the memory is hidden here.
            cache: keys and values of earlier tokens, for the self-attention, which x goes on from.
            return_weights: also return the weights of the cross-attention.

        Returns:
            (batch, length, d_model), or that and the weights (batch, n_heads, length, memory_len).

        Raises:
            ValueError: a last axis is not d_model, the mask does not broadcast, or the cache does
                not fit.
            TypeError: the mask is not boolean.
        """
        read = self.self_attention_norm.read(x)
        heard = self.self_attention(read, is_causal=True, cache=cache)
        y = self.self_attention_norm.write(x, self.dropout(heard))
        found = self.cross_attention(
            self.cross_attention_norm.read(y), memory, memory_mask, return_weights=return_weights
        )
        found, weights = found if return_weights else (found, None)
        z = self.cross_attention_norm.write(y, self.dropout(found))
        thought = self.feed_forward(self.feed_forward_norm.read(z))
        output = self.feed_forward_norm.write(z, self.dropout(thought))
        return (output, weights) if return_weights else output


class PostNormDecoderBlock(DecoderBlock):
    """The same parts wired as in the paper; post-norm.

        y  = LayerNorm(x + MultiHead(x))
        z  = LayerNorm(y + MultiHead(y, memory))
        x′ = LayerNorm(z + FeedForward(z))

    Args and forward: as `DecoderBlock`.

    Source: Vaswani et al. (2017), section 3.1.
    """

    residual = PostNorm
