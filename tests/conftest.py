"""Fixtures that several test files share."""

import os

# Before torch is imported: the grader forks, and a fork of a process in which torch has started
# its worker threads hangs.
os.environ["OMP_NUM_THREADS"] = "1"

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from xdist.scheduler import LoadScopeScheduling

from attention.data.austen import load_austen
from attention.data.films import load_films
from attention.data.packaged import MissingData
from attention.models.bert.pretrained import load_minilm
from attention.models.dino.pretrained import load_dino
from attention.models.llama.pretrained import load_llama
from attention.models.whisper.pretrained import load_whisper
from attention.tokens.whisper_frames import whisper_frames


class _OneLiveBook(LoadScopeScheduling):
    """The files of tests are spread over the workers; those of the live book share its server."""

    def _split_scope(self, nodeid):
        live = "tests/site/live"
        return live if nodeid.startswith(f"{live}/") else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """For `--dist loadscope`, which make asks for."""
    return _OneLiveBook(config, log) if config.getoption("dist") == "loadscope" else None


def the_books(load, variable):
    """What a loader returns, whatever its variable says; leave it as you found it.

    Where the data is missing the test is skipped, but not in CI.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(variable, raising=False)
        try:
            return load()
        except MissingData as missing:
            if "CI" in os.environ:
                raise
            pytest.skip(f"MissingData: {missing}")


@pytest.fixture(scope="session")
def minilm():
    """MiniLM as (encoder, tokenizer), loaded once. In evaluation mode; leave it as you found it."""
    return load_minilm()


@pytest.fixture(scope="session")
def llama():
    """SmolLM2 as (model, tokenizer)."""
    return the_books(load_llama, "ATTENTION_GPT")


@pytest.fixture(scope="session")
def whisper():
    """Whisper tiny.en as (model, vocabulary)."""
    return the_books(load_whisper, "ATTENTION_WHISPER")


@pytest.fixture(scope="session")
def frames():
    """The recording of Jane Austen's sentence as Whisper hears it, (1, 3000, 80)."""
    return whisper_frames(load_austen()[0])[None]


@pytest.fixture(scope="session")
def memory(whisper, frames):
    """What Whisper's encoder makes of it, (1, 1500, 384)."""
    with torch.no_grad():
        return whisper[0].encoder(frames)


@pytest.fixture(scope="session")
def dino():
    """DINOv2 ViT-S/14."""
    return the_books(load_dino, "ATTENTION_VIT")


@pytest.fixture(scope="session")
def movielens():
    """MovieLens-100K."""
    return the_books(load_films, "ATTENTION_RATINGS")


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
