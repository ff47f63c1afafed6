"""Run workers, and training processes that say what a test wants them to say."""

import asyncio
import base64
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from models.job import EventKind, TrainingJob
from models.job_status import TERMINAL, JobStatus
from runner.workers.leases import LeasePolicy
from runner.workers.worker import Worker
from store.database.signals import Topic
from store.database.store import Store
from tests.factories import evidence, job_now, log_of

Report = dict[str, Any]
PATIENCE = 60.0

# Takes its order, says its lines, then ends, or stays until its input ends or it is killed.
_PROGRAM = """
import sys
sys.stdin.readline()
sys.stdout.write(sys.argv[1])
sys.stdout.flush()
if sys.argv[2] == "hold":
    sys.stdin.read()
sys.exit(int(sys.argv[3]))
"""


@asynccontextmanager
async def working(store: Store, leases: LeasePolicy | None = None, slots: int = 1) -> AsyncIterator[Worker]:
    """A worker that takes jobs for as long as the block runs."""
    worker = Worker(store, leases or LeasePolicy(tick=0.02), slots)
    worker.start()
    try:
        yield worker
    finally:
        await worker.stop()


async def until(store: Store, job: TrainingJob, reached: Callable[[TrainingJob], bool]) -> TrainingJob:
    """The job as soon as it stands as wanted."""
    with store.signals.listen(Topic.JOBS, Topic.EVENTS) as listener:
        async with asyncio.timeout(PATIENCE):
            while not reached(row := await job_now(store, job)):
                await listener.wait(0.5)
    return row


async def ended(store: Store, job: TrainingJob) -> TrainingJob:
    """The job when it is over."""
    return await until(store, job, lambda row: row.status in TERMINAL)


async def stands(store: Store, job: TrainingJob, status: JobStatus) -> TrainingJob:
    """The job when it is in a state."""
    return await until(store, job, lambda row: row.status is status)


async def way_of(store: Store, job: TrainingJob) -> list[str]:
    """The states a job went through, by its log."""
    return [event.body["to"] for event in await log_of(store, job) if event.kind is EventKind.STATUS]


def lives(process: Process) -> bool:
    """Whether a process is there."""
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return False
    return process.returncode is None


def progress(phase: str, fraction: float, epoch: int | None = None, message: str = "On the way") -> Report:
    """A line about how far training is."""
    loss = None if epoch is None else 1.0 / epoch
    body = {"phase": phase, "fraction": fraction, "message": message, "epoch": epoch, "max_epochs": epoch and 9}
    return {"progress": body | {"loss": loss, "validation_loss": None, "mean_absolute_error": None}}


def outcome(version: bytes | None = b"learned", *, warnings: tuple[Report, ...] = (), **proof: bool) -> Report:
    """The line that ends a successful training."""
    content = None if version is None else base64.b64encode(version).decode()
    rest = {"evidence": evidence(**proof), "chosen": {"max_epochs": 2}, "warnings": warnings, "lineage": {"seed": 0}}
    return {"outcome": {"version": content} | rest}


LOADED: Report = {"loaded": {"labels": 3, "items": 2, "left_out": {"comments": 1}}}
TRAINED = (LOADED, progress("training", 0.2, 1), progress("training", 0.6, 2), progress("validating", 0.9))
BEGUN = (LOADED, progress("training", 0.2, 1))


class Actors:
    """Training processes with a script each; the last script is played again and again."""

    def __init__(self) -> None:
        self.started: list[Process] = []
        self._scripts: list[tuple[str, ...]] = []

    def play(self, *reports: Report, hold: bool = False, code: int = 0) -> None:
        """Add a script: what to say, whether to stay then, and how to end."""
        lines = b"".join(orjson.dumps(report) + b"\n" for report in reports).decode()
        self._scripts.append((lines, "hold" if hold else "end", str(code)))

    async def start(self) -> Process:
        """A process with the next script."""
        script = self._scripts[min(len(self.started), len(self._scripts) - 1)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-S", "-E", "-c", _PROGRAM, *script, stdin=PIPE, stdout=PIPE
        )
        self.started.append(process)
        return process


@pytest.fixture
def actors(monkeypatch: pytest.MonkeyPatch) -> Actors:
    """Actors in place of training processes."""
    troupe = Actors()
    monkeypatch.setattr("runner.processes.spawn.start_process", troupe.start)
    return troupe
