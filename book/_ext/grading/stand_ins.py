"""What an answer finds in the place of a tool that does not fit into a grading."""

import bdb
import getpass
import pdb
import sys


class NobodyTypes(Exception):
    """A debugger wants to stop where nobody can type."""


def put_in():
    """Take the tools' places, in this process."""
    import torch

    sys.breakpointhook = pdb.set_trace = no_debugger
    bdb.Bdb.set_trace = no_debugger  # what other debuggers, such as ipdb, come to
    getpass.getpass = nobody_answers
    torch.compile = uncompiled


def no_debugger(*_, **__):
    raise NobodyTypes


def nobody_answers(*_, **__):
    """As input() does; Python's own finds a terminal, or warns, or stops, as the machine will."""
    raise EOFError


def uncompiled(model=None, **options):
    """The function itself, as a decorator too.

    `torch.compile` promises the same numbers sooner, and takes longer for it than a check may.
    """
    return (lambda model: model) if model is None else model
