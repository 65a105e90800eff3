"""Grades on every save, one exercise at a time: what is wrong with it, and what comes next."""

import time

from rich.text import Text

from grading import results, terminal
from grading.users import users


def watch(console, graded, grade_stem, folder):
    """Show the first unfinished exercise and follow the files until Ctrl-C.

    Args:
        graded: {name: exercise}, updated in place.
        grade_stem: grades the exercises of one file anew and returns them.
        folder: where the answers are.
    """
    stamps = _stamps(folder)
    stems = list(dict.fromkeys(exercise.stem for exercise in graded.values()))
    show(console, graded)
    while True:
        time.sleep(0.05)  # a look at a dozen files; a thread that watches could not be forked
        before, stamps = stamps, _stamps(folder)
        changed = {stem for stem, _ in stamps.items() ^ before.items()}  # or gone, or new
        for stem in dict.fromkeys(c for s in sorted(changed) for c in users(s, stems, folder)):
            for exercise in grade_stem(stem):
                graded[exercise.name] = exercise
            show(console, graded)


def show(console, graded):
    """One screen: how far you are, the exercise at hand, the next step."""
    console.clear()
    passed = sum(e.state == results.PASSED for e in graded.values())
    done = round(30 * passed / len(graded))
    bar = Text.assemble(("█" * done, "green"), ("░" * (30 - done), "dim"))
    console.print(Text.assemble(bar, f"  {passed} of {len(graded)} exercises"))
    unfinished = [e for e in graded.values() if e.state != results.PASSED]
    if not unfinished:
        console.print("\nEverything passes.", style="green")
        return
    begun = [e for e in unfinished if e.state != results.NOT_STARTED]
    terminal.details(console, (begun or unfinished)[0])
    console.print(Text(f"\n{(begun or unfinished)[0].file} is graded when you save it.", "bold"))
    console.print(Text("Ctrl-C ends this.", "dim"))


def _stamps(folder):
    stamps = {}
    for path in folder.glob("*.py"):
        try:
            stat = path.stat()
        except OSError:  # renamed between the listing and the look, or a link to itself
            continue
        stamps[path.stem] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
    return stamps
