"""Totals of jobs and deliveries: they equal a count of the rows after every kind of change."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from models.counters.totals import DeliveryTotal, JobTotal
from models.job import DeliveryStatus, Priority
from models.job_status import JobStatus
from models.stored.training_job import FeedbackSnapshot
from store import jobs, outbox
from store.counters import recount, totals
from store.database.store import Store
from tests.factories import World, make_job, make_world

LEASE = timedelta(seconds=30)


def snapshot_of(usable: int) -> FeedbackSnapshot:
    return FeedbackSnapshot(total=usable, corrections=usable, ratings=0, usable=usable, earliest=None, latest=None)


async def make_queue(world: World) -> None:
    """Create jobs of each priority, of which one waits to be started."""
    for number, priority in enumerate(Priority, start=1):
        await make_job(world, priority=int(priority), summary=snapshot_of(10**number))
    await make_job(world, start=False, summary=snapshot_of(7))


async def test_work_ahead_counts_active_jobs_and_queued_ones_of_the_priority_or_before(store: Store) -> None:
    await make_queue(await make_world(store))

    async def ahead(priority: Priority) -> tuple[int, int]:
        return await store.read(lambda c: totals.work_ahead(c, int(priority)))

    assert await ahead(Priority.HIGH) == (1, 10)
    assert await ahead(Priority.NORMAL) == (2, 110)
    assert await ahead(Priority.LOW) == (3, 1_110)

    await store.write(lambda c: jobs.claim_next(c, "w", LEASE))
    await make_job(await make_world(store, workspace="other"), priority=int(Priority.HIGH), summary=snapshot_of(5))

    assert await ahead(Priority.HIGH) == (2, 15)


async def test_totals_follow_jobs_through_all_states(store: Store) -> None:
    world = await make_world(store)
    await make_queue(world)
    ends = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)
    for end in ends:
        job = await store.write(lambda c: jobs.claim_next(c, "w", LEASE))
        assert job is not None
        await store.write(lambda c, job=job: jobs.transition(c, job, JobStatus.VALIDATING, "Validates."))
        await store.write(lambda c, job=job, end=end: jobs.transition(c, job, end, "Ended."))

        assert await store.read(recount.find_mismatches) == []

    counts = await store.read(totals.count_jobs)
    assert {status: number for status, number in counts.items() if number} == {
        JobStatus.CREATED: 1,
        **dict.fromkeys(ends, 1),
    }


async def test_released_job_counts_as_queued_again(store: Store) -> None:
    await make_job(await make_world(store))
    job = await store.write(lambda c: jobs.claim_next(c, "w", LEASE))
    assert job is not None
    await store.write(lambda c: jobs.release(c, job, job.fence, "its worker stopped", attempt_spent=True))

    assert (await store.read(totals.count_jobs))[JobStatus.QUEUED] == 1
    assert await store.read(recount.find_mismatches) == []


async def test_rolled_back_and_stale_changes_are_not_counted(store: Store) -> None:
    world = await make_world(store)
    job = await make_job(world)

    def fails(connection: object) -> None:
        jobs.transition(connection, job, JobStatus.CANCELLED, "Cancelled.")
        raise RuntimeError

    [outcome] = await asyncio.gather(store.write(fails), return_exceptions=True)
    assert isinstance(outcome, RuntimeError)
    with pytest.raises(jobs.StaleClaim):
        await store.write(lambda c: jobs.transition(c, job, JobStatus.COMPLETED, "Completed."))

    assert await store.read(recount.find_mismatches) == []


async def test_totals_follow_deliveries(store: Store) -> None:
    world = await make_world(store)
    targets = {"notification_email": "ann@example.org", "webhook_url": "https://example.org/hook"}
    job = await make_job(world, options=targets)
    await store.write(lambda c: jobs.transition(c, job, JobStatus.CANCELLED, "Cancelled."))
    first, second = await store.write(lambda c: outbox.claim_due(c, 10, LEASE))
    await store.write(lambda c: outbox.record_attempt(c, first, None, None))
    await store.write(lambda c: outbox.record_attempt(c, first, "Twice.", None))
    await store.write(lambda c: outbox.record_attempt(c, second, "Refused.", LEASE))

    assert await store.read(recount.find_mismatches) == []

    await store.write(lambda c: outbox.record_attempt(c, second, "Gone.", None))

    assert await store.read(totals.count_deliveries) == {
        DeliveryStatus.PENDING: 0,
        DeliveryStatus.DELIVERED: 1,
        DeliveryStatus.FAILED: 1,
    }
    assert await store.read(recount.find_mismatches) == []


async def test_concurrent_changes_of_two_processes_are_all_counted(store: Store, other_store: Store) -> None:
    worlds = [await make_world(store, workspace=f"w{number}") for number in range(4)]
    made = await asyncio.gather(*(make_job(world) for world in worlds for _ in range(5)))

    async def cancel(database: Store, number: int) -> None:
        await database.write(lambda c: jobs.transition(c, made[number], JobStatus.CANCELLED, "Cancelled."))

    await asyncio.gather(*(cancel((store, other_store)[number % 2], number) for number in range(len(made))))

    assert (await store.read(totals.count_jobs))[JobStatus.CANCELLED] == len(made)
    assert await store.read(recount.find_mismatches) == []


async def test_wrong_totals_are_reported_and_rebuilt(store: Store) -> None:
    await make_job(await make_world(store))
    await store.write(lambda c: c.execute(update(JobTotal).values(usable=9)))

    [mismatch] = await store.read(recount.find_mismatches)
    assert (mismatch.judge_id, mismatch.what) == (None, "job_totals of status queued, priority 1")
    assert (mismatch.stored, mismatch.counted) == ((1, 9), (1, 0))

    await store.write(lambda c: c.execute(delete(DeliveryTotal)))
    await store.write(totals.rebuild)
    assert await store.read(recount.find_mismatches) == []
