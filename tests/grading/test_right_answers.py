"""A right answer passes, whatever else it does and however it was saved; what it prints is shown.

All are graded by one warm process of their own: the one of these tests has pytest's logs and
filters of warnings.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bad_answers import RIGHT
from grading import results, results_file
from surroundings import environment

TOP, BODY = RIGHT.split("    e = ", 1)


def also(*lines, top=""):
    """A right answer that does this too, at each call and at its top."""
    return top + TOP + "".join(f"    {line}\n" for line in lines) + "    e = " + BODY


DECLARED = "# coding: {}\nname = 'naïve'\nassert len(name) == 5 and ord(name[2]) == 239\n" + RIGHT
# name: (the file, words that its card shows as printed)
ANSWERS = {
    "prints": (also("print('shape', tuple(scores.shape))"), "shape (2, 3, 4)"),
    "logs": (also("logging.warning('careful')", top="import logging\n"), "WARNING:root:careful"),
    "logs_while_loading": ("import logging\nlogging.error('at once')\n" + RIGHT, "at once"),
    "warns": (also("warnings.warn('deprecated')", top="import warnings\n"), "UserWarning: deprec"),
    "warns_while_loading": ("import warnings\nwarnings.warn('early')\n" + RIGHT, "early"),
    "torch_warns": (also("torch.zeros(2).resize(2)"), "resize"),
    "torch_logs": (also("logging.getLogger('torch').error('from torch')", top="import logging\n"),
                   "from torch"),
    "writes_to_the_descriptor": (also("os.write(2, b'raw\\n')", top="import os\n"), "raw"),
    "opens_files": (
        also(
            "with open('/dev/null', 'w') as file: file.write('x')",
            "with tempfile.TemporaryFile() as file:",
            "    file.write(b'mine'); gc.collect(); log.warning('told'); file.seek(0)",
            "    assert file.read() == b'mine'",
            top="import gc, logging, tempfile\nlog = logging.getLogger('of the grader')\n",
        ),
        "",
    ),
    "prints_half_a_line": (also("print('no end', end='')"), "no end"),
    "closes_what_it_prints_to": (also("sys.stdout.close()", top="import sys\n"), ""),
    "compiles": ("import torch\n@torch.compile\n" + TOP[TOP.index("def"):] + "    e = " + BODY, ""),
    "compiles_with_options": (
        RIGHT + "softmax = torch.compile(softmax, fullgraph=True, mode='max-autotune')\n", ""),
    "compiles_by_a_decorator": (
        "import torch\n@torch.compile(dynamic=True)\n" + TOP[TOP.index("def"):] + "    e = " + BODY,
        ""),
    "asserts": (also("assert scores.dim() > 0"), ""),
    "mark": (b"\xef\xbb\xbf" + RIGHT.encode(), ""),
    "windows": (RIGHT.replace("\n", "\r\n").encode(), ""),
    "old_mac": (RIGHT.replace("\n", "\r").encode(), ""),
    "latin_1": (DECLARED.format("latin-1").encode("latin-1"), ""),
    "windows_1252": (DECLARED.format("cp1252").replace("\n", "\r\n").encode("cp1252"), ""),
}  # fmt: skip


# The warm process; a log of its own, which an answer can reach, writes into an open file.
GRADER = """
import json, logging, sys
from pathlib import Path
folder = Path(sys.argv[1])
from bad_answers import grade
from grading import grader, results_file
from grading.collect import with_catalog

def all_of_them(catalog):
    logging.getLogger("of the grader").addHandler(logging.FileHandler(folder / "log"))
    grader.warm_up()
    graded = {path.stem: grade(catalog, path) for path in folder.glob("*.py")}
    return {name: results_file.as_record(exercise) for name, exercise in graded.items()}

(folder / "graded.json").write_text(json.dumps(with_catalog(all_of_them, ["soft_lookup"])))
"""


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("answers")
    for name, (source, _) in ANSWERS.items():
        content = source if isinstance(source, bytes) else source.encode()
        (folder / f"{name}.py").write_bytes(content)
    around = environment()
    around["PYTHONPATH"] += os.pathsep + str(Path(__file__).parent)
    subprocess.run([sys.executable, "-c", GRADER, folder], env=around, check=True, timeout=300)
    records = json.loads((folder / "graded.json").read_text())
    return {name: results_file.from_record(record) for name, record in records.items()}


@pytest.mark.parametrize("name", ANSWERS)
def test_right_answer_passes(name, graded):
    """What counts is what it returns."""
    assert graded[name].state == results.PASSED, graded[name]


@pytest.mark.parametrize("name", ANSWERS)
def test_what_it_prints_stands_on_its_card(name, graded):
    """The first lines, and nothing where nothing was printed."""
    words, printed = ANSWERS[name][1], graded[name].printed
    assert words in "".join(text for _, text in printed) and bool(words) == bool(printed)
