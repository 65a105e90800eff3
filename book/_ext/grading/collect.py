"""Asks pytest for the checks and sorts them by exercise.

Collection happens once, in the warm process, and whatever wants to grade runs inside pytest's own
run loop, so that a child can run the collected checks as pytest would.
"""

import contextlib
import io
import os
from unittest.mock import patch

import pytest

from grading.limits import see_that_memory_suffices
from grading.nothing_graded import CollectionError, Unfit
from grading.paths import CHECKS, ROOT, STUBS
from grading.plain import plain
from grading.results import Check, Exercise
from grading.stems import chapter_order
from grading.subject import EXERCISES, reset
from surroundings import environment

#: Nobody's settings but these: no configuration file, no conftest.py, no plugin that an answer
#: could meet, such as the one that puts its own debugger and its own log files into the process.
OPTIONS = ["-c", os.devnull, "--rootdir=.", "--noconftest", "--import-mode=importlib"]
OPTIONS += ["--capture=no", "--assert=plain"]  # what a check has to say stands in its message
OPTIONS += [
    f"-pno:{name}"
    for name in ("cacheprovider", "debugging", "doctest", "faulthandler", "junitxml", "logging",
                 "terminal", "warnings")
]  # fmt: skip


class Catalog:
    """The exercises in the book's order, each with its checks."""

    def __init__(self, items):
        self._items = {}
        for item in items:
            name = next((n for n in _arguments(item) if n in EXERCISES), None)
            if name is None:
                raise CollectionError(f"{item.nodeid} asks for no exercise by its name.")
            self._items.setdefault(name, {})[item.name] = item

    def __iter__(self):
        return iter(self._items)

    def __contains__(self, name):
        return name in self._items

    def checks(self, name):
        """{check's name: pytest item}, in the order of the file."""
        return self._items[name]

    def stem(self, name):
        """The chapter of an exercise."""
        return next(iter(self._items[name].values())).path.stem.removeprefix("test_")

    def exercise(self, name):
        """A fresh record of the exercise, none of its checks run."""
        items, stem = self._items[name].values(), self.stem(name)
        return Exercise(
            name=name,
            stem=stem,
            file=str((STUBS / f"{stem}.py").relative_to(ROOT)),
            checks=[_check(item) for item in items],
        )


def with_catalog(use, stems=None):
    """Collect the checks, then call `use(catalog)` inside pytest's run loop; return its result.

    Args:
        use: called once with the `Catalog`.
        stems: the chapters to collect; all when None, in the book's order.

    Raises:
        Unfit: this machine cannot load what the checks need.
        CollectionError: the checks are broken.
    """
    loop = _Loop(use)
    _load_torch()
    # Names relative to the root: pytest reads meanings into a path, such as those of [ and ::.
    files = [f"{CHECKS.relative_to(ROOT)}/test_{stem}.py" for stem in stems or chapter_order()]
    with (
        patch.dict(os.environ, environment(), clear=True),
        contextlib.chdir(ROOT),
        contextlib.redirect_stderr(io.StringIO()) as complaints,
    ):
        status = pytest.main([*OPTIONS, *files], plugins=[loop])
    if loop.error is not None:
        raise loop.error
    if not loop.ran:
        raise CollectionError(
            f"pytest could not collect the checks ({status!r}).\n"
            f"{loop.broken or complaints.getvalue()}"
        )
    return loop.result


def _load_torch():
    see_that_memory_suffices()
    try:
        import torch  # noqa: F401
    except Exception as problem:
        raise Unfit(f"PyTorch cannot be loaded: {plain(problem, 400)}") from problem


class _Loop:
    """The pytest plugin whose run loop is ours."""

    def __init__(self, use):
        self.use, self.result, self.error, self.ran, self.broken = use, None, None, False, ""

    def pytest_collectreport(self, report):
        if report.failed:
            self.broken += f"{report.nodeid}: {report.longreprtext}\n"

    def pytest_runtestloop(self, session):
        if self.broken:
            return True
        self.ran = True
        try:
            self.result = self.use(Catalog(session.items))
        except BaseException as error:  # handed to the caller once pytest has cleaned up
            self.error = error
        return True

    def pytest_runtest_setup(self, item):
        reset()


def _check(item):
    return Check(
        name=item.name,
        title=(item.function.__doc__ or item.name).strip().splitlines()[0],
        max_points=getattr(item.function, "points", 1),
        hint=getattr(item.function, "hint", ""),
    )


def _arguments(item):
    """The function's parameters in order: the exercise comes first."""
    code = item.function.__code__
    return code.co_varnames[: code.co_argcount]
