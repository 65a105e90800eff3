"""Has anything changed since the site was built? `make html` asks this first.

A build that has nothing to do still starts Sphinx and the grader to find that out. This compares
what every file of the book holds with what it held when the last good build began, and the same for
what was built; it ends with 0 if nothing differs. `--note`, after a good build, keeps what the
question before it found, so that an edit during the build is not missed. While a build runs, and
after one that failed, nothing is noted. Times of files are not asked: a checkout changes them all.
"""

import json
import os
import re
import sys
from contextlib import suppress
from importlib.metadata import distributions
from pathlib import Path

from import_closure import digest
from sources import shown
from unreadable import survey

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "_build"
NOTE = BUILT / "unchanged.json"
VARIABLES = re.compile("ATTENTION_[A-Z]+|BOOK_URL|READTHEDOCS_CANONICAL_URL")  # that change pages


def sources() -> str:
    """A digest of everything that the site follows from."""
    libraries = sorted(f"{found.name} {found.version}" for found in distributions())
    files, faults = survey(ROOT)
    unread = sorted((shown(path), why) for path, why in faults.items())
    variables = sorted(each for each in os.environ.items() if VARIABLES.fullmatch(each[0]))
    around = [sys.version, libraries, variables, unread]
    return digest(files, json.dumps(around), ROOT)


def site() -> str:
    """A digest of what was built, whoever built it: `make live` writes there, too."""
    files = [path for path in BUILT.glob("*.json") if path != NOTE]
    html = (path for path in (BUILT / "html").rglob("*") if ".doctrees" not in path.parts)
    return digest([path for path in (*files, *html) if path.is_file()], root=BUILT)


def ask() -> bool:
    """Whether nothing has changed; if something has, the note waits for a build that succeeds."""
    note = _read()
    NOTE.unlink(missing_ok=True)
    asked = sources()
    same = note.get("sources") == asked and note.get("site") == site()
    _write(note if same else {"asked": asked})
    return same


def note_what_was_asked() -> None:
    if "asked" in (note := _read()):
        _write({"sources": note["asked"], "site": site()})


def _read() -> dict:
    with suppress(OSError, ValueError):  # no build yet, or a note that was cut off
        note = json.loads(NOTE.read_text("utf-8"))
        return note if isinstance(note, dict) else {}
    return {}


def _write(note: dict) -> None:
    BUILT.mkdir(exist_ok=True)
    NOTE.write_text(json.dumps(note), "utf-8")


def main() -> int:
    if sys.argv[1:] == ["--note"]:
        note_what_was_asked()
        return 0
    return int(not ask())


if __name__ == "__main__":
    sys.exit(main())
