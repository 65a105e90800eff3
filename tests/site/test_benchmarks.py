"""The benchmarks: fair timing, an honest record, and a page that tells what is missing."""

import importlib
import json
import subprocess
import sys

import pytest

from figures import measured
from figures.measured import Measured, ratio_chart, seconds_chart
from grading.paths import ROOT

RECORD = ROOT / "book" / "benchmarks.json"


@pytest.fixture
def record(monkeypatch, tmp_path):
    """`bench/record.py`, writing elsewhere."""
    monkeypatch.syspath_prepend(ROOT / "bench")
    module = importlib.import_module("record")
    monkeypatch.setattr(module, "RESULT", tmp_path / "benchmarks.json")
    return module


@pytest.fixture
def timing(record, monkeypatch):
    """`bench/timing.py`, with a clock that moves only when a call moves it."""
    module = importlib.import_module("timing")
    now = [0.0]
    monkeypatch.setattr(module.time, "perf_counter", lambda: now[0])
    module.spend = lambda seconds: now.__setitem__(0, now[0] + seconds)
    return module


def test_what_takes_half_the_time_has_the_ratio_one_half(timing):
    """Also where one of the two is repeated more often to be timed at all."""
    found = timing.compare("half", lambda: timing.spend(0.02), lambda: timing.spend(0.04), 3)
    assert found["median"] == found["min"] == found["max"] == pytest.approx(0.5)
    assert (found["ours"], found["theirs"]) == pytest.approx((0.02, 0.04))


