"""Asking the hub for a model ends within seconds, in words of the book's own."""

import os
import shutil
import socket
import subprocess
import sys
import time

import pytest

from attention.models.bert.pretrained import OTHER, minilm_folder
from attention.models.hub import PATIENCE

ASK = "from attention.models.bert.pretrained import OTHER\nprint(OTHER.folder('someone/tiny'))"


@pytest.fixture
def silent():
    """The address of a server that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def closed():
    """The address of a port at which nobody listens, as where there is no network."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


def ask(address, cache):
    """What a process of its own is told: the library reads the address when it is imported."""
    variables = {"HF_ENDPOINT": address, "HF_HUB_CACHE": str(cache), "HF_HUB_OFFLINE": "0"}
    # without the limit of this test it would take 396 seconds
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout.strip(), done.stderr


def test_a_server_that_is_silent_is_told_of(silent, tmp_path):
    """Its address, and what to do instead."""
    _, said = ask(silent, tmp_path)
    assert "someone/tiny/config.json is missing: it is not in the cache" in said
    assert f"the hub at {silent} has not answered within {PATIENCE} seconds" in said
    assert "unset ATTENTION_BERT to read MiniLM, which needs no network" in said.splitlines()[-1]


def test_without_a_network_it_is_told_as_soon(tmp_path):
    """The library itself tries again and again."""
    _, said = ask(closed(), tmp_path)
    assert f"has not answered within {PATIENCE} seconds" in said


@pytest.mark.parametrize("silence", [True, False])
def test_what_is_in_the_cache_needs_no_answer(silent, tmp_path, silence):
    """The model was fetched before."""
    commit = "0123456789" * 4
    model = tmp_path / "models--someone--tiny"
    (model / "refs").mkdir(parents=True)
    (model / "refs/main").write_text(commit)
    folder = shutil.copytree(minilm_folder(), model / "snapshots" / commit)
    assert ask(silent if silence else closed(), tmp_path)[0] == str(folder)


def test_nobody_waits_for_the_library(monkeypatch):
    """However long it takes: not even for the thread in which it goes on."""
    import huggingface_hub

    def fetch(name, file, local_files_only=False):
        if local_files_only:
            raise FileNotFoundError("not there")
        time.sleep(1000)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fetch)
    monkeypatch.setattr("attention.models.hub.PATIENCE", 0.01)
    with pytest.raises(FileNotFoundError, match=r"has not answered within 0\.01 seconds"):
        OTHER.folder("someone/tiny")
