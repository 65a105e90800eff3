"""The grader's defences: how each is taken out, and which bad answers it guards.

Whatever takes one out does so for good: it runs in a fork of the test's process (see
`test_defences`), and most replace a single function or number of the grader by a naive one.
"""

import os
import secrets
import signal
from dataclasses import dataclass, replace
from importlib.machinery import SourceFileLoader

import torch

from bad_answers import BAD, LIMITS
from grading import (
    card,
    checks,
    child,
    collect,
    crash,
    endings,
    explain,
    hearing,
    limits,
    load,
    stand_ins,
    subject,
    telling,
)
from grading.known import alarms
from grading.limits import Limits
from grading.processes import Family


@dataclass
class Rig:
    """What a grading in the fork starts from."""

    limits: Limits = LIMITS
    mistakes: dict | None = None  # to try when the answer has been graded; None: as always
    module: object = None  # the chapter's checks


def limit(**what):
    """Take a limit out."""
    return lambda rig: setattr(rig, "limits", replace(rig.limits, **what))


def put(owner, name, instead):
    """Put something else in the place of a function that defends."""
    return lambda rig: setattr(owner, name, instead)


def both(*takes):
    return lambda rig: [take(rig) for take in takes]


def only(number):
    """Try so many known mistakes after a grading."""

    def take(rig):
        rig.mistakes = dict(list(alarms("soft_lookup", "softmax").items())[:number])

    return take


def in_checks(name, instead):
    """Put another assertion into the chapter's checks."""

    def take(rig):
        setattr(checks, name, instead)
        setattr(rig.module, name, instead)

    return take


# --- what stands in a defence's place


def keep_standard_input(rig):
    """Leave the child the grader's own, at which nobody types."""
    silent, dup2 = os.pipe()[0], os.dup2
    dup2(silent, 0)
    os.dup2 = lambda old, new, **how: new if new == 0 else dup2(old, new, **how)


def believe_every_line(rig):
    """Take whatever comes through the pipe for the child's own."""
    loads = hearing.json.loads
    secrets.token_hex = lambda _: "key"
    hearing.json.loads = lambda line: {"key": "key"} | loads(line)


def draw_markup(rig):
    """Let text into the page as it is."""
    card._templates.autoescape = False
    card._templates.cache.clear()


def pass_rubbish_over(self, line, take=hearing.Hearing._take):
    """Read on where a line is not what it should be."""
    if line.startswith(b'{"key"'):
        take(self, line)


def explain_exceptions_only(problem, *rest):
    """What is no Exception goes on."""
    if not isinstance(problem, Exception):
        raise problem
    return explain.explain(problem, *rest)


def explain_checks_only(problem, file, otherwise=None):
    """What a file raises while it is loaded goes on."""
    if otherwise:
        raise problem
    return explain.explain(problem, file)


def blame_nobody(problem, file, otherwise="", explain=explain.explain):
    return explain(problem, file, "")


def clean_it_all(text, longest=1200):
    """Look at every character, however many there are."""
    return "".join(c for c in str(text) if c.isprintable())[:longest]


def equal(actual, expected, what="", rtol=None, atol=None):
    """As torch compares, in its own words."""
    assert torch.allclose(actual, expected, rtol=rtol or 1e-5, atol=atol or 1e-6, equal_nan=True)


def nothing(*_, **__):
    """Does nothing."""


def rows(*parts):
    """The bad answers whose name begins so."""
    return [name for name in BAD if name.startswith(parts)]


