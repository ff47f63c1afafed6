"""Outbox: each delivery is claimed by one sender at a time, and none is lost."""

import asyncio
from datetime import timedelta

from sqlalchemy import select, update

from models.base import now
from models.job import Delivery, DeliveryStatus, TrainingJob
from models.job_status import JobStatus
from store import jobs, outbox
from store.database.rows import fetch_all
from store.database.store import Store
from tests.factories import World, job_now, make_job, make_world

TARGETS = {"notification_email": "ann@example.org", "webhook_url": "https://example.org/hook"}
HOLD = timedelta(minutes=1)


async def ended_job(world: World, **options: object) -> TrainingJob:
    """Return a cancelled job, which has deliveries."""
    job = await make_job(world, options=options)
    return await world.store.write(lambda c: jobs.transition(c, job, JobStatus.CANCELLED, "Cancelled."))


async def read_deliveries(store: Store) -> list[Delivery]:
    return await store.read(lambda c: fetch_all(c, select(Delivery).order_by(Delivery.id), Delivery))


async def claim_due(store: Store, limit: int = 10) -> list[str]:
    return [row.id for row in await store.write(lambda c: outbox.claim_due(c, limit, HOLD))]


async def test_ended_job_creates_one_delivery_per_target(store: Store) -> None:
    world = await make_world(store)
    job = await ended_job(world, **TARGETS)
    await ended_job(world)

    assert {
        (row.job_id, row.channel, row.target, row.status, row.attempts) for row in await read_deliveries(store)
    } == {
        (job.id, "email", "ann@example.org", DeliveryStatus.PENDING, 0),
        (job.id, "webhook", "https://example.org/hook", DeliveryStatus.PENDING, 0),
    }


async def test_payload_states_how_the_job_ended(store: Store) -> None:
    job = await ended_job(await make_world(store), webhook_url="https://example.org")
    [row] = await read_deliveries(store)

    assert row.payload.value.type == "training_job.cancelled"
    assert (row.payload.value.data.job_id, row.payload.value.data.status) == (job.id, "cancelled")


async def test_no_delivery_before_the_end_or_for_a_rolled_back_end(store: Store) -> None:
    world = await make_world(store)
    job = await make_job(world, options=TARGETS)

    def fails(connection: object) -> None:
        jobs.transition(connection, job, JobStatus.CANCELLED, "Cancelled.")
        raise RuntimeError

    [outcome] = await asyncio.gather(store.write(fails), return_exceptions=True)

    assert isinstance(outcome, RuntimeError)
    assert (await job_now(store, job)).status is JobStatus.QUEUED
    assert await read_deliveries(store) == []


async def test_concurrent_senders_never_claim_the_same_delivery(store: Store, other_store: Store) -> None:
    world = await make_world(store)
    for _ in range(10):
        await ended_job(world, **TARGETS)

    taken = await asyncio.gather(*(claim_due(s, 3) for s in (store, other_store) for _ in range(6)))

    everything = [name for some in taken for name in some]
    assert len(everything) == len(set(everything))
    while more := await claim_due(store, 3):
        everything += more
    assert sorted(everything) == [row.id for row in await read_deliveries(store)]


async def test_delivery_of_a_dead_sender_is_due_after_the_hold(store: Store) -> None:
    await ended_job(await make_world(store), webhook_url="https://example.org")
    [first] = await read_deliveries(store)
    assert await claim_due(store) == [first.id]
    [held] = await read_deliveries(store)

    assert held.due_at >= first.due_at + HOLD
    assert await claim_due(store) == []
    assert not await store.read(outbox.has_due)

    await store.write(lambda c: c.execute(update(Delivery).values(due_at=first.due_at)))

    assert await store.read(outbox.has_due)
    assert await claim_due(store) == [first.id]


async def test_attempt_and_its_outcome_are_recorded(store: Store) -> None:
    await ended_job(await make_world(store), webhook_url="https://example.org")
    [row] = await read_deliveries(store)
    await store.write(lambda c: outbox.record_attempt(c, row, "Refused.", timedelta(hours=1)))
    [put_off] = await read_deliveries(store)

    assert (put_off.status, put_off.attempts, put_off.last_error) == (DeliveryStatus.PENDING, 1, "Refused.")
    assert put_off.due_at > now() + timedelta(minutes=59)

    await store.write(lambda c: outbox.record_attempt(c, row, None, None))
    [arrived] = await read_deliveries(store)

    assert (arrived.status, arrived.attempts, arrived.last_error) == (DeliveryStatus.DELIVERED, 2, None)
    assert arrived.delivered_at is not None


async def test_failed_delivery_stays_failed(store: Store) -> None:
    await ended_job(await make_world(store), webhook_url="https://example.org")
    [row] = await read_deliveries(store)
    await store.write(lambda c: outbox.record_attempt(c, row, "Gone.", None))
    await store.write(lambda c: outbox.record_attempt(c, row, None, None))
    [given_up] = await read_deliveries(store)

    assert (given_up.status, given_up.attempts, given_up.last_error) == (DeliveryStatus.FAILED, 1, "Gone.")
    assert await claim_due(store) == []
