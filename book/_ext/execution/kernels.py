"""Run a page's cells in a kernel of their own, forked from a process that is warm."""

import os
import re
import tempfile
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import nbformat
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from . import forked
from .notice import RAISED, give_notice
from .parsing import Failure
from .surroundings import known

#: As a socket's name is book-12345678/kernel.json-ipc-12345, in a folder with so long a name.
LONGEST = 60
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
#: In IPython's traceback: a frame in the cell, and one in a file.
_FRAME = re.compile(r"(?:Cell In\s?\[\d+\], line |File <ipython-input[^>]*>:)(\d+)")
#: In a SyntaxError: a file that is none, and the line in the cell. The report has the page's.
_CELL_FILE = re.compile(r" \(\d+\.py, line \d+\)")
_CELL_PATH = re.compile(r"\S*/ipykernel_\d+/\d+\.py:(\d+)")  # likewise in a warning


class _ThisPython(KernelSpecManager):
    """Kernels run on the Python that builds the book, whatever kernels the user has installed."""

    def get_kernel_spec(self, kernel_name):
        metadata = {"kernel_provisioner": {"provisioner_name": forked.NAME}}
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict() | {"metadata": metadata})


class _Manager(AsyncKernelManager):
    fork_server: forked.ForkServer


@contextmanager
def warm(root: Path, modules: list[str]):
    """The process that a build's kernels are forked from, which has imported these modules."""
    with tempfile.TemporaryDirectory(prefix="book-settings-") as folder:
        server = forked.ForkServer(modules, root, known(root, Path(folder)))
        try:
            yield server
        finally:
            server.end()


async def run(
    notebook, text: str, server: forked.ForkServer, root: Path, timeout: int
) -> nbformat.NotebookNode:
    """Run the code cells of a page and return them, with their outputs, as a notebook.

    What a cell writes to stderr is not an output: it is kept in the cell's metadata. Where data
    of others is missing, notices stand in the place of outputs, and `missing` in the metadata of
    the notebook says which.

    Raises:
        Failure: if a cell raises (and is not tagged `raises-exception`), takes more than
            `timeout` seconds or ends its kernel.
    """
    lines = notebook.metadata["source_map"]
    places = [(cell, line) for cell, line in zip(notebook.cells, lines, strict=True)]
    places = [(cell, line) for cell, line in places if cell.cell_type == "code"]
    executed = nbformat.v4.new_notebook(cells=[nbformat.from_dict(cell) for cell, _ in places])
    async with _kernel(server) as (manager, client):
        runner = NotebookClient(executed, km=manager, timeout=timeout, coalesce_streams=True)
        runner.kc = client
        executed.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
        for index, cell in enumerate(executed.cells):
            first = _first_line(text, cell.source, places[index][1])
            try:
                await runner.async_execute_cell(cell, index, execution_count=index + 1)
            except CellExecutionError as error:
                if error.ename == RAISED:
                    executed.metadata["missing"] = error.evalue.replace(f"{root}{os.sep}", "")
                    give_notice(executed.cells[index:], executed.metadata["missing"])
                    break
                raise _failure(error, cell.source, first, root) from None
            except CellTimeoutError:
                message = (
                    f"the cell takes longer than cell_timeout = {timeout} s; give it less to do, "
                    "or raise the limit in conf.py"
                )
                raise Failure(first, message) from None
            except DeadKernelError:
                raise Failure(first, "the cell ended its kernel (out of memory?)") from None
            errors = [out for out in cell.outputs if out.get("name") == "stderr"]
            said = "".join(out.text for out in errors)
            cell.metadata["stderr"] = _CELL_PATH.sub(r"line \1 of the cell", said)
            cell.outputs = [out for out in cell.outputs if out not in errors]
    return executed


def _short_folder() -> tempfile.TemporaryDirectory:
    """A folder for a kernel's sockets, whose names must be shorter than about a hundred bytes."""
    places = list(filter(os.path.isdir, (tempfile.gettempdir(), "/tmp", "/var/tmp")))
    for place in places:
        if len(os.fsencode(place)) <= LONGEST and os.access(place, os.W_OK):
            return tempfile.TemporaryDirectory(prefix="book-", dir=place)
    raise Failure(
        1,
        f"the page's kernel needs a folder for its sockets whose name has at most {LONGEST} bytes, "
        f"and may not write to {' or '.join(places)}: set TMPDIR to one",
    )


@asynccontextmanager
async def _kernel(server: forked.ForkServer):
    """A fresh kernel and a client that is connected to it; both are gone afterwards."""
    with _short_folder() as folder:
        manager = _Manager(
            kernel_spec_manager=_ThisPython(),
            connection_file=f"{folder}/kernel.json",
            transport="ipc",
        )
        manager.fork_server = server
        await manager.start_kernel(extra_arguments=["--HistoryManager.enabled=False"])
        client = manager.client()
        try:
            client.start_channels()
            try:
                await client.wait_for_ready(timeout=60)
            except RuntimeError as error:
                raise Failure(1, f"the page's kernel does not start: {error}") from None
            client.allow_stdin = False
            yield manager, client
        finally:
            client.stop_channels()
            await manager.shutdown_kernel(now=True)


def _first_line(text: str, source: str, start: int) -> int:
    """The line, from 1, on which a cell's code begins: below the fence and its options."""
    lines, code = text.splitlines(), source.splitlines()
    for line in range(start, len(lines) - len(code) + 1):
        if code and lines[line].strip() == code[0].strip():
            return line + 1
    return start


def _failure(error: CellExecutionError, source: str, first: int, root: Path) -> Failure:
    traceback = _ANSI.sub("", error.traceback)
    frame, code = _FRAME.search(traceback), source.splitlines()
    offset = min(int(frame[1]), len(code)) - 1 if frame else 0
    evalue = _CELL_FILE.sub("", _ANSI.sub("", error.evalue))
    reason = f"{error.ename}: {evalue}".strip().splitlines()[-6:]
    lines = ["the code cell fails at", f"  {code[offset].strip()}", *reason]
    if raised := re.findall(rf"File {re.escape(str(root))}/(\S+?:\d+)", traceback):
        lines.append(f"(raised at {raised[-1]})")
    return Failure(first + offset, "\n  ".join(lines))
