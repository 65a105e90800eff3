"""The book's one training loop: steps of Adam on batches drawn on the spot."""

import copy
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from attention.models.judging import best, check_finite, share


def constant(done: float) -> float:
    """Keep the step size as it is."""
    return 1.0


def warmup_cosine(done: float, warmup: float = 0.1) -> float:
    """Let the step size rise from zero, and fall back to it along half a cosine.

    Args:
        done: the share of the training that is over, from 0 to 1.
        warmup: the share in which it rises.

    Source: Loshchilov and Hutter (2017), SGDR, for the cosine.
    """
    if done < warmup:
        return done / warmup
    return (1 + math.cos(math.pi * (done - warmup) / (1 - warmup))) / 2


def train(
    model: nn.Module,
    draw: Callable[[torch.Generator], tuple[Tensor, ...]],
    steps: int,
    *,
    lr: float = 1e-2,
    schedule: Callable[[float], float] = constant,
    weight_decay: float = 0.0,
    seed: int = 0,
    max_norm: float = 1.0,
    loss: Callable[[Tensor, Tensor], Tensor] | None = None,
    validate: Callable[[nn.Module], float] | None = None,
    check_every: int = 50,
    patience: int = 3,
) -> list[float]:
    """Train a model in place, and return the loss of every step.

    Build the model under `torch.manual_seed` too, and a run repeats exactly. In a terminal a bar
    shows how far it is; elsewhere, as in a page, nothing is printed.

    Args:
        model: called with the inputs of a batch.
        draw: takes a generator, returns a batch: the model's inputs, then the target.
        steps: how many batches, at most; a page always takes the same time.
        lr: Adam's step size, at its largest.
        schedule: takes the share of the training that is over, returns the factor of lr.
        weight_decay: how much of lr each weight shrinks by in a step.
        seed: of the generator that draws the batches.
        max_norm: gradients longer than this are shortened to it.
        loss: takes the model's output and the target; cross-entropy over the last axis if left out.
        validate: stops the training early. It takes the model in evaluation mode and returns how
            bad it is on examples that are not trained on. When `patience` checks in a row bring
            nothing better, the training ends. The model is left as it was when it was best.
        check_every: steps from one check to the next.
        patience: checks without anything better, until it ends.

    Returns:
        `steps` losses, or fewer if it ended early.

    Raises:
        ValueError: the loss is NaN or infinite, a weight is after the last step, or `validate`
            returns NaN: from there on nothing is learned, and the model answers NaN.

    Source: Kingma and Ba (2015), Adam; Loshchilov and Hutter (2019) for weight decay beside it.
    """
    loss = loss or cross_entropy
    generator = torch.Generator().manual_seed(seed)
    weights = list(model.parameters())  # looking for them in every step takes a twentieth of it
    # one call for all parameters: a third off the time of models as small as the book's
    optimizer = torch.optim.AdamW(weights, lr=lr, weight_decay=weight_decay, fused=True)
    losses, lowest, best_state, waited = [], math.inf, None, 0
    model.train()
    for step in tqdm(range(steps), type(model).__name__, leave=False, unit="step", disable=None):
        for group in optimizer.param_groups:
            group["lr"] = lr * schedule((step + 0.5) / steps)
        *inputs, target = draw(generator)
        value = loss(model(*inputs), target)
        losses.append(value.item())
        check_finite("the loss", losses[-1], step)
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(weights, max_norm)
        optimizer.step()
        if validate and ((step + 1) % check_every == 0 or step + 1 == steps):
            model.eval()
            with torch.no_grad():
                now = validate(model)
            model.train()
            waited += 1
            if math.isnan(now):  # infinitely bad is a verdict, this is none
                check_finite("what validate returns", now, step)
            if now < lowest:
                lowest, best_state, waited = now, copy.deepcopy(model.state_dict()), 0
            elif waited == patience:
                break
    if best_state is not None:
        model.load_state_dict(best_state)
    for name, weight in model.named_parameters():
        check_finite(f"the weight {name}", weight.detach().abs().sum().item(), len(losses) - 1)
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

    Raises:
        ValueError: the model answers NaN.
    """
    *inputs, target = draw(torch.Generator().manual_seed(seed))
    return share(best(model(*inputs)) == target)