def test_a_machine_that_slows_down_changes_no_ratio(timing):
    """Both are timed in each round, so what makes a round slow makes both slow."""
    share = {"ours": 3.0, "theirs": 4.0}
    calls = []

    def call(name):
        calls.append(name)
        timing.spend(share[name] * ((len(calls) + 1) // 2))  # slower with every round

    found = timing.compare("slower", lambda: call("ours"), lambda: call("theirs"), 5)
    assert found["min"] == found["max"] == pytest.approx(0.75)
    rounds = calls[-10:]  # both go first, in turns
    assert [rounds[i] for i in (0, 2, 4, 6, 8)] in (
        ["ours", "theirs", "ours", "theirs", "ours"],
        ["theirs", "ours", "theirs", "ours", "theirs"],
    )


def test_a_target_holds_up_to_itself(record):
    """At most and at least both include the target; what was not promised is not judged."""
    spread = record.spread([0.9, 0.8, 1.0])
    assert spread == {"median": 0.9, "min": 0.8, "max": 1.0}
    names = "under", "at", "over"
    rows = record.judge(
        {name: record.spread([value]) for name, value in zip(names, (1, 2, 3), strict=True)},
        {name: ("at most", 2) for name in names},
    )
    assert [rows[name]["holds"] for name in names] == [True, True, False]
    rows = record.judge({"few": record.spread([1])}, {"few": ("at least", 2)}, unit="MB")
    assert rows["few"]["holds"] is False and rows["few"]["unit"] == "MB"
    assert "holds" not in record.judge({"free": spread}, {})["free"]
    with pytest.raises(ValueError, match=r"target for what was not measured: \['gone'\]"):
        record.judge({}, {"gone": ("at most", 1)})


def test_one_subject_is_replaced_and_the_others_stay(record):
    """Also for a second device; a file of an older schema is begun again."""
    record.RESULT.write_text('{"date": "2026-01-01"}')
    record.save("first", "cpu", {"rows": 1})
    record.save("second", "cpu", {"rows": 2})
    record.save("first", "cuda", {"rows": 3})
    record.save("first", "cpu", {"rows": 4})
    assert json.loads(record.RESULT.read_text()) == {
        "schema": record.SCHEMA,
        "subjects": {
            "first": {"cpu": {"rows": 4}, "cuda": {"rows": 3}},
            "second": {"cpu": {"rows": 2}},
        },
    }
    assert list(record.RESULT.parent.iterdir()) == [record.RESULT]


def test_what_stands_in_the_book_is_consistent(record):
    """Each verdict agrees with its figures, and the median lies between least and greatest."""
    assert record.SCHEMA == measured.SCHEMA
    subjects = json.loads(RECORD.read_text("utf-8"))["subjects"]
    for devices in subjects.values():
        for entry in devices.values():
            for name, row in entry["rows"].items():
                assert row["min"] <= row["median"] <= row["max"], name
                if "target" in row:
                    target = {name: (row["bound"], row["target"])}
                    assert record.judge({name: row}, target)[name] == row, name


@pytest.mark.parametrize("name", ["multi_head", "encoder", "decoding", "build"])
def test_each_subject_that_was_measured_has_its_present_targets(record, name):
    """A target that is moved afterwards has to be measured again."""
    rows = Measured(RECORD).rows(name)
    targets = importlib.import_module(name).TARGETS
    stored = {key: (row["bound"], row["target"]) for key, row in rows.items() if "target" in row}
    assert not rows or stored == targets


def test_the_command_names_its_subjects_and_refuses_others():
    """`--help` ends well; a wrong name is answered with the right ones."""
    run = [sys.executable, str(ROOT / "bench")]
    shown = subprocess.run([*run, "--help"], capture_output=True, text=True, check=True)
    assert "multi_head, encoder, decoding" in shown.stdout and "--rounds" in shown.stdout
    refused = subprocess.run([*run, "encodr"], capture_output=True, text=True)
    assert refused.returncode == 2
    assert "no subject encodr; there are multi_head, encoder" in refused.stderr


# What the page draws.

ROW = {"unit": "×", "median": 0.9, "min": 0.8, "max": 1.25}
ENTRY = {
    "date": "2026-02-03",
    "machine": {"model": "Abacus", "cores": 2, "load": 0.5},
    "versions": {"torch": "9.9"},
    "threads": 2,
    "rounds": 7,
}


def written(tmp_path, subjects):
    path = tmp_path / "figures.json"
    path.write_text(json.dumps({"schema": measured.SCHEMA, "subjects": subjects}))
    return Measured(path)


@pytest.fixture
def kept():
    return ROW | {"bound": "at most", "target": 1.05, "holds": True}


@pytest.fixture
def broken():
    return ROW | {"median": 1.125, "bound": "at least", "target": 1.25, "holds": False}


def cells(table):
    """The rows of a table in Markdown, without the line below the headings."""
    lines = [line[1:-1].split("|") for line in table.splitlines()]
    return [[cell.strip().replace("\N{NO-BREAK SPACE}", " ") for cell in line] for line in lines]


def test_the_table_shows_target_figures_and_verdict(tmp_path, kept, broken):
    """A column for each device that was measured; what was not promised has no verdict."""
    rows = {"long name 8 × 512": kept, "tokens": broken, "free": ROW}
    on_cpu = written(tmp_path, {"heads": {"cpu": ENTRY | {"rows": rows}}})
    heading, _, first, second, third = cells(on_cpu.table("heads", shorten="long "))
    assert heading == ["measured", "target", "processor", "holds"]
    assert first == ["name 8 × 512", "≤ 1.05 ×", "0.900 × (0.800–1.25)", "yes"]
    assert second == ["tokens", "≥ 1.25 ×", "1.12 × (0.800–1.25)", "**no**"]
    assert third == ["free", "", "0.900 × (0.800–1.25)", ""]
    devices = {"cpu": ENTRY | {"rows": rows}, "cuda": ENTRY | {"rows": {"tokens": ROW}}}
    heading, _, first, second, _ = cells(written(tmp_path, {"heads": devices}).table("heads"))
    assert heading == ["measured", "target", "processor", "GPU", "holds"]
    assert first[3] == "—" and second[3] == "0.900 × (0.800–1.25)"


def test_what_is_missing_is_said_to_be_missing(tmp_path):
    """No file, or no entry: a sentence, not an error."""
    nothing = Measured(tmp_path / "none.json")
    assert "Not measured yet" in nothing.table("heads") and "“heads”" in nothing.table("heads")
    assert nothing.verdict("heads") == "Nothing that has a target was measured."
    assert nothing.conditions("heads") == "" and nothing.rows("heads") == {}
    ratio_chart({})
    seconds_chart({}, [])


def test_a_file_of_another_schema_is_refused(tmp_path):
    """It would be misread."""
    path = tmp_path / "old.json"
    path.write_text("{}")
    with pytest.raises(ValueError, match=r"old\.json has schema None, wanted 2"):
        Measured(path)


def test_the_verdict_counts_and_names(tmp_path, kept, broken):
    """Only what was promised counts."""
    rows = {"a": kept, "b": broken, "c": ROW}
    figures = written(tmp_path, {"x": {"cpu": ENTRY | {"rows": rows}}})
    assert figures.verdict("x") == "1 of 2 targets hold. Missed: “b”."
    figures = written(tmp_path, {"x": {"cpu": ENTRY | {"rows": {"a": kept}}}})
    assert figures.verdict("x", "y") == "1 of 1 targets hold. None is missed."


def test_the_conditions_are_told_once_for_all_who_share_them(tmp_path):
    """Date, machine, threads and versions; apart only for what was measured otherwise."""
    alike = written(
        tmp_path,
        {
            "x": {"cpu": ENTRY | {"rows": {}}},
            "y": {"cpu": ENTRY | {"rows": {}, "machine": ENTRY["machine"] | {"load": 2.0}}},
        },
    )
    words = alike.conditions("x", "y")
    assert words.startswith("Measured on 2026-02-03, on a machine with 2 cores (Abacus), on 2 thr")
    assert "with torch 9.9. Medians of 7 rounds" in words
    assert "load average before was 0.5 to 2." in words
    apart = written(
        tmp_path,
        {"x": {"cpu": ENTRY | {"rows": {}}}, "y": {"cpu": ENTRY | {"rows": {}, "threads": 1}}},
    )
    words = apart.conditions("x", "y")
    assert "Measured (`x`) on" in words and "Measured (`y`) on" in words
    assert "on 2 threads," in words and "on 1 thread," in words


def test_the_picture_turns_over_what_should_be_large(kept, broken):
    """Left of one is faster, whichever way the row is written; a miss has another mark."""
    (axes,) = ratio_chart({"a": kept, "b": broken, "memory": ROW | {"unit": "MB"}}).axes
    points = {}
    for line in axes.lines[1:]:  # the first is the line at one
        mark, places = line.get_marker(), [round(float(x), 4) for x in line.get_xdata()]
        points.setdefault(mark, []).append(places)
    assert points["None"] == [[0.8, 1.25], [0.8, 1.25]]  # 1/1.25 and 1/0.8
    assert points["o"] == [[0.9]] and points["X"] == [[round(1 / 1.125, 4)]]
    assert points["|"] == [[1.05], [0.8]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
