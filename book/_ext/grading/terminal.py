"""Shows results in the terminal: a table of all, then what to do next.

The words are those of the card in the page; the state names carry the meaning, colour only helps.
"""

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from grading import results
from grading.terminal_pictures import drawn

STYLES = {results.PASSED: "green", results.NOT_STARTED: "dim", results.NOT_RUN: "dim"}
MARKS = {results.PASSED: "✓", results.NOT_STARTED: "·", results.NOT_RUN: "·"}


def style(state):
    return STYLES.get(state, "red")


def mark(state):
    return MARKS.get(state, "✗")


def progress(console, total):
    """A bar over the exercises with one task, 0; shown only where somebody watches."""
    bar = Progress(
        TextColumn("grading"),
        BarColumn(),
        TextColumn("{task.completed} of {task.total}  {task.fields[name]}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    bar.add_task("", total=total, name="")
    return bar


def report(console: Console, exercises):
    """Print the table, the checks and diagnosis of what was begun, and the next exercise."""
    console.print(_table(exercises))
    begun = [e for e in exercises if e.state not in (results.PASSED, results.NOT_STARTED)]
    for exercise in begun if len(exercises) > 1 else exercises:
        details(console, exercise)
    unfinished = [e for e in exercises if e.state != results.PASSED]
    if unfinished:
        following = (begun or unfinished)[0]
        console.print(Text.assemble(("\nNext: ", "bold"), following.next_step), soft_wrap=True)
    else:
        console.print("\nEverything passes.", style="green")


def summary(exercises):
    """All of it in one line."""
    passed = sum(e.state == results.PASSED for e in exercises)
    got, most = (sum(getattr(e, n) for e in exercises) for n in ("points", "max_points"))
    return f"Exercises: {passed} of {len(exercises)} passed, {got} of {most} points"


def _table(exercises):
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name, justify in (("exercise", "left"), ("file", "left"), ("state", "left"),
                          ("points", "right")):  # fmt: skip
        table.add_column(name, justify=justify)
    for e in exercises:
        state = Text(f"{mark(e.state)} {e.state}", style(e.state))
        table.add_row(e.name, Text(e.file, "dim"), state, f"{e.points} / {e.max_points}")
    table.add_section()
    got, most = (sum(getattr(e, n) for e in exercises) for n in ("points", "max_points"))
    table.add_row("", "", "", Text(f"{got} / {most}", "bold"))
    return table


def details(console, exercise):
    console.print(Text(f"\n{exercise.name}", "bold"))
    _checks(console, exercise)
    for when, text in exercise.printed:
        console.print(Text(f"  Printed {when}:", "dim"))
        console.print(Padding(Text(text), (0, 4)))


def _checks(console, exercise):
    if exercise.message:
        console.print(Padding(Text(exercise.message, "red"), (0, 2)))
        return
    if exercise.state == results.NOT_STARTED:
        console.print(Text("  not started", "dim"))
        return
    later = exercise.later_failures
    for check in exercise.checks:
        if check in later:
            continue
        line = Text(f"  {mark(check.state)} {check.title}", style(check.state))
        if check.state not in (results.PASSED, results.FAILED):
            line.append(f"  ({check.state})")
        console.print(line)
        if check is exercise.diagnosis and check.state != results.NOT_STARTED:
            _diagnosis(console, check)
    if later:
        console.print(Text(f"  {len(later)} later check(s) do not pass either.", "dim"))


def _diagnosis(console, check):
    if check.message:
        console.print(Padding(Text(check.message), (0, 4)))
    for picture in check.pictures:
        console.print(Padding(drawn(picture), (0, 4)))
    if check.hint:
        console.print(Padding(Text(f"Hint: {check.hint}", "italic"), (0, 4)))
