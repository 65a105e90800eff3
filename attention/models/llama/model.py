"""A decoder of the Llama family, told by what it has in place of GPT-2's parts.

    GPT-2                             Llama
    a table of positions              queries and keys turned by their position
    LayerNorm                         RMSNorm
    GELU between two maps             a gate: SwiGLU
    maps that add a bias              maps that do not
    as many key heads as query heads  fewer

Source: Touvron et al. (2023), LLaMA, section 2.2; Ainslie et al. (2023) for the shared heads.
"""

from torch import Tensor, nn

from attention.models.bert.encoder import Table
from attention.models.gpt.model import GPT
from attention.multi_head.attention import MultiHeadAttention
from attention.transformer.encoder_block import EncoderBlock
from attention.transformer.rms_norm import PreRMSNorm
from attention.transformer.swiglu import SwiGLU


class LlamaBlock(EncoderBlock):
    """The pre-norm block with Llama's parts.

    y  = x + MultiHead(RMSNorm(x))
    x′ = y + SwiGLU(RMSNorm(y))
    """

    residual = PreRMSNorm

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        n_kv_heads: int,
        d_ff: int,
        *,
        rotary_base: float,
        norm_eps: float,
    ):
        super().__init__(d_model, n_heads, d_ff, norm_eps=norm_eps)
        self.attention = MultiHeadAttention(
            d_model, n_heads, n_kv_heads, bias=False, rotary_base=rotary_base
        )
        self.feed_forward = SwiGLU(d_model, d_ff)


class Llama(GPT):
    """Embeddings, a stack of causal blocks, and a score for each token as the next.

    It is called, and writes, as `GPT` does.

    Args:
        vocab_size: how many different tokens.
        d_model: the width of each token's vector, a multiple of n_heads.
        n_heads: heads in each block.
        n_kv_heads: heads of keys and values in each block, which the others share.
        n_layers: blocks.
        d_ff: how many numbers a block's feed-forward network gates.
        max_len: the longest sequence that it was trained for.
        rotary_base: the larger, the slower the last pairs of a query turn.
        norm_eps: what the norms add to the mean of the squares.

    Source: Touvron et al. (2023), section 2.2.
    """

    def __init__(
        self,
        vocab_size: int,
        d_model: int,
        n_heads: int,
        n_kv_heads: int,
        n_layers: int,
        d_ff: int,
        max_len: int,
        *,
        rotary_base: float = 10_000.0,
        norm_eps: float = 1e-5,
    ):
        nn.Module.__init__(self)  # not GPT's, which makes GPT's parts
        self.max_len = max_len
        self.token = Table(vocab_size, d_model)
        self.blocks = nn.ModuleList(
            LlamaBlock(
                d_model, n_heads, n_kv_heads, d_ff, rotary_base=rotary_base, norm_eps=norm_eps
            )
            for _ in range(n_layers)
        )
        self.norm = PreRMSNorm(d_model, norm_eps)

    def embed(self, tokens: Tensor, start: int) -> Tensor:
        """Look up what each token is. Where it stands shows in the blocks alone.

        Args:
            tokens: (batch, length) whole numbers below vocab_size.
            start: how many tokens stand before them; no matter here.

        Returns:
            (batch, length, d_model).
        """
        return self.token(tokens)
