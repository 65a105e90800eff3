"""A helper process that answers in lines of JSON, and is started again when it dies."""

import asyncio
import json
import sys

from live.watching import where

LONGEST_LINE = 1 << 24


class Worker:
    """One helper process.

    Args:
        module: what to run, as in `python -m module`.
        heard: called with each line that it sends.
        trouble: called with a sentence on what has failed.
        started: called when it has been started (again), to ask for what was lost.
    """

    def __init__(self, module, heard, trouble, started=lambda: None):
        self.module, self.heard, self.trouble, self.started = module, heard, trouble, started
        self.process = None
        self.hope = asyncio.Event()  # something has changed since the process last died
        self.hope.set()

    async def run(self):
        """Keep the process alive until cancelled.

        It is started again at once, but if it dies a second time with nothing changed between,
        only at the next save: it would say the same again.
        """
        try:
            while True:
                try:
                    end = f"status {await self.live_once()}"
                except Exception as error:
                    self.end()
                    end = where(error)
                if not self.hope.is_set():
                    self.trouble(f"{self.module} has ended twice ({end}); the terminal says why. "
                                 "It is started again at the next save.")  # fmt: skip
                    await self.hope.wait()
                self.hope.clear()
                await asyncio.sleep(0.2)
        finally:
            self.end()
            if self.process:
                await self.process.wait()

    async def live_once(self):
        """Start it, hear it, and return its status when it has ended."""
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", self.module,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE, start_new_session=True,
        )  # fmt: skip
        self.started()
        async for line in self.process.stdout:
            try:
                self.heard(json.loads(line))
            except Exception as error:  # the next line may be a good one
                self.trouble(f"What {self.module} said was lost: {where(error)}")
        return await self.process.wait()

    def ask(self, request):
        """Send a line; lost if the process is just being started again."""
        if self.process and self.process.returncode is None:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")

    def end(self):
        if self.process and self.process.returncode is None:
            self.process.kill()
