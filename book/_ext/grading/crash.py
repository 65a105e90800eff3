"""What to say of an exception that ended a check: its hint, out of `crash_table`."""

import ast
import builtins
import difflib
import linecache
import re
import sys
import traceback
from contextlib import suppress

from grading import crash_table as table
from grading.paths import CHECKS, ROOT

IMPORTS = {
    "F": "import torch.nn.functional as F",
    "math": "import math",
    "nn": "from torch import nn",
    "np": "import numpy as np",
    "torch": "import torch",
}
#: methods that a look at the two sides of an operation may call again: they change nothing
HARMLESS = {
    "amax", "amin", "exp", "expand", "flatten", "float", "log", "mean", "movedim", "permute",
    "reshape", "softmax", "sqrt", "square", "squeeze", "sum", "swapaxes", "tanh", "transpose",
    "unflatten", "unsqueeze", "view",
}  # fmt: skip


def hint_of(problem, text, lines):
    """The hint about an exception; empty where there is nothing to add to its own words.

    Args:
        text: what it says.
        lines: those of the answer that it passed through, the innermost last.
    """
    with suppress(BaseException):  # whatever an answer has made of the things looked at here
        return _hint(problem, text, lines)
    return ""


def instead_of_a_tensor(thing):
    """What to say where this came and a tensor should; None where nothing is known of it."""
    name = f"{type(thing).__module__}.{type(thing).__name__}".removeprefix("builtins.")
    kinds = table.INSTEAD_OF_A_TENSOR.items()
    return next((hint for kind, hint in kinds if name.startswith(kind)), None)


def _hint(problem, text, lines):
    *_, (frame, _) = traceback.walk_tb(problem.__traceback__)
    if isinstance(problem, AssertionError) and frame.f_code.co_filename.startswith(str(CHECKS)):
        return None  # of a function that the check hands over: its own finding
    if lines and frame.f_code.co_filename == lines[-1].filename:
        word = re.match(r"(raise|assert)\b", lines[-1].line or "")
        if word:
            return table.OWN.format(word=word[1])
    if isinstance(problem, (NameError, AttributeError)):
        name = _name(problem, frame)
        if name:
            return name
    said = f"{type(problem).__name__}: {text}"
    for words, hint in table.TABLE:
        found = re.search(words, said, re.DOTALL)
        if found:
            hint = hint if lines else table.WITHOUT_LINES.get(hint, hint)
            sides = _sides(problem, lines)
            hint = table.FRONT if hint is table.MEET and " times " in sides else hint
            return sides + hint.format(**found.groupdict())
    return table.PACKAGE if lines and _is_of_the_package(frame) else ""


def _is_of_the_package(frame):
    return frame.f_code.co_filename.startswith(str(ROOT / "attention"))


def _name(problem, frame):
    """Which name was meant; empty where it is not the name that is wrong."""
    name = getattr(problem, "name", None)
    if isinstance(problem, UnboundLocalError) or not isinstance(name, str):
        return ""
    if isinstance(problem, AttributeError):
        owner = problem.obj
        if instead_of_a_tensor(owner):
            return ""
        close = difflib.get_close_matches(name, dir(owner), 1, 0.7)
        return f"Did you mean `{close[0]}`?" if close else ""
    if name in IMPORTS:
        return f"`{name}` is not imported: {IMPORTS[name]}"
    known = {**vars(builtins), **frame.f_globals, **frame.f_locals}
    close = difflib.get_close_matches(name, known, 1, 0.7)
    if close:
        return f"Did you mean `{close[0]}`?"
    offered = getattr(sys.modules.get("attention"), name, None)
    if callable(offered) and not hasattr(offered, "forbidden"):
        return f"The package has one, which you may use: from attention import {name}"
    return f"`{name}` has no value here: is it misspelt, defined further down, or not imported?"


def _sides(problem, lines):
    """The shapes on the two sides of the operation that failed, as a sentence; else empty."""
    with suppress(Exception):
        code = _failed(lines[-1])
        operation = ast.parse(code, mode="eval").body
        *_, frame = (frame for frame, _ in traceback.walk_tb(problem.__traceback__)
                     if frame.f_code.co_filename == lines[-1].filename)  # fmt: skip
        left, right = (_shape(side, frame) for side in (operation.left, operation.right))
        if isinstance(operation.op, ast.MatMult):
            return f"`{code}` is {left} times {right}. "
        return f"`{code}` puts {left} and {right} together. "
    return ""


def _failed(line):
    """The piece of the source that failed, on one line; Python counts its columns in bytes."""
    source = linecache.getlines(line.filename)[line.lineno - 1 : line.end_lineno]
    source[-1] = source[-1].encode()[: line.end_colno].decode()
    source[0] = source[0].encode()[line.colno :].decode()
    return " ".join("".join(source).split())


def _shape(side, frame):
    """The shape of one side, computed again where that changes nothing."""
    for node in ast.walk(side):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") not in HARMLESS:
            raise ValueError("who knows what it does when it is called again")
    value = eval(compile(ast.Expression(side), "", "eval"), frame.f_globals, frame.f_locals)
    if type(value) not in (sys.modules["torch"].Tensor, sys.modules["torch"].nn.Parameter):
        raise ValueError("no tensor")
    return tuple(value.shape)
