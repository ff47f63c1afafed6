"""Run workers and wait for their jobs."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from models.job import EventKind, TrainingJob
from models.job_status import TERMINAL, JobStatus
from models.stored.events import StatusBody
from runner.workers.leases import LeasePolicy
from runner.workers.worker import Worker
from store.database.signals import Topic
from store.database.store import Store
from tests.factories import job_now, log_of
from tests.waiting import Patience


@asynccontextmanager
async def running_worker(store: Store, leases: LeasePolicy | None = None, slots: int = 1) -> AsyncIterator[Worker]:
    """Run a worker for as long as the block runs.

    Args:
        store: the database.
        leases: lease policy of the worker; by default with a short tick.
        slots: jobs at a time.
    """
    worker = Worker(store, leases or LeasePolicy(seconds=60.0, tick_seconds=0.02), slots)
    worker.start()
    try:
        yield worker
    finally:
        await worker.stop()


async def wait_for_job(store: Store, job: TrainingJob, reached: Callable[[TrainingJob], bool]) -> TrainingJob:
    """Return the job as soon as a condition holds for it.

    Args:
        store: the database.
        job: any row of the job.
        reached: the condition.
    """
    with store.signals.listen(Topic.JOBS, Topic.EVENTS) as listener:
        row = await job_now(store, job)
        patience = Patience("the job", lambda: (row.status, row.event_seq, row.fence))
        while not reached(row):
            patience.check()
            await listener.wait(0.5)
            row = await job_now(store, job)
    return row


async def wait_for_end(store: Store, job: TrainingJob) -> TrainingJob:
    """Return the job when it has ended."""
    return await wait_for_job(store, job, lambda row: row.status in TERMINAL)


async def wait_for_status(store: Store, job: TrainingJob, status: JobStatus) -> TrainingJob:
    """Return the job when it has a status.

    Args:
        store: the database.
        job: any row of the job.
        status: the status.
    """
    return await wait_for_job(store, job, lambda row: row.status is status)


async def status_history(store: Store, job: TrainingJob) -> list[str]:
    """Return the statuses that a job went through, by its log."""
    return [event.body.read_as(StatusBody).to for event in await log_of(store, job) if event.kind is EventKind.STATUS]
