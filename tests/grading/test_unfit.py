"""What the machine, or the shell, does not let the grader do is told as such, of no answer."""

import os
import resource
import subprocess
import sys

import pytest

from bad_answers import RIGHT, grade
from grading import child, collect, command_line, grader, known, limits
from grading.collect import with_catalog
from grading.nothing_graded import CollectionError, Unfit
from grading.paths import ROOT


def in_a_shell_with(kind, most):
    """What `python -m grading softmax` says where a shell grants only so much."""
    return subprocess.run(
        [sys.executable, "-m", "grading", "softmax", "--from", ROOT / "book" / "exercises"],
        preexec_fn=lambda: resource.setrlimit(kind, (most, most)),
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "command"),
    [(resource.RLIMIT_AS, "ulimit -v"), (resource.RLIMIT_DATA, "ulimit -d")],
)
def test_shell_that_grants_too_little_memory_is_told(kind, command):
    """In a sentence, with what is granted and what is needed."""
    done = in_a_shell_with(kind, 600 << 20)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == (
        f"Nothing was graded: this shell lets a process use 600 MB of memory ({command}), and "
        "PyTorch and an answer need 1024 MB\n"
    )


def test_limit_that_leaves_enough_is_no_matter(tmp_path, monkeypatch):
    """An answer gets what is left."""
    (tmp_path / "answer.py").write_text(RIGHT)
    in_use = limits.memory_in_use()
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (in_use + (1 << 30),) * 2)
    exercise = with_catalog(lambda c: grade(c, tmp_path / "answer.py"), ["soft_lookup"])
    assert exercise.state == "passed"


def less_memory(monkeypatch):
    most = limits.memory_in_use() + (1 << 20)
    monkeypatch.setattr(limits, "see_that_memory_suffices", lambda: None)
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (most, most))


def no_group(monkeypatch):
    monkeypatch.setattr(os, "setsid", lambda: 1 / 0)


def sudden_end(monkeypatch):
    monkeypatch.setattr(child, "confine", lambda *_: os._exit(7))


def no_fork(monkeypatch):
    def fork():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", fork)


def no_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (less_memory, "MB of memory"),
        (no_group, "ZeroDivisionError: division by zero"),
        (sudden_end, "exit status 7"),
        (no_fork, "Resource temporarily unavailable"),
        (no_torch, "PyTorch cannot be loaded"),
    ],
)
def test_grader_that_cannot_set_itself_up_says_so_of_itself(broken, words, tmp_path, monkeypatch):
    """No answer is said to have done it, and nothing is left open or running."""
    (tmp_path / "answer.py").write_text(RIGHT)
    monkeypatch.setattr(collect, "see_that_memory_suffices", lambda: None)
    graded, before = [], len(os.listdir("/dev/fd"))

    def once(catalog):
        broken(monkeypatch)
        graded.append(grade(catalog, tmp_path / "answer.py"))

    if broken is no_torch:
        broken(monkeypatch)
    with pytest.raises(Unfit, match=words):
        with_catalog(once, ["soft_lookup"])
    assert not graded
    assert len(os.listdir("/dev/fd")) <= before


@pytest.mark.parametrize("problem", [Unfit("the reason"), CollectionError("the reason")])
def test_command_ends_with_that_sentence(problem, monkeypatch, capsys):
    """No traceback, and no results."""

    def no_catalog(*_):
        raise problem

    monkeypatch.setattr(collect, "with_catalog", no_catalog)
    monkeypatch.setattr("grading.asked.with_catalog", no_catalog)
    assert command_line.main(["softmax"]) == 2
    assert command_line.main(["softmax", "--reset"]) == 2
    assert capsys.readouterr().err == "Nothing was graded: the reason\n" * 2


def test_broken_file_of_known_answers_is_named(tmp_path, monkeypatch):
    """It is an author's, and no learner can mend it."""
    (tmp_path / "masks.py").write_text("def it(:\n")
    monkeypatch.setattr(known, "MISTAKES", tmp_path)
    monkeypatch.setattr(known, "ROOT", tmp_path.parent)
    with pytest.raises(CollectionError, match=r"masks\.py cannot be loaded: SyntaxError: invalid"):
        list(known.answers("masks"))


def test_pytorch_that_does_not_work_is_told(monkeypatch):
    """Whatever it raises as it is used for the first time."""
    import torch

    def broken(*_, **__):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(torch, "ones", broken)
    with pytest.raises(Unfit, match=r"PyTorch does not work here: .*can't allocate"):
        grader.warm_up()
