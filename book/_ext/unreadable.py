"""What stands among the book's files and cannot be read: a line says so, and nobody waits for it.

A pipe is waited for by whoever opens it, a link to a folder above has no end, and nobody misses the
pages of an unreadable folder.
"""

import os
import stat
from pathlib import Path

from sources import shown

NOT_SOURCE = {"_build", "mutants", "__pycache__"}  # besides all that begins with a dot
NO_FILE = {
    stat.S_IFIFO: "it is a pipe and no file; remove it",
    stat.S_IFSOCK: "it is a socket and no file; remove it",
}


def survey(folder: Path) -> tuple[list[Path], dict[Path, str]]:
    """The files of a folder, links followed; and what cannot be read, with the reason."""
    files, faults = [], {}
    _walk(Path(folder), frozenset(), files, faults)
    return files, faults


def _walk(folder, above, files, faults):
    try:
        above |= {_identity(os.stat(folder))}
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        faults[folder] = f"{error.strerror}; make it readable, or remove it"
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name in NOT_SOURCE:
            continue
        path = Path(entry.path)
        if fault := _fault(entry, above):
            faults[path] = fault
        elif entry.is_dir():
            _walk(path, above, files, faults)
        else:
            files.append(path)


def _fault(entry, above) -> str | None:
    if shown(entry.name) != entry.name:
        return "its name is not UTF-8; rename it"
    try:
        status = entry.stat()
        if stat.S_ISDIR(status.st_mode):
            loop = _identity(status) in above
            return "it links to a folder that it stands in; remove it" if loop else None
        if not stat.S_ISREG(status.st_mode):
            return NO_FILE.get(stat.S_IFMT(status.st_mode), "it is no file; remove it")
        os.close(os.open(entry.path, os.O_RDONLY))
    except OSError as error:
        if entry.is_symlink():
            return f"it is a link that leads nowhere ({error.strerror}); remove it"
        return f"{error.strerror}; make it readable, or remove it"
    return None


def _identity(status) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def setup(app):
    app.connect("config-inited", _pass_by)
    app.connect("env-get-outdated", _report)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _pass_by(app, config):
    """Have Sphinx not look where it would find no end."""
    from glob import escape

    for path in survey(app.srcdir)[1]:
        config.exclude_patterns.append(escape(path.relative_to(app.srcdir).as_posix()))


def _report(app, env, added, changed, removed):
    """Complain in each build, until it is mended."""
    from sphinx.util import logging  # `unchanged` has no need of Sphinx

    for folder in (Path(app.srcdir), Path(app.confdir, "attention")):
        for path, why in survey(folder)[1].items() if folder.is_dir() else ():
            logging.getLogger(__name__).error(why, location=f"{shown(path)}:1", type="unreadable")
            app.statuscode = 1  # without -W too
    return []
