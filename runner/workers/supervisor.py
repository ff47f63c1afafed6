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
from runner.processes.error_lines import INTERNAL_ERROR
from runner.processes.spawn import kill_group
from runner.training.request import TrainingRequest
from runner.workers.completion import publish_result
from runner.workers.leases import LeasePolicy
from runner.workers.reports import PendingReports, ReportCollector
from runner.workers.result import SupervisorResult
from store import jobs
from store.database.errors import describe, is_transient
from store.database.store import Store
from store.event_log.events import NewEvent

log = structlog.get_logger(__name__)


class _ClaimEnded(Exception):
    """Signal that nothing more is to be done for this claim."""

    def __init__(self, result: SupervisorResult) -> None:
        super().__init__(result)
        self.result = result


class Supervisor:
    """One claim of one job. ``run`` returns how it ended; it never raises for what can go wrong with a job."""

    def __init__(
        self, store: Store, job: TrainingJob, leases: LeasePolicy, take_process: Callable[[], Awaitable[Process]]
    ) -> None:
        self.store = store
        self.job = job
        self.fence = job.fence
        self.leases = leases
        self._take_process = take_process
        self._reports = ReportCollector(job)
        self._report_arrived = asyncio.Event()
        self._lease_expired = False
        self._database_unavailable = False
        self._renewed = time.monotonic()
        self._kill_timer: asyncio.TimerHandle | None = None

    async def run(self) -> SupervisorResult:
        """Train, and see the job to its end or back to the queue."""
        process: Process | None = None
        try:
            process = await self._take_process()
            return await self._supervise(process)
        except asyncio.CancelledError:  # this worker stops: hand the job back, not as an attempt
            await _kill(process)
            await asyncio.shield(self._release("its worker was stopped", attempt_spent=False))
            raise
        except jobs.StaleClaim:
            return SupervisorResult.CLAIM_LOST
        except _ClaimEnded as end:
            return end.result
        except Exception:
            log.exception("supervisor_failed", job=self.job.id)
            await _kill(process)
            return await self._fail_unexpectedly()
        finally:
            if self._kill_timer is not None:
                self._kill_timer.cancel()
            await _kill(process)

    async def _supervise(self, process: Process) -> SupervisorResult:
        self._arm_kill_timer(process)
        order = TrainingRequest(self.store.url, self.job.workspace_id, self.job.id)
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(order) + b"\n")
        reader = asyncio.create_task(self._read_reports(process))
        try:
            while not reader.done():
                await self._wait_for_tick(reader)
                await self._synchronize(process)
            await self._synchronize(process, last=True)
        finally:
            reader.cancel()
        if self._lease_expired:
            return SupervisorResult.LEASE_EXPIRED
        code = await process.wait()
        return await self._finish(code)

    async def _wait_for_tick(self, reader: "asyncio.Task[None]") -> None:
        """A tick, in which news is collected; but a change of phase is told at once."""
        end = time.monotonic() + self.leases.tick
        while not (self._reports.pending.has_transition or reader.done()) and (left := end - time.monotonic()) > 0:
            heard = asyncio.create_task(self._report_arrived.wait())
            await asyncio.wait([reader, heard], timeout=left, return_when=asyncio.FIRST_COMPLETED)
            heard.cancel()
            self._report_arrived.clear()

    async def _synchronize(self, process: Process, *, last: bool = False) -> None:
        """Write what is new, or look whether the job is still ours; a database that is away is waited for."""
        if self._lease_expired:
            raise _ClaimEnded(SupervisorResult.LEASE_EXPIRED)
        pending = self._reports.take()
        begun = time.monotonic()
        try:
            if pending:
                job = await self.store.write(lambda connection: self._write_reports(connection, pending))
            elif begun - self._renewed > self.leases.renew_after:
                job = await self.store.write(
                    lambda connection: jobs.renew_lease(connection, self.job.id, self.fence, self.leases.length)
                )
            else:
                found = await self.store.read(
                    lambda connection: jobs.find_job(connection, self.job.workspace_id, self.job.id)
                )
                if found is None or found.fence != self.fence:
                    raise _ClaimEnded(SupervisorResult.CLAIM_LOST)
                job, begun = found, self._renewed
        except Exception as error:
            self._warn_if_unavailable(error)
            self._reports.put_back(pending)
            if last:
                await asyncio.sleep(self.leases.tick)
                await self._synchronize(process, last=True)
            return
        if begun != self._renewed:
            self._renewed = begun
            self._arm_kill_timer(process)
        if job.cancel_requested:
            await _kill(process)
            await self.store.write(
                lambda connection: jobs.transition(
                    connection, job, JobStatus.CANCELLED, jobs.cancellation_message(job), fence=self.fence
                )
            )
            raise _ClaimEnded(SupervisorResult.CANCELLED)

    def _write_reports(self, connection: Connection, pending: PendingReports) -> TrainingJob:
        lease = self.leases.length
        job = jobs.save_progress(connection, self.job.id, self.fence, lease, pending.progress, pending.checkpoint)
        events: list[NewEvent] = []
        for step in pending.steps:
            if isinstance(step, NewEvent):
                events.append(step)
                continue
            jobs.log_events(connection, job, events)
            events = []
            began = job.status is JobStatus.PREPARING
            attempt = job.attempt + 1 if began else job.attempt
            job = jobs.transition(connection, job, step, _PHASE_MESSAGES[step], fence=self.fence, attempt=attempt)
        jobs.log_events(connection, job, events)
        return job

    async def _finish(self, code: int) -> SupervisorResult:
        """The process has ended: publish its outcome, or say what became of it."""
        while self._reports.outcome is not None or self._reports.failure is not None:
            try:
                await self.store.write(self._write_result)
            except Exception as error:
                self._warn_if_unavailable(error)
                if self._lease_expired or time.monotonic() - self._renewed > self.leases.kill_after:
                    return SupervisorResult.LEASE_EXPIRED
                await asyncio.sleep(self.leases.tick)
            else:
                return SupervisorResult.CONCLUDED
        return await self._release(f"the training process ended with status {code}", attempt_spent=True)

    def _write_result(self, connection: Connection) -> TrainingJob:
        outcome = self._reports.outcome
        if outcome is None:
            assert self._reports.failure is not None
            return self._fail(connection, self._reports.failure)
        content = base64.b64decode(outcome["version"]) if outcome["version"] is not None else None
        return publish_result(connection, self.job.id, self.fence, outcome, content)

    def _fail(self, connection: Connection, failure: dict[str, str]) -> TrainingJob:
        return jobs.transition(
            connection,
            self.job,
            JobStatus.FAILED,
            failure["message"],
            fence=self.fence,
            error_code=failure["code"],
            error_message=failure["message"],
        )

    async def _fail_unexpectedly(self) -> SupervisorResult:
        """A bug of ours: trying again would meet it again, so the job ends."""
        try:
            await self.store.write(lambda connection: self._fail(connection, INTERNAL_ERROR))
        except jobs.StaleClaim:
            return SupervisorResult.CLAIM_LOST
        except Exception as error:
            self._warn_if_unavailable(error)
            return SupervisorResult.RELEASE_DEFERRED
        return SupervisorResult.FAILED

    async def _release(self, reason: str, *, attempt_spent: bool) -> SupervisorResult:
        def unit(connection: Connection) -> TrainingJob:
            return jobs.release(connection, self.job, self.fence, reason, attempt_spent=attempt_spent)

        try:
            await self.store.write(unit)
        except jobs.StaleClaim:
            return SupervisorResult.CLAIM_LOST
        except Exception as error:
            self._warn_if_unavailable(error)
            return SupervisorResult.RELEASE_DEFERRED
        return SupervisorResult.RELEASED

    async def _read_reports(self, process: Process) -> None:
        """Take the process's reports as they come."""
        assert process.stdout is not None
        async for line in process.stdout:
            self._reports.handle(orjson.loads(line))
            self._report_arrived.set()

    def _warn_if_unavailable(self, error: Exception) -> None:
        """Say once that the database is away (training goes on until the fuse burns); raise what is no such thing."""
        if isinstance(error, _ClaimEnded) or not is_transient(error):
            raise error
        if not self._database_unavailable:
            log.warning("database_unavailable", job=self.job.id, reason=describe(error))
        self._database_unavailable = True

    def _arm_kill_timer(self, process: Process) -> None:
        if self._kill_timer is not None:
            self._kill_timer.cancel()
        left = self._renewed + self.leases.kill_after - time.monotonic()
        self._kill_timer = asyncio.get_running_loop().call_later(max(0.0, left), self._on_lease_timeout, process)

    def _on_lease_timeout(self, process: Process) -> None:
        self._lease_expired = True
        if process.returncode is None:
            kill_group(process)


_PHASE_MESSAGES = {
    JobStatus.TRAINING: "Training began.",
    JobStatus.VALIDATING: "The result is compared with what people said.",
}


async def _kill(process: Process | None) -> None:
    """End a process with all that it may have started, and wait for it."""
    if process is not None and process.returncode is None:
        kill_group(process)
        await process.wait()
