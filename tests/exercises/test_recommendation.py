"""The checks that grade the exercises of the chapter recommendation."""

import math

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
ndcg = exercise("ndcg")

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
            beginnings = isinstance(part, list) and len(part) and isinstance(part[0], torch.Tensor)
            raise Failure(
                f"Expected {name} to be a tensor, got {type(part).__name__}.",
                hint="No list of beginnings is needed: at its place the model has read all items "
                "up to it, and the causal mask hides what comes later. One item a place is enough."
                if beginnings and part[0].ndim
                else "A slice of a tensor is a tensor, and need not be made a list.",
            )


@points(1, hint="How many places of a session have something that comes after them?")
def test_there_are_as_many_targets_as_inputs(training_pairs):
    """A session of n items has n − 1 places to go on from."""
    inputs, targets = training_pairs(SESSION.clone())
    if tuple(inputs.shape) != (4,) or tuple(targets.shape) != (4,):
        rolled = targets.equal(SESSION.roll(-1))
        raise Failure(
            f"For a session of 5 items inputs have shape {tuple(inputs.shape)} and targets "
            f"{tuple(targets.shape)}; expected (4,) and (4,).",
            pictures=_laid(inputs, targets),
            hint="`roll` brings the first item round to the end. Does the first item come after "
            "the last one?" if rolled else None,
        )  # fmt: skip


