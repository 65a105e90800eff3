"""Random numbers, drawn where their generator is, and the same ones under any default of PyTorch.

PyTorch's default device may be another one, and its default dtype draws other numbers.
"""

import torch
from torch import Tensor


def by(generator: torch.Generator) -> dict:
    """Say how `torch.rand` and its like draw with a generator: `torch.rand(3, **by(generator))`."""
    return {"generator": generator, "device": generator.device}


def shuffled(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Draw rows of the numbers 0 … n − 1 in any order, for a shape (..., n)."""
    return torch.rand(shape, dtype=torch.float32, **by(generator)).argsort(dim=-1)


def happens(share: float, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Draw booleans of which about this share is True."""
    return torch.rand(shape, dtype=torch.float32, **by(generator)) < share
