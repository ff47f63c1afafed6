"""Entries of the event log, as subscribers receive them."""

from collections.abc import Hashable
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from models.job import JobEvent, TrainingJob
from store.database.rows import fetch_all


class LogEntry(NamedTuple):
    """An event, its job at the time of reading, and a cache of the results derived from both.

    Subscribers that ask alike share the results in ``result_cache``.
    """

    event: JobEvent
    job: TrainingJob
    result_cache: dict[Hashable, Any]


def attach_jobs(connection: Connection, found: list[JobEvent]) -> list[LogEntry]:
    """Return the events as entries with the current rows of their jobs."""
    if not found:
        return []
    statement = select(TrainingJob).where(TrainingJob.id.in_({event.job_id for event in found}))
    jobs = {job.id: job for job in fetch_all(connection, statement, TrainingJob)}
    return [LogEntry(event, jobs[event.job_id], {}) for event in found]
