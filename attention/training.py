"""The book's one training loop: a fixed number of steps of Adam on batches drawn on the spot."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def train(
    model: nn.Module,
    draw: Callable[[torch.Generator], tuple[Tensor, ...]],
    steps: int,
    *,
    lr: float = 1e-2,
    seed: int = 0,
    max_norm: float = 1.0,
    loss: Callable[[Tensor, Tensor], Tensor] | None = None,
) -> list[float]:
    """Train a model in place, and return the loss of every step.

    Build the model under `torch.manual_seed` too, and a run repeats exactly.

    Args:
        model: called with the inputs of a batch.
        draw: takes a generator, returns a batch: the model's inputs, then the target.
        steps: how many batches; fixed, so that a page always takes the same time.
        lr: Adam's step size.
        seed: of the generator that draws the batches.
        max_norm: gradients longer than this are shortened to it.
        loss: takes the model's output and the target; cross-entropy over the last axis if left out.

    Returns:
        `steps` losses.
    """
    loss = loss or cross_entropy
    generator = torch.Generator().manual_seed(seed)
    # one call for all parameters: a third off the time of models as small as the book's
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=True)
    losses = []
    model.train()
    for _ in range(steps):
        *inputs, target = draw(generator)
        value = loss(model(*inputs), target)
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(value.item())
    model.eval()
    return losses


def trained(
    build: Callable[[], nn.Module],
    draw: Callable[[torch.Generator], tuple[Tensor, ...]],
    steps: int,
    *,
    seed: int = 0,
    **options,
) -> nn.Module:
    """Build a model and train it, all from one seed; for runs that repeat over several seeds.

    Args:
        build: makes a fresh model.
        seed: of the model's first weights and of its batches.
        draw, steps, options: as for `train`.
    """
    torch.manual_seed(seed)
    model = build()
    train(model, draw, steps, seed=seed, **options)
    return model


def cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Average −log p(target) over all places; a target of −100 is left out.

    Args:
        logits: (..., n_classes).
        target: (...) class numbers.
    """
    return F.cross_entropy(logits.flatten(0, -2), target.flatten())


@torch.no_grad()
def accuracy(
    model: nn.Module, draw: Callable[[torch.Generator], tuple[Tensor, ...]], *, seed: int = 10_000
) -> float:
    """Measure the share of right answers on one fresh batch.

    Args:
        model: called with the inputs of a batch, returns logits (..., n_classes).
        draw: as for `train`.
        seed: of the generator; its default is one that no training uses.
    """
    *inputs, target = draw(torch.Generator().manual_seed(seed))
    return (model(*inputs).argmax(dim=-1) == target).double().mean().item()
