"""Grades what was asked for by name, once or on every save."""

import functools

from grading import grader, terminal
from grading.collect import with_catalog
from grading.known import alarms
from grading.load import load_answer
from grading.paths import ROOT
from grading.siblings import naming_culprits
from grading.watch import watch
from sources import shown


class Unknown(Exception):
    """A name that is no exercise's and no chapter's."""


def grade(console, names, folder, earlier, watching=False):
    """Grade these exercises and chapters, all of them where none is named.

    Args:
        folder: where the answers are.
        earlier: {name: exercise} as last graded, for those that are not asked for.
        watching: go on until Ctrl-C, and grade what is saved.

    Returns:
        (every exercise with its newest result, those asked for), both in the book's order.

    Raises:
        Unknown: a name is no exercise's and no chapter's.
    """

    def use(catalog):
        known = {name: catalog.exercise(name) for name in catalog}
        wanted, graded = _chosen(known, names), _grading(catalog, folder)
        grader.warm_up()
        with terminal.progress(console, len(wanted)) as bar:
            for name in wanted:
                bar.update(0, name=name)
                known[name] = graded(name)
                bar.advance(0)
        if watching:
            known |= _follow(console, catalog, {name: known[name] for name in wanted}, folder)
        everything = [known[n] if n in wanted else earlier.get(n, known[n]) for n in known]
        return everything, [known[n] for n in wanted]

    return with_catalog(use)


def _chosen(known, names):
    """The names of the exercises that these names of exercises and chapters mean."""
    strangers = set(names) - set(known) - {e.stem for e in known.values()}
    if strangers:
        raise Unknown(
            f"no exercise or chapter is called {', '.join(sorted(strangers))}; "
            f"the exercises are: {', '.join(known)}"
        )
    return [e.name for e in known.values() if not names or {e.name, e.stem} & set(names)]


def _grading(catalog, folder):
    """What grades an exercise by its name, once."""
    exercises = {name: catalog.stem(name) for name in catalog}
    return naming_culprits(lambda name: _grade_one(catalog, name, folder), exercises, folder)


def _grade_one(catalog, name, folder):
    exercise = catalog.exercise(name)
    file = folder / f"{exercise.stem}.py"
    exercise.file = shown(file.relative_to(ROOT) if file.is_relative_to(ROOT) else file)
    load = functools.partial(load_answer, name, file)
    known_mistakes = alarms(exercise.stem, name)
    return grader.grade(catalog.checks(name), load, exercise, file, alarms=known_mistakes)


def _follow(console, catalog, graded, folder):
    """Watch the files until Ctrl-C; `graded` with what has changed."""
    stems = {name: exercise.stem for name, exercise in graded.items()}

    def grade_stem(stem):
        again = _grading(catalog, folder)
        return [again(name) for name in stems if stems[name] == stem]

    try:
        watch(console, graded, grade_stem, folder)
    except KeyboardInterrupt:
        return graded
