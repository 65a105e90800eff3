"""How much memory a computation's tensors take at once, counted and therefore the same anywhere."""

from collections.abc import Callable

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode


def tensor_memory(function: Callable[[], object]) -> int:
    """Count the bytes of all tensors that a call makes, at the moment when they are the most.

    What the call was given does not count, nor do views. What an operation of PyTorch's takes for
    itself cannot be seen.
    """
    with _Watch() as watch:
        function()
    return watch.peak


class _Watch(TorchFunctionMode):
    """Looks at the result of each call into PyTorch, and at which earlier results are held."""

    def __init__(self):
        super().__init__()
        self.peak = 0
        self.held = {}  # memory address: (weak reference, bytes)
        self.total = 0  # of `held`, in which some may be gone

    def __torch_function__(self, function, types, arguments=(), options=None):
        given = {_address(x) for x in _tensors([*arguments, *(options or {}).values()])}
        made = function(*arguments, **(options or {}))
        for x in _tensors(made if isinstance(made, tuple | list) else [made]):
            if _address(x) not in given:
                storage = x.untyped_storage()
                self.held[storage.data_ptr()] = StorageWeakRef(storage), storage.nbytes()
                self.total += storage.nbytes()
        if self.total > self.peak:  # else what is gone makes no difference
            self.held = {k: v for k, v in self.held.items() if not v[0].expired()}
            self.total = sum(size for _, size in self.held.values())
            self.peak = max(self.peak, self.total)
        return made


def _tensors(things):
    for thing in things:
        if isinstance(thing, tuple | list):
            yield from _tensors(thing)
        elif isinstance(thing, torch.Tensor):
            yield thing


def _address(tensor):
    return tensor.untyped_storage().data_ptr()
