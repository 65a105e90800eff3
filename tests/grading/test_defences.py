"""Every defence of the grader is needed: without it, a bad answer is no longer told truthfully.

Each is taken out in a fork of the warm process, which then grades an answer that it guards. There
the grader may hang or die, and then that is what was seen.
"""

import os
import signal
import time

import pytest

from bad_answers import BAD, FIND, RIGHT, assert_told, grade, save
from defences import DEFENCES, Rig, nothing, put
from forks import in_forks
from grading import command_line, grader, limits, results_file
from grading.collect import with_catalog
from grading.paths import CHECKS
from grading.results import PASSED, Check, Exercise

AT_ONCE = 4
WITH_ALL = 2  # at once: what is told truthfully depends on limits of time, so nobody is crowded
SECONDS = 4  # for so many answers: with its defence none needs more than two
CONTROL = list(dict.fromkeys(names[0] for _, names in DEFENCES.values()))
GUARDED = [(defence, name) for defence, (_, names) in DEFENCES.items() for name in names]


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """{(defence, answer): what came of it without the defence}; with all of them, under None."""
    folder = tmp_path_factory.mktemp("answers")

    def all_of_them(catalog):
        def look(name, take_out):
            rig = Rig(module=next(iter(catalog.checks("softmax").values())).module)
            file = folder / f"{name}_{os.getpid()}.py"
            save(name, file)
            take_out(rig)
            assert_told(name, grade(catalog, file, rig.limits, rig.mistakes))
            return "told"

        grader.warm_up()
        found = {}
        for defence, (take_out, names) in {None: (nothing, CONTROL), **DEFENCES}.items():
            at_once = AT_ONCE if defence else WITH_ALL
            for start in range(0, len(names), at_once):
                jobs = {
                    (defence, name): lambda name=name, take_out=take_out: look(name, take_out)
                    for name in names[start : start + at_once]
                }
                found |= in_forks(jobs, SECONDS if defence else 15 * SECONDS)
        return found

    return with_catalog(all_of_them, ["soft_lookup"])


@pytest.mark.parametrize("name", CONTROL)
def test_answer_is_told_with_all_defences_in(name, seen):
    """In such a fork, too: one for each defence, or what follows would prove nothing."""
    assert seen[None, name] == "told"


@pytest.mark.parametrize(("defence", "name"), GUARDED)
def test_answer_is_not_told_without_its_defence(defence, name, seen):
    """It hangs, dies, or the card says something else."""
    assert seen[defence, name] != "told"


def test_every_bad_answer_has_a_defence():
    """And none is named that does not exist."""
    assert {name for _, name in GUARDED} == set(BAD)


@pytest.mark.parametrize(
    ("take_out", "state"), [(nothing, "failed"), (put(results_file, "write", nothing), "passed")]
)
def test_results_file_that_an_answer_forged_is_written_over(take_out, state, tmp_path):
    """Without the grader's own writing, in one step when all is graded, the forged one counts."""
    report, forged = tmp_path / "report.json", tmp_path / "forged.json"
    passed = Exercise("softmax", "soft_lookup", "", [Check("test_it", "It", 1, state=PASSED)])
    results_file.write(forged, [passed])
    (tmp_path / "soft_lookup.py").write_text(
        f"import shutil\nshutil.copy({str(forged)!r}, {str(report)!r})\n"
        + RIGHT.replace("scores.amax", "2 * scores.amax").replace("e.sum(-1", "e.sum(0")
    )

    def grading():
        take_out(None)
        command_line.main(["softmax", "--from", str(tmp_path), "--json", str(report)])
        return next(e.state for e in results_file.read(report)[0] if e.name == "softmax")

    assert in_forks({"": grading}, 60)[""] == state


@pytest.mark.parametrize(
    ("take_out", "ends"), [(nothing, True), (put(limits, "LINUX_PR_SET_PDEATHSIG", 0), False)]
)
def test_answer_ends_with_its_grader(take_out, ends, tmp_path):
    """Also where the grader itself is killed."""
    pid, file = tmp_path / "pid", tmp_path / "answer.py"
    file.write_text(f"import os, time\nopen({str(pid)!r}, 'w').write(f'{{os.getpid()}}\\n')\n"
                    "time.sleep(1000)\n")  # fmt: skip

    def kill_the_grader():
        take_out(None)
        its_pid = os.fork()
        if its_pid == 0:
            with_catalog(lambda catalog: grade(catalog, file), ["soft_lookup"])
        while not (pid.exists() and pid.read_text().endswith("\n")):
            time.sleep(0.01)
        os.kill(its_pid, signal.SIGKILL)
        os.waitpid(its_pid, 0)
        answer = int(pid.read_text())
        for _ in range(50):  # its end may take a moment
            if os.waitpid(answer, os.WNOHANG)[0]:
                return "ended"
            time.sleep(0.01)
        return "runs on"

    assert in_forks({"": kill_the_grader}, 60)[""] == ("ended" if ends else "runs on")


# what no defence of the grader stops: the threat model in CONTRIBUTING.md says so
BEYOND = {
    "reads the key from the stack, and forges every result": (
        FIND + "import json, re, sys\n"
        "frame, checks = sys._getframe(), " + repr(str(CHECKS / "test_soft_lookup.py")) + "\n"
        "while 'key' not in frame.f_locals: frame = frame.f_back\n"
        "line = {'key': frame.f_locals['key'], 'state': 'passed', 'message': '', 'hint': None}\n"
        "for name in re.findall(r'def (test_softmax_\\w+)', open(checks).read()):\n"
        "    line |= {'check': name, 'pictures': []}\n"
        "    os.write(pipe, json.dumps(line).encode() + b'\\n')\n"
        "os.write(pipe, json.dumps({'key': line['key'], 'end': True}).encode() + b'\\n')\n",
        "passed",
    ),
    "kills its grader": ("import os; os.kill(os.getppid(), 9)\n", "died"),
}


@pytest.mark.parametrize("name", BEYOND)
def test_answer_that_attacks_its_grader_gets_away(name, tmp_path):
    """It runs as the same user, in a process with the same memory."""
    file = tmp_path / "answer.py"
    file.write_text(BEYOND[name][0])

    def job():
        return with_catalog(lambda catalog: grade(catalog, file).state, ["soft_lookup"])

    assert in_forks({"": job}, 60)[""] == BEYOND[name][1]
