"""Three tasks about order on random symbols, all synthetic: what a model answers at each place.

A target of −100 is not asked: `attention.models.training` leaves it out.
"""

import torch
from torch import Tensor

from attention.data.dice import by, happens

N_SYMBOLS = 8
START = N_SYMBOLS  # a symbol of its own, for tasks that begin with one
SIGNALS = 4  # the symbols below this are signals, the others noise


def steps_back(
    size: int, length: int, generator: torch.Generator, steps: int = 3
) -> tuple[Tensor, Tensor]:
    """Name the symbol that stands `steps` places before: a matter of the exact distance.

    Returns:
        (symbols, target), both (size, length); the first `steps` places are not asked.
    """
    symbols = torch.randint(N_SYMBOLS, (size, length), **by(generator))
    target = torch.full_like(symbols, -100)
    target[:, steps:] = symbols[:, : length - steps]
    return symbols, target


def latest_signal(
    size: int, length: int, generator: torch.Generator, share: float = 0.15
) -> tuple[Tensor, Tensor]:
    """Name the latest signal in a stream of noise: a matter of what is near, wherever it is.

    Args:
        share: how many of the symbols are signals.

    Returns:
        (symbols, target), both (size, length); places before the first signal are not asked.
    """
    noise = torch.randint(SIGNALS, N_SYMBOLS, (size, length), **by(generator))
    signal = torch.randint(SIGNALS, (size, length), **by(generator))
    is_signal = happens(share, (size, length), generator)
    symbols = torch.where(is_signal, signal, noise)
    place = torch.arange(length, device=symbols.device).where(is_signal, -1)  # (size, length)
    latest = place.cummax(dim=-1).values  # −1 before the first signal
    target = symbols.gather(-1, latest.clamp(min=0))
    return symbols, target.where(latest >= 0, -100)


def own_place(size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Name the place at which you stand, in a sequence that opens with START.

    Returns:
        (symbols, target), both (size, N_SYMBOLS), so that there are as many places as answers.
    """
    symbols = torch.randint(N_SYMBOLS, (size, N_SYMBOLS), **by(generator))
    symbols[:, 0] = START
    return symbols, torch.arange(N_SYMBOLS, device=symbols.device).expand(size, -1)


def copied_from(answer: Tensor, symbols: Tensor, farthest: int) -> Tensor:
    """Measure how often an answer is the symbol 0, 1, … `farthest` places before it.

    Args:
        answer, symbols: (size, length). Only places with `farthest` symbols before them count.

    Returns:
        (farthest + 1,) shares.
    """
    windows = symbols.unfold(1, farthest + 1, 1).flip(-1)  # (size, places, 0 to farthest back)
    return (answer[:, farthest:, None] == windows).float().mean(dim=(0, 1))
