"""The extension's part in a build, in the order in which Sphinx calls it."""

import asyncio
import hashlib
import os
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import nbformat
from anyio.from_thread import start_blocking_portal
from sphinx.util import logging

from import_closure import Tree

from . import kernels, page, parsing
from .order import longest_first
from .page import session
from .parsing import Failure, Unreadable
from .store import Store

logger = logging.getLogger(__name__)


@dataclass
class Job:
    """A page that has to run."""

    docname: str
    path: Path
    text: str
    notebook: nbformat.NotebookNode
    parts: dict[str, str]
    reason: str


def take_over_reading(app, config):
    config.nb_execution_mode = "off"
    config.nb_custom_formats = {**config.nb_custom_formats, ".md": "execution.read_page"}


def open_store(app):
    session.app, session.failed, session.missing = app, set(), {}
    session.store = Store(Path(app.confdir, app.config.cell_store))
    if not hasattr(app.env, "execution_parts"):
        app.env.execution_parts = {}  # docname -> what the outputs that it shows follow from
        app.env.execution_seconds = {}  # docname -> how long it last took
        app.env.execution_code = {}  # docname -> hash of its text, its cells: parsing is slow


def find_stale_pages(app, env, added, changed, removed):
    """The pages that show the outputs of something that has changed since.

    Sphinx would compare the times of files. Comparing what they hold also finds a library that
    was updated and a file that was put back with an older time, and a file that was only touched
    costs nothing.
    """
    known = env.execution_parts
    env.execution_parts, tree = {}, Tree.now(app.confdir)
    session.before, session.failed, session.missing, unread = known, set(), {}, set()
    for docname in sorted(env.found_docs):
        if env.doc2path(docname).suffix == ".md":
            try:
                env.execution_parts[docname] = page.parts(_code(env, docname), tree)
            except Failure as failure:
                _report(env, docname, failure)
                unread |= {docname} if isinstance(failure, Unreadable) else set()
    added -= unread  # Sphinx would end at such a page
    changed -= unread
    parts = env.execution_parts
    return [name for name in parts if name not in unread and known.get(name, {}) != parts[name]]


def run_pages(app, env, docnames):
    """Run what is about to be read and is not stored.

    A page that fails is read without its outputs, so that all else is built and complained of.
    """
    parts = env.execution_parts
    with_code = [name for name in docnames if parts.get(name) and name not in session.failed]
    keys = {name: page.key_of(parts[name]) for name in with_code}
    jobs = [_job(app, env, name) for name, key in keys.items() if key not in session.store]
    if not jobs:
        if with_code:
            _say(f"Code cells: nothing to run, all outputs of {_pages(with_code)} are up to date")
        return
    jobs = longest_first(jobs, env.execution_seconds, _root(app))
    at_a_time = min(app.config.cell_jobs or _cores(), len(jobs))
    _say(f"Code cells: running {_pages(jobs)}, {at_a_time} at a time")
    because = defaultdict(list)
    for job in jobs:
        because[job.reason].append(job.docname)
    for reason, names in because.items():
        _say(f"  {reason}: {', '.join(names)}")
    # the loop runs on a thread of its own: whoever builds may have one running, as a notebook has
    with (
        kernels.warm(_root(app), app.config.cell_imports) as server,
        start_blocking_portal() as loop,
    ):
        failed = loop.call(_run_all, app, env, server, jobs, at_a_time)
    for docname, failure in sorted(failed.items()):
        _report(env, docname, failure)
    for docname, notebook in sorted(session.missing.items()):
        missing = notebook.metadata["missing"]
        env.execution_parts[docname] = {"missing": missing}  # so the next build tries it again
        _say(f"  {docname} is built with a notice: {missing}")
    if session.missing:  # nor is a build then called unnecessary
        Path(app.confdir, "_build", "unchanged.json").unlink(missing_ok=True)


def _report(env, docname, failure):
    """Complain of a page, and have the next build try it again."""
    place = f"{env.doc2path(docname)}:{failure.line}"
    logger.error(failure.message, location=place, type="execution")
    session.app.statuscode = 1  # without -W too
    session.failed.add(docname)
    env.execution_parts[docname] = {"failed": failure.message}


async def _run_all(app, env, server, jobs, at_a_time):
    free, done, failed = asyncio.Semaphore(at_a_time), 0, {}

    async def run(job):
        nonlocal done
        async with free:
            start = time.monotonic()
            failure = await _run(app, env, server, job)
            seconds = time.monotonic() - start
        done += 1
        env.execution_seconds[job.docname] = seconds
        if failure:
            failed[job.docname] = failure
        verb = "FAILED" if failure else "ran"
        _say(f"  {verb} {job.docname} in {seconds:.1f} s ({done} of {len(jobs)})")

    await asyncio.gather(*(run(job) for job in jobs))
    return failed


async def _run(app, env, server, job) -> Failure | None:
    try:
        executed = await kernels.run(
            job.notebook, job.text, server, root=_root(app), timeout=app.config.cell_timeout
        )
    except Failure as failure:
        return failure
    if page.parts(page.code_of(job.notebook), Tree(app.confdir)) != job.parts:
        return Failure(1, "a module that it uses changed while it ran; build again")
    if "missing" in executed.metadata:
        session.missing[job.docname] = executed
    else:
        session.store.save(page.key_of(job.parts), executed)
    return None


def prune_store(app, exception):
    if exception is None:
        session.store.prune({page.key_of(parts) for parts in app.env.execution_parts.values()})


def _job(app, env, docname) -> Job:
    path = env.doc2path(docname)
    text = parsing.read(path)
    notebook = parsing.parse(text, str(path), env)
    parts = env.execution_parts[docname]
    before = session.before.get(docname) or {}
    changed = [name for name in {**before, **parts} if before.get(name) != parts.get(name)]
    if "its cells" in changed:
        changed = ["its cells"]
    reason = f"{_named(changed)} changed" if before and changed else "not run yet"
    if "failed" in before:
        reason = "failed in the last build"
    if "missing" in before:
        reason = "lacked data in the last build"
    return Job(docname, path, text, notebook, parts, reason)


def _named(changed: list[str], most: int = 3) -> str:
    """The first few of what changed, and how many more there are."""
    left = len(changed) - most
    return ", ".join(changed[:most]) + (f" and {left} more" if left > 0 else "")


def _code(env, docname) -> list:
    """A page's cells; parsed only when its text has changed."""
    path = env.doc2path(docname)
    text = parsing.read(path)
    stamp = hashlib.sha256(text.encode()).hexdigest()
    if env.execution_code.get(docname, ("",))[0] != stamp or ":load:" in text:
        env.execution_code[docname] = (stamp, page.code_of(parsing.parse(text, str(path), env)))
    return env.execution_code[docname][1]


def _root(app) -> Path:
    return Path(app.confdir).resolve()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _pages(of) -> str:
    return f"{len(of)} page" + ("s" if len(of) != 1 else "")


def _say(line: str) -> None:
    """Progress, seen under `sphinx-build -q` too: running code is what one waits for."""
    print(line, file=sys.stderr, flush=True)
