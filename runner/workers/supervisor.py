"""Supervisor of one claimed training job.

A supervisor runs in a server or a worker, one for each claim. It is the only writer of the job while the claim holds;
the training process itself never writes to the database. A launcher decides where the supervisor runs.

Key objects:

- ``Supervisor``: one claim of one job, from the start of the training process to the last write.
- The claim: the job's row names an owner, a fence (an integer that each new claim raises) and the end of a lease.
- ``LeasePolicy``: the lease's length, and when the lease is renewed and the process is killed.
- The training process: a child that reads one ``TrainingRequest`` on stdin and writes reports as JSON lines on stdout.
- ``ReportCollector`` and ``PendingReports``: the reports that have arrived and are not yet written.
- ``SupervisorResult``: how the supervision ended.

Protocol:

1. Take a training process, usually one that was started ahead of need, arm the kill timer and send the request.
2. Collect the process's reports as they arrive. A change of status ends the current tick at once; everything else waits
   for the end of the tick (``LeasePolicy.tick_seconds``).
3. At each tick, synchronize with the database. If there are reports, write them and renew the lease in one transaction.
   If there are none and a fifth of the lease has passed, renew the lease. Otherwise only read the job. All three detect
   a cancellation and a lost claim.
4. After each renewal, arm the kill timer again, counted from the moment at which the renewal began.
5. If a cancellation was requested, kill the process and cancel the job.
6. When the process closes its output, write the remaining reports and then the outcome or the failure. If there is
   neither, the process has died: release the claim, which costs the job an attempt.
7. If the worker is stopped, kill the process and release the claim. This costs no attempt.
8. If the database is unavailable, put the reports back, log one warning and try again at the next tick until the kill
   timer fires. A job whose claim could not be released is released later by any worker.

Why it is so:

- A worker that was paused or cut off cannot know that its lease has ended. The fence makes the database refuse its
  writes, whatever the worker believes.
- The fence does not stop the computation. The kill timer runs in the event loop and depends on no database call, so a
  hanging database cannot delay it; it kills the process after 70% of the lease. Two processes therefore never train
  the same job at the same time unless the supervisor itself is frozen.
- The time of a renewal is taken before its transaction begins, because the database may set the lease at any moment of
  the transaction.
- One transaction a tick instead of one a report bounds the number of transactions, however fast epochs are.

Invariants:

- Every write carries the claim's fence. A write under an old fence raises ``StaleClaim`` and changes nothing.
- Events are written in the order of the reports, and none is written twice or lost while the claim holds: reports that
  could not be written go back before those that arrived meanwhile.
- A job ends in one transaction together with its version, evidence and deployment; its last event is that of its end.
- No process survives ``Supervisor.run``, however it ends.
"""

import asyncio
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable

import msgspec
import structlog
from sqlalchemy import Connection

from models.job import TrainingJob
from models.job_status import JobStatus
from runner.processes.spawn import kill_group
from runner.training.messages import INTERNAL_ERROR, FailureReport, Report
from runner.training.request import TrainingRequest
from runner.workers.completion import publish_result
from runner.workers.leases import LeasePolicy
from runner.workers.reports import PHASE_MESSAGES, PendingReports, ReportCollector
from runner.workers.result import SupervisorResult
from store import jobs
from store.database.errors import describe, is_transient
from store.database.store import Store
from store.event_log.events import NewEvent

log = structlog.get_logger(__name__)
_decoder = msgspec.json.Decoder(Report)


class _ClaimEnded(Exception):
    """Signal that nothing more is to be done for this claim."""

    def __init__(self, result: SupervisorResult) -> None:
        super().__init__(result)
        self.result = result


