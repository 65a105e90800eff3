"""The functions that solve an exercise: the reference, and the right answers in other styles.

Each is cut down to what the stub asks for: methods that the stub lacks are left alone, and a
parameter that it lacks has its default everywhere.
"""

import ast
import inspect
from dataclasses import dataclass, replace
from types import SimpleNamespace

from grading.known import Answer, answers
from grading.mutants import mutants
from grading.paths import STUBS
from sources import cut, read_source

REFERENCE = "reference"


@dataclass(frozen=True)
class Solution:
    """A right answer, in whose place code that differs a little can be graded."""

    answer: Answer
    file: str
    source: str

    def mutants(self):
        """[(what was changed, the source with the change), ...]; what begins with the style."""
        style = "" if self.answer.name == REFERENCE else f"{self.answer.name}: "
        stub = ast.parse(cut(read_source(STUBS / f"{self.answer.stem}.py"), self.answer.exercise))
        asked, node = _functions(stub.body[0]), ast.parse(self.source).body[0]
        node.decorator_list = [d for d in node.decorator_list if "right_answer" not in ast.dump(d)]
        for name, function in _functions(node).items():
            if name in asked:
                _WithDefaults(function, asked[name]).visit(function)
        not_asked = {
            name
            for name in _functions(node)
            if isinstance(node, ast.ClassDef) and name not in asked and not _is_helper(name)
        }
        refuses = "Error" in (ast.get_docstring(stub.body[0]) or "")
        found = mutants(ast.fix_missing_locations(node), refuses, not_asked)
        return [(style + what, source) for what, source in found]

    def load(self, source):
        """The subject to be graded, if this were the answer's source."""
        code = self.answer.code
        names = dict(_a_function_of(code).__globals__)
        exec(compile(source, self.file, "exec"), names)
        mutant = names[code.__name__]
        if self.answer.name != REFERENCE:
            return replace(self.answer, code=mutant).load()
        import attention

        return SimpleNamespace(**(vars(attention) | {self.answer.exercise: mutant}))


def solutions(stem, exercise):
    """The reference first."""
    import attention

    reference = Answer(stem, exercise, REFERENCE, "", None, getattr(attention, exercise))
    for answer in (reference, *answers(stem)):
        right = answer.exercise == exercise and not answer.caught_by
        if right and (code := _a_function_of(answer.code)):  # else it only derives from something
            file = inspect.getsourcefile(code)
            yield Solution(answer, file, cut(read_source(file), answer.code.__name__))


def _a_function_of(code):
    """The function itself, of a class a method, if any: they know in which module they stand."""
    if isinstance(code, type):
        code = next(filter(inspect.isfunction, vars(code).values()), None)
    return code and inspect.unwrap(code)


def _functions(node):
    """{name: node} of the methods of a class, or of the function itself."""
    found = node.body if isinstance(node, ast.ClassDef) else [node]
    return {f.name: f for f in found if isinstance(f, ast.FunctionDef)}


def _is_helper(name):
    return name.startswith("_") and not name.startswith("_check")


class _WithDefaults(ast.NodeTransformer):
    """Puts defaults in the place of the parameters that a stub lacks, and folds what follows."""

    def __init__(self, function, asked):
        known, own = {a.arg for a in _arguments(asked)}, function.args
        positional = [*own.posonlyargs, *own.args]
        defaults = [*zip(positional[::-1], own.defaults[::-1], strict=False)]
        defaults += zip(own.kwonlyargs, own.kw_defaults, strict=True)
        written = {n.id for n in ast.walk(function) if isinstance(getattr(n, "ctx", 0), ast.Store)
                   and isinstance(n, ast.Name)}  # fmt: skip
        self.values = {
            a.arg: value.value
            for a, value in defaults
            if a.arg not in known | written and isinstance(value, ast.Constant)
        }

    def visit_arguments(self, node):
        return node

    def visit_Name(self, node):
        return ast.Constant(self.values[node.id]) if node.id in self.values else node

    def visit_keyword(self, node):
        """What is handed on is a default there, too."""
        if isinstance(node.value, ast.Name) and node.value.id in self.values:
            return None
        return self.generic_visit(node)

    def visit_Compare(self, node):
        self.generic_visit(node)
        sides = (node.left, node.comparators[0])
        if len(node.ops) == 1 and all(isinstance(side, ast.Constant) for side in sides):
            same = sides[0].value is sides[1].value
            if isinstance(node.ops[0], (ast.Is, ast.IsNot)):
                return ast.Constant(same == isinstance(node.ops[0], ast.Is))
        return node

    def visit_BoolOp(self, node):
        self.generic_visit(node)
        decides = isinstance(node.op, ast.Or)
        known = [v.value for v in node.values if isinstance(v, ast.Constant)]
        left = [v for v in node.values if not isinstance(v, ast.Constant)]
        if any(bool(value) is decides for value in known) or not left:
            return ast.Constant(decides if known.count(decides) else not decides)
        node.values = left
        return left[0] if len(left) == 1 else node

    def visit_IfExp(self, node):
        self.generic_visit(node)
        if isinstance(node.test, ast.Constant):
            return node.body if node.test.value else node.orelse
        return node

    def visit_If(self, node):
        self.generic_visit(node)
        if isinstance(node.test, ast.Constant):
            return (node.body if node.test.value else node.orelse) or ast.Pass()
        return node


def _arguments(function):
    own = function.args
    return [*own.posonlyargs, *own.args, *own.kwonlyargs]
