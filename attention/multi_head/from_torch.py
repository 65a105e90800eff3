"""The weights of PyTorch's multi-head attention, copied into the book's."""

import torch
from torch import nn


def check_copyable(module: nn.MultiheadAttention) -> None:
    """Raise unless the book's module can compute what PyTorch's does.

    Raises:
        ValueError, TypeError: as `MultiHeadAttention.from_torch`.
    """
    if not isinstance(module, nn.MultiheadAttention):
        raise TypeError(f"module must be an nn.MultiheadAttention, got {type(module).__name__}")
    if module.in_proj_weight is None or module.bias_k is not None or module.add_zero_attn:
        raise ValueError("a module with kdim, vdim, add_bias_kv or add_zero_attn is not ours")
    if module.training and module.dropout > 0:
        raise ValueError(
            f"a module that drops weights while it trains is not ours, got dropout "
            f"{module.dropout}: call its eval() first, or set its dropout to 0"
        )


def copy_weights(module: nn.MultiheadAttention, ours: nn.Module) -> nn.Module:
    """Copy what PyTorch keeps stacked in one matrix into the three maps of ours, and return ours.

    Args:
        module: of which `check_copyable` has nothing to say.
        ours: a `MultiHeadAttention` of the same sizes. It gets the module's dtype and device.
    """
    ours = ours.to(module.in_proj_weight)
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
