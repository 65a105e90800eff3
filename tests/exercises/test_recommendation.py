"""The checks that grade the exercise of the chapter recommendation."""

import torch

from grading.checks import (
    Failure,
    assert_unchanged,
    assert_values,
    exercise,
    points,
    strip,
)

training_pairs = exercise("training_pairs")

SESSION = torch.tensor([7, 3, 9, 1, 4])


@points(1, hint="Two things come back, and a pair is written `return inputs, targets`.")
def test_returns_a_pair_of_tensors(training_pairs):
    """Inputs and targets come back, as tensors."""
    found = training_pairs(SESSION.clone())
    if not isinstance(found, tuple | list) or len(found) != 2:
        what = f"{len(found)} things" if isinstance(found, tuple | list) else type(found).__name__
        raise Failure(f"Expected a pair (inputs, targets), got {what}.")
    for name, part in zip(("inputs", "targets"), found, strict=True):
        if not isinstance(part, torch.Tensor):
            raise Failure(f"Expected {name} to be a tensor, got {type(part).__name__}.")


@points(1, hint="How many places of a session have something that comes after them?")
def test_there_are_as_many_targets_as_inputs(training_pairs):
    """A session of n items has n − 1 places to go on from."""
    inputs, targets = training_pairs(SESSION.clone())
    if tuple(inputs.shape) != (4,) or tuple(targets.shape) != (4,):
        raise Failure(
            f"For a session of 5 items inputs have shape {tuple(inputs.shape)} and targets "
            f"{tuple(targets.shape)}; expected (4,) and (4,).",
            pictures=[_laid(inputs, targets)],
        )


@points(2, hint="At the place of the target, has the model read the target?")
def test_no_target_has_been_read(training_pairs):
    """What is to be named at a place does not stand at that place or before it."""
    inputs, targets = training_pairs(SESSION.clone())  # no item stands twice
    for t in range(len(inputs)):
        if targets[t] in inputs[: t + 1]:
            raise Failure(
                f"At place {t} the model has read {inputs[: t + 1].tolist()} and is to name "
                f"{targets[t].item()}, which it can copy.",
                pictures=[_laid(inputs, targets)],
            )


@points(2, hint="Which item comes right after the one that stands at the same place of the inputs?")
def test_the_target_comes_right_after_the_input(training_pairs):
    """At each place the target is the very next item of the session."""
    inputs, targets = training_pairs(SESSION.clone())
    wanted = SESSION[:-1], SESSION[1:]
    if not (inputs.equal(wanted[0]) and targets.equal(wanted[1])):
        raise Failure(
            f"Your inputs are {inputs.tolist()} and your targets {targets.tolist()}; expected "
            f"{wanted[0].tolist()} and {wanted[1].tolist()}.",
            pictures=[_laid(inputs, targets)],
        )


@points(1, hint="Item numbers are names: 3 is no nearer to 4 than to 900.")
def test_items_stay_whole_numbers(training_pairs):
    """Inputs and targets hold the session's own numbers."""
    for part, name in zip(training_pairs(SESSION.clone()), ("inputs", "targets"), strict=True):
        if part.dtype != SESSION.dtype:
            raise Failure(f"Your {name} are {part.dtype}; the session is {SESSION.dtype}.")


@points(1, hint="Copy what you want to change; a slice alone changes nothing.")
def test_session_is_not_written_to(training_pairs):
    """The session is what it was."""
    session = SESSION.clone()
    training_pairs(session)
    assert_unchanged(SESSION, session, "the session")


@points(1, hint="The shortest session that teaches anything has two items. What does yours give?")
def test_two_items_make_one_example(training_pairs):
    """A session of two is one example; one of nine, in which items come back, is eight."""
    for session in (torch.tensor([5, 2]), torch.arange(9) % 4):
        inputs, targets = training_pairs(session)
        assert_values(inputs, session[:-1], f"the inputs of a session of {len(session)}")
        assert_values(targets, session[1:], f"the targets of a session of {len(session)}")


def _laid(inputs, targets):
    """Which item stands where, yours above expected."""
    inputs, targets = inputs.flatten().tolist(), targets.flatten().tolist()
    places = min(max(4, len(inputs), len(targets)), 12)

    def row(part):
        return ([str(int(item)) for item in part] + ["–"] * places)[:places]

    rows = {
        "yours": row(inputs) + row(targets),
        "expected": row(SESSION[:-1]) + row(SESSION[1:]),
    }
    return strip("The session 7, 3, 9, 1, 4", rows, ["read", "to be named"])
