"""Whisper's decoder: it reads the tokens written so far, listens, and scores the next one."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from attention.encoder_decoder.decoder_block import DecoderBlock
from attention.encoder_decoder.kept_memory import KeptMemory
from attention.models.bert.encoder import Table
from attention.multi_head.kv_cache import KVCache


class WhisperDecoder(nn.Module):
    """Embeddings, a stack of decoder blocks, and a score for each token as the next.

    The scores are dot products with the token embeddings: one table serves input and output.

    Args:
        vocab_size: how many different tokens.
        d_model, n_heads, d_ff, n_layers: as in any decoder.
        max_len: the longest text that has learned positions.

    Source: Radford et al. (2023), section 2.2.
    """

    def __init__(self, vocab_size, d_model, n_heads, d_ff, n_layers, max_len):
        super().__init__()
        self.token = Table(vocab_size, d_model)
        self.position = Table(max_len, d_model)
        self.blocks = nn.ModuleList(DecoderBlock(d_model, n_heads, d_ff) for _ in range(n_layers))
        self.norm = nn.LayerNorm(d_model)

    def forward(
        self,
        tokens: Tensor,
        memory: Tensor | list[KeptMemory],
        caches: list[KVCache] | None = None,
        *,
        return_weights: bool = False,
    ):
        """Score, at each token, every token as the next.

        Args:
            tokens: (batch, length) token ids, whole numbers.
            memory: (batch, memory_len, d_model), what was heard, or what `keep` made of it.
            caches: one for each block, from `new_cache`; then tokens are the ones that come after
                those in the caches, and are added to them.
            return_weights: also return the weights of the cross-attention.

        Returns:
            (batch, length, vocab_size), or that and the weights
            (n_layers, batch, n_heads, length, memory_len).

        Raises:
            ValueError: tokens are not (batch, length), or more than max_len with those before.
        """
        start = caches[0].length if caches else 0
        end = start + tokens.shape[-1]
        if tokens.ndim != 2 or not start < end <= len(self.position.weight):
            raise ValueError(
                "tokens must have shape (batch, length), with those before from 1 to max_len = "
                f"{len(self.position.weight)} of them, got {tuple(tokens.shape)} after {start}"
            )
        n_layers = len(self.blocks)
        caches = caches or [None] * n_layers
        memories = [memory] * n_layers if isinstance(memory, Tensor) else memory
        x = self.token(tokens) + self.position.weight[start:end]  # (batch, length, d_model)
        maps = []
        for block, memory, cache in zip(self.blocks, memories, caches, strict=True):
            x = block(x, memory, cache=cache, return_weights=return_weights)
            if return_weights:
                x, weights = x
                maps.append(weights)  # (batch, n_heads, length, memory_len)
        scores = F.linear(self.norm(x), self.token.weight)
        return (scores, torch.stack(maps)) if return_weights else scores

    def keep(self, memory: Tensor) -> list[KeptMemory]:
        """Compute each block's keys and values of what was heard: once for a recording."""
        return [block.cross_attention.keep(memory) for block in self.blocks]

    def new_cache(self, batch: int = 1) -> list[KVCache]:
        """Return an empty cache for each block, for a text of max_len tokens."""
        heads, (max_len, d_model) = self.blocks[0].self_attention, self.position.weight.shape
        room = batch, heads.n_kv_heads, max_len, d_model // heads.n_heads
        kind = {"dtype": self.token.weight.dtype, "device": self.token.weight.device}
        return [KVCache(*room, **kind) for _ in self.blocks]
