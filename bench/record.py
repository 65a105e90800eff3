"""What was measured, under what conditions, and whether it is enough: book/benchmarks.json.

The page book/benchmarks.md is drawn from that file, one entry for each subject and device:

    {"schema": 2, "subjects": {"multi_head": {"cpu": {"date", "machine", "versions", "threads",
     "rounds", "rows": {"forward, 8 × 512": {"median", "min", "max", "unit", "bound", "target",
     "holds"}}}}}}

Bound, target and holds are missing where nothing was promised.
"""

import json
import os
import platform
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median

from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "book" / "benchmarks.json"
SCHEMA = 2


def spread(values):
    """The median with the least and the greatest."""
    return {f.__name__: round(f(values), 4) for f in (median, min, max)}


def judge(measured, targets, unit="×"):
    """Set beside each measured spread its unit, and what was promised of it.

    Args:
        measured: {name: {"median", "min", "max", ...}}.
        targets: {name: (bound, target)}, the bound "at most" or "at least".
        unit: of every row that does not say its own.
    """
    if missing := set(targets) - set(measured):
        raise ValueError(f"there is a target for what was not measured: {sorted(missing)}")
    rows = {}
    for name, row in measured.items():
        rows[name] = {"unit": unit} | row
        if name in targets:
            bound, target = targets[name]
            holds = row["median"] <= target if bound == "at most" else row["median"] >= target
            rows[name] |= {"bound": bound, "target": target, "holds": holds}
    return rows


def conditions(packages, rounds, *, threads=1, device="cpu"):
    """On what machine, with what versions, and when."""
    if device == "cpu":
        model = cpu_model()
    else:
        import torch

        model = torch.cuda.get_device_name()
    return {
        "date": date.today().isoformat(),
        "machine": {
            "model": model,
            "cores": os.cpu_count(),
            "load": round(os.getloadavg()[0], 2),
        },
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in packages},
        "threads": threads,
        "rounds": rounds,
    }


def save(subject, device, entry):
    """Replace one subject's entry for one device, and leave the others as they are."""
    record = json.loads(RESULT.read_text("utf-8")) if RESULT.exists() else {}
    if record.get("schema") != SCHEMA:
        record = {"schema": SCHEMA, "subjects": {}}
    record["subjects"].setdefault(subject, {})[device] = entry
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    partial = RESULT.with_suffix(".part")
    partial.write_text(text, "utf-8")
    partial.replace(RESULT)


def table(title, rows):
    """The rows for the terminal."""
    drawn = Table("", title=title, box=None, title_justify="left", pad_edge=False)
    for heading in ("median", "min", "max", "", "target", "holds"):
        drawn.add_column(heading, justify="right")
    for name, row in rows.items():
        figures = (f"{row[key]:.3f}" for key in ("median", "min", "max"))
        target = f"{row['bound']} {row['target']}" if "target" in row else ""
        holds = {True: "[green]yes", False: "[red]no", None: ""}[row.get("holds")]
        drawn.add_row(name, *figures, row["unit"], target, holds)
    return drawn


def cpu_model():
    """The processor's name, where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((x.partition(": ")[2] for x in lines if x.startswith("model name")), "unknown")
