"""Guard one claimed job: start its training process, keep its progress, renew its lease, publish its result.

It is the same wherever it runs; a launcher decides where. Every write carries the claim's fence. A timer, which no
hanging database can delay, kills the process before the lease can have ended.
"""

import asyncio
import base64
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable

import msgspec
import orjson
import structlog
from sqlalchemy import Connection

from models.job import TrainingJob
from models.job_status import JobStatus
from runner.processes.error_lines import INTERNAL
from runner.processes.spawn import kill_group
from runner.training.request import Order
from runner.workers.completion import publish
from runner.workers.leases import Leases
from runner.workers.reports import Hearing, News
from store import jobs
from store.database.errors import is_away, reason
from store.database.store import Store
from store.event_log.events import NewEvent

log = structlog.get_logger(__name__)


class _Ended(Exception):
    """There is nothing more to do for this claim; the message says why."""


class Supervisor:
    """One claim of one job. ``run`` returns how it ended; it never raises for what can go wrong with a job."""

    def __init__(
        self, store: Store, job: TrainingJob, leases: Leases, take_process: Callable[[], Awaitable[Process]]
    ) -> None:
        self.store = store
        self.job = job
        self.fence = job.fence
        self.leases = leases
        self._take_process = take_process
        self._hearing = Hearing(job)
        self._heard = asyncio.Event()
        self._burnt = False
        self._away = False
        self._renewed = time.monotonic()
        self._fuse: asyncio.TimerHandle | None = None

    async def run(self) -> str:
        """Train, and see the job to its end or back to the queue."""
        process: Process | None = None
        try:
            process = await self._take_process()
            return await self._guard(process)
        except asyncio.CancelledError:  # this worker stops: hand the job back, not as an attempt
            await _kill(process)
            await asyncio.shield(self._give_back("its worker was stopped", attempt_spent=False))
            raise
        except jobs.Lost:
            return "lost"
        except _Ended as end:
            return str(end)
        except Exception:
            log.exception("supervisor_failed", job=self.job.id)
            await _kill(process)
            return await self._fail_unexpectedly()
        finally:
            if self._fuse is not None:
                self._fuse.cancel()
            await _kill(process)

    async def _guard(self, process: Process) -> str:
        self._light_fuse(process)
        order = Order(self.store.url, self.job.workspace_id, self.job.id)
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(order) + b"\n")
        reader = asyncio.create_task(self._read(process))
        try:
            while not reader.done():
                await self._wait(reader)
                await self._keep_up(process)
            await self._keep_up(process, last=True)
        finally:
            reader.cancel()
        if self._burnt:
            return "fenced itself"
        code = await process.wait()
        return await self._end(code)

    async def _wait(self, reader: "asyncio.Task[None]") -> None:
        """A tick, in which news is collected; but a change of phase is told at once."""
        end = time.monotonic() + self.leases.tick
        while not (self._hearing.news.moved or reader.done()) and (left := end - time.monotonic()) > 0:
            heard = asyncio.create_task(self._heard.wait())
            await asyncio.wait([reader, heard], timeout=left, return_when=asyncio.FIRST_COMPLETED)
            heard.cancel()
            self._heard.clear()

    async def _keep_up(self, process: Process, *, last: bool = False) -> None:
        """Write what is new, or look whether the job is still ours; a database that is away is waited for."""
        if self._burnt:
            raise _Ended("fenced itself")
        news = self._hearing.take()
        begun = time.monotonic()
        try:
            if news:
                job = await self.store.write(lambda connection: self._keep(connection, news))
            elif begun - self._renewed > self.leases.renew_after:
                job = await self.store.write(
                    lambda connection: jobs.renew(connection, self.job.id, self.fence, self.leases.length)
                )
            else:
                found = await self.store.read(
                    lambda connection: jobs.get(connection, self.job.workspace_id, self.job.id)
                )
                if found is None or found.fence != self.fence:
                    raise _Ended("lost")
                job, begun = found, self._renewed
        except Exception as error:
            self._note_away(error)
            self._hearing.put_back(news)
            if last:
                await asyncio.sleep(self.leases.tick)
                await self._keep_up(process, last=True)
            return
        if begun != self._renewed:
            self._renewed = begun
            self._light_fuse(process)
        if job.cancel_requested:
            await _kill(process)
            await self.store.write(
                lambda connection: jobs.transition(
                    connection, job, JobStatus.CANCELLED, jobs.cancel_message(job), under=self.fence
                )
            )
            raise _Ended("cancelled")

    def _keep(self, connection: Connection, news: News) -> TrainingJob:
        lease = self.leases.length
        job = jobs.report(connection, self.job.id, self.fence, lease, news.progress, news.checkpoint)
        events: list[NewEvent] = []
        for step in news.steps:
            if isinstance(step, NewEvent):
                events.append(step)
                continue
            jobs.log(connection, job, events)
            events = []
            began = job.status is JobStatus.PREPARING
            changes = {"attempt": job.attempt + 1} if began else {}
            job = jobs.transition(connection, job, step, _PHASE_SAYS[step], under=self.fence, **changes)
        jobs.log(connection, job, events)
        return job

    async def _end(self, code: int) -> str:
        """The process has ended: publish its outcome, or say what became of it."""
        while self._hearing.outcome is not None or self._hearing.failure is not None:
            try:
                await self.store.write(self._conclude)
            except Exception as error:
                self._note_away(error)
                if self._burnt or time.monotonic() - self._renewed > self.leases.fuse:
                    return "fenced itself"
                await asyncio.sleep(self.leases.tick)
            else:
                return "concluded"
        return await self._give_back(f"the training process ended with status {code}", attempt_spent=True)

    def _conclude(self, connection: Connection) -> TrainingJob:
        outcome = self._hearing.outcome
        if outcome is None:
            assert self._hearing.failure is not None
            return self._fail(connection, self._hearing.failure)
        content = base64.b64decode(outcome["version"]) if outcome["version"] is not None else None
        return publish(connection, self.job.id, self.fence, outcome, content)

    def _fail(self, connection: Connection, failure: dict[str, str]) -> TrainingJob:
        return jobs.transition(
            connection,
            self.job,
            JobStatus.FAILED,
            failure["message"],
            under=self.fence,
            error_code=failure["code"],
            error_message=failure["message"],
        )

    async def _fail_unexpectedly(self) -> str:
        """A bug of ours: trying again would meet it again, so the job ends."""
        try:
            await self.store.write(lambda connection: self._fail(connection, INTERNAL))
        except jobs.Lost:
            return "lost"
        except Exception as error:
            self._note_away(error)
            return "left to the sweep"
        return "failed"

    async def _give_back(self, reason: str, *, attempt_spent: bool) -> str:
        def unit(connection: Connection) -> TrainingJob:
            return jobs.give_back(connection, self.job, self.fence, reason, attempt_spent=attempt_spent)

        try:
            await self.store.write(unit)
        except jobs.Lost:
            return "lost"
        except Exception as error:
            self._note_away(error)
            return "left to the sweep"
        return "given back"

    async def _read(self, process: Process) -> None:
        """Take the process's reports as they come."""
        assert process.stdout is not None
        async for line in process.stdout:
            self._hearing.hear(orjson.loads(line))
            self._heard.set()

    def _note_away(self, error: Exception) -> None:
        """Say once that the database is away (training goes on until the fuse burns); raise what is no such thing."""
        if isinstance(error, _Ended) or not is_away(error):
            raise error
        if not self._away:
            log.warning("database_away", job=self.job.id, reason=reason(error))
        self._away = True

    def _light_fuse(self, process: Process) -> None:
        if self._fuse is not None:
            self._fuse.cancel()
        left = self._renewed + self.leases.fuse - time.monotonic()
        self._fuse = asyncio.get_running_loop().call_later(max(0.0, left), self._burn, process)

    def _burn(self, process: Process) -> None:
        self._burnt = True
        if process.returncode is None:
            kill_group(process)


_PHASE_SAYS = {
    JobStatus.TRAINING: "Training began.",
    JobStatus.VALIDATING: "The result is compared with what people said.",
}


async def _kill(process: Process | None) -> None:
    """End a process with all that it may have started, and wait for it."""
    if process is not None and process.returncode is None:
        kill_group(process)
        await process.wait()
