"""Answers that call one another: where one is at fault, its caller's card says so first.

An answer may call another exercise's function from the same file, or import it from the file of
another chapter beside it. What it imports from the package cannot be at fault.
"""

import ast

from grading import results
from sources import read_source


def naming_culprits(grade, exercises, folder):
    """A function that grades an exercise by its name, once, and names the sibling at fault.

    Siblings are graded only for an answer that fails, and where it calls any.

    Args:
        grade: called with a name; returns the exercise as graded.
        exercises: {name: stem} of all.
        folder: where the answers are.
    """
    graded = {}

    def result_of(name):
        if name not in graded:
            graded[name] = grade(name)
            _name_the_culprit(graded[name])
        return graded[name]

    def _name_the_culprit(exercise):
        check = exercise.diagnosis
        if exercise.message or check is None or exercise.state == results.NOT_STARTED:
            return
        culprit = _culprit(exercise.name, {exercise.name})
        if culprit:
            said = f"`{culprit}`, which your answer calls, fails its own checks: look there first."
            check.message, check.hint = f"{said}\n\n{check.message}".strip(), ""

    def _culprit(name, seen):
        """The sibling to mend first: one that fails, and calls none which does."""
        siblings = called(name, folder / f"{exercises[name]}.py", exercises) - seen
        for sibling in sorted(siblings, key=list(exercises).index):
            seen.add(sibling)
            if result_of(sibling).state not in (results.PASSED, results.NOT_STARTED):
                return _culprit(sibling, seen) or sibling
        return None

    return result_of


def called(name, file, exercises):
    """The other exercises that an answer comes to, directly or through functions of its own.

    What its source names is found; whether a call is ever made is not looked at.
    """
    files, found, seen = {}, set(), set()
    waiting = [(file.stem, name)]
    while waiting:
        stem, thing = place = waiting.pop()
        if place in seen or not stem:
            continue
        seen.add(place)
        if stem not in files:
            files[stem] = _Names(file.with_name(f"{stem}.py"))
        if thing != name and exercises.get(thing) == stem and thing in files[stem].made_of:
            found.add(thing)
        else:
            waiting += files[stem].named_by(thing)
    return found


class _Names:
    """What the functions, classes and values of a file are made of, by the names in its source."""

    def __init__(self, file):
        self.stem, self.made_of, self.imported, self.stars = file.stem, {}, {}, []
        try:
            tree = ast.parse(read_source(file))
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            return  # not beside it, or no Python
        for node in tree.body:  # of two things of one name the last one counts
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                self.made_of[node.name] = node
            elif isinstance(node, ast.Assign):
                self.made_of |= {getattr(target, "id", ""): node.value for target in node.targets}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                self.imported |= {a.asname or a.name: (a.name, None) for a in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                self.imported |= {a.asname or a.name: (node.module, a.name) for a in node.names}
                self.stars += [node.module for a in node.names if a.name == "*"]

    def named_by(self, thing):
        """[(stem, name), ...]: where the names in a thing's source come from."""
        if thing not in self.made_of:
            return self._places(thing)
        found = []
        for node in ast.walk(self.made_of[thing]):
            if isinstance(node, ast.Name):
                found += self._places(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                module, member = self.imported.get(node.value.id, ("", ""))
                found += [(module, node.attr)] if member is None else []
        return found

    def _places(self, name):
        if name in self.made_of:
            return [(self.stem, name)]
        return [self.imported[name]] if name in self.imported else [(s, name) for s in self.stars]
