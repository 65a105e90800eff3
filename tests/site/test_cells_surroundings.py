"""The reader's own settings have no say in what a build makes."""

import os
import re
import tempfile
from pathlib import Path

import pytest

from execution import kernels, surroundings
from execution.parsing import Failure

FIGURE = """# A

```{code-cell}
import matplotlib.pyplot as plt
from figures import show

figure, axes = plt.subplots()
axes.plot([1, 2], label="$x$")
axes.legend()
show(figure, alt="A line that rises from one to two.", caption="It rises.")
```

```{code-cell}
import os, sys, time
import torch

print(sys.flags.optimize, sys.warnoptions, sys.flags.utf8_mode, time.tzname[0], "%.1f" % 1.5)
print(sorted(name for name in os.environ if "READER" in name or name.startswith("TORCH")))
print(torch.get_num_threads(), "started" in globals(), get_ipython().colors)
print(open("attention/__init__.py").encoding, plt.rcParams["lines.marker"], list(range(40)))
```
"""
MATPLOTLIBRC = "lines.marker: o\nlines.linewidth: 9\naxes.grid: True\nlegend.loc: upper left\n"
IPYTHON = (
    "c.InteractiveShellApp.exec_lines = ['started = 1']\nc.InteractiveShell.colors = 'linux'\n"
)


@pytest.fixture
def reader(tmp_path):
    """The variables of a reader who has set up whatever can be set up."""
    home = tmp_path / "home"
    files = {
        ".config/matplotlib/matplotlibrc": MATPLOTLIBRC,
        ".config/matplotlib/stylelib/default.mplstyle": MATPLOTLIBRC,
        "mpl/matplotlibrc": MATPLOTLIBRC,
        ".ipython/profile_default/ipython_kernel_config.py": IPYTHON,
        ".ipython/profile_default/startup/00.py": "started = 1\n",
        ".jupyter/jupyter_config.py": "raise SystemExit('read')\n",
        ".docutils": "[general]\ninitial_header_level: 4\nreport_level: 5\n",
        "startup.py": "started = 1\n",
        "path/sitecustomize.py": "import builtins\nbuiltins.print = None\n",
        "path/figures.py": "raise SystemExit('not the book')\n",
    }
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    return {
        "HOME": str(home),
        "MATPLOTLIBRC": str(home / "mpl"),
        "MPLBACKEND": "pdf",
        "IPYTHONDIR": str(home / ".ipython"),
        "JUPYTER_CONFIG_DIR": str(home / ".jupyter"),
        "JUPYTER_PLATFORM_DIRS": "0",
        "PYTHONSTARTUP": str(home / "startup.py"),
        "PYTHONHASHSEED": "7",
        "TORCH_LOGS": "+all",
        "OMP_NUM_THREADS": "3",
        "MKL_NUM_THREADS": "3",
        "COLUMNS": "33",
        "FORCE_COLOR": "1",
        "TZ": "Asia/Tokyo",
        "LC_ALL": "C",
        "READER_HAS": "a variable",
    }


def written(folder):
    return re.sub(r'src="[^"]*"', "", (folder / "html/drawn.html").read_text("utf-8"))


def test_two_readers_have_the_same_page(small_book, reader):
    """Pictures, texts, and what a cell finds out about its surroundings."""
    book = small_book({"drawn": FIGURE})
    plain = book.build(HOME=str(book.folder))
    here = written(book.folder)
    (book.folder / "_build").rename(book.folder / "before")
    (book.folder / "html").rename(book.folder / "html-before")
    theirs = book.build(**reader)
    assert plain[0] == theirs[0] == 0, (plain, theirs)
    assert "WARNING" not in plain[1] + theirs[1]
    assert "0 [] 1 UTC 1.5\n[]\n1 False " in here
    assert written(book.folder) == here


def test_python_set_up_by_the_reader_runs_the_cells_all_the_same(monkeypatch, tmp_path):
    """What would keep Sphinx itself from starting, make drops for all its commands."""
    settings = {
        "PYTHONOPTIMIZE": "2",
        "PYTHONWARNINGS": "error",
        "PYTHONPATH": "/x",
        "PYTHONHOME": "/y",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    known = surroundings.known(tmp_path, tmp_path)
    assert {name for name in known if name.startswith("PYTHON")} == {
        "PYTHONPATH",
        "PYTHONHASHSEED",
        "PYTHONUTF8",
    }
    assert known["PYTHONPATH"].startswith(str(tmp_path))


KEPT = ["PATH", "HTTPS_PROXY", "no_proxy", "SSL_CERT_FILE", "LD_LIBRARY_PATH", "HF_ENDPOINT",
        "HF_TOKEN", "ATTENTION_BERT", "CUDA_VISIBLE_DEVICES", "TMPDIR"]  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_what_the_machine_and_its_network_need_is_passed_on(monkeypatch, tmp_path, name):
    """Else another model could not be fetched, or no library found."""
    monkeypatch.setenv(name, "as it is")
    assert surroundings.known(tmp_path, tmp_path)[name] == "as it is"


# Sockets.


@pytest.fixture
def long_folder(tmp_path, monkeypatch):
    """A temporary folder of 120 bytes."""
    folder = tmp_path / ("x" * max(1, 120 - len(str(tmp_path))))
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_long_temporary_folder_is_no_trouble(small_book, long_folder):
    """The name of a socket has about a hundred bytes; cells run all the same."""
    status, said = small_book({}).build(TMPDIR=str(long_folder))
    assert status == 0 and "ran good" in said, said


def test_where_there_is_no_folder_for_sockets_the_remedy_is_told(monkeypatch, long_folder):
    """Nobody may write to /tmp."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(Failure) as caught:
        kernels._short_folder()
    assert re.search("may not write to .*/tmp.*: set TMPDIR to one", caught.value.message)


def test_the_longest_folder_has_room_for_a_socket(monkeypatch):
    """On macOS, where a name has 103 bytes; the number is a port, at most."""
    place = Path(tempfile.mkdtemp(dir="/tmp"))
    with kernels._short_folder() as folder:
        name = os.path.basename(folder)
    place.rmdir()
    assert kernels.LONGEST + len(f"/{name}/kernel.json-ipc-65535") <= 103
