"""Tables and pictures of what the benchmarks have measured: book/benchmarks.json.

`bench/record.py` writes that file and says what stands in it. What is missing there is said to
be missing; a page is never refused for it.
"""

import json
from pathlib import Path

SCHEMA = 2
HEADINGS = {"cpu": "processor", "cuda": "GPU"}
KEEP = "\N{NO-BREAK SPACE}"
SIGNS = {"at most": "≤", "at least": "≥"}


def recorded(path, schema):
    """What a file of results holds, or nothing where there is none.

    Raises:
        ValueError: the file is of another schema than the one wanted.
    """
    path = Path(path)
    if not path.is_file():
        return {}
    record = json.loads(path.read_text("utf-8"))
    if record.get("schema") != schema:
        raise ValueError(f"{path} has schema {record.get('schema')}, wanted {schema}")
    return record


class Measured:
    """The figures of all subjects, or none.

    Args:
        path: the file of measurements.

    Raises:
        ValueError: the file is of another schema than this one reads.
    """

    def __init__(self, path):
        self.subjects = recorded(path, SCHEMA).get("subjects", {})

    def rows(self, *subjects, device="cpu"):
        """{name: row} of these subjects together, as far as they were measured."""
        found = {}
        for subject in subjects:
            found |= self.subjects.get(subject, {}).get(device, {}).get("rows", {})
        return found

    def table(self, subject, shorten=""):
        """A table in Markdown: what was promised, what was found on each device, and whether
        that is enough.

        Args:
            subject: the name of its entry.
            shorten: what is left out of the rows' names.
        """
        devices = [device for device in HEADINGS if self.rows(subject, device=device)]
        if not devices:
            return f"*Not measured yet: the file has no entry “{subject}”.*"
        headings = ("measured", "target", *(HEADINGS[device] for device in devices), "holds")
        lines = [
            f"| {' | '.join(headings)} |",
            "|---" * (3 + len(devices)) + "|",
        ]
        for name in self.rows(subject, device=devices[0]):
            row = self.rows(subject, device=devices[0])[name]
            target = _target(row) if "target" in row else ""
            found = (_found(self.rows(subject, device=device).get(name)) for device in devices)
            holds = {True: "yes", False: "**no**", None: ""}[row.get("holds")]
            label = name.replace(shorten, "").replace(" × ", f"{KEEP}×{KEEP}")
            cells = label, target, *found, holds
            lines.append("|" + "|".join(cells) + "|")
        return "\n".join(lines)

    def verdict(self, *subjects):
        """How many of the promises hold, in a sentence, and which do not."""
        promised = {name: row for name, row in self.rows(*subjects).items() if "target" in row}
        if not promised:
            return "Nothing that has a target was measured."
        missed = [f"“{name}”" for name, row in promised.items() if not row["holds"]]
        kept = len(promised) - len(missed)
        words = f"Missed: {', '.join(missed)}." if missed else "None is missed."
        return f"{kept} of {len(promised)} targets hold. {words}"

    def conditions(self, *subjects):
        """On what machines, with what versions and when, in a sentence for each combination."""
        groups = {}
        for subject in subjects:
            for entry in self.subjects.get(subject, {}).values():
                groups.setdefault(_conditions(entry), []).append((subject, entry))
        sentences = []
        for words, measured in groups.items():
            named = ", ".join(dict.fromkeys(f"`{subject}`" for subject, _ in measured))
            loads = sorted({entry["machine"]["load"] for _, entry in measured})
            load = f"{loads[0]:g}" + (f" to {loads[-1]:g}" if len(loads) > 1 else "")
            sentences.append(f"Measured {f'({named}) ' if len(groups) > 1 else ''}{words}")
            sentences.append(f"The load average before was {load}.")
        return " ".join(sentences)


def _conditions(entry):
    machine, threads = entry["machine"], entry["threads"]
    versions = ", ".join(f"{name} {number}" for name, number in entry["versions"].items())
    return (
        f"on {entry['date']}, on a machine with {machine['cores']} cores ({machine['model']}), "
        f"on {threads} thread{'s' * (threads != 1)}, with {versions}. Medians of {entry['rounds']} "
        "rounds, with the least and the greatest in brackets."
    )


def _target(row):
    return f"{SIGNS[row['bound']]}{KEEP}{row['target']:g}{KEEP}{row['unit']}"


def _found(row):
    if row is None:
        return "—"
    median, least, most = (f"{row[key]:#.3g}".rstrip(".") for key in ("median", "min", "max"))
    spread = "" if least == most else f" ({least}–{most})"
    return f"{median}{KEEP}{row['unit']}{spread}"


def ratio_chart(rows):
    """Draw shares of the peer's time around 1: a mark for the median, a line from least to most.

    A figure that should be large (how many times as fast) is turned over, so that left is always
    faster than the peer.

    Args:
        rows: as `Measured.rows` returns them; only ratios are drawn.

    Returns:
        The matplotlib figure.
    """
    import matplotlib.pyplot as plt

    from figures.style import INK, MUTED

    rows = {name: _share(row) for name, row in rows.items() if row["unit"] == "×"}
    fig, ax = plt.subplots(figsize=(4, 0.6 + 0.22 * len(rows)))
    ax.axvline(1, color=MUTED, linewidth=0.8, linestyle="--")
    for i, row in enumerate(rows.values()):
        colour = "C1" if row["holds"] is False else "C0"
        ax.plot([row["min"], row["max"]], [i, i], color=colour, linewidth=1.6)
        mark = "X" if row["holds"] is False else "o"
        ax.plot(row["median"], i, marker=mark, color=colour, markersize=5)
        if row["target"]:
            ax.plot(row["target"], i, marker="|", color=INK, markersize=11, markeredgewidth=1.4)
    ax.set_yticks(range(len(rows)), rows)
    ax.set(xscale="log", xlabel="ours ÷ its peer, in time", ylim=(len(rows) - 0.4, -0.6))
    ticks = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
    left, right = ax.get_xlim()
    ticks = [tick for tick in ticks if min(left, 0.5) <= tick <= max(right, 2)]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    return fig


def seconds_chart(rows, ours):
    """Draw times as bars on a logarithmic axis, with a line from the least to the greatest.

    Args:
        rows: as `Measured.rows` returns them, in seconds.
        ours: the names of the rows in the first colour.

    Returns:
        The matplotlib figure.
    """
    import matplotlib.pyplot as plt

    from figures.style import INK

    fig, ax = plt.subplots(figsize=(4, 0.6 + 0.26 * len(rows)))
    for i, (name, row) in enumerate(rows.items()):
        ax.barh(i, row["median"], color="C0" if name in ours else "C1")
        ax.plot([row["min"], row["max"]], [i, i], color=INK)
        ax.text(row["max"] * 1.12, i, f"{row['median']:.2f}", va="center", fontsize=8)
    ax.set_yticks(range(len(rows)), rows)
    longest = max((row["max"] for row in rows.values()), default=1)
    ax.set(xscale="log", xlim=(0.01, 4 * longest), xlabel="seconds (each step: ten times more)")
    ticks = [tick for tick in (0.01, 0.1, 1, 10, 100) if tick < 4 * longest]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.invert_yaxis()
    return fig


def _share(row):
    """A row as a share of the peer's time."""
    turn = (lambda x: 1 / x) if row.get("bound") == "at least" else (lambda x: x)
    target = turn(row["target"]) if "target" in row else None
    ends = sorted(turn(row[key]) for key in ("min", "max"))
    return {
        "median": turn(row["median"]),
        "min": ends[0],
        "max": ends[1],
        "target": target,
        "holds": row.get("holds"),
    }
