"""A plugin of pytest for `make test`: what the last build has proved is not proved again.

`make html`, which goes before, runs the longest tests: those that hold claims. The ones that
passed are left out, if nothing that they follow from has changed since.
"""

from grading.paths import ROOT

from .running import Record, stale


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
