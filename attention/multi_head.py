"""Multi-head attention: several small attentions side by side, each with its own question."""

import torch
from torch import Tensor, nn

from attention.masks import add_head_axis
from attention.scaled_dot_product import attention_weights
from attention.shapes import check_last_axis, check_tensor


def check_heads(d_model: int, n_heads: int) -> None:
    """Raise unless d_model divides into n_heads equal parts."""
    if n_heads < 1 or d_model % n_heads != 0:
        raise ValueError(
            f"d_model must be a multiple of n_heads, got d_model {d_model} and n_heads {n_heads}"
        )


def split_heads(x: Tensor, n_heads: int) -> Tensor:
    """Cut each token's vector into n_heads pieces and bring the head axis forward.

    Name the axes that you have, then swap two. (A direct `view(batch, n_heads, length,
    head_dim)` has the right shape and mixes the tokens.)

    Args:
        x: (batch, length, d_model), d_model = n_heads · head_dim.
        n_heads: how many pieces.

    Returns:
        (batch, n_heads, length, head_dim).

    Raises:
        ValueError: d_model is not a multiple of n_heads.
    """
    check_tensor("x", x)
    check_heads(x.shape[-1], n_heads)
    pieces = x.unflatten(-1, (n_heads, -1))  # (batch, length, n_heads, head_dim)
    return pieces.transpose(-3, -2)  # (batch, n_heads, length, head_dim)


def merge_heads(x: Tensor) -> Tensor:
    """Undo `split_heads`: put the pieces of each token's vector side by side again.

    Args:
        x: (batch, n_heads, length, head_dim).

    Returns:
        (batch, length, n_heads · head_dim).

    Raises:
        ValueError: x has no head axis.
    """
    check_tensor("x", x, axes=3)
    pieces = x.transpose(-3, -2)  # (batch, length, n_heads, head_dim)
    return pieces.flatten(start_dim=-2)  # (batch, length, d_model)


class MultiHeadAttention(nn.Module):
    """Attention by several heads in parallel, concatenated and mixed by an output map.

        MultiHead(X, M) = Concat(head₁, …, head_h) W_o,   headᵢ = Attention(X Wᵢ_q, M Wᵢ_k, M Wᵢ_v)

    Args:
        d_model: the width of each token's vector, a multiple of n_heads.
        n_heads: how many heads; each works on head_dim = d_model / n_heads numbers.

    Raises:
        ValueError: d_model is not a multiple of n_heads.

    Source: Vaswani et al. (2017), section 3.2.2.
    """

    def __init__(self, d_model: int, n_heads: int):
        super().__init__()
        check_heads(d_model, n_heads)
        self.d_model, self.n_heads = d_model, n_heads
        self.to_query = nn.Linear(d_model, d_model)
        self.to_key = nn.Linear(d_model, d_model)
        self.to_value = nn.Linear(d_model, d_model)
        self.to_output = nn.Linear(d_model, d_model)

    def forward(
        self,
        x: Tensor,
        memory: Tensor | None = None,
        mask: Tensor | None = None,
        *,
        return_weights: bool = False,
    ):
        """Let each token of x gather what it needs from memory, with n_heads questions at once.

        Args:
            x: (batch, query_len, d_model), where the queries come from.
            memory: (batch, key_len, d_model), where keys and values come from; x if not given.
            mask: boolean, broadcast to (batch, query_len, key_len), or with four axes to
                (batch, n_heads, query_len, key_len); True may attend.
            return_weights: also return the weights.

        Returns:
            (batch, query_len, d_model), or that and the weights of each head,
            (batch, n_heads, query_len, key_len).

        Raises:
            ValueError: a last axis is not d_model, or the mask does not broadcast.
            TypeError: the mask is not boolean.
        """
        memory = x if memory is None else memory
        check_last_axis("x", x, "d_model", self.d_model)
        check_last_axis("memory", memory, "d_model", self.d_model)
        query = split_heads(self.to_query(x), self.n_heads)  # (batch, n_heads, query_len, head_dim)
        key = split_heads(self.to_key(memory), self.n_heads)  # (batch, n_heads, key_len, head_dim)
        value = split_heads(self.to_value(memory), self.n_heads)
        weights = attention_weights(query, key, add_head_axis(mask))
        output = self.to_output(merge_heads(weights @ value))  # (batch, query_len, d_model)
        return (output, weights) if return_weights else output

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
            ValueError: the module has kdim or vdim, add_bias_kv or add_zero_attn.
        """
        if module.in_proj_weight is None or module.bias_k is not None or module.add_zero_attn:
            raise ValueError("a module with kdim, vdim, add_bias_kv or add_zero_attn is not ours")
        ours = cls(module.embed_dim, module.num_heads).to(module.in_proj_weight)
        weights = [*module.in_proj_weight.chunk(3), module.out_proj.weight]
        biases = [None] * 4  # PyTorch's bias=False leaves out all four
        if module.in_proj_bias is not None:
            biases = [*module.in_proj_bias.chunk(3), module.out_proj.bias]
        maps = [ours.to_query, ours.to_key, ours.to_value, ours.to_output]
        with torch.no_grad():
            for linear, weight, bias in zip(maps, weights, biases, strict=True):
                linear.weight.copy_(weight)
                linear.bias.copy_(torch.zeros_like(linear.bias) if bias is None else bias)
        return ours
