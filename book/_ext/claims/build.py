"""The extension's part in a build, in the order in which Sphinx calls it."""

import sys
import time
from pathlib import Path

from sphinx.util import logging

from . import evidence
from .running import PASSED, WAITS, Record, run_tests, stale

logger = logging.getLogger(__name__)


def prepare(app):
    if not hasattr(app.env, "claims"):
        app.env.claims = {}  # docname -> list of Claim
        app.env.evidence_pages = set()
        app.env.evidence_shown = ""
    app.env.claims_root = str(app.confdir)


def forget(app, env, docname):
    env.claims.pop(docname, None)
    env.evidence_pages.discard(docname)


def merge(app, env, docnames, other):
    """Take over what another process has read."""
    for docname in docnames:
        if docname in other.claims:
            env.claims[docname] = other.claims[docname]
        if docname in other.evidence_pages:
            env.evidence_pages.add(docname)


def run_claims(app, env):
    """Run the tests that are stale, warn at the claims that do not hold.

    This is Sphinx's `env-updated`, which comes even when no page has changed: an edited test can
    break a claim too. Returns the pages to write again.
    """
    claims = [claim for name in sorted(env.claims) for claim in env.claims[name]]
    root = Path(app.confdir)
    record = Record(root / "_build" / "claims.json")
    tests = stale({(claim.file, claim.test) for claim in claims}, record, root)
    if tests:
        _say(f"Claims: running {_count(tests, 'test')}")
        start = time.monotonic()
        outcomes = run_tests(tests, root)
        record.outcomes |= outcomes
        states = [outcome.state for outcome in outcomes.values()]
        waiting = states.count(WAITS)
        failed = len(states) - states.count(PASSED) - waiting
        result = f"{failed} FAILED" if failed else "all passed"
        result += f", but for {waiting} that lack data" if waiting else ""
        _say(f"  {result}, in {time.monotonic() - start:.1f} s")
    if claims or record.path.exists():
        record.save()
    for claim in claims:
        outcome = record.outcomes[f"{claim.file}::{claim.test}"]
        if outcome.state not in (PASSED, WAITS):
            logger.warning(
                "the claim is not held by %s::%s: %s",
                claim.file,
                claim.test,
                outcome.reason,
                location=(claim.docname, claim.line),
                type="claim",
            )
    if claims and not env.evidence_pages:
        logger.warning("there are claims, and no page has an {evidence} directive", type="claim")
    shown = evidence.digest_of(claims, root)
    changed, env.evidence_shown = shown != env.evidence_shown, shown
    return sorted(env.evidence_pages) if changed else []


def _count(items, noun) -> str:
    return f"{len(items)} {noun}" + ("s" if len(items) != 1 else "")


def _say(line: str) -> None:
    """Progress, seen under `sphinx-build -q` too: tests are what one waits for."""
    print(line, file=sys.stderr, flush=True)
