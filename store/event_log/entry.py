"""An entry of the log, as it is given to those who follow it."""

from collections.abc import Hashable
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from models.job import JobEvent, TrainingJob
from store.database.rows import fetch_all


class LogEntry(NamedTuple):
    """An event, its job as it stood when the event was read, and what was made of the two for all who ask alike."""

    event: JobEvent
    job: TrainingJob
    result_cache: dict[Hashable, Any]


def attach_jobs(connection: Connection, found: list[JobEvent]) -> list[LogEntry]:
    """Events with their jobs as they stand now."""
    if not found:
        return []
    named = select(TrainingJob).where(TrainingJob.id.in_({event.job_id for event in found}))
    jobs = {job.id: job for job in fetch_all(connection, named, TrainingJob)}
    return [LogEntry(event, jobs[event.job_id], {}) for event in found]