class Supervisor:
    """Supervisor of one claim of one job; see the module's docstring for its protocol."""

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
        """Train the job and write its end, or release the claim. Only the cancellation of this task is raised."""
        process: Process | None = None
        try:
            process = await self._take_process()
            return await self._supervise(process)
        except asyncio.CancelledError:  # this worker stops
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
        request = TrainingRequest(self.store.url, self.job.workspace_id, self.job.id)
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(request) + b"\n")
        reader = asyncio.create_task(self._read_reports(process))
        try:
            while not reader.done():
                await self._wait_for_tick(reader)
                await self._synchronize(process)
            while not await self._synchronize(process):  # noqa: ASYNC110 - a retry, which waits for no event
                await asyncio.sleep(self.leases.tick_seconds)
        finally:
            reader.cancel()
        if self._lease_expired:
            return SupervisorResult.LEASE_EXPIRED
        return await self._finish(await process.wait())

    async def _read_reports(self, process: Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self._reports.handle(_decoder.decode(line))
            self._report_arrived.set()

    async def _wait_for_tick(self, reader: "asyncio.Task[None]") -> None:
        """Wait for a tick, or less if the job's status changes or the process closes its output."""
        end = time.monotonic() + self.leases.tick_seconds
        while not (self._reports.pending.has_transition or reader.done()) and (left := end - time.monotonic()) > 0:
            arrival = asyncio.create_task(self._report_arrived.wait())
            await asyncio.wait([reader, arrival], timeout=left, return_when=asyncio.FIRST_COMPLETED)
            arrival.cancel()
            self._report_arrived.clear()

    async def _synchronize(self, process: Process) -> bool:
        """Write pending reports, or check that the job is still ours. Return False if the database is unavailable."""
        if self._lease_expired:
            raise _ClaimEnded(SupervisorResult.LEASE_EXPIRED)
        pending = self._reports.take()
        started = time.monotonic()
        renewed = bool(pending) or started - self._renewed > self.leases.renew_after_seconds
        try:
            if pending:
                job = await self.store.write(lambda connection: self._write_reports(connection, pending))
            elif renewed:
                job = await self.store.write(self._renew_lease)
            else:
                job = await self._read_job()
        except Exception as error:
            self._warn_if_unavailable(error)
            self._reports.put_back(pending)
            return False
        if renewed:
            self._renewed = started
            self._arm_kill_timer(process)
        if job.cancel_requested:
            await self._cancel(process, job)
        return True

    def _renew_lease(self, connection: Connection) -> TrainingJob:
        return jobs.renew_lease(connection, self.job.id, self.fence, self.leases.duration)

    async def _read_job(self) -> TrainingJob:
        job = await self.store.read(lambda connection: jobs.find_job(connection, self.job.workspace_id, self.job.id))
        if job is None or job.fence != self.fence:
            raise _ClaimEnded(SupervisorResult.CLAIM_LOST)
        return job

    def _write_reports(self, connection: Connection, pending: PendingReports) -> TrainingJob:
        lease = self.leases.duration
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
            job = jobs.transition(connection, job, step, PHASE_MESSAGES[step], fence=self.fence, attempt=attempt)
        jobs.log_events(connection, job, events)
        return job

    async def _cancel(self, process: Process, job: TrainingJob) -> None:
        await _kill(process)
        message = jobs.cancellation_message(job)
        await self.store.write(
            lambda connection: jobs.transition(connection, job, JobStatus.CANCELLED, message, fence=self.fence)
        )
        raise _ClaimEnded(SupervisorResult.CANCELLED)

    async def _finish(self, code: int) -> SupervisorResult:
        """Write the outcome or the failure of a process that has ended; release the claim if there is neither.

        Args:
            code: exit status of the process.
        """
        while self._reports.outcome is not None or self._reports.failure is not None:
            try:
                await self.store.write(self._write_result)
            except Exception as error:
                self._warn_if_unavailable(error)
                if self._lease_expired or time.monotonic() - self._renewed > self.leases.kill_after_seconds:
                    return SupervisorResult.LEASE_EXPIRED
                await asyncio.sleep(self.leases.tick_seconds)
            else:
                return SupervisorResult.CONCLUDED
        return await self._release(f"the training process ended with status {code}", attempt_spent=True)

    def _write_result(self, connection: Connection) -> TrainingJob:
        outcome = self._reports.outcome
        if outcome is None:
            assert self._reports.failure is not None
            return self._fail(connection, self._reports.failure)
        return publish_result(connection, self.job.id, self.fence, outcome)

    def _fail(self, connection: Connection, failure: FailureReport) -> TrainingJob:
        return jobs.transition(
            connection,
            self.job,
            JobStatus.FAILED,
            failure.message,
            fence=self.fence,
            error_code=failure.code,
            error_message=failure.message,
        )

    async def _fail_unexpectedly(self) -> SupervisorResult:
        """Fail the job after a bug of ours, because another attempt would meet the same bug."""
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

    def _warn_if_unavailable(self, error: Exception) -> None:
        """Log once that the database is unavailable, while training continues; raise any other error."""
        if isinstance(error, _ClaimEnded) or not is_transient(error):
            raise error
        if not self._database_unavailable:
            log.warning("database_unavailable", job=self.job.id, reason=describe(error))
        self._database_unavailable = True

    def _arm_kill_timer(self, process: Process) -> None:
        if self._kill_timer is not None:
            self._kill_timer.cancel()
        left = self._renewed + self.leases.kill_after_seconds - time.monotonic()
        self._kill_timer = asyncio.get_running_loop().call_later(max(0.0, left), self._on_lease_timeout, process)

    def _on_lease_timeout(self, process: Process) -> None:
        self._lease_expired = True
        if process.returncode is None:
            kill_group(process)


async def _kill(process: Process | None) -> None:
    """Kill a process with its whole group, and wait for its end."""
    if process is not None and process.returncode is None:
        kill_group(process)
        await process.wait()
