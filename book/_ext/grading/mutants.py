"""Small errors put into a function, one at a time; `holes` grades what comes of it.

A dimension too far, `<` for `<=`, two operands the wrong way round, a slice one too short, a
`sqrt`, a `clone` or a whole line left out. Left alone is what an exercise does not ask for:
annotations, defaults, what stands in a message, and, unless `guards` says so, what only refuses
wrong arguments.
"""

import ast
import copy
import difflib
from collections import Counter

from grading.slips import is_negative_number, slips


def mutants(function, guards=False, spared=()):
    """[(what was changed, the function's source with the change), ...], each once.

    Args:
        function: its node, from `ast.parse`; a class is one, too.
        guards: also change statements that only refuse wrong arguments.
        spared: names of methods in which nothing is changed.
    """
    function, found = _without_docstrings(copy.deepcopy(function)), {}
    before = ast.unparse(function)

    def asked(node):
        if isinstance(node, ast.arguments):  # they stand in the stub
            return False
        if isinstance(node, ast.keyword) and node.arg == "strict":
            return False
        return (guards or not is_guard(node)) and getattr(node, "name", None) not in spared

    for place, key, changed in _changes(function, asked):
        place[key], old = changed, place[key]
        found[ast.unparse(ast.fix_missing_locations(function))] = None
        place[key] = old
    found.pop(before, None)
    times, named = Counter(), []
    for source in found:
        what = _difference(before, source)
        times[what] += 1
        named.append((what + (f" ({times[what]})" if times[what] > 1 else ""), source))
    return named


def _difference(before, after):
    """The lines that differ: `weights.sum(-1) → weights.sum(-2)`."""
    lines = list(difflib.ndiff(before.split("\n"), after.split("\n")))
    was, now = ("; ".join(x[2:].strip() for x in lines if x.startswith(sign)) for sign in "-+")
    return f"{was} → {'left out' if now in ('', 'pass') else now}"


def _without_docstrings(function):
    for node in ast.walk(function):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    return function


def _changes(node, asked):
    """(where a node stands, as a list or a node's `__dict__`; its key; what to put there), ..."""
    for field, value in ast.iter_fields(node):
        if field in ("returns", "annotation"):
            continue
        in_list = isinstance(value, list)
        for key, child in enumerate(value) if in_list else [(field, value)]:
            if isinstance(child, ast.AST) and asked(child):
                place = value if in_list else vars(node)
                yield from ((place, key, changed) for changed in slips(child))
                # a number with its sign is one constant; what an error says is a matter of taste
                if not is_negative_number(child) and not isinstance(child, ast.Raise):
                    yield from _changes(child, asked)
    if getattr(node, "decorator_list", None):
        yield vars(node), "decorator_list", []
    if getattr(node, "finalbody", None):
        yield vars(node), "finalbody", [ast.Pass()]


def is_guard(node):
    """Whether a statement only refuses wrong arguments."""
    if isinstance(node, (ast.If, ast.For)):
        return not node.orelse and all(map(is_guard, node.body))
    if isinstance(node, ast.Raise):
        return True
    call = node.value if isinstance(node, ast.Expr) else None
    name = getattr(call, "func", None)
    name = getattr(name, "id", getattr(name, "attr", ""))
    return name.lstrip("_").startswith("check")
