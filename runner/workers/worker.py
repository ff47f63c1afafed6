"""The worker: claims jobs while there is room, and gives back those whose worker was lost."""

import asyncio
import contextlib
import time

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from models.job import TrainingJob
from runner.workers.leases import LeasePolicy
from runner.workers.local_launcher import LocalLauncher
from runner.workers.process_identity import has_ended, process_identity
from store import jobs
from store.database.errors import describe, is_transient
from store.database.signals import Topic
from store.database.store import Store

log = structlog.get_logger(__name__)

SWEEP_INTERVAL_SECONDS = 1.0


class Worker:
    """Any number of these may run at once, on any number of machines."""

    def __init__(self, store: Store, leases: LeasePolicy, slots: int | None = None) -> None:
        self.store = store
        self.leases = leases
        self.launcher = LocalLauncher(store, leases, slots)
        self.owner = process_identity()
        self._loop: asyncio.Task[None] | None = None
        self._last_release = 0.0

    def start(self) -> None:
        """Begin to take jobs."""
        self.launcher.prepare()
        self._loop = asyncio.create_task(self._run(), name="worker")

    async def stop(self) -> None:
        """Take no more jobs, and hand back those that run."""
        if self._loop is not None:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop
        await self.launcher.stop()

    async def _run(self) -> None:
        with self.store.signals.listen(Topic.JOBS) as listener:
            while True:
                try:
                    await self._release_abandoned()
                    await self._claim()
                except Exception as error:  # it must go on, whatever happened
                    if is_transient(error):
                        log.warning("database_unavailable", reason=describe(error))
                    else:
                        log.exception("worker_failed")
                await listener.wait(self.store.safety_interval)

    async def _claim(self) -> None:
        while self.launcher.free_slots > 0:
            try:
                job = await self.store.write(lambda c: jobs.claim_next(c, self.owner, self.leases.length))
            except IntegrityError:  # another worker took a job of the same judge at the same moment
                continue
            if job is None:
                return
            log.info("job_claimed", job=job.id, fence=job.fence)
            self.launcher.launch(job).add_done_callback(lambda _: self.store.signals.fire([Topic.JOBS]))

    async def _release_abandoned(self) -> None:
        if time.monotonic() - self._last_release < SWEEP_INTERVAL_SECONDS:
            return
        self._last_release = time.monotonic()
        if not await self.store.read(_has_abandoned_jobs):
            return
        for job in await self.store.write(_release_abandoned_jobs):
            log.warning("abandoned_job_released", job=job.id, status=job.status)


def _has_abandoned_jobs(connection: Connection) -> bool:
    return bool(jobs.find_abandoned(connection, has_ended, lock=False))


def _release_abandoned_jobs(connection: Connection) -> list[TrainingJob]:
    return [
        jobs.release(connection, job, job.fence, "its worker was lost", attempt_spent=True)
        for job in jobs.find_abandoned(connection, has_ended, lock=True)
    ]
