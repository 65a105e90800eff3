"""Is what the book needs installed, whole, and does the book's own code belong to this checkout?

`install.py` asks this last. The status is 1 where something is wrong, which a line says.
"""

import re
import sys
import tomllib
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OWN = ("attention", "grading")  # one of the root's, one of those in book/_ext


def faults():
    """Lines that say what is wrong."""
    for name in OWN:
        spec = find_spec(name)
        if spec is None or not Path(spec.origin).resolve().is_relative_to(ROOT):
            yield f"{name} would be taken from {spec and spec.origin}, not from {ROOT}"
    modules = _modules()
    for name in _wanted():
        try:
            if distribution(name).read_text("RECORD") is None:
                yield f"{name} is installed in part"
        except PackageNotFoundError:
            yield f"{name} is not installed"
        for module in modules.get(_plain(name), ()):
            try:
                import_module(module)
            except Exception as error:  # whatever a library raises while it is imported
                yield f"{name} cannot be imported: {type(error).__name__}: {error}"


def _wanted():
    """The names of what pyproject.toml lists."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for line in project["dependencies"] + project["optional-dependencies"]["test"]:
        yield re.match(r"[\w.-]+", line)[0]


def _modules():
    """{name of a library: [what is imported of it]}."""
    found = {}
    for module, names in packages_distributions().items():
        for name in names:
            found.setdefault(_plain(name), []).append(module)
    return found


def _plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    lines = list(faults())
    print(*lines, sep="\n", end="\n" if lines else "", file=sys.stderr)
    sys.exit(bool(lines))