@points(2, hint="At the place of the target, has the model read the target?")
def test_no_target_has_been_read(training_pairs):
    """What is to be named at a place does not stand at that place or before it."""
    inputs, targets = training_pairs(SESSION.clone())  # no item stands twice
    for i in range(len(inputs)):
        if targets[i] in inputs[: i + 1]:
            raise Failure(
                f"At place {i} the model has read {inputs[: i + 1].tolist()} and is to name "
                f"{targets[i].item()}, which it can copy.",
                pictures=_laid(inputs, targets),
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
            pictures=_laid(inputs, targets),
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
    """Which item stands where, yours above expected; no picture where the two look alike."""
    longest = min(max(inputs.numel(), targets.numel(), 4), 8)

    def cells(part):
        items = [str(int(item)) for item in part.flatten().tolist()]
        return (items + ["–"] * longest)[:longest]

    rows = {
        "yours": cells(inputs) + cells(targets),
        "expected": cells(SESSION[:-1]) + cells(SESSION[1:]),
    }
    alike = rows["yours"] == rows["expected"]
    return [] if alike else [strip("The session 7, 3, 9, 1, 4", rows, ["read", "to be named"])]


# --- ndcg: five items, item 2 is the right one ---

N_ITEMS, RIGHT = 5, 2
LISTS = {1: [4, 3, 9, 1, 2], 2: [4, 9, 6, 1, 3], 3: [9, 7, 6, 1, 3], 5: [4, 7, 0, 1, 3]}  # by rank


@points(1, hint="One number for all lists together, as a tensor without axes: what a mean returns.")
def test_one_number_comes_back(ndcg):
    """A tensor without axes, for three lists of five items."""
    found = ndcg(torch.randn(3, N_ITEMS), torch.tensor([4, 0, RIGHT]), 3)
    if not isinstance(found, torch.Tensor):
        raise Failure(f"Expected a tensor, got {type(found).__name__}.")
    if found.shape == (3,):
        raise Failure("Got 3 numbers, one for each list; expected their mean.")
    assert found.shape == (), f"Expected a tensor of shape (), got {tuple(found.shape)}."


@points(1, hint="Scores and targets belong to the caller: work on a copy.")
def test_scores_are_not_written_to(ndcg):
    """Scores and targets are what they were."""
    scores, target = torch.tensor([LISTS[2], LISTS[5]]).float(), torch.tensor([RIGHT, RIGHT])
    before = scores.clone()
    ndcg(scores, target, 3)
    assert_unchanged(before, scores, "the scores")
    assert_unchanged(torch.tensor([RIGHT, RIGHT]), target, "the targets")


@points(2, hint="Which item is shown first: the one with the highest score, or with the lowest?")
def test_the_first_place_counts_one(ndcg):
    """Where the right item has the highest score, the list counts 1."""
    found = _of(ndcg, 1, k=4)
    if not math.isclose(found, 1, abs_tol=1e-4):
        place = "1 / log₂(rank + 1) is 1 for the first place if ranks begin at 1. At what number "
        place += "do your ranks begin, and which logarithm do you take?"
        order = "Entry 2 of `argsort` is the item that stands third, and not the rank of item 2. "
        order += "How many items score higher than the right one? That tells its rank."
        second = math.isclose(found, 1 / math.log2(3), abs_tol=1e-4)
        raise Failure(
            f"The scores are {LISTS[1]} and item {RIGHT} is the right one. It has the highest "
            f"score, so its rank is 1 and the list counts 1; yours counts {found:.4g}.",
            hint=order if second else place if found > 0.5 else None,
        )


@points(3, hint="`argsort` answers another question: entry 0 is the *item* that comes first, and "
        "not the rank of item 0. How many items score higher than the right one? What does that "
        "say about its rank?")  # fmt: skip
def test_lower_places_count_less(ndcg):
    """Second of the list counts 1 / log₂ 3, third 1 / log₂ 4."""
    for rank in (2, 3):
        found, expected = _of(ndcg, rank, k=4), 1 / math.log2(rank + 1)
        if math.isclose(found, expected, abs_tol=1e-4):
            continue
        guesses = {
            1.0: "as for a hit rate, which does not ask how high the item stands",
            1 / rank: "one divided by the rank, where the logarithm is missing",
            1 / math.log(rank + 1): "with the natural logarithm instead of the one to base 2",
        }
        like = next((w for v, w in guesses.items() if math.isclose(found, v, abs_tol=1e-4)), "")
        raise Failure(
            f"The scores are {LISTS[rank]} and item {RIGHT} is the right one. {rank - 1} of the "
            f"others score higher, so its rank is {rank} and the list counts 1 / log₂ {rank + 1} "
            f"= {expected:.4f}; yours counts {found:.4f}{f': {like}' if like else ''}.",
            hint="Read the formula once more, and put the rank of this list into it by hand."
            if like else None,
        )  # fmt: skip


@points(2, hint="A shop shows k items. Is the one at place k among them, and the one after it?")
def test_beyond_k_nothing_counts(ndcg):
    """The item at place k counts, and one at place k + 1 counts nothing."""
    for rank, k, expected in ((3, 3, 0.5), (3, 2, 0.0), (5, 2, 0.0)):
        found = _of(ndcg, rank, k)
        if not math.isclose(found, expected, abs_tol=1e-4):
            hints = {
                "1": "That is what a first place counts. If you look for the right item among the "
                "first k, what does your search say where it is not there? (`argmax` says 0.)",
                "nan": "A mean over no lists is no number. A list that misses counts 0, and it "
                "stays among the lists that the mean is over.",
            }
            raise Failure(
                f"The right item has rank {rank} and k is {k}: the list counts {expected:g}; yours "
                f"counts {found:.4f}.",
                hint=hints.get(f"{found:g}"),
            )


@points(2, hint="Each list has its own right item, and so its own score to compare with and its "
        "own rank. Print the shape of each step: where do the lists meet?")  # fmt: skip
def test_every_list_is_in_the_mean(ndcg):
    """Four lists, one of which misses: the mean is over all four, each with its own target."""
    rows, target = [LISTS[1], LISTS[3], LISTS[5], LISTS[5]], [RIGHT, RIGHT, RIGHT, 1]
    found = ndcg(torch.tensor(rows).float(), torch.tensor(target), 3)
    expected = (1 + 0.5 + 0 + 1) / 4
    if not math.isclose(found.item(), expected, abs_tol=1e-4):
        counted = any(math.isclose(found.item(), 2.5 / n, abs_tol=1e-4) for n in (1, 3))
        raise Failure(
            f"The right items of four lists have the ranks 1, 3, 5 and 1. With k = 3 they count 1, "
            f"0.5, 0 and 1, which makes {expected:g} on average; got {found.item():.4f}.",
            hint="A list that misses counts 0, and it is still a list. Over how many do you take "
            "the mean?" if counted else None,
        )  # fmt: skip


@points(2, hint="An item that scores as high as the right one stands before it. So count the "
        "items that score at least as high.")  # fmt: skip
def test_who_scores_all_alike_earns_nothing(ndcg):
    """Among equal scores the right item comes last."""
    alike = [ndcg(torch.zeros(1, N_ITEMS), torch.tensor([j]), 2).item() for j in range(N_ITEMS)]
    if any(abs(value) > 1e-4 for value in alike):
        raise Failure(
            "A model that gives each item the same score knows nothing. With k = 2 your function "
            f"gives it {max(alike):.4f} where the right item is item {alike.index(max(alike))}; "
            "expected 0."
        )
    found = ndcg(torch.tensor([[5.0, 1, 5, 5, 9]]), torch.tensor([RIGHT]), 4).item()
    assert math.isclose(found, 1 / math.log2(5), abs_tol=1e-4), (
        "The scores are 5, 1, 5, 5, 9 and item 2 is the right one. Item 4 scores higher and items "
        f"0 and 3 as high, so its rank is 4 and it counts 0.4307; yours counts {found:.4f}."
    )


@points(1, hint="Does anything in your code depend on how many lists or items there are, or on "
        "the sign of the scores?")  # fmt: skip
def test_values_of_many_lists(ndcg):
    """Forty lists of seven items, for several k, against lists that are really sorted."""
    dice = torch.Generator().manual_seed(0)
    scores = torch.randn(40, 7, generator=dice)
    target = torch.randint(7, (40,), generator=dice)
    for k in (1, 3, 7):
        ranks = [sorted(row, reverse=True).index(row[t]) + 1
                 for row, t in zip(scores.tolist(), target.tolist(), strict=True)]  # fmt: skip
        expected = sum(1 / math.log2(rank + 1) for rank in ranks if rank <= k) / 40
        found = ndcg(scores, target, k).item()
        assert math.isclose(found, expected, abs_tol=1e-4), (
            f"For k = {k} expected {expected:.4f}, got {found:.4f}."
        )


def _of(ndcg, rank, k):
    """What one list counts whose right item has this rank."""
    return ndcg(torch.tensor([LISTS[rank]]).float(), torch.tensor([RIGHT]), k).item()
