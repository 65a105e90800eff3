"""Gradients that a check asks for: they come, or it is asked where they were cut off."""

import torch

from grading.crash import instead_of_a_tensor
from grading.crash_table import IN_PLACE, NO_GRADIENT
from grading.failure import Failure
from grading.plain import kind, plain


def gradients(output, sources, upstream=None):
    """The gradients of a mixture of an output's entries: {name: gradient}.

    Args:
        output: what the answer returned.
        sources: {name: tensor that requires a gradient}: what the output should depend on.
        upstream: the share of each entry in the mixture; random ones if None.

    Raises:
        Failure: none arrives at one of them.
    """
    __tracebackhide__ = True
    if not isinstance(output, torch.Tensor):
        raise Failure(
            f"Expected a tensor to take the gradient of, got {kind(output)}.",
            hint=instead_of_a_tensor(output),
        )
    if not output.requires_grad:
        raise Failure(
            f"No gradient arrives at {_listed(list(sources))}: the result does not know what it "
            "was computed from. Where in your code was that cut off?",
            hint=NO_GRADIENT,
        )
    upstream = torch.randn(output.shape).to(output) if upstream is None else upstream
    found = dict.fromkeys(sources)
    learning = {name: source for name, source in sources.items() if source.requires_grad}
    try:
        grads = torch.autograd.grad(output, list(learning.values()), upstream, allow_unused=True)
    except RuntimeError as problem:
        raise Failure(
            "PyTorch finds no way back from the result to what it was computed from: "
            f"{plain(problem, 300)}",
            hint=IN_PLACE if "inplace" in str(problem) else NO_GRADIENT,
        ) from problem
    found |= zip(learning, grads, strict=True)
    for name, gradient in found.items():
        if gradient is None or not gradient.any():
            raise Failure(
                f"No gradient arrives at {name}: whatever the result should have been, {name} "
                f"stays as it is. Where on the way from {name} to the result was it cut off?",
                hint=NO_GRADIENT,
            )
    return found


def _listed(names):
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
