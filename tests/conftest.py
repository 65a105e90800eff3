"""Fixtures that several test files share."""

import os

# Before torch is imported: the grader forks, and a fork of a process in which torch has started
# its worker threads hangs.
os.environ["OMP_NUM_THREADS"] = "1"

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from attention.models.bert.pretrained import load_minilm
from claims.running import Record, stale
from grading.paths import ROOT


def pytest_addoption(parser):
    parser.addoption(
        "--but-claims",
        action="store_true",
        help="leave out the tests that hold claims and passed in the last build, if nothing that "
        "they follow from has changed",
    )


def pytest_collection_modifyitems(config, items):
    """`make test` builds the book first, which runs the longest tests: those of the claims."""
    if config.getoption("but_claims"):
        record = Record(ROOT / "_build" / "claims.json")
        known = set(record.outcomes)
        known -= stale({tuple(key.split("::")) for key in known}, record, ROOT).keys()
        there = [item for item in items if _key(item) in known]
        items[:] = [item for item in items if _key(item) not in known]
        config.hook.pytest_deselected(items=there)


def _key(item):
    """As the record of the claims has it."""
    file = item.path.relative_to(ROOT / "tests").with_suffix("")
    return f"{file.as_posix()}::{getattr(item, 'originalname', item.name)}"


@pytest.fixture(scope="session")
def minilm():
    """MiniLM as (encoder, tokenizer), loaded once. In evaluation mode; leave it as you found it."""
    return load_minilm()


class _RefusesFloat64(TorchDispatchMode):
    """Stands for Apple's GPU: no operation on these devices may make a tensor of float64."""

    def __init__(self, *devices):
        super().__init__()
        self.devices = devices

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        made = operation(*args, **(kwargs or {}))
        for x in tree_leaves(made):
            if isinstance(x, torch.Tensor) and x.dtype == torch.float64:
                assert x.device.type not in self.devices, f"{operation} makes float64"
        return made


@pytest.fixture
def refuses_float64():
    """A context manager, called with the types of the devices that have no float64."""
    return _RefusesFloat64
