"""Kernels that are forked from a warm process, instead of each importing everything itself."""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from importlib.metadata import EntryPoint
from pathlib import Path

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

SERVER = Path(__file__).with_name("fork_server.py")
NAME = "forked"  # by which a kernel specification asks for `ForkedKernel`

# The factory looks among installed packages, of which an extension of this book is none.
KernelProvisionerFactory.provisioners[NAME] = EntryPoint(
    NAME, "execution.forked:ForkedKernel", KernelProvisionerFactory.GROUP_NAME
)


class ForkServer:
    """The warm process. It ends when this one does, however that comes about."""

    def __init__(self, modules: list[str], cwd: Path, environment: dict[str, str]):
        self.process = subprocess.Popen(
            [sys.executable, "-P", SERVER, *modules],
            cwd=cwd,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def fork(self, arguments: list[str]) -> "Fork":
        print(json.dumps(arguments), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("the process that kernels are forked from has ended")
        return Fork(int(answer))

    def end(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Fork:
    """A kernel's process, with as much of `subprocess.Popen` as jupyter_client asks for."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int):
        self.pid = pid

    def poll(self) -> int | None:
        """None while it runs. It is not our child, so how it ended is not known."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return -1
        return None

    def wait(self) -> int:
        while self.poll() is None:
            time.sleep(0.01)
        return -1

    def send_signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


class ForkedKernel(LocalProvisioner):
    """As a local kernel, but that its process is a fork; the manager brings the server."""

    async def launch_kernel(self, cmd, **options):
        """Fork, with what the command says after the name of the module to run."""
        arguments = cmd[cmd.index("ipykernel_launcher") + 1 :]
        self.process = self.parent.fork_server.fork(arguments)
        self.pid = self.pgid = self.process.pid
        self.cwd = options.get("cwd")
        return self.connection_info
