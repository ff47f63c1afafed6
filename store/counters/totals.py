"""Totals of training jobs and deliveries by state, changed in the transaction that changes the state.

Invariants:
    - At every commit the totals equal a count of the rows (``find_mismatches`` compares them). A total of 0 may have a
      row or none.
    - A transaction that changes job totals has appended to the event log before. On PostgreSQL it then holds the log's
      lock, so the totals add no waiting, and transactions cannot wait for each other's totals in a circle.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Integer, bindparam, delete, func, select, type_coerce
from sqlalchemy.types import JSON

from models.base import Base
from models.counters.totals import DeliveryTotal, JobTotal
from models.job import Delivery, DeliveryStatus, TrainingJob
from models.job_status import ACTIVE, JobStatus
from store.database.bulk_insert import insert_columns
from store.database.rows import in_constants
from store.database.upsert import key_and_value_columns

Row = tuple[Any, ...]
Totals = dict[Row, Row]  # numbers by key, both in the order of the table's columns


# Each submitted job runs this statement, so it is built once.
_WORK_AHEAD: Final = select(
    func.coalesce(func.sum(JobTotal.jobs), 0), func.coalesce(func.sum(JobTotal.usable), 0)
).where(
    in_constants(JobTotal.status, ACTIVE)
    | (in_constants(JobTotal.status, {JobStatus.QUEUED}) & (JobTotal.priority <= bindparam("priority", type_=Integer)))
)


class WaitingWork(NamedTuple):
    """Number of jobs, and the sum of their usable items of feedback."""

    jobs: int
    usable: int


def add_job(connection: Connection, job: TrainingJob) -> None:
    """Count a new job.

    Args:
        connection: the connection of a writing unit that has appended to the event log.
        job: the job.
    """
    _add(connection, JobTotal, [(job.status, job.priority, 1, job.summary.value.usable)])


def move_job(connection: Connection, job: TrainingJob, source: JobStatus) -> None:
    """Count a job in its new state instead of the old one.

    Args:
        connection: the connection of a writing unit that has appended to the event log.
        job: the job's new row.
        source: the old state.
    """
    usable = job.summary.value.usable
    changes = [(source, job.priority, -1, -usable), (job.status, job.priority, 1, usable)]
    _add(connection, JobTotal, changes)


def add_deliveries(connection: Connection, changes: Iterable[tuple[DeliveryStatus, int]]) -> None:
    """Add numbers of deliveries to the totals of their states."""
    _add(connection, DeliveryTotal, list(changes))


def count_jobs(connection: Connection) -> dict[JobStatus, int]:
    """Return the number of training jobs by status; a status that no job ever had is absent."""
    statement = select(JobTotal.status, func.sum(JobTotal.jobs)).group_by(JobTotal.status)
    return {status: int(number) for status, number in connection.execute(statement)}


def count_deliveries(connection: Connection) -> dict[DeliveryStatus, int]:
    """Return the number of deliveries by status; a status that no delivery ever had is absent."""
    statement = select(DeliveryTotal.status, DeliveryTotal.deliveries)
    return {status: number for status, number in connection.execute(statement)}  # noqa: C416 - rows as pairs


def work_ahead(connection: Connection, priority: int) -> WaitingWork:
    """Return the work that is done before a new job of this priority: active jobs, and queued ones ahead of it."""
    return WaitingWork._make(map(int, connection.execute(_WORK_AHEAD, {"priority": priority}).one()))


def rebuild(connection: Connection) -> None:
    """Replace all totals by a count of the rows."""
    for table in (JobTotal, DeliveryTotal):
        connection.execute(delete(table))
        _add(connection, table, [(*key, *numbers) for key, numbers in _count(connection, table).items()])


def find_mismatches(connection: Connection) -> list[tuple[str, object, object]]:
    """Return the name of each total that differs from a count of the rows, with its stored and its counted numbers."""
    found: list[tuple[str, object, object]] = []
    for table in (JobTotal, DeliveryTotal):
        names, _ = key_and_value_columns(table)
        stored, counted = _read(connection, table), _count(connection, table)
        for key in sorted(stored.keys() | counted.keys()):
            if stored.get(key) != counted.get(key):
                place = ", ".join(f"{name} {part}" for name, part in zip(names, key, strict=True))
                found.append((f"{table.__tablename__} of {place}", stored.get(key), counted.get(key)))
    return found


def _add(connection: Connection, table: type[Base], changes: Sequence[Row]) -> None:
    # In the order of the keys, so that transactions lock the rows in the same order.
    keys, values = key_and_value_columns(table)
    sums = ", ".join(f"{value} = {table.__tablename__}.{value} + excluded.{value}" for value in values)
    columns = list(map(list, zip(*sorted(changes), strict=True)))
    if columns:
        insert_columns(
            connection, table, keys + values, columns, f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {sums}"
        )


def _read(connection: Connection, table: type[Base]) -> Totals:
    number_of_keys = len(key_and_value_columns(table)[0])
    rows = (tuple(row) for row in connection.execute(select(table.__table__)))
    return {row[:number_of_keys]: row[number_of_keys:] for row in rows if row[number_of_keys]}


def _count(connection: Connection, table: type[Base]) -> Totals:
    if table is DeliveryTotal:
        deliveries = select(Delivery.status, func.count()).group_by(Delivery.status)
        return {(status,): (number,) for status, number in connection.execute(deliveries)}
    usable = func.sum(type_coerce(TrainingJob.summary, JSON)["usable"].as_integer(), type_=Integer)
    keys = (TrainingJob.status, TrainingJob.priority)
    jobs = connection.execute(select(*keys, func.count(), usable).group_by(*keys))
    return {(status, priority): (number, int(total)) for status, priority, number, total in jobs}
