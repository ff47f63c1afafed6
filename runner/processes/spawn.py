"""Start of child processes, and of training processes ahead of need so that a job starts at once."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process

from runner.processes.one_thread import ONE_THREAD

_MAX_REPORT_BYTES = 2**28
"""Size of one line of a report; the largest lines hold a version."""


async def start_process(module: str = "runner.training.process") -> Process:
    """Start a process that runs a module of ours and waits for its request on stdin."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        str(os.getpid()),
        stdin=PIPE,
        stdout=PIPE,
        limit=_MAX_REPORT_BYTES,
        env=os.environ | ONE_THREAD,
        start_new_session=True,  # the parent handles Ctrl-C, and can kill the whole group
    )


def kill_group(process: Process) -> None:
    """Kill a process and all processes of its group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        process.kill()  # also if it leads no group of its own


class WarmProcess:
    """One training process, started ahead of need."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._starting: asyncio.Task[None] | None = None

    def prepare(self) -> None:
        """Start a process in the background, unless one waits already."""
        if self._process is None and self._starting is None:
            self._starting = asyncio.create_task(self._start())

    async def take(self) -> Process:
        """Return the waiting process; if there is none or it has died, return a new process."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            return process
        return await start_process()

    async def close(self) -> None:
        """Kill the waiting process."""
        if self._starting is not None:
            await asyncio.wait([self._starting])
        if self._process is not None and self._process.returncode is None:
            kill_group(self._process)
            await self._process.wait()

    async def _start(self) -> None:
        try:
            self._process = await start_process()
        finally:
            self._starting = None
