"""A Python that has imported what pages import, and forks a kernel a line.

    python fork_server.py matplotlib.pyplot torch

A kernel that starts from nothing spends seconds on importing torch and matplotlib. Here that is
done once; a fork has it all, shares its memory, and starts in a fraction of a second. Modules of
the book are not imported: they change, and each page is to meet them as they are.

A line on standard input is the arguments of a kernel, as JSON; the answer is the process it runs
in. The end of the input ends all kernels.
"""

import json
import os
import signal
import sys
from importlib import import_module

from ipykernel.kernelapp import IPKernelApp


class BareKernel(IPKernelApp):
    """A kernel that looks for no one's settings: there are some for the whole system, too."""

    def load_config_file(self, suppress_errors=True):
        """Read none."""


def main():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks for a kernel's last words
    for module in sys.argv[1:]:
        import_module(module)
    kernels = []
    for line in sys.stdin:
        kernels.append(os.fork())
        if not kernels[-1]:
            be_a_kernel(json.loads(line))
        print(kernels[-1], flush=True)
    for kernel in kernels:
        try:
            os.killpg(kernel, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue  # it has ended


def be_a_kernel(arguments):
    """Turn this process into a kernel; does not return."""
    try:
        os.setpgid(0, 0)  # what a cell starts is ended with it
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)  # the server's own answers go there
        kernel = BareKernel.instance(parent_handle=os.getppid())  # ends with it
        kernel.initialize(arguments)
        kernel.start()
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
