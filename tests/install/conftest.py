"""A checkout with next to nothing in it, whose environment is made as the real one's is."""

import hashlib
import shutil
import subprocess
import venv
import zipfile

import pytest

from grading.paths import ROOT
from installed import OWN
from outside import outside_make

WHEEL = "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
COMMAND = "[console_scripts]\ntiny = tiny:main\n"
TINY = "import sys\nimport tinier\ndef main():\n    print(sys.prefix)\n"


def wheel(folder, name, code, *needs):
    """Write an archive that pip installs, with one module and the command `tiny`."""
    path, info = folder / f"{name}-1.0-py3-none-any.whl", f"{name}-1.0.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    metadata += "".join(f"Requires-Dist: {need}\n" for need in needs)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", code)
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", WHEEL)
        archive.writestr(f"{info}/entry_points.txt", COMMAND if "main" in code else "")
        archive.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/RECORD,,\n")
    return path


def listed(archive):
    """Its line of packages.txt."""
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    return f"{archive.name.partition('-')[0]}==1.0 --hash=sha256:{digest}\n"


@pytest.fixture(scope="session")
def archives(tmp_path_factory):
    """Where pip finds all that there is: `tiny` needs `tinier`; `numbers_data` is data."""
    folder = tmp_path_factory.mktemp("archives")
    wheel(folder, "tiny", TINY, "tinier")
    wheel(folder, "tinier", "")
    wheel(folder, "broken", "raise ImportError('a library of the system is missing')\n")
    wheel(folder, "numbers_data", "raise SystemExit('imported')\n")
    return folder


@pytest.fixture(scope="session")
def quick_python(tmp_path_factory):
    """A Python whose `-m venv` copies what Python's own has made: to install pip takes seconds."""
    folder = tmp_path_factory.mktemp("python")
    pattern, quick = folder / "pattern", folder / "quick"
    venv.create(pattern, with_pip=True, symlinks=True)
    venv.create(quick, with_pip=False, symlinks=True)
    (packages,) = quick.glob("lib/python*/site-packages")
    copy = f"os.execvp('cp', ['cp', '-a', {str(pattern)!r}, *sys.orig_argv[3:]])"
    condition = "sys.orig_argv[1:3] == ['-m', 'venv']"
    (packages / "quick.pth").write_text(f"import os, sys; {condition} and {copy}\n")
    return quick / "bin" / "python"


class Checkout:
    """A folder, and its commands; `python` is the one that make is told to take."""

    def __init__(self, root, archives, python):
        self.root, self.archives, self.python = root, archives, python

    def copied(self, root):
        shutil.copytree(self.root, root, symlinks=True)
        return Checkout(root, self.archives, self.python)

    def lay_out(self):
        for name in ("Makefile", "install.py", "book/_ext/installed.py"):
            self.write(name, (ROOT / name).read_text("utf-8"))
        for name in OWN:
            self.write(f"{'' if name == 'attention' else 'book/_ext/'}{name}.py", "")
        self.write("book/_ext/grading.py", "import tiny\nprint(__file__)\n")
        self.needs("tiny")
        self.write("constraints.txt", "tiny==1.0\n")
        self.write(
            "attention/data/packages.txt",
            listed(self.archives / "numbers_data-1.0-py3-none-any.whl"),
        )

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def lists_too(self, name, folder, comment):
        """One more package of data, whose archive is made in a folder."""
        archive = wheel(folder, name, "raise SystemExit('imported')\n")
        file = self.root / "attention/data/packages.txt"
        file.write_text(f"{file.read_text()}\n{comment}\n{listed(archive)}")

    def needs(self, name):
        test = f"dependencies = ['{name}']\noptional-dependencies.test = []\n"
        self.write("pyproject.toml", f"[project]\nname = 'a'\nversion = '1'\n{test}")

    def run(self, *command, **variables):
        """(status, what is said)"""
        done = subprocess.run(
            command,
            cwd=self.root,
            env=outside_make()
            | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.archives)}
            | variables,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr

    def make(self, **variables):
        return self.run("make", ".venv/.ready", f"PYTHON={self.python}", **variables)

    def works(self):
        """Its own code runs, its own commands, and all that it needs is there."""
        python = self.root / ".venv/bin/python"
        ours = self.run(str(python), "-m", "grading")[1].strip()
        assert ours == str(self.root / "book/_ext/grading.py")
        assert self.run(".venv/bin/tiny")[1].strip() == str(self.root / ".venv")
        assert self.run(str(python), "-m", "pip", "show", "-q", "numbers_data")[0] == 0
        return True


@pytest.fixture(scope="session")
def made(tmp_path_factory, archives, quick_python):
    """A checkout whose environment is made; leave it as it is."""
    checkout = Checkout(tmp_path_factory.mktemp("book"), archives, quick_python)
    checkout.lay_out()
    status, said = checkout.make()
    assert status == 0 and "Installing the pinned dependencies" in said, said
    return checkout


@pytest.fixture
def checkout(made, tmp_path):
    """A copy of it, to do with what one likes."""
    return made.copied(tmp_path / "book")
