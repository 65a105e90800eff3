"""Multi-head attention: several small attentions side by side, each with its own question."""

from torch import Tensor, nn

from attention.masks.join import mask_for_heads
from attention.multi_head.from_torch import check_copyable, copy_weights
from attention.multi_head.heads import check_heads, merge_heads, split_heads
from attention.multi_head.kv_cache import KVCache
from attention.positions.rotary import turned, turns
from attention.scoring.fast import fused_attention
from attention.scoring.grouped_heads import check_groups, share_heads
from attention.scoring.scaled_dot_product import attention_weights
from attention.shapes import (
    axes_in_front,
    check_alike,
    check_kind,
    check_last_axis,
    check_some_key,
)


class MultiHeadAttention(nn.Module):
    """Attention by several heads in parallel, concatenated and mixed by an output map.

        MultiHead(X, Z) = Concat(head₀, head₁, …) W_o
        headᵣ = Attention(X W_qᵣ, Z W_kᵣ, Z W_vᵣ),   Z the memory, or X itself

    Args:
        d_model: the width of each token's vector, a multiple of n_heads.
        n_heads: how many heads ask; each works on head_dim = d_model / n_heads numbers.
        n_kv_heads: how many heads of keys and values they share, n_heads if not given: fewer is
            grouped-query attention, one is multi-query attention.
        bias: whether the four maps add one.
        rotary_base: if given, queries and keys are turned by their positions, as `rotate` does
            with this base; a sequence then asks itself alone, and head_dim is even.

    Raises:
        ValueError: d_model is not a multiple of n_heads, n_heads not of n_kv_heads, or head_dim
            is odd where it is to be turned in pairs.

    Source: Vaswani et al. (2017), section 3.2.2; Ainslie et al. (2023) for the groups; Su et al.
    (2021) for the turns.
    """

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        n_kv_heads: int | None = None,
        *,
        bias: bool = True,
        rotary_base: float | None = None,
    ):
        super().__init__()
        check_heads(d_model, n_heads)
        self.d_model, self.n_heads = d_model, n_heads
        self.n_kv_heads = n_heads if n_kv_heads is None else n_kv_heads
        check_groups(n_heads, self.n_kv_heads)
        head_dim = d_model // n_heads
        if rotary_base is not None and head_dim % 2:
            raise ValueError(f"head_dim must be even, to be turned in pairs, got {head_dim}")
        self.rotary_base = rotary_base
        self.to_query = nn.Linear(d_model, d_model, bias)
        self.to_key = nn.Linear(d_model, head_dim * self.n_kv_heads, bias)
        self.to_value = nn.Linear(d_model, head_dim * self.n_kv_heads, bias)
        self.to_output = nn.Linear(d_model, d_model, bias)

    def forward(
        self,
        x: Tensor,
        memory: Tensor | None = None,
        mask: Tensor | None = None,
        *,
        bias: Tensor | None = None,
        is_causal: bool = False,
        cache: KVCache | None = None,
        return_weights: bool = False,
    ):
        """Let each token of x gather what it needs from memory, with n_heads questions at once.

        Args:
            x: (batch, query_len, d_model), the tokens that ask: queries are made from them.
            memory: (batch, key_len, d_model), the tokens that answer: keys and values are made
                from them. If not given, x asks itself (self-attention).
            mask: boolean, broadcast to (batch, query_len, key_len), or with four axes to
                (batch, n_heads, query_len, key_len); True may attend.
            bias: numbers added to the scores before the softmax, to favour some keys over others
                (by their distance, for example); broadcast to (batch, n_heads, query_len, key_len).
            is_causal: also hide the future; the last query lines up with the last key.
            cache: keys and values of the tokens read in earlier calls, when a text comes piece by
                piece. x is the next piece: it attends to them and to itself, its own keys and
                values join them, and key_len counts all.
            return_weights: also return the weights. Without them the computation is PyTorch's
                fused one.

        Returns:
            (batch, query_len, d_model), or that and the weights of each head,
            (batch, n_heads, query_len, key_len).

        Raises:
            ValueError: a last axis is not d_model, x, memory and the weights do not belong
                together, the mask or bias does not broadcast, the cache does not fit, or it, or
                rotary positions, come with a memory. The cache stays as it was.
            TypeError: the mask is not boolean, or another tensor not floating point.
        """
        if cache is not None and memory is not None:
            raise ValueError("a cache keeps x's own keys and values: hand over memory or cache")
        if self.rotary_base is not None and memory is not None:
            raise ValueError("rotary positions count along one sequence: hand over no memory")
        check_last_axis("x", x, "d_model", self.d_model)
        if memory is None:
            memory = x
        else:
            check_last_axis("memory", memory, "d_model", self.d_model)
            check_alike("x", x, "memory", memory)
        check_kind("x", x, "the module's weights", self.to_query.weight)
        start = 0 if cache is None else cache.length
        query, key, value = self.split(x, memory, start)
        key_len = start + memory.shape[-2]
        scores_shape = (*axes_in_front(x, memory), self.n_heads, x.shape[-2], key_len)
        mask = mask_for_heads(mask, bias, scores_shape, x.device)
        if key_len == 0:
            check_some_key(key)
        if cache is not None:  # from here on nothing is refused: the cache has grown
            key, value = cache.append(key, value)
        how = {"is_causal": is_causal, "enable_gqa": self.n_kv_heads < self.n_heads}
        if return_weights:
            weights = attention_weights(query, key, mask, **how)
            answers = weights @ share_heads(value, self.n_heads)
            return self.to_output(merge_heads(answers)), weights
        answers = fused_attention(query, key, value, mask, **how)
        return self.to_output(merge_heads(answers))  # (batch, query_len, d_model)

    def split(self, x: Tensor, memory: Tensor, start: int = 0) -> tuple[Tensor, Tensor, Tensor]:
        """Make each head's queries of x, and its keys and values of memory.

        All are (batch, n_heads or n_kv_heads, length, head_dim). Where positions are rotary, the
        first token stands at `start`.
        """
        query = split_heads(self.to_query(x), self.n_heads)
        key = split_heads(self.to_key(memory), self.n_kv_heads)
        value = split_heads(self.to_value(memory), self.n_kv_heads)
        if self.rotary_base is not None:
            turn = turns(start, x.shape[-2], query.shape[-1], self.rotary_base, query)
            query, key = turned(query, turn), turned(key, turn)
        return query, key, value

    @classmethod
    def from_torch(cls, module: nn.MultiheadAttention) -> "MultiHeadAttention":
        """Copy the weights of PyTorch's module into ours, which then gives the same numbers.

        PyTorch keeps the three input maps stacked in one matrix; here they are three.

        Args:
            module: with keys and values of the width of the queries; `batch_first` is its
                callers' business and changes no weight.

        Returns:
            A new module with its own copy, of the same dtype, on the same device.

        Raises:
            ValueError: the module has kdim or vdim, add_bias_kv or add_zero_attn, or drops weights
                (in evaluation mode it does not, and ours never does).
            TypeError: it is not an nn.MultiheadAttention.
        """
        check_copyable(module)
        return copy_weights(module, cls(module.embed_dim, module.num_heads))
