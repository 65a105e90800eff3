"""Says how a child came to its end that did not finish: in the check it was at, or for the file."""

import os
import signal

from grading import child, results
from grading.nothing_graded import Unfit

FROM_OUTSIDE = {
    signal.SIGKILL: ", as when the machine has no memory left",
    signal.SIGXCPU: ": the limit on time of your shell (ulimit -t) is reached",
}


def note(hearing, status):
    """Write down how a child ended, where it has not said so itself.

    Args:
        hearing: the `hearing.Hearing` of that child.
        status: as `os.waitpid` gives it; None if the child had to be killed.

    Raises:
        Unfit: it ended before the answer could have a part in that.
    """
    code = None if status is None else os.waitstatus_to_exitcode(status)
    out_of_memory = code == child.NO_MEMORY_LEFT
    state = hearing.verdict or (results.OUT_OF_MEMORY if out_of_memory else results.CRASHED)
    if not hearing.ready:
        raise Unfit(f"no answer can be confined here ({state}, exit status {code})")
    message = _sentence(state, code, hearing.listening.limits)
    check = hearing.running
    if check is None:
        hearing.exercise.message = f"{message} Your file was still being loaded."
    elif check.state in (results.NOT_RUN, results.PASSED):
        check.state, check.message, check.hint = state, message, ""


def _sentence(state, code, limits):
    """One sentence on an ending; `code` is None for a child that had to be killed."""
    if state == results.TIMED_OUT:
        return f"Still running after {limits.seconds:g} seconds. Is there a loop without an end?"
    if state == results.TOO_MUCH_OUTPUT:
        return f"Your code printed more than {limits.output >> 20} MB. Is there a print in a loop?"
    if state == results.TOO_MANY_PROCESSES:
        return (
            f"Your code ran more than {limits.processes} other processes at once. "
            "Does it fork, or start a program, in a loop?"
        )
    if state == results.OUT_OF_MEMORY:
        return "Your code asked for more memory than it may use."
    if code in (None, child.CUT_OFF):
        return "Your code cut itself off from the grader: it closed or changed what that needs."
    if code < 0:
        return f"The process died of {_signal_name(-code)}{FROM_OUTSIDE.get(-code, '')}."
    return f"Your code ended the process (exit status {code})."


def _signal_name(number):
    """SIGSEGV for 11; the real-time signals have no names of their own."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
