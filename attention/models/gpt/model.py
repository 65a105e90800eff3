"""GPT-2's decoder, from the book's own parts: it reads tokens and scores which one comes next.

Source: Radford et al. (2019), Language Models are Unsupervised Multitask Learners, section 2.3.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from attention.multi_head.attention import MultiHeadAttention
from attention.multi_head.kv_cache import KVCache
from attention.precision import answer_dtype
from attention.transformer.encoder_block import EncoderBlock
from attention.transformer.feed_forward import FeedForward


class TanhFeedForward(FeedForward):
    """The same network with GPT-2's GELU, which stands in for the exact one by a tanh."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., length, d_model) to the same shape."""
        return self.contract(F.gelu(self.expand(x), approximate="tanh"))


class Block(EncoderBlock):
    """The pre-norm block with GPT-2's GELU, and with shared keys and values if asked for."""

    def __init__(self, d_model: int, n_heads: int, n_kv_heads: int | None = None):
        super().__init__(d_model, n_heads, 4 * d_model)
        self.attention = MultiHeadAttention(d_model, n_heads, n_kv_heads)
        self.feed_forward = TanhFeedForward(d_model, 4 * d_model)


class GPT(nn.Module):
    """Embeddings, a stack of causal blocks, and a score for each token as the next.

    The scores are dot products with the token embeddings: one table serves input and output.

    Args:
        vocab_size: how many different tokens.
        d_model: the width of each token's vector, a multiple of n_heads.
        n_heads: heads in each block.
        n_layers: blocks.
        max_len: the longest sequence that has learned positions.
        n_kv_heads: heads of keys and values in each block; n_heads if not given.

    Source: Radford et al. (2019), section 2.3.
    """

    def __init__(
        self,
        vocab_size: int,
        d_model: int,
        n_heads: int,
        n_layers: int,
        max_len: int,
        n_kv_heads: int | None = None,
    ):
        super().__init__()
        self.max_len = max_len
        self.token = nn.Embedding(vocab_size, d_model)
        self.position = nn.Embedding(max_len, d_model)
        blocks = (Block(d_model, n_heads, n_kv_heads) for _ in range(n_layers))
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(d_model)
        for table in (self.token, self.position):  # as scores, PyTorch's N(0, 1) is far too loud
            nn.init.normal_(table.weight, std=0.02)

    def forward(
        self,
        tokens: Tensor,
        caches: list[KVCache] | None = None,
        *,
        newest_only: bool = False,
        return_weights: bool = False,
    ):
        """Score, at each token, every token as the next.

        Args:
            tokens: (batch, length) token ids, whole numbers.
            caches: one for each block, from `new_cache`. Then tokens are the ones that come
                after those in the caches, and are added to them.
            newest_only: score only behind the last token, which is all that writing needs: for
                a prompt, the scores are the greater part of the work.
            return_weights: also return the weights of all heads.

        Returns:
            (batch, length, vocab_size), or (batch, 1, vocab_size); or that and one tensor of
            weights (n_layers, batch, n_heads, length, key_len).

        Raises:
            ValueError: tokens are not (batch, length), there are more than max_len with those
                before, or the caches do not fit.
        """
        if tokens.ndim != 2 or tokens.shape[1] == 0:
            raise ValueError(
                "tokens must have shape (batch, length) with at least one token, "
                f"got {tuple(tokens.shape)}"
            )
        if caches is not None and len(caches) != len(self.blocks):
            raise ValueError(
                f"there must be one cache for each block, got {len(caches)} caches "
                f"and {len(self.blocks)} blocks"
            )
        start = caches[0].length if caches else 0
        end = start + tokens.shape[1]
        if end > self.max_len:
            raise ValueError(
                f"the model has positions for max_len = {self.max_len} tokens, "
                f"got {tokens.shape[1]} after {start}"
            )
        x, maps = self.embed(tokens, start), []  # (batch, length, d_model)
        for block, cache in zip(self.blocks, caches or [None] * len(self.blocks), strict=True):
            x = block(x, is_causal=True, cache=cache, return_weights=return_weights)
            if return_weights:
                x, weights = x
                maps.append(weights)  # (batch, n_heads, length, key_len)
        x = x[:, -1:] if newest_only else x
        scores = F.linear(self.norm(x), self.token.weight)  # (batch, length, vocab_size)
        return (scores, torch.stack(maps)) if return_weights else scores

    def embed(self, tokens: Tensor, start: int) -> Tensor:
        """What each token is, plus where it stands, the first at `start`."""
        return self.token(tokens) + self.position.weight[start : start + tokens.shape[1]]

    def new_cache(self, batch: int, max_len: int | None = None) -> list[KVCache]:
        """Return an empty cache for each block, on the weights' device.

        Its dtype is that of the weights or, where it is on, of autocast.

        Args:
            batch: sequences side by side.
            max_len: the most tokens that they will hold; the model's own if not given.
        """
        heads = self.blocks[0].attention
        max_len = self.max_len if max_len is None else max_len
        room = batch, heads.n_kv_heads, max_len, heads.d_model // heads.n_heads
        weight = self.token.weight
        kind = dict(dtype=answer_dtype(weight), device=weight.device)
        return [KVCache(*room, **kind) for _ in self.blocks]
