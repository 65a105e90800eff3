"""The `mutants` that are made of a solution, once it is cut down to what its stub asks for."""

import ast

import pytest

from grading.defaults import WithDefaults
from grading.mutants import mutants

# name: (a line of a function of x, y and n; lines that it may become)
SLIPS = {
    "an axis": ("x = x.sum(dim=-1)", ["x = x.sum(dim=-2)", "x = x.sum(dim=0)", "x = x.sum()"]),
    "an axis kept": ("x = x.amax(1, keepdim=True)", ["x = x.amax(1)"]),
    "operands": ("x = x @ y", ["x = y @ x", "x = x", "x = y"]),
    "a sign": ("x = x - y", ["x = x + y", "x = y - x"]),
    "a comparison": ("x = x < y", ["x = x <= y", "x = x > y"]),
    "a slice": ("x = x[:, n:]", ["x = x[:, n + 1:]", "x = x[:, n - 1:]", "x = x[:, :]"]),
    "arguments": ("x = torch.where(n, x, y)", ["x = torch.where(n, y, x)"]),
    "a method": ("x = x.sqrt().clone()", ["x = x.clone()", "x = x.sqrt()"]),
    "a function": ("x = torch.sqrt(x)", ["x = x"]),
    "a mask": ("x = x.masked_fill(~y, 0.0)", ["x = x.masked_fill(y, 0.0)"]),
    "a branch": ("x = x if n else y", ["x = y if n else x", "x = x", "x = y"]),
    "a condition": ("if n:\n    x = y", ["if not n:"]),
    "a number": ("x = x[n + 1]", ["x = x[n + 2]", "x = x[n + 0]"]),
    "a pair": ("x = (x, y)", ["x = (y, x)"]),
    "a block": ("with torch.no_grad():\n    x = x + y", ["if True:"]),
    "a line": ("x[n] = y", ["left out"]),
}


def changes(body, **options):
    """What may become of a function with this body."""
    source = "def f(x, y, n):\n" + "\n".join(f"    {line}" for line in body.split("\n"))
    return [what for what, _ in mutants(ast.parse(source).body[0], **options)]


@pytest.mark.parametrize("line, slips", SLIPS.values(), ids=SLIPS)
def test_a_line_becomes_what_a_slip_makes_of_it(line, slips):
    """Each kind of small error is made."""
    first = line.split("\n")[0]
    made = changes(line)
    assert {f"{first} → {slip}" for slip in slips} <= set(made), made


def test_each_mutant_is_another_function():
    """None is the function itself, and none comes twice."""
    source = "def f(x):\n    return x.sum(-1) / x.sum(-1)"
    made = mutants(ast.parse(source).body[0])
    sources = [ast.unparse(ast.parse(source)), *(code for _, code in made)]
    assert len(sources) == len(set(sources))
    assert len(made) == len({what for what, _ in made}), "two have one name"


def test_what_only_refuses_is_left_alone_unless_asked_for():
    """Who need not refuse wrong arguments makes no mistake by not doing so."""
    guards = "check_tensor('x', x)\nif n < 1:\n    raise ValueError(f'got {n}')"
    assert changes(guards) == []
    assert "if n < 1: → if n <= 1:" in changes(guards, guards=True)


def test_signature_docstring_and_annotations_are_left_alone():
    """They stand in the stub."""
    source = 'def f(x: int = 1, *, dim=-1) -> tuple[int, str]:\n    """Add 1 to 2."""\n    return x'
    assert mutants(ast.parse(source).body[0]) == []


def test_a_parameter_that_the_stub_lacks_has_its_default():
    """What a reference can do besides is no part of the exercise."""
    function = ast.parse(
        "def f(x, scale=None, cap=None, causal=False):\n"
        "    x = x if scale is None else x * scale\n"
        "    if cap is not None or causal:\n"
        "        x = x.clamp(max=cap)\n"
        "    return g(x, cap=cap, causal=causal)"
    ).body[0]
    stub = ast.parse("def f(x):\n    raise NotImplementedError").body[0]
    WithDefaults(function, stub).visit(function)
    kept = ast.unparse(ast.fix_missing_locations(function)).split("\n")[1:]
    assert [line.strip() for line in kept] == ["x = x", "pass", "return g(x)"]
