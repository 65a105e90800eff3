"""The answer that is being graded, and how a check gets hold of it."""

import pytest

from grading.failure import Failure, Missing
from grading.plain import kind

# The module (or namespace) being graded. A plain `pytest tests/exercises` sets none and so
# grades the reference, which is how `make test` proves that every exercise can be solved.
SUBJECT = pytest.StashKey()

# {exercise: what its answer may not call}; its keys tell a fixture that is an exercise from others.
EXERCISES = {}

# What the answer returned last, in words; empty while it runs.
returned = []


def exercise(name, forbids=()):
    """Make the fixture that hands a check the learner's function or class called `name`.

    Args:
        name: the function or class, as it stands in `attention` and in the stub.
        forbids: dotted names of ready-made solutions that an answer may not call; the book's own
            is forbidden always.
    """

    def answer(request):
        subject = request.config.stash.get(SUBJECT, None)
        if subject is None:
            import attention as subject
        return handed(find(subject, name))

    EXERCISES[name] = (f"attention.{name}", *forbids)
    return pytest.fixture(answer, name=name)


def find(subject, name):
    """The answer's function or class.

    Raises:
        Missing: there is none under that name.
        Failure: it is the book's own.
    """
    found = getattr(subject, name, None)
    if found is None:
        raise Missing(f"The file has no `{name}`: the exercise needs it under that name.")
    if not callable(found):
        raise Missing(f"`{name}` is {kind(found)}, not a function or class.")
    if getattr(found, "forbidden", None) == f"attention.{name}":
        raise Failure(f"Your file imports the book's own `{name}`. Write yours.", hint="")
    return found


def handed(found):
    """What a check gets: a class as it is, anything else so that its calls can be told."""
    return found if isinstance(found, type) else _relayed(found)


def reset():
    """Set torch up as each check finds it, whatever the answer did before."""
    import torch

    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    torch.manual_seed(0)
    torch.set_grad_enabled(True)


def _relayed(found):
    """Pass a check's calls on, and so leave a mark on the stack that `forbidden` looks for.

    What stands under the exercise's name need not be a function of the answer's own:
    `softmax = torch.nn.Softmax(-1)` has no line of the answer that runs when it is called.
    """

    def relayed(*arguments, **options):
        returned.clear()
        result = found(*arguments, **options)
        returned.append(described(result))
        return result

    return relayed


def described(thing):
    """What sort of thing it is, with the shape of a tensor; a long tuple is not told in full."""
    if type(thing).__module__ == "torch" and type(thing).__name__ == "Tensor":
        return f"a tensor of shape {tuple(thing.shape)}"
    if type(thing) is tuple and 0 < len(thing) < 4:
        return f"a tuple of {', '.join(map(described, thing))}"
    return kind(thing)


RELAY = _relayed(None).__code__
