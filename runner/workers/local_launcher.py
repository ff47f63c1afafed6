"""Launcher that runs training processes on this machine, supervised by this process."""

import asyncio
import os

import structlog

from models.job import TrainingJob
from runner.processes.spawn import WarmProcess
from runner.workers.leases import LeasePolicy
from runner.workers.supervisor import Supervisor
from store.database.store import Store

log = structlog.get_logger(__name__)


class LocalLauncher:
    """Launcher with a fixed number of slots, each for one job at a time; by default one slot per CPU core."""

    def __init__(self, store: Store, leases: LeasePolicy, slots: int | None = None) -> None:
        self.store = store
        self.leases = leases
        self.slots = slots or os.cpu_count() or 1
        self._warm_process = WarmProcess()
        self._running: set[asyncio.Task[None]] = set()

    @property
    def free_slots(self) -> int:
        """Return how many more jobs may start."""
        return self.slots - len(self._running)

    def prepare(self) -> None:
        """Start a training process ahead of need, in the background."""
        self._warm_process.prepare()

    def launch(self, job: TrainingJob) -> asyncio.Task[None]:
        """Start the supervision of a claimed job and return its task."""
        task = asyncio.create_task(self._run(job), name=job.id)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def stop(self) -> None:
        """Release all running jobs and end all processes."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._warm_process.close()

    async def _run(self, job: TrainingJob) -> None:
        supervisor = Supervisor(self.store, job, self.leases, self._warm_process.take)
        try:
            result = await supervisor.run()
            log.info("job_supervision_ended", job=job.id, result=result)
        except Exception:
            log.exception("supervisor_failed", job=job.id)
        finally:
            self._warm_process.prepare()
