"""The outbox: each message is held by one sender at a time, and none is lost."""

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
    """A job that was cancelled, and so owes its messages."""
    job = await make_job(world, options=options)
    return await world.store.write(lambda c: jobs.transition(c, job, JobStatus.CANCELLED, "Cancelled."))


async def owed(store: Store) -> list[Delivery]:
    return await store.read(lambda c: fetch_all(c, select(Delivery).order_by(Delivery.id), Delivery))


async def take(store: Store, limit: int = 10) -> list[str]:
    return [row.id for row in await store.write(lambda c: outbox.claim_due(c, limit, HOLD))]


async def test_a_job_that_ends_owes_one_message_to_each_target_it_names(store: Store) -> None:
    world = await make_world(store)
    job = await ended_job(world, **TARGETS)
    await ended_job(world)

    assert {(row.job_id, row.channel, row.target, row.status, row.attempts) for row in await owed(store)} == {
        (job.id, "email", "ann@example.org", DeliveryStatus.PENDING, 0),
        (job.id, "webhook", "https://example.org/hook", DeliveryStatus.PENDING, 0),
    }


async def test_a_message_tells_how_the_job_ended(store: Store) -> None:
    job = await ended_job(await make_world(store), webhook_url="https://example.org")
    [row] = await owed(store)

    assert row.payload.value.type == "training_job.cancelled"
    assert (row.payload.value.data.job_id, row.payload.value.data.status) == (job.id, "cancelled")


async def test_nothing_is_owed_before_the_end_or_for_an_end_that_did_not_happen(store: Store) -> None:
    world = await make_world(store)
    job = await make_job(world, options=TARGETS)

    def fails(connection: object) -> None:
        jobs.transition(connection, job, JobStatus.CANCELLED, "Cancelled.")
        raise RuntimeError

    [outcome] = await asyncio.gather(store.write(fails), return_exceptions=True)

    assert isinstance(outcome, RuntimeError)
    assert (await job_now(store, job)).status is JobStatus.QUEUED
    assert await owed(store) == []


async def test_senders_never_share_a_message(store: Store, other_store: Store) -> None:
    world = await make_world(store)
    for _ in range(10):
        await ended_job(world, **TARGETS)

    taken = await asyncio.gather(*(take(s, 3) for s in (store, other_store) for _ in range(6)))

    everything = [name for some in taken for name in some]
    assert len(everything) == len(set(everything))
    while more := await take(store, 3):
        everything += more
    assert sorted(everything) == [row.id for row in await owed(store)]


async def test_a_message_whose_sender_died_is_due_again_after_the_hold(store: Store) -> None:
    await ended_job(await make_world(store), webhook_url="https://example.org")
    [first] = await owed(store)
    assert await take(store) == [first.id]
    [held] = await owed(store)

    assert held.due_at >= first.due_at + HOLD
    assert await take(store) == []
    assert not await store.read(outbox.has_due)

    await store.write(lambda c: c.execute(update(Delivery).values(due_at=first.due_at)))

    assert await store.read(outbox.has_due)
    assert await take(store) == [first.id]


async def test_an_attempt_is_counted_and_its_outcome_kept(store: Store) -> None:
    await ended_job(await make_world(store), webhook_url="https://example.org")
    [row] = await owed(store)
    await store.write(lambda c: outbox.record_attempt(c, row, "Refused.", timedelta(hours=1)))
    [put_off] = await owed(store)

    assert (put_off.status, put_off.attempts, put_off.last_error) == (DeliveryStatus.PENDING, 1, "Refused.")
    assert put_off.due_at > now() + timedelta(minutes=59)

    await store.write(lambda c: outbox.record_attempt(c, row, None, None))
    [arrived] = await owed(store)

    assert (arrived.status, arrived.attempts, arrived.last_error) == (DeliveryStatus.DELIVERED, 2, None)
    assert arrived.delivered_at is not None


async def test_what_was_given_up_stays_given_up(store: Store) -> None:
    await ended_job(await make_world(store), webhook_url="https://example.org")
    [row] = await owed(store)
    await store.write(lambda c: outbox.record_attempt(c, row, "Gone.", None))
    await store.write(lambda c: outbox.record_attempt(c, row, None, None))
    [given_up] = await owed(store)

    assert (given_up.status, given_up.attempts, given_up.last_error) == (DeliveryStatus.FAILED, 1, "Gone.")
    assert await take(store) == []
