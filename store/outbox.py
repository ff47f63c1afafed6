"""The outbox: messages a job owes the outside world, written in the transaction that ends the job."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, exists, insert, select, update

from models.base import new_id
from models.job import Delivery, DeliveryStatus, TrainingJob
from store.database.clock import database_now
from store.database.rows import fetch_all
from store.database.signals import Topic, touch


def enqueue_deliveries(connection: Connection, job: TrainingJob, payload: dict[str, Any], moment: datetime) -> None:
    """Owe a message to each target the job names."""
    targets = {"email": job.options.get("notification_email"), "webhook": job.options.get("webhook_url")}
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
        touch(connection, Topic.DELIVERIES)


def list_for_job(connection: Connection, job_id: str) -> list[Delivery]:
    """Return the deliveries of one job in the order of their creation."""
    return fetch_all(connection, select(Delivery).where(Delivery.job_id == job_id).order_by(Delivery.id), Delivery)


def claim_due(connection: Connection, limit: int, hold: timedelta) -> list[Delivery]:
    """Messages that are due, put off by ``hold`` meanwhile: a sender that dies loses none, and two never share one."""
    moment = database_now(connection)
    due = (
        select(Delivery)
        .where(Delivery.status == DeliveryStatus.PENDING, Delivery.due_at <= moment)
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
    """Whether a message is due."""
    due = exists().where(Delivery.status == DeliveryStatus.PENDING, Delivery.due_at <= database_now(connection))
    return bool(connection.execute(select(due)).scalar_one())


def record_attempt(connection: Connection, delivery: Delivery, error: str | None, again: timedelta | None) -> None:
    """Note how an attempt went: delivered, to be tried again, or given up."""
    moment = database_now(connection)
    if error is None:
        changes: dict[str, Any] = {"status": DeliveryStatus.DELIVERED, "delivered_at": moment, "last_error": None}
    elif again is not None:
        changes = {"due_at": moment + again, "last_error": error}
    else:
        changes = {"status": DeliveryStatus.FAILED, "last_error": error}
    connection.execute(
        update(Delivery)
        .where(Delivery.id == delivery.id, Delivery.status == DeliveryStatus.PENDING)
        .values(attempts=Delivery.attempts + 1, **changes)
    )
    touch(connection, Topic.JOBS)
