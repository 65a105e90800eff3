"""The training loop: it repeats exactly, follows its schedule, and stops when nothing improves."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from attention.data.recall import announced_recall
from attention.models.toys.recall import gru_recall
from attention.models.training import constant, cross_entropy, train, trained, warmup_cosine

BATCH, LENGTH = 2, 5


def test_training_repeats_exactly_and_leaves_a_model_ready_to_use():
    """The same seeds give the same losses; another seed gives others."""

    draw = partial(announced_recall, BATCH, 3)

    def losses(seed):
        torch.manual_seed(0)
        model = gru_recall()
        found = train(model, draw, 4, seed=seed)
        assert not model.training
        return found

    assert len(losses(1)) == 4
    assert losses(1) == losses(1) != losses(2)
    first, again = (trained(gru_recall, draw, 4, seed=5).answer.bias for _ in range(2))
    assert torch.equal(first, again)


def test_training_takes_another_loss():
    """Regression: a line is fitted by squared error."""
    model = nn.Linear(1, 1)

    def draw(generator):
        x = torch.randn(16, 1, generator=generator)
        return x, 3 * x + 1

    assert train(model, draw, 200, lr=0.1, loss=nn.functional.mse_loss)[-1] < 1e-3


def test_cross_entropy_skips_minus_one_hundred():
    """The average runs over the places that have a target."""
    logits, target = torch.randn(BATCH, LENGTH, 6), torch.randint(6, (BATCH, LENGTH))
    target[0, 1:] = -100
    chosen = [(0, 0), *((1, t) for t in range(LENGTH))]
    by_hand = [-logits[b, t].log_softmax(-1)[target[b, t]] for b, t in chosen]
    assert_close(cross_entropy(logits, target), torch.stack(by_hand).mean())


def draw_line(generator):
    """Points of y = 3 x + 1."""
    x = torch.randn(16, 1, generator=generator)
    return x, 3 * x + 1


def test_training_ends_when_checks_bring_nothing_better():
    """Three checks in a row without a better value end it, and the best weights are kept."""
    seen, values = [], iter([5.0, 2.0, 3.0, 2.0, 4.0, 1.0])

    def validate(model):
        assert not model.training and not torch.is_grad_enabled()
        seen.append(model.weight.item())
        return next(values)

    model = nn.Linear(1, 1)
    losses = train(
        model, draw_line, 70, loss=nn.functional.mse_loss, validate=validate, check_every=10
    )
    assert len(losses) == 50 and len(seen) == 5  # 2.0 again is not better
    assert model.weight.item() == seen[1]
    assert not model.training


def test_the_last_step_is_checked_too():
    """Seven steps, checked every five: the weights of step seven can be the best."""
    seen = []

    def validate(model):
        seen.append(model.weight.item())
        return -len(seen)

    model = nn.Linear(1, 1)
    train(model, draw_line, 7, loss=nn.functional.mse_loss, validate=validate, check_every=5)
    assert len(seen) == 2 and model.weight.item() == seen[1]


def test_the_schedule_scales_each_step():
    """The first step of Adam is as long as its step size, here lr times the schedule's factor."""

    def moved(factor):
        torch.manual_seed(0)
        model = nn.Linear(1, 1)
        before = model.weight.item()
        train(
            model, draw_line, 1, lr=0.1, loss=nn.functional.mse_loss, schedule=lambda done: factor
        )
        return abs(model.weight.item() - before)

    assert moved(1.0) == pytest.approx(0.1, rel=1e-4)
    assert moved(0.5) == pytest.approx(0.05, rel=1e-4)
    assert moved(0.0) == 0


def test_schedules():
    """One stays; the other rises to one and falls back along half a cosine."""
    assert constant(0.3) == 1
    assert [warmup_cosine(done) for done in (0.0, 0.05, 0.1)] == pytest.approx([0, 0.5, 1])
    assert warmup_cosine(0.6, warmup=0.2) == pytest.approx(0.5)
    assert warmup_cosine(1.0) == pytest.approx(0)


def test_weight_decay_shrinks_weights_that_nothing_holds():
    """Where the loss does not depend on a weight, each step leaves 1 − lr · weight_decay of it."""
    model = nn.Linear(1, 1, bias=False)
    before = model.weight.item()
    nothing = lambda output, target: 0 * output.sum()  # noqa: E731
    train(model, draw_line, 3, lr=0.1, weight_decay=0.5, loss=nothing)
    assert model.weight.item() == pytest.approx(before * 0.95**3)


def test_a_bar_is_shown_in_a_terminal_only(capsys):
    """A page or a log stays clean."""
    train(nn.Linear(1, 1), draw_line, 2, loss=nn.functional.mse_loss)
    assert capsys.readouterr() == ("", "")


def test_training_that_runs_away_says_so():
    """At the first loss that is NaN, in the check of another text, and after the last step."""
    nothing = lambda output, target: output.sum() * float("nan")  # noqa: E731
    words = r"^the loss must be a finite number, got nan in step 1: .* the model answers NaN"
    with pytest.raises(ValueError, match=words):
        train(nn.Linear(1, 1), draw_line, 9, loss=nothing)

    infinite = lambda output, target: output.sum() * float("inf")  # noqa: E731
    with pytest.raises(ValueError, match=r"the loss must be a finite number, got -?(inf|nan)"):
        train(nn.Linear(1, 1), draw_line, 9, loss=infinite)

    with pytest.raises(ValueError, match=r"what validate returns must be .* got nan in step 5"):
        train(
            nn.Linear(1, 1),
            draw_line,
            9,
            loss=nn.functional.mse_loss,
            validate=lambda model: float("nan"),
            check_every=5,
        )

    loud = lambda output, target: (output - target).square().mean().sqrt()  # noqa: E731
    with pytest.raises(ValueError, match="the weight weight must be a finite number, got inf"):
        train(nn.Linear(1, 1), draw_line, 1, loss=loud, lr=float("inf"))

    def build():
        model = nn.Linear(1, 1)
        nn.init.constant_(model.weight, float("nan"))
        return model

    with pytest.raises(ValueError, match="the loss must be a finite number, got nan in step 1"):
        trained(build, draw_line, 3, loss=nn.functional.mse_loss)


def test_training_may_be_checked_as_infinitely_bad():
    """That is a verdict, and the worst."""
    values = iter([float("inf"), 2.0])
    losses = train(
        nn.Linear(1, 1),
        draw_line,
        2,
        loss=nn.functional.mse_loss,
        validate=lambda model: next(values),
        check_every=1,
    )
    assert len(losses) == 2
