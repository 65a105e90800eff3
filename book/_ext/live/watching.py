"""Notices which files were saved: the system tells at once, a look every second finds the rest.

The system tells nothing of a file behind a link, nothing of what another machine writes on a
shared disk, and nothing at all once its notifiers are used up. What it tells, and what a look
finds, are answered alike: a file has changed if it differs from when it was last seen. So no save
is heard twice.
"""

import asyncio
import contextlib
import os
import traceback

import watchfiles

EVERY = 1  # seconds between two looks, each of some milliseconds
KINDS = (".py", ".md", ".css", ".js", ".bib", ".html", ".txt")


class Watcher:
    """Watches files and folders.

    Args:
        places: what to watch, as texts or paths.
        saved: called with the set of paths that were saved or removed.
        trouble: called with a sentence on what has failed. Watching goes on.
    """

    def __init__(self, places, saved, trouble):
        self.places, self.saved, self.trouble = list(map(os.fspath, places)), saved, trouble
        self.seen = stamps(self.places)
        self.told = None  # the last failure of a look

    async def run(self):
        """Watch until cancelled."""
        await asyncio.gather(self.listen(), self.look())

    async def listen(self):
        """Hear what the system tells, as long as it does."""
        try:
            async for changes in watchfiles.awatch(
                *self.places, step=20, debounce=60, ignore_permission_denied=True
            ):
                self.compare(path for _, path in changes if self.concerns(path))
        except Exception as error:
            while isinstance(error, ExceptionGroup):
                error = error.exceptions[0]
            folders = ", ".join(map(os.path.basename, self.places))
            self.trouble(f"The system does not tell of saves in {folders} ({error}), so they are "
                         "looked for: a save is noticed within a second or two.")  # fmt: skip

    async def look(self):
        """Compare all files with what was seen, again and again."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                now = await asyncio.to_thread(stamps, self.places)
                self.compare(path for path, _ in now.items() ^ self.seen.items())
                self.told = None
            except Exception as error:
                if str(error) != self.told:  # not every second
                    self.told = str(error)
                    self.trouble(f"Saves cannot be looked for: {where(error)}")

    def compare(self, paths):
        """Tell which of the files are not as they were seen, and see them."""
        now = {path: stamp(path) for path in paths}
        changed = {path for path in now if now[path] != self.seen.get(path)}
        self.seen.update(now)
        if changed:
            try:
                self.saved(changed)
            except Exception as error:
                self.trouble(
                    f"The save of {', '.join(sorted(changed))} had no effect: {where(error)}"
                )

    def concerns(self, path):
        """Whether a look would find it, too."""
        return any(
            path == place or (path.startswith(place + os.sep) and _counts(os.path.basename(path)))
            for place in self.places
        )


def stamps(places):
    """{path: stamp} of all files that are watched."""
    found = {}
    for place in places:
        paths = _files(place) if os.path.isdir(place) else [place]
        found.update((path, stamp(path)) for path in paths)
    return found


def stamp(path):
    """What changes with each save; None where there is no such file. A link is its target."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def where(error):
    """An error in one line, with the place that raised it."""
    *_, last = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__}: {error} ({last.filename}:{last.lineno})"


def _files(folder, above=frozenset()):
    """The files below a folder, also behind links, unless a link leads back up."""
    real = os.path.realpath(folder)
    if real in above:
        return
    with contextlib.suppress(OSError):  # it is gone, or nobody may look into it
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            if _counts(name):
                yield path
            elif name[0] != "." and name != "__pycache__" and os.path.isdir(path):
                yield from _files(path, above | {real})


def _counts(name):
    """Whether a file is of the book, and no editor's own."""
    return name.endswith(KINDS) and name[0] != "." and "~" not in name
