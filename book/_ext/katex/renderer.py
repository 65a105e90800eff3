"""Asks KaTeX for formulas; one worker lives as long as the process that asks."""

import atexit
import json
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from katex.files import find

WORKER = Path(__file__).with_name("worker.py")

_workers = {}  # process id -> worker: a fork (`sphinx -j`) must not share its parent's pipes


class FormulaError(ValueError):
    """KaTeX cannot read a formula; the text is KaTeX's."""


@lru_cache(maxsize=4096)
def render(tex, display, macros=()):
    r"""Return the HTML and MathML of a formula.

    Args:
        tex: the formula, without dollars.
        display: whether it stands by itself.
        macros: pairs such as `(r"\softmax", r"\operatorname{softmax}")`.

    Raises:
        FormulaError: with KaTeX's message.
    """
    settings = {
        "displayMode": display,
        "output": "htmlAndMathml",
        "strict": "ignore",
        "throwOnError": True,
        "macros": dict(macros),
    }
    worker = _worker()
    worker.stdin.write(json.dumps({"tex": tex, "settings": settings}) + "\n")
    worker.stdin.flush()
    line = worker.stdout.readline()
    if not line:
        raise RuntimeError("the process that runs KaTeX has ended; its error stands above")
    answer = json.loads(line)
    if "error" in answer:
        raise FormulaError(answer["error"])
    return answer["html"]


def _worker():
    if os.getpid() not in _workers:
        _workers[os.getpid()] = subprocess.Popen(
            [sys.executable, str(WORKER), str(find("katex.min.js"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
    return _workers[os.getpid()]


@atexit.register
def _stop():
    """End this process's worker. A process that skips this closes its pipe, which ends it too."""
    if worker := _workers.pop(os.getpid(), None):
        worker.communicate()
