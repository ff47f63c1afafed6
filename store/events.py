"""The log of what happened to jobs: append-only, numbered within the job and in the database."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, cast, func, insert, literal, literal_column, select, true

from models.errors import Invalid
from models.job import EventKind, JobEvent, TrainingJob
from store.page import Keyset, decode_cursor, encode_cursor, whole_number
from store.signals import Topic, touch
from store.store import Query, every

EVENTS = Keyset(JobEvent, "event", JobEvent.position, parse=whole_number)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something that happened to a job, before it is in the log."""

    kind: EventKind
    message: str
    body: dict[str, Any] = field(default_factory=dict)


def cursor_of(event: JobEvent) -> str:
    """The opaque cursor of an event; connections and subscriptions share it."""
    return encode_cursor("event", event.position)


def parse_cursor(cursor: str) -> int:
    """The position an event's cursor names.

    Raises:
        Invalid: it is no cursor of an event.
    """
    try:
        return whole_number(decode_cursor("event", cursor))
    except ValueError:
        raise Invalid("after is no cursor of an event: pass on a cursor exactly as it was given.", ("after",)) from None


def append(connection: Connection, job: TrainingJob, last_seq: int, events: list[NewEvent], moment: datetime) -> None:
    """Add events to a job's log; the caller numbers them by the job's row."""
    postgres = connection.dialect.name == "postgresql"
    transaction: Any = cast(literal_column("pg_current_xact_id()::text"), BigInteger) if postgres else literal(0)
    connection.execute(
        insert(JobEvent).values(transaction=transaction),
        [
            {
                "job_id": job.id,
                "seq": last_seq + number,
                "workspace_id": job.workspace_id,
                "judge_pk": job.judge_pk,
                "kind": event.kind,
                "at": moment,
                "message": event.message,
                "body": event.body,
            }
            for number, event in enumerate(events, start=1)
        ],
    )
    touch(connection, Topic.EVENTS)


def of_job(job_id: str) -> Query:
    """A job's log."""
    return select(JobEvent).where(JobEvent.job_id == job_id)


def of_workspace(workspace_id: str, judge_pk: int | None = None) -> Query:
    """The log of all jobs of a workspace, or of one of its judges."""
    statement = select(JobEvent).where(JobEvent.workspace_id == workspace_id)
    return statement if judge_pk is None else statement.where(JobEvent.judge_pk == judge_pk)


def after(connection: Connection, statement: Query, position: int, limit: int) -> list[JobEvent]:
    """The next events of a selection of the log after a position, in order."""
    statement = statement.where(JobEvent.position > position, _settled(connection))
    return every(connection, statement.order_by(JobEvent.position).limit(limit), JobEvent)


def _settled(connection: Connection) -> ColumnElement[bool]:
    """What no transaction that still runs can come before.

    On PostgreSQL a transaction may commit late with a lower position than one that is visible already. Readers stop
    below the oldest that still runs, so such an event is never skipped.
    """
    if connection.dialect.name != "postgresql":
        return true()
    oldest = cast(literal_column("pg_snapshot_xmin(pg_current_snapshot())::text"), BigInteger)
    return JobEvent.transaction < oldest


def last_position(connection: Connection) -> int:
    """The position of the newest event."""
    newest: int = connection.execute(select(func.coalesce(func.max(JobEvent.position), 0))).scalar_one()
    return newest
