"""Event log of training jobs: append-only, numbered within each job and across the database.

Key objects:
    ``JobEvent.seq``: the event's number within its job, taken from a counter in the job's row.
    ``JobEvent.position``: the event's position in the whole log, in the order of commits. Cursors encode it.

Protocol:
    1. A unit that changes a job holds the job's row, raises the row's event counter and calls ``append_events`` in the
       same transaction.
    2. On PostgreSQL ``append_events`` takes an advisory lock until the commit, so positions are assigned and committed
       by one transaction at a time. SQLite has one writer.
    3. After the commit the store fires the topic EVENTS, and readers select the events above their position.

Why: a sequence alone assigns positions in the order of inserts, not of commits. A reader could then see position 8,
remember it, and never read position 7, which commits later.

Invariants:
    - A reader that has read up to a position has seen every event that will ever be at or below it.
    - The events of a job have the numbers 1, 2, 3, ... without gaps.
    - An event is committed together with the change that it describes.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, text

from models.job import EventKind, JobEvent, TrainingJob
from models.stored.events import NOTE_BODY, EventBody
from store.database.bulk_insert import insert_many
from store.database.keyset import Keyset, decode_cursor, encode_cursor, invalid_cursor, parse_key_number
from store.database.rows import Query, fetch_all
from store.database.signals import Topic, touch

_LOG_LOCK = 0x6C6F67  # an arbitrary number that no other program on the database uses

EVENTS = Keyset(JobEvent, "event", JobEvent.position, parse=parse_key_number)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that is not yet in the log."""

    kind: EventKind
    message: str
    body: EventBody = NOTE_BODY


def encode_event_cursor(event: JobEvent) -> str:
    """Return the opaque cursor of an event. Connections and subscriptions use the same cursors."""
    return encode_cursor("event", event.position)


def decode_event_cursor(cursor: str) -> int:
    """Return the position that an event's cursor encodes.

    Raises:
        Invalid: the text is not a cursor of an event.
    """
    try:
        return parse_key_number(decode_cursor("event", cursor))
    except ValueError:
        raise invalid_cursor("an event") from None


def append_events(
    connection: Connection, job: TrainingJob, last_seq: int, events: list[NewEvent], moment: datetime
) -> None:
    """Append events to a job's log.

    Args:
        connection: the connection of a writing unit that holds the job's row.
        job: the job.
        last_seq: the number of the job's last event so far, from the job's row.
        events: the events in order.
        moment: when the events happened.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:log)"), {"log": _LOG_LOCK})
    insert_many(
        connection,
        JobEvent,
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
    """Return a select of a job's events."""
    return select(JobEvent).where(JobEvent.job_id == job_id)


def in_workspace(workspace_id: str, judge_pk: int | None = None) -> Query:
    """Return a select of the events of a workspace, or of one of its judges."""
    statement = select(JobEvent).where(JobEvent.workspace_id == workspace_id)
    return statement if judge_pk is None else statement.where(JobEvent.judge_pk == judge_pk)


def fetch_after(connection: Connection, statement: Query, position: int, limit: int) -> list[JobEvent]:
    """Return the next events of a selection after a position, in order.

    Args:
        connection: the connection to read from.
        statement: the select of the wanted events.
        position: the position after which to begin.
        limit: the largest number of events.
    """
    statement = statement.where(JobEvent.position > position).order_by(JobEvent.position).limit(limit)
    return fetch_all(connection, statement, JobEvent)


def last_position(connection: Connection) -> int:
    """Return the position of the newest event, or 0 if the log is empty."""
    newest: int = connection.execute(select(func.coalesce(func.max(JobEvent.position), 0))).scalar_one()
    return newest
