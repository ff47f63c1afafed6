"""Outbox: notifications about a job, written in the transaction that ends the job and delivered afterwards."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, insert, select, update

from models.base import new_id
from models.job import Delivery, DeliveryStatus, TrainingJob
from models.stored.notification import CompletionMessage
from store.counters import totals
from store.database.clock import database_now
from store.database.rows import ColumnValues, fetch_all, in_constants
from store.database.signals import Topic, touch

_IS_PENDING = in_constants(Delivery.status, {DeliveryStatus.PENDING})


def enqueue_deliveries(connection: Connection, job: TrainingJob, payload: CompletionMessage, moment: datetime) -> None:
    """Add a delivery for each target that the job names.

    Args:
        connection: the connection of the writing unit that ends the job.
        job: the job.
        payload: the message.
        moment: when the job ended; the first attempt is due at once.
    """
    options = job.options.value
    targets = {"email": options.notification_email, "webhook": options.webhook_url}
    rows = [
        {
            "id": new_id("msg"),
            "job_id": job.id,
            "channel": channel,
            "target": target,
            "payload": payload,
            "status": DeliveryStatus.PENDING,
            "attempts": 0,
            "due_at": moment,
            "created_at": moment,
        }
        for channel, target in targets.items()
        if target
    ]
    if rows:
        connection.execute(insert(Delivery), rows)
        totals.add_deliveries(connection, [(DeliveryStatus.PENDING, len(rows))])
        touch(connection, Topic.DELIVERIES)


def list_for_job(connection: Connection, job_id: str) -> list[Delivery]:
    """Return the deliveries of one job in the order of their creation."""
    return fetch_all(connection, select(Delivery).where(Delivery.job_id == job_id).order_by(Delivery.id), Delivery)


def claim_due(connection: Connection, limit: int, hold: timedelta) -> list[Delivery]:
    """Claim deliveries that are due, so that no other sender takes them while this one tries.

    A claim postpones the delivery by ``hold``. A delivery whose sender died is therefore due again, and none is lost.

    Args:
        connection: the connection of a writing unit.
        limit: the largest number of deliveries to claim.
        hold: how long the claim lasts.
    """
    moment = database_now(connection)
    due = (
        select(Delivery)
        .where(_IS_PENDING, Delivery.due_at <= moment)
        .order_by(Delivery.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = fetch_all(connection, due, Delivery)
    if taken:
        connection.execute(
            update(Delivery).where(Delivery.id.in_([row.id for row in taken])).values(due_at=moment + hold)
        )
    return taken


def has_due(connection: Connection) -> bool:
    """Return whether a delivery is due."""
    due = exists().where(_IS_PENDING, Delivery.due_at <= database_now(connection))
    return bool(connection.execute(select(due)).scalar_one())


def record_attempt(
    connection: Connection, delivery: Delivery, error: str | None, retry_delay: timedelta | None
) -> None:
    """Record the outcome of an attempt to deliver.

    Args:
        connection: the connection of a writing unit.
        delivery: the delivery.
        error: why the attempt failed; None if it succeeded.
        retry_delay: after which time to retry; None to give up after an error.
    """
    moment = database_now(connection)
    if error is None:
        changes: ColumnValues = {"status": DeliveryStatus.DELIVERED, "delivered_at": moment, "last_error": None}
    elif retry_delay is not None:
        changes = {"due_at": moment + retry_delay, "last_error": error}
    else:
        changes = {"status": DeliveryStatus.FAILED, "last_error": error}
    recorded = connection.execute(
        update(Delivery)
        .where(Delivery.id == delivery.id, _IS_PENDING)
        .values(attempts=Delivery.attempts + 1, **changes)
    )
    if recorded.rowcount and "status" in changes:
        totals.add_deliveries(connection, [(DeliveryStatus.PENDING, -1), (changes["status"], 1)])
    touch(connection, Topic.JOBS)
