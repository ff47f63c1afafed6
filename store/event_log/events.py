"""The log of what happened to jobs: append-only, numbered within the job and in the database."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, text

from models.errors import Invalid
from models.job import EventKind, JobEvent, TrainingJob
from store.database.keyset import Keyset, decode_cursor, encode_cursor, parse_key_number
from store.database.rows import Query, fetch_all
from store.database.signals import Topic, touch

_LOG_LOCK = 0x6C6F67  # any number that no other program on the database takes

EVENTS = Keyset(JobEvent, "event", JobEvent.position, parse=parse_key_number)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something that happened to a job, before it is in the log."""

    kind: EventKind
    message: str
    body: dict[str, Any] = field(default_factory=dict)


def encode_event_cursor(event: JobEvent) -> str:
    """The opaque cursor of an event; connections and subscriptions share it."""
    return encode_cursor("event", event.position)


def decode_event_cursor(cursor: str) -> int:
    """The position an event's cursor names.

    Raises:
        Invalid: it is no cursor of an event.
    """
    try:
        return parse_key_number(decode_cursor("event", cursor))
    except ValueError:
        raise Invalid("after is no cursor of an event: pass on a cursor exactly as it was given.", ("after",)) from None


def append_events(
    connection: Connection, job: TrainingJob, last_seq: int, events: list[NewEvent], moment: datetime
) -> None:
    """Add events to a job's log; the caller numbers them by the job's row.

    Positions are in the order of commits: SQLite has one writer, and on PostgreSQL a lock is held from here to the
    commit. So whoever has read up to a position has seen all that will ever be below it.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:log)"), {"log": _LOG_LOCK})
    connection.execute(
        insert(JobEvent),
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


def for_job(job_id: str) -> Query:
    """A job's log."""
    return select(JobEvent).where(JobEvent.job_id == job_id)


def in_workspace(workspace_id: str, judge_pk: int | None = None) -> Query:
    """The log of all jobs of a workspace, or of one of its judges."""
    statement = select(JobEvent).where(JobEvent.workspace_id == workspace_id)
    return statement if judge_pk is None else statement.where(JobEvent.judge_pk == judge_pk)


def fetch_after(connection: Connection, statement: Query, position: int, limit: int) -> list[JobEvent]:
    """The next events of a selection of the log after a position, in order."""
    statement = statement.where(JobEvent.position > position).order_by(JobEvent.position).limit(limit)
    return fetch_all(connection, statement, JobEvent)


def last_position(connection: Connection) -> int:
    """The position of the newest event."""
    newest: int = connection.execute(select(func.coalesce(func.max(JobEvent.position), 0))).scalar_one()
    return newest
