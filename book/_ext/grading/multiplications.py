"""How many multiplications a computation's products of matrices take, counted from their shapes.

PyTorch's own counter (`torch.utils.flop_counter`) sees more, and its first use loads three hundred
modules: a second for every answer, each of which is graded in a process of its own.
"""

import math
from collections.abc import Callable

from torch.overrides import TorchFunctionMode

#: Of each function's name, which of its arguments has the axis that is summed over, as its last.
PRODUCTS = {"matmul": 0, "mm": 0, "bmm": 0, "mv": 0, "linear": 0, "inner": 0, "dot": 0, "vdot": 0,
            "addmm": 1, "addmv": 1, "baddbmm": 1}  # fmt: skip


def multiplications(function: Callable[[], object]) -> int:
    """Count the multiplications of numbers in all products of matrices that a call asks for."""
    with _Counting() as counting:
        function()
    return counting.total


class _Counting(TorchFunctionMode):
    def __init__(self):
        super().__init__()
        self.total = 0

    def __torch_function__(self, function, types, arguments=(), options=None):
        made = function(*arguments, **(options or {}))
        name = getattr(function, "__name__", "")
        if name == "einsum":
            self.total += made.numel() * _summed(*arguments)
        elif name in PRODUCTS:
            self.total += made.numel() * arguments[PRODUCTS[name]].shape[-1]
        return made


def _summed(equation, *operands):
    """How many products an einsum adds up for each number that it returns."""
    if len(operands) == 1 and not hasattr(operands[0], "shape"):
        (operands,) = operands
    inputs, arrow, output = equation.replace(" ", "").partition("->")
    sizes = {}
    for term, operand in zip(inputs.split(","), operands, strict=True):
        before, _, after = term.partition("...")
        sizes |= dict(zip(before, operand.shape, strict=False))
        sizes |= dict(zip(reversed(after), reversed(operand.shape), strict=False))
    kept = output if arrow else {letter for letter in sizes if inputs.count(letter) == 1}
    return math.prod(size for letter, size in sizes.items() if letter not in kept)
