"""The lines of an answer that an exception passed through: where it is to be mended.

What an answer imports from beside its file is the answer's, too.
"""

import re
import sys
import traceback
from pathlib import Path

from grading.plain import plain
from sources import shown


def lines_of(problem, answer_file):
    """The lines of the answer that the exception passed through, the innermost last."""
    frames = traceback.extract_tb(problem.__traceback__)
    return [frame for frame in frames if beside(frame.filename, answer_file)]


def beside(filename, answer_file):
    """Whether a file is the answer's, or stands beside it as one that it imports."""
    if answer_file is None or not isinstance(filename, str):
        return False
    return Path(filename).parent == Path(answer_file).parent


def named(filename, answer_file):
    """The name of a file beside the answer's, as 'helpers.py, '; empty for the answer's own."""
    return "" if filename == str(answer_file) else f"{shown(Path(filename).name)}, "


def place_of(lines, answer_file):
    """The last of these lines, as ' (line …)'; empty if there is none."""
    if not lines:
        return ""
    file = named(lines[-1].filename, answer_file)
    return f" ({file}line {lines[-1].lineno}: {plain(lines[-1].line or '', 120)})"


def shapes_in(problem, line):
    """The shapes of the tensors that a line names, as ' There x is (2, 3), …'; empty if none."""
    *_, frame = (f for f, number in traceback.walk_tb(problem.__traceback__)
                 if f.f_code.co_filename == line.filename and number == line.lineno)  # fmt: skip
    names = dict.fromkeys(re.findall(r"[^\W\d]\w*", line.line or ""))  # in order, each once
    values = {name: frame.f_locals[name] for name in names if name in frame.f_locals}
    tensor = sys.modules["torch"].Tensor  # a subclass may say what it likes of itself
    shapes = [f"{name} is {tuple(v.shape)}" for name, v in values.items() if type(v) is tensor]
    return f" There {', '.join(shapes)}." if shapes else ""


def is_a_stub(line):
    """Whether a line is the stub's `raise`; torch raises NotImplementedError for its own ends."""
    return (line.line or "").startswith("raise NotImplementedError")
