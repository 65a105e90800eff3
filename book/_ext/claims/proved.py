"""A plugin of pytest for `make test`: all cores, and what the build has proved is not proved again.

`make html`, which goes before, runs the longest tests: those that hold claims. The ones that
passed are left out, if nothing that they follow from has changed since.
"""

import os

import pytest

from grading.paths import ROOT

from .running import Record, stale


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_auto_num_workers():
    """One more than there are cores: many tests wait, for a limit of time, a browser or a save."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count())
    return len(cores) + 1


def pytest_collection_modifyitems(config, items):
    record = Record(ROOT / "_build" / "claims.json")
    known = set(record.outcomes)
    known -= stale({tuple(key.split("::")) for key in known}, record, ROOT).keys()
    config.hook.pytest_deselected(items=[item for item in items if _key(item) in known])
    items[:] = [item for item in items if _key(item) not in known]


def _key(item):
    """As the record of the claims has it."""
    file = item.path.relative_to(ROOT / "tests").with_suffix("")
    return f"{file.as_posix()}::{getattr(item, 'originalname', item.name)}"
