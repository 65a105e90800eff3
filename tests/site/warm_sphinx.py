"""A Sphinx with the book's extensions imported, which forks a build a line.

    python warm_sphinx.py

To import them takes longer than to build a small book. A line on standard input is the folder
to stand in, the file for what is said, and Sphinx's arguments, as JSON; the answer is the status.
Modules of `attention` are not imported: each book has its own.
"""

import json
import os
import sys
from importlib import import_module

from sphinx.cmd.build import main

import conf


def serve():
    for name in [*conf.extensions, conf.html_theme]:
        import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            sys.exit(build(*json.loads(line)))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(status, flush=True)


def build(folder, said, arguments):
    """As `python -m sphinx` does that is started there."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
    os.dup2(1, 2)
    os.chdir(folder)
    return main(arguments)


if __name__ == "__main__":
    serve()
