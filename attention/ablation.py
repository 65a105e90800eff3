"""Take a head out of a model, or tell it where to look, and see what the model does without it.

A map shows where a head looked. Whether anything depends on that is another question, which is
asked by changing it. Each function here returns handles of hooks: the change lasts to the end of a
`with` block, and no weight of the model is touched.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from attention.grouped_heads import share_heads
from attention.heads import merge_heads, split_heads
from attention.scaled_dot_product import attention_weights


def ablate_head(model: nn.Module, layer: int, head: int) -> RemovableHandle:
    """Let one head answer nothing: zeros, for the length of a `with` block.

    The heads' answers lie side by side, head_dim numbers each, when the output map mixes them.
    There the numbers of this head are replaced by zeros; the others pass.

    Args:
        model: has `blocks`, each with an `attention` of several heads, as `BertEncoder` and `GPT`.
        layer, head: counted from 0.

    Returns:
        A handle; leaving its `with` block, or its method `remove`, gives the head back.

    Raises:
        ValueError: the model has no such layer or head.

    Source: Michel, Levy and Neubig (2019), Are Sixteen Heads Really Better than One?, section 2.3.
    """
    attention = attention_of(model, layer, head)
    head_dim = attention.d_model // attention.n_heads
    own = slice(head * head_dim, (head + 1) * head_dim)

    def without(to_output: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
        answers = inputs[0].clone()  # (batch, length, d_model)
        answers[..., own] = 0
        return (answers,)

    return attention.to_output.register_forward_pre_hook(without)


def reweigh_head(
    model: nn.Module, layer: int, head: int, change: Callable[[Tensor], Tensor]
) -> RemovableHandle:
    """Let one head take other weights than its own, for the length of a `with` block.

    Args:
        model: as for `ablate_head`; each block attends to itself, without a cache.
        layer, head: counted from 0.
        change: takes the head's weights (batch, length, length), returns as many others.

    Returns:
        A handle, as `ablate_head`.

    Raises:
        ValueError: the model has no such layer or head, or the new weights have another shape.

    Source: Jain and Wallace (2019), Attention is not Explanation, section 4.2, who permute them.
    """
    attention = attention_of(model, layer, head)

    def other(module, args, kwargs, output):
        (x,) = args
        query = split_heads(module.to_query(x), module.n_heads)
        key, value = (
            split_heads(to(x), module.n_kv_heads) for to in (module.to_key, module.to_value)
        )
        mask, is_causal = kwargs.get("mask"), kwargs.get("is_causal", False)
        mask = mask if mask is None or mask.ndim != 3 else mask.unsqueeze(-3)
        gqa = module.n_kv_heads < module.n_heads
        weights = attention_weights(query, key, mask, is_causal=is_causal, enable_gqa=gqa)
        new = change(weights[:, head])
        if new.shape != weights[:, head].shape:
            raise ValueError(
                f"change must return weights of the shape {tuple(weights[:, head].shape)} that it "
                f"was given, got {tuple(new.shape)}"
            )
        weights = torch.cat([weights[:, :head], new[:, None], weights[:, head + 1 :]], dim=1)
        answers = weights @ share_heads("value", value, query)
        output = module.to_output(merge_heads(answers))
        return (output, weights) if kwargs.get("return_weights") else output

    return attention.register_forward_hook(other, with_kwargs=True)


def attention_of(model: nn.Module, layer: int, head: int) -> nn.Module:
    """Find the attention of a layer, and check that it has such a head."""
    n_layers = len(model.blocks)
    if not 0 <= layer < n_layers:
        raise ValueError(f"layer must be from 0 to {n_layers - 1}, got {layer}")
    attention = model.blocks[layer].attention
    if not 0 <= head < attention.n_heads:
        raise ValueError(f"head must be from 0 to {attention.n_heads - 1}, got {head}")
    return attention
