"""Entries of the event log, as subscribers receive them."""

from collections.abc import Hashable
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection

from models.job import JobEvent, TrainingJob
from store.database.rows import Columns, rows_by_key


class LogEntry(NamedTuple):
    """An event, its job at the time of reading, and a cache of the results derived from both.

    The job has the columns that the readers of the entry need. Subscribers that ask alike share the results in
    ``result_cache``.
    """

    event: JobEvent
    job: TrainingJob
    result_cache: dict[Hashable, Any]


def attach_jobs(connection: Connection, found: list[JobEvent], columns: Columns) -> list[LogEntry]:
    """Return the events as entries with the current rows of their jobs.

    Args:
        connection: the connection to read from.
        found: the events.
        columns: the columns of the jobs that subscribers need; None for all. Without any the jobs are not read.
    """
    job_ids = {event.job_id for event in found}
    if not found or columns == ():
        return [LogEntry(event, cast("TrainingJob", SimpleNamespace()), {}) for event in found]
    jobs = rows_by_key(TrainingJob, TrainingJob.id, columns)(connection, list(job_ids))
    return [LogEntry(event, jobs[event.job_id], {}) for event in found]
