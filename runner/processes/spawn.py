"""Child processes, and training processes started ahead of need, so that a job begins at once."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process

_REPORT_LIMIT = 2**28  # bytes a line of a report may have: a version is one

# One thread each, which numpy is told when it is loaded: the same seed gives the same bits, jobs don't fight for cores,
# and scoring in the server gives the bits that the training process compared.
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


async def start_process(module: str = "runner.training.process") -> Process:
    """A process that waits for its order; a training process, unless another module of ours is named."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        str(os.getpid()),
        stdin=PIPE,
        stdout=PIPE,
        limit=_REPORT_LIMIT,
        env=os.environ | ONE_THREAD,
        start_new_session=True,  # a Ctrl-C is its parent's to handle, and its group can be killed whole
    )


def kill_group(process: Process) -> None:
    """Kill a process and all that it may have started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        process.kill()  # also where it leads no group of its own


class WarmProcess:
    """Keeps one training process waiting."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._starting: asyncio.Task[None] | None = None

    def prepare(self) -> None:
        """Start a spare in the background, unless one waits already."""
        if self._process is None and self._starting is None:
            self._starting = asyncio.create_task(self._start())

    async def take(self) -> Process:
        """The spare where there is one that lives, else a new process."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            return process
        return await start_process()

    async def close(self) -> None:
        """Let the spare go."""
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
