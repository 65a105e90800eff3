"""Take the wheel: tell a trained model where it may look, or where it must, and see what it does.

A map of weights shows where a model looked. Whether its answer depends on that is another
question, and these two functions ask it. Both hook into any scorer that is a module, and undo
themselves at the end of a `with` block.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle


def hide(scorer: nn.Module, position: int) -> RemovableHandle:
    """Let nobody look at one position: its score is −∞ for the length of a `with` block.

    Args:
        scorer: returns scores (..., src_len).
        position: from 0 to src_len − 1.
    """

    def without(module, inputs, scores: Tensor) -> Tensor:
        here = torch.arange(scores.shape[-1], device=scores.device) == position
        return scores.masked_fill(here, -torch.inf)

    return scorer.register_forward_hook(without)


def look_in_order(scorer: nn.Module, order: Iterable[int]) -> RemovableHandle:
    """Give the first call's weight to the first position of `order`, the next call's to the next.

    Args:
        scorer: returns scores (..., src_len), once for each step of a decoder.
        order: positions from 0 to src_len − 1. After its end the scorer is left alone.
    """
    positions = iter(order)

    def only(module, inputs, scores: Tensor) -> Tensor | None:
        position = next(positions, None)
        if position is None:
            return None  # the hook's way to say "as it was"
        here = torch.arange(scores.shape[-1], device=scores.device) == position
        return torch.zeros_like(scores).masked_fill(~here, -torch.inf)

    return scorer.register_forward_hook(only)
