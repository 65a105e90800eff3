"""Take a head out of a model, or tell it where to look, and see what the model does without it.

A map shows where a head looked. Whether anything depends on that is another question, which is
asked by changing it. The changes here are hooks: each lasts to the end of a `with` block, several
add up, and no weight of the model is touched.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from attention.scoring.scaled_dot_product import attention_weights


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


@contextmanager
def reweigh_head(
    model: nn.Module, layer: int, head: int, change: Callable[[Tensor], Tensor]
) -> Iterator[None]:
    """Let one head take other weights than its own, for the length of a `with` block.

    Args:
        model: as for `ablate_head`; its blocks attend to themselves, without a cache.
        layer, head: counted from 0.
        change: takes the head's weights (batch, length, length), returns as many others.

    Returns:
        A context manager. Maps that the model returns meanwhile are still its own.

    Raises:
        ValueError: the model has no such layer or head, or the new weights have another shape.

    Source: Jain and Wallace (2019), Attention is not Explanation, section 4.2, who permute them.
    """
    attention = attention_of(model, layer, head)
    head_dim = attention.d_model // attention.n_heads
    own = slice(head * head_dim, (head + 1) * head_dim)
    shared = head * attention.n_kv_heads // attention.n_heads  # whose keys and values it reads
    heard = {}

    def listen(module, args, kwargs) -> None:
        heard["x"], heard["how"] = args[0], kwargs

    def answer_anew(to_output, inputs: tuple[Tensor]) -> tuple[Tensor]:
        x, how = heard["x"], heard["how"]
        query, key, value = attention.split(x, x)
        query, key, value = query[:, head], key[:, shared], value[:, shared]
        mask = how.get("mask")
        if mask is not None and mask.ndim == 4:
            mask = mask.expand(-1, attention.n_heads, -1, -1)[:, head]
        weights = attention_weights(query, key, mask, is_causal=how.get("is_causal", False))
        new = change(weights)
        if new.shape != weights.shape:
            raise ValueError(
                f"change must return weights of the shape {tuple(weights.shape)} that it was "
                f"given, got {tuple(new.shape)}"
            )
        answers = inputs[0].clone()  # (batch, length, d_model)
        answers[..., own] = new @ value
        return (answers,)

    with (
        attention.register_forward_pre_hook(listen, with_kwargs=True),
        attention.to_output.register_forward_pre_hook(answer_anew),
    ):
        yield


@contextmanager
def silence_token(model: nn.Module, place: int) -> Iterator[None]:
    """Let no head hand on what one token says, for the length of a `with` block.

    Its weight is multiplied by zero in every row of every map; the rest of a row is not scaled up.

    Args:
        model: as for `reweigh_head`.
        place: of the token, counted from 0.
    """

    def without(weights: Tensor) -> Tensor:
        kept = weights.clone()
        kept[..., place] = 0
        return kept

    with ExitStack() as changes:
        for layer, block in enumerate(model.blocks):
            for head in range(block.attention.n_heads):
                changes.enter_context(reweigh_head(model, layer, head, without))
        yield


def attention_of(model: nn.Module, layer: int, head: int) -> nn.Module:
    """Find the attention of a layer, and check that it has such a head."""
    n_layers = len(model.blocks)
    if not 0 <= layer < n_layers:
        raise ValueError(f"layer must be from 0 to {n_layers - 1}, got {layer}")
    attention = model.blocks[layer].attention
    if not 0 <= head < attention.n_heads:
        raise ValueError(f"head must be from 0 to {attention.n_heads - 1}, got {head}")
    return attention
