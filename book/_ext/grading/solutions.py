"""The functions that solve an exercise: the reference, and the right answers in other styles.

Each is cut down to what the stub asks for: methods that the stub lacks are left alone, and a
parameter that it lacks has its default everywhere.
"""

import ast
import inspect
from dataclasses import dataclass, replace
from types import SimpleNamespace

from grading.defaults import WithDefaults
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
                WithDefaults(function, asked[name]).visit(function)
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
