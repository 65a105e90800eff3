"""Cross-attention that keeps what it made of a memory: its keys and values, computed once.

A decoder that writes word by word asks the same memory each time. Its keys and values depend on
the memory alone, not on what has been written. So they are kept, as a `KVCache` keeps those of the
words; but nothing is ever appended.
"""

from typing import NamedTuple

from torch import Tensor

from attention.masks.join import mask_for_heads
from attention.multi_head.attention import MultiHeadAttention
from attention.multi_head.heads import merge_heads, split_heads
from attention.scoring.fast import fused_attention
from attention.scoring.grouped_heads import share_heads
from attention.scoring.scaled_dot_product import attention_weights
from attention.shapes import check_kind, check_last_axis


class KeptMemory(NamedTuple):
    """What one attention layer has made of a memory."""

    keys: Tensor  # (batch, n_kv_heads, memory_len, head_dim)
    values: Tensor  # the same shape


class CrossAttention(MultiHeadAttention):
    """`MultiHeadAttention` to a memory, or to what `keep` returned for it, with the same answer."""

    def keep(self, memory: Tensor) -> KeptMemory:
        """Compute the keys and values of a memory, to be handed over in its place.

        Args:
            memory: (batch, memory_len, d_model).

        Raises:
            ValueError: the last axis is not d_model, or positions are rotary.
        """
        if self.rotary_base is not None:
            raise ValueError("rotary positions count along one sequence: keep no memory")
        check_last_axis("memory", memory, "d_model", self.d_model)
        maps = self.to_key, self.to_value
        return KeptMemory(*(split_heads(to(memory), self.n_kv_heads) for to in maps))

    def forward(
        self,
        x: Tensor,
        memory: Tensor | KeptMemory | None = None,
        mask: Tensor | None = None,
        *,
        return_weights: bool = False,
        **options,
    ):
        """Let each token of x gather what it needs from memory; otherwise as its parent's.

        Args:
            x: (batch, query_len, d_model), the tokens that ask.
            memory: (batch, memory_len, d_model), or what `keep` made of it.
            mask: boolean, broadcast to (batch, query_len, memory_len); True may attend.
            return_weights: also return the weights.
            options: of the parent's, for a memory that is not kept.

        Raises:
            ValueError, TypeError: as the parent's; ValueError, too, if options come with a kept
                memory.
        """
        if not isinstance(memory, KeptMemory):
            return super().forward(x, memory, mask, return_weights=return_weights, **options)
        if options:
            raise ValueError(f"a kept memory is asked with a mask alone, got {sorted(options)} too")
        check_last_axis("x", x, "d_model", self.d_model)
        check_kind("x", x, "the kept memory", memory.keys)
        query = split_heads(self.to_query(x), self.n_heads)  # (batch, n_heads, query_len, head_dim)
        shape = *query.shape[:-1], memory.keys.shape[-2]
        mask = mask_for_heads(mask, None, shape, x.device)
        how = {"is_causal": False, "enable_gqa": self.n_kv_heads < self.n_heads}
        if not return_weights:
            answers = fused_attention(query, *memory, mask, **how)
            return self.to_output(merge_heads(answers))  # (batch, query_len, d_model)
        weights = attention_weights(query, memory.keys, mask, **how)
        answers = weights @ share_heads(memory.values, self.n_heads)
        return self.to_output(merge_heads(answers)), weights
