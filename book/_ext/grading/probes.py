"""What a check finds out by trying: which inputs matter, and how the dot products are scaled."""

import math

import torch

from grading.failure import Failure
from grading.pictures import line, maps


def which_inputs_matter(function, x):
    """Find by trying which outputs change with which inputs.

    Args:
        function: takes (batch, n_inputs, d), returns (batch, n_outputs, d_out).
        x: (1, n_inputs, d).

    Returns:
        (n_outputs, n_inputs) boolean: True where output i changes when input j does.
    """
    before = function(x.clone())
    columns = []
    for position in range(x.shape[1]):
        other = x.clone()
        other[:, position] += 1.0
        columns.append((function(other) != before).any(-1)[0])
    return torch.stack(columns, dim=-1)


def assert_reads_only(reads, allowed, what="position"):
    """Fail if an output changes with an input that it may not read.

    Args:
        reads: (n_outputs, n_inputs) boolean, as `which_inputs_matter` returns it.
        allowed: the same shape; True where an output may depend on an input.
        what: the word for one input.
    """
    __tracebackhide__ = True
    leaks, deaf = (reads & ~allowed).nonzero().tolist(), (allowed & ~reads).nonzero().tolist()
    if not leaks:
        return
    output, source = leaks[0]
    message = f"Output {output} changes when {what} {source} does, which it may not read"
    message += f" ({len(leaks)} such pairs)." if len(leaks) > 1 else "."
    if deaf:
        deaf_output, unread = deaf[0]
        message += f" Output {deaf_output} may read {what} {unread}, and does not."
    tables = {"yours: row reads column": reads.float(), "may read": allowed.float()}
    raise Failure(message, pictures=[maps(tables, marked=leaks)])


def scores_behind(weights):
    """The scores that softmax turned into these weights, counted from the first."""
    return torch.log(weights / weights[0])


def slope(products, scores):
    """The factor that the products were multiplied by: the slope of the line through the origin."""
    return ((products * scores).sum() / products.square().sum()).item()


def assert_scale(products, weights, expected, *, where, guesses):
    """Fail unless the scores that the softmax met are the dot products times one factor.

    Args:
        products: (n,) the dot products of one query with n keys, the first of them 0.
        weights: (n,) the weights that the answer gave these keys.
        expected: the factor in words that `guesses` has, such as "1/√d".
        where: the sizes of this case in words, such as "d = 16".
        guesses: {how a factor is written: its value}, the wrong ones that people use too.
    """
    __tracebackhide__ = True
    assert (weights > 0).all(), (
        f"With {where} a key got the weight {weights.min():.3g}; even the worst match gets some."
    )
    scores, right = scores_behind(weights), guesses[expected]
    found = slope(products, scores)
    if math.isclose(found, right, rel_tol=1e-3):
        return
    name = next((n for n, guess in guesses.items() if math.isclose(found, guess, rel_tol=1e-3)), "")
    effect = "the weights come out too even" if found < right else "one weight takes too much"
    raise Failure(
        f"With {where} your scores are the dot products times {_equal(name, found)}; "
        f"expected {_equal(expected, right)}. Scores that should spread by 1 spread by "
        f"{found / right:.3g}: {effect}.",
        pictures=[
            line(
                f"Your scores with {where}",
                zip(products.tolist(), scores.tolist(), strict=True),
                {f"yours{f', {name}' if name else ''}": found, f"expected, {expected}": right},
                across="dot product",
                up="score",
            )
        ],
    )


def _equal(name, number):
    """How a factor is written, and what it comes to: 1/√d = 0.25."""
    return f"{name} = {number:.4g}" if name not in ("", "1") else f"{number:.4g}"
