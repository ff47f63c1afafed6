"""Worker: claims queued jobs while it has free slots, and releases jobs whose worker was lost."""

import time

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from models.job import TrainingJob
from runner.background_loop import BackgroundLoop
from runner.workers.leases import LeasePolicy
from runner.workers.local_launcher import LocalLauncher
from runner.workers.process_identity import has_ended, process_identity
from store import jobs
from store.database.signals import Topic
from store.database.store import Store

log = structlog.get_logger(__name__)

SWEEP_INTERVAL_SECONDS = 1.0
"""Shortest time between two searches for abandoned jobs."""


class Worker:
    """Worker of this process. Any number of workers may run at once, on any number of machines."""

    def __init__(self, store: Store, leases: LeasePolicy, slots: int | None = None) -> None:
        self.store = store
        self.leases = leases
        self.launcher = LocalLauncher(store, leases, slots)
        self.owner = process_identity()
        self._loop = BackgroundLoop(store, Topic.JOBS, "worker", self._step)
        self._last_release = 0.0

    def start(self) -> None:
        """Start to claim jobs."""
        self.launcher.prepare()
        self._loop.start()

    async def stop(self) -> None:
        """Stop claiming jobs, and release those that run."""
        await self._loop.stop()
        await self.launcher.stop()

    async def _step(self) -> None:
        await self._release_abandoned()
        await self._claim()

    async def _claim(self) -> None:
        while self.launcher.free_slots > 0:
            try:
                job = await self.store.write(lambda c: jobs.claim_next(c, self.owner, self.leases.duration))
            except IntegrityError:  # another worker claimed a job of the same judge at the same moment
                continue
            if job is None:
                return
            log.info("job_claimed", job=job.id, fence=job.fence)
            self.launcher.launch(job).add_done_callback(lambda _: self.store.signals.fire([Topic.JOBS]))

    async def _release_abandoned(self) -> None:
        if time.monotonic() - self._last_release < SWEEP_INTERVAL_SECONDS:
            return
        self._last_release = time.monotonic()
        if not await self.store.read(_has_abandoned):
            return
        for job in await self.store.write(_release_jobs):
            log.warning("abandoned_job_released", job=job.id, status=job.status)


def _has_abandoned(connection: Connection) -> bool:
    return bool(jobs.find_abandoned(connection, has_ended, lock=False))


def _release_jobs(connection: Connection) -> list[TrainingJob]:
    return [
        jobs.release(connection, job, job.fence, "its worker was lost", attempt_spent=True)
        for job in jobs.find_abandoned(connection, has_ended, lock=True)
    ]