# name: (how to take it out, the bad answers that it guards)
DEFENCES = {
    "a time limit": (limit(seconds=1e6), rows("endless_loop", "endless_sleep")),
    "a memory limit": (limit(memory=1 << 44), ["growing_list"]),
    "memory told by torch's words": (
        put(explain, "_text", lambda problem: str(problem).replace("allocate", "")),
        ["huge_tensor"],
    ),
    "an output limit": (limit(output=1 << 40), ["flood", "gigabyte_printed"]),
    "a limit on processes": (limit(processes=1000), rows("fork_bomb")),
    "the whole family ends": (put(Family, "end", nothing), rows("fork_bomb", "grandchild")),
    "a group of its own": (put(os, "setsid", nothing), ["kills_its_group"]),
    "no standard input": (keep_standard_input, ["reads_input"]),
    "no other open files": (put(limits, "silence", nothing), ["forged_lines"]),
    "an ending is noted": (
        put(endings, "note", nothing),
        rows("hard_exit", "crash", "segfault", "closed_pipes", "pipe_replaced", "kills_its_group"),
    ),
    "signals without a name": (
        put(endings, "_signal_name", lambda number: signal.Signals(number).name),
        ["real_time_signal"],
    ),
    "a key in each line": (believe_every_line, ["forged_results"]),
    "rubbish is a crash": (put(hearing.Hearing, "_take", pass_rubbish_over), ["forged_lines"]),
    "a longest line": (put(hearing, "LONGEST_LINE", 1 << 40), ["endless_line"]),
    "pictures are checked": (put(hearing, "all_checked", list), ["forged_picture"]),
    "json bound ahead of the answer": (
        put(telling, "dumps", lambda line: hearing.json.dumps(line)),
        ["patched_json"],
    ),
    "known mistakes are tried": (only(0), ["patched_isclose", "patched_equal", "patched_pytest"]),
    "a mistake for every check": (only(1), ["patched_equal"]),
    "exceptions beyond Exception": (
        both(*(put(of, "explain", explain_exceptions_only) for of in (child, telling))),
        ["exit_at_import", "exit_inside", "interrupt"],
    ),
    "loading may fail": (
        put(child, "explain", explain_checks_only),
        ["missing_file", "folder", "half_written_file", "syntax_error", "not_utf8", "utf_16",
         "nul_bytes", "exception_at_import", "exit_at_import"],
    ),
    "somebody is to blame": (put(telling, "explain", blame_nobody), ["no_parameter"]),
    "the answer's own lines": (
        put(explain, "lines_of", lambda problem, file: []),
        ["exception", "exception_at_import", "syntax_error_elsewhere", "not_implemented",
         "helper_not_written"],
    ),
    "the shapes in that line": (
        put(explain, "shapes_in", lambda problem, line: ""),
        ["shapes_that_do_not_fit"],
    ),
    "torch's NotImplementedError": (
        put(explain, "is_a_stub", lambda line: True),
        ["not_implemented_by_torch"],
    ),
    "a caret": (
        put(explain, "_syntax", lambda problem, file: problem.msg),
        ["syntax_error", "half_written_file", "not_utf8", "unknown_encoding"],
    ),
    "unreadable files": (put(explain, "_unreadable", str), ["missing_file", "folder"]),
    "files alone are read": (put(load, "_FromSource", SourceFileLoader), ["pipe"]),
    "nobody types": (
        put(stand_ins, "put_in", nothing),
        rows("stops_for_a_debugger", "asks_for_a_password"),
    ),
    "exceptions that cannot speak": (
        put(explain, "_text", str),
        ["speechless_exception", "exception_that_exits_when_asked"],
    ),
    "hints are the checks' own": (
        put(telling, "hint_for", lambda problem, file: getattr(problem, "hint", None)),
        ["exception_with_a_hint_of_its_own"],
    ),
    "a hint is no reason to end": (
        put(explain, "hint_of", crash._hint),
        ["exits_when_asked_for_its_names"],
    ),
    "only the beginning is cleaned": (put(explain, "plain", clean_it_all), ["huge_exception"]),
    "torch as each check expects it": (
        both(put(collect, "reset", nothing), put(child, "reset", nothing)),
        ["another_default_dtype"],
    ),
    "plain text": (
        both(put(explain, "plain", lambda text, *_: text), put(hearing, "plain", str)),
        ["markup", "empty_lines"],
    ),
    "escaped text": (draw_markup, ["markup"]),
    "the answer is looked for": (
        put(subject, "find", lambda module, name: getattr(module, name, None)),
        ["missing_function", "not_callable", "empty_file", "books_own_solution"],
    ),
    "short cuts are closed": (put(load, "forbid", nothing), rows("library", "books_own")),
    "calls are told": (
        put(subject, "_relayed", lambda found: found),
        ["library_solution_as_an_object", "library_solution_as_a_partial"],
    ),
    "a plain tensor of the right shape": (
        in_checks("assert_shape", nothing),
        ["returns_none", "returns_text", "returns_a_list", "wrong_shape", "lying_subclass",
         "answers_to_everything"],
    ),
    "values that explain": (
        in_checks("assert_values", equal),
        ["wrong_dtype", "wrong_device", "nan", "another_answer_each_time", "patched_allclose",
         "patched_assert_close"],
    ),
    "inputs stay": (in_checks("assert_unchanged", nothing), ["in_place"]),
}  # fmt: skip
