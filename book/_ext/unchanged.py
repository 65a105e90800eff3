"""Has anything changed since the site was built? `make html` asks this first.

A build that has nothing to do still starts Sphinx and the grader to find that out. This compares
what every file of the book holds with what it held when the last good build began, and the same for
what was built; it ends with 0 if nothing differs. `--note`, after a build, keeps what the question
before it found, so that an edit during the build is not missed. Times of files are not asked: a
checkout changes them all.
"""

import hashlib
import json
import os
import sys
from importlib.metadata import distributions
from pathlib import Path

from import_closure import digest

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "_build"
NOTE = BUILT / "unchanged.json"
NOT_SOURCE = {"_build", "mutants", "__pycache__"}  # besides all that begins with a dot
VARIABLES = ("ATTENTION_BERT", "BOOK_URL", "READTHEDOCS_CANONICAL_URL")  # that change the pages


def sources() -> str:
    """A digest of everything that the site follows from."""
    libraries = sorted(f"{found.name} {found.version}" for found in distributions())
    around = [sys.version, libraries, [os.environ.get(name) for name in VARIABLES]]
    return digest(_files(ROOT), json.dumps(around), ROOT)


def site() -> str:
    """A digest of what was built: names and sizes. Who edits it by hand knows it."""
    built = [
        f"{path.relative_to(BUILT)} {path.stat().st_size}"
        for path in sorted([*BUILT.glob("*.json"), *(BUILT / "html").rglob("*")])
        if path.is_file() and path != NOTE and ".doctrees" not in path.parts
    ]
    return hashlib.sha256("\n".join(built).encode()).hexdigest()


def _files(folder: Path):
    for entry in os.scandir(folder):
        if entry.name.startswith(".") or entry.name in NOT_SOURCE:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path))
        elif entry.is_file():
            yield Path(entry.path)


def main() -> int:
    try:
        note = json.loads(NOTE.read_text())
    except (OSError, ValueError):  # no build yet, or a note that was cut off
        note = {}
    if sys.argv[1:] == ["--note"]:
        note |= {"sources": note["asked"], "site": site()}
    else:
        note["asked"] = sources()
        if note.get("sources") != note["asked"]:
            note.pop("sources", None)  # a build follows; should it fail, what it leaves is no site
    BUILT.mkdir(exist_ok=True)
    NOTE.write_text(json.dumps(note))
    return int(note.get("sources") != note["asked"] or note.get("site") != site())


if __name__ == "__main__":
    sys.exit(main())
