"""A helper process that answers in lines of JSON, and is started again when it dies."""

import asyncio
import json
import sys

LONGEST_LINE = 1 << 24


class Worker:
    """One helper process.

    Args:
        module: what to run, as in `python -m module`.
        heard: called with each line that it sends.
        started: called when it has been started (again), to ask for what was lost.
    """

    def __init__(self, module, heard, started=lambda: None):
        self.module, self.heard, self.started = module, heard, started
        self.process = None

    async def run(self):
        """Keep the process alive until cancelled."""
        try:
            while True:
                self.process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", self.module,
                    stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                    limit=LONGEST_LINE, start_new_session=True,
                )  # fmt: skip
                self.started()
                async for line in self.process.stdout:
                    self.heard(json.loads(line))
                await self.process.wait()
                await asyncio.sleep(0.2)  # a helper that cannot start must not spin
        finally:
            self.end()

    def ask(self, request):
        """Send a line; lost if the process is just being started again."""
        if self.process and self.process.returncode is None:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")

    def end(self):
        if self.process and self.process.returncode is None:
            self.process.kill()
