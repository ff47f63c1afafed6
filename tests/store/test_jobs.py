"""Jobs: guarded transitions, claims in order, and fences that reject writes of stale workers."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from models.base import now
from models.errors import NotCancellable, NotFound
from models.job import EventKind, JobCheckpoint, JobEvent, Priority, TrainingJob
from models.job_status import ACTIVE, TERMINAL, TRANSITIONS, WAITING, JobStatus
from models.stored.events import StatusBody
from models.stored.json_column import Stored
from models.stored.training_job import JobProgress
from store import jobs
from store.database.rows import fetch_all
from store.database.store import Store
from store.event_log.events import NewEvent
from store.jobs import StaleClaim
from tests.factories import World, job_now, log_of, make_job, make_viewer, make_world, put_job

LEASE = timedelta(seconds=30)


async def claim(store: Store, owner: str = "w1") -> TrainingJob | None:
    """Claim as a worker does: retry if another one claimed a job of the same judge at the same moment."""
    while True:
        try:
            return await store.write(lambda c: jobs.claim_next(c, owner, LEASE))
        except IntegrityError:
            continue


async def claimed(world: World, **values: object) -> TrainingJob:
    """Return a claimed job."""
    await make_job(world, **values)
    job = await claim(world.store)
    assert job is not None
    return job


async def transition_to(store: Store, job: TrainingJob, to: JobStatus, fence: int | None = None) -> TrainingJob:
    return await store.write(lambda c: jobs.transition(c, job, to, "Moved.", fence=fence))


def never(_owner: str) -> bool:
    return False


# --- transitions


@pytest.mark.parametrize("start", JobStatus)
async def test_transition_happens_only_if_allowed_and_otherwise_changes_nothing(store: Store, start: JobStatus) -> None:
    world = await make_world(store)
    for end in JobStatus:
        job = await put_job(world, start)
        before = await log_of(store, job)
        if end in TRANSITIONS[start]:
            await transition_to(store, job, end)
            [event] = (await log_of(store, job))[len(before) :]

            assert (await job_now(store, job)).status is end
            assert event.kind is EventKind.STATUS
            assert event.body.read_as(StatusBody) == StatusBody(start.value, end.value)
        else:
            with pytest.raises(StaleClaim):
                await transition_to(store, job, end)

            assert await job_now(store, job) == job
            assert await log_of(store, job) == before
        await store.write(
            lambda c, job=job: c.execute(
                update(TrainingJob).where(TrainingJob.id == job.id).values(status=JobStatus.COMPLETED)
            )
        )  # so that the judge has no active job when the next one is created


async def test_new_job_logs_its_creation_and_its_queueing(store: Store) -> None:
    world = await make_world(store)
    queued, created = await make_job(world), await make_job(world, start=False)

    assert (queued.status, created.status) == (JobStatus.QUEUED, JobStatus.CREATED)
    assert [event.body.read_as(StatusBody) for event in await log_of(store, queued)] == [
        StatusBody(None, "created"),
        StatusBody("created", "queued"),
    ]
    assert [event.body.read_as(StatusBody).to for event in await log_of(store, created)] == ["created"]


@pytest.mark.parametrize("end", sorted(TERMINAL))
async def test_ended_job_has_no_owner_and_no_checkpoint(store: Store, end: JobStatus) -> None:
    job = await claimed(await make_world(store))
    await store.write(lambda c: jobs.save_progress(c, job.id, job.fence, LEASE, None, b"half"))
    await transition_to(store, job, JobStatus.VALIDATING)
    ended = await transition_to(store, job, end)

    assert (ended.owner, ended.lease_until) == (None, None)
    assert ended.finished_at is not None
    assert await store.read(lambda c: jobs.read_checkpoint(c, job.id)) is None


async def test_one_of_several_concurrent_transitions_succeeds(store: Store, other_store: Store) -> None:
    world = await make_world(store)
    job = await make_job(world)
    outcomes = await asyncio.gather(
        *(transition_to(s, job, JobStatus.CANCELLED) for s in (store, other_store) for _ in range(5)),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, StaleClaim) for outcome in outcomes) == 9
    assert len(await log_of(store, job)) == 3


# --- claims


async def test_claims_take_the_highest_priority_then_the_oldest(store: Store) -> None:
    made = []
    for priority in (Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.NORMAL, Priority.HIGH):
        world = await make_world(store)
        made.append(await make_job(world, priority=int(priority)))
    order = [await claim(store) for _ in range(6)]

    assert [made[n].id for n in (2, 4, 1, 3, 0)] == [job.id for job in order if job is not None]
    assert order[-1] is None


async def test_claim_sets_owner_and_lease_and_raises_the_fence(store: Store) -> None:
    world = await make_world(store)
    queued = await make_job(world)
    job = await claim(store, "me")

    assert job is not None
    assert (job.status, job.owner, job.fence, job.claims) == (JobStatus.PREPARING, "me", queued.fence + 1, 1)
    assert job.attempt == 0  # an attempt is counted when training begins
    assert job.lease_until is not None
    assert timedelta(0) < job.lease_until - now() <= LEASE
    assert job.started_at is not None


async def test_created_job_is_not_claimed(store: Store) -> None:
    await make_job(await make_world(store), start=False)

    assert await claim(store) is None


async def test_judge_with_an_active_job_is_skipped(store: Store) -> None:
    busy, free = await make_world(store), await make_world(store)
    first, second, third = [await make_job(world) for world in (busy, busy, free)]
    one, two, nothing = await claim(store), await claim(store), await claim(store)

    assert [first.id, third.id] == [one and one.id, two and two.id]
    assert nothing is None

    await transition_to(store, first, JobStatus.FAILED)
    freed = await claim(store)

    assert freed is not None
    assert freed.id == second.id


async def test_concurrent_claimers_run_one_job_per_judge_and_every_job_once(store: Store, other_store: Store) -> None:
    worlds = [await make_world(store) for _ in range(3)]
    for _ in range(6):
        for world in worlds:
            await make_job(world)
    done: list[str] = []

    def one_each(connection: Connection) -> bool:
        active = fetch_all(connection, select(TrainingJob).where(TrainingJob.status.in_(ACTIVE)), TrainingJob)
        return len(active) == len({job.judge_pk for job in active})

    async def work(own: Store, name: str) -> None:
        while len(done) < 18:
            job = await claim(own, name)
            if job is None:
                await asyncio.sleep(0)  # other workers hold the last jobs
                continue
            assert await own.read(one_each)
            await transition_to(own, job, JobStatus.TRAINING, job.fence)
            await transition_to(own, job, JobStatus.VALIDATING, job.fence)
            await transition_to(own, job, JobStatus.COMPLETED, job.fence)
            done.append(job.id)

    async with asyncio.timeout(60):
        await asyncio.gather(*(work(s, f"{s.url}{n}") for s in (store, other_store) for n in range(3)))

    assert len(done) == len(set(done)) == 18
    rows = await store.read(lambda c: fetch_all(c, select(TrainingJob), TrainingJob))
    assert {(job.status, job.fence, job.claims) for job in rows} == {(JobStatus.COMPLETED, 1, 1)}


# --- the fence

STALE_WRITES: dict[str, Callable[[Connection, TrainingJob], object]] = {
    "renew": lambda c, job: jobs.renew_lease(c, job.id, job.fence, LEASE),
    "report": lambda c, job: jobs.save_progress(c, job.id, job.fence, LEASE, JobProgress(fraction=0.9), b"old"),
    "hold": lambda c, job: jobs.lock_claimed(c, job.id, job.fence),
    "give back": lambda c, job: jobs.release(c, job, job.fence, "it is slow", attempt_spent=True),
    **{
        f"become {to}": lambda c, job, to=to: jobs.transition(c, job, to, "Old.", fence=job.fence)  # type: ignore[misc]
        for to in JobStatus
    },
}


async def claimed_by_another(world: World) -> TrainingJob:
    """Return a job's row as its first worker knows it, after a second worker claimed the job."""
    old = await claimed(world)
    await world.store.write(lambda c: jobs.release(c, old, old.fence, "it was lost", attempt_spent=True))
    taken = await claim(world.store, "w2")
    assert taken is not None
    return old


async def test_write_under_a_stale_fence_changes_nothing(store: Store) -> None:
    world = await make_world(store)
    old = await claimed_by_another(world)
    before = await job_now(store, old), await log_of(store, old)
    for write in STALE_WRITES.values():
        with pytest.raises(StaleClaim):
            await store.write(lambda c, write=write: write(c, old))

        assert before == (await job_now(store, old), await log_of(store, old))
    assert await store.read(lambda c: jobs.read_checkpoint(c, old.id)) is None


async def test_stale_worker_cannot_write_while_the_job_is_queued(store: Store) -> None:
    old = await claimed(await make_world(store))
    queued = await store.write(lambda c: jobs.release(c, old, old.fence, "it was lost", attempt_spent=True))
    for write in STALE_WRITES.values():
        with pytest.raises(StaleClaim):
            await store.write(lambda c, write=write: write(c, old))

    assert await job_now(store, old) == queued


async def test_nothing_is_written_for_an_ended_job(store: Store) -> None:
    job = await claimed(await make_world(store))
    ended = await transition_to(store, job, JobStatus.CANCELLED)
    for write in STALE_WRITES.values():
        with pytest.raises(StaleClaim):
            await store.write(lambda c, write=write: write(c, job))

    assert await job_now(store, job) == ended


async def test_claim_holder_saves_progress_checkpoint_and_lease(store: Store) -> None:
    job = await claimed(await make_world(store))
    kept = await store.write(
        lambda c: jobs.save_progress(c, job.id, job.fence, LEASE * 10, JobProgress(fraction=0.5), b"one")
    )
    await store.write(lambda c: jobs.save_progress(c, job.id, job.fence, LEASE * 10, None, b"two"))

    assert kept.lease_until is not None
    assert job.lease_until is not None
    assert kept.lease_until > job.lease_until + LEASE * 8
    assert (await job_now(store, job)).progress == Stored.of(JobProgress(fraction=0.5))
    assert await store.read(lambda c: jobs.read_checkpoint(c, job.id)) == b"two"


# --- release


async def release_claimed(world: World, *, attempt_spent: bool, **values: object) -> TrainingJob:
    """Release a claimed job in a given state, and return its new row."""
    store, job = world.store, await claimed(world)

    def unit(connection: Connection) -> TrainingJob:
        connection.execute(update(TrainingJob).where(TrainingJob.id == job.id).values(**values))
        return jobs.release(connection, job, job.fence, "it was lost", attempt_spent=attempt_spent)

    return await store.write(unit)


async def test_released_job_is_queued_with_a_raised_fence(store: Store) -> None:
    job = await release_claimed(await make_world(store), attempt_spent=True, status=JobStatus.TRAINING, attempt=1)

    assert (job.status, job.owner, job.lease_until, job.fence) == (JobStatus.QUEUED, None, None, 2)
    assert (await log_of(store, job))[-1].message == "The job is queued again: it was lost."


@pytest.mark.parametrize(
    ("status", "attempt", "claims", "spent", "expected", "noted"),
    [
        (JobStatus.TRAINING, 1, 1, True, JobStatus.QUEUED, 1),
        (JobStatus.TRAINING, 2, 2, True, JobStatus.QUEUED, 2),
        (JobStatus.TRAINING, 3, 3, True, JobStatus.FAILED, 3),
        (JobStatus.VALIDATING, 3, 3, True, JobStatus.FAILED, 3),
        (JobStatus.TRAINING, 3, 3, False, JobStatus.QUEUED, 2),  # a worker that stops costs no attempt
        (JobStatus.PREPARING, 2, 3, False, JobStatus.QUEUED, 2),  # the training of this claim had not begun
        (JobStatus.PREPARING, 2, 3, True, JobStatus.QUEUED, 2),
        (JobStatus.PREPARING, 0, 9, True, JobStatus.QUEUED, 0),
        (JobStatus.PREPARING, 0, 10, True, JobStatus.FAILED, 0),
        (JobStatus.TRAINING, 1, 10, False, JobStatus.FAILED, 0),
    ],
)
async def test_attempts_and_claims_are_limited(
    store: Store, status: JobStatus, attempt: int, claims: int, spent: bool, expected: JobStatus, noted: int
) -> None:
    world = await make_world(store)
    job = await release_claimed(world, attempt_spent=spent, status=status, attempt=attempt, claims=claims)

    assert (job.status, job.attempt) == (expected, noted)
    if expected is JobStatus.FAILED:
        assert job.error_code == "WORKER_LOST"
        assert job.error_message == (await log_of(store, job))[-1].message


@pytest.mark.parametrize("attempt", [1, 3])
async def test_released_job_with_requested_cancellation_is_cancelled(store: Store, attempt: int) -> None:
    job = await release_claimed(
        await make_world(store), attempt_spent=True, attempt=attempt, cancel_requested=True, cancel_reason="enough"
    )

    assert job.status is JobStatus.CANCELLED
    assert (await log_of(store, job))[-1].message == "The job was cancelled: enough"


# --- leases


async def set_lease(store: Store, job: TrainingJob, lease: timedelta) -> None:
    await store.write(
        lambda c: c.execute(update(TrainingJob).where(TrainingJob.id == job.id).values(lease_until=now() + lease))
    )


async def test_only_active_jobs_with_an_expired_lease_are_abandoned(store: Store) -> None:
    held, late, done, gone = [await claimed(await make_world(store)) for _ in range(4)]
    await make_job(await make_world(store))
    await set_lease(store, late, -timedelta(milliseconds=1))
    await set_lease(store, done, -timedelta(hours=1))
    await set_lease(store, held, timedelta(minutes=5))
    await transition_to(store, done, JobStatus.CANCELLED)
    await store.write(lambda c: c.execute(update(TrainingJob).where(TrainingJob.id == gone.id).values(owner="gone")))

    for lock in (False, True):
        found = await store.write(lambda c, lock=lock: jobs.find_abandoned(c, lambda owner: owner == "gone", lock=lock))
        assert {job.id for job in found} == {late.id, gone.id}


async def test_two_sweepers_release_an_abandoned_job_once(store: Store, other_store: Store) -> None:
    job = await claimed(await make_world(store))
    await set_lease(store, job, -timedelta(seconds=1))

    def sweep(connection: Connection) -> int:
        found = jobs.find_abandoned(connection, never, lock=True)
        for late in found:
            jobs.release(connection, late, late.fence, "its worker was lost", attempt_spent=True)
        return len(found)

    swept = await asyncio.gather(*(s.write(sweep) for s in (store, other_store) for _ in range(4)))

    assert sum(swept) == 1
    assert (await job_now(store, job)).fence == 2


# --- cancellation


@pytest.mark.parametrize("status", sorted(WAITING))
async def test_waiting_job_is_cancelled_at_once(store: Store, status: JobStatus) -> None:
    world = await make_world(store)
    job = await make_job(world, start=status is JobStatus.QUEUED)
    cancelled = await store.write(lambda c: jobs.request_cancellation(c, job.workspace_id, job.id, "wrong data"))

    assert (cancelled.status, cancelled.cancel_reason) == (JobStatus.CANCELLED, "wrong data")
    assert await claim(store) is None


async def test_cancellation_of_a_running_job_is_requested_once(store: Store) -> None:
    job = await claimed(await make_world(store))
    for _ in range(3):
        asked = await store.write(lambda c: jobs.request_cancellation(c, job.workspace_id, job.id, "enough"))

        assert (asked.status, asked.cancel_requested) == (JobStatus.PREPARING, True)
    renewed = await store.write(lambda c: jobs.renew_lease(c, job.id, job.fence, LEASE))

    assert renewed.cancel_requested
    assert [event.kind for event in await log_of(store, job)].count(EventKind.NOTE) == 1


@pytest.mark.parametrize("status", sorted(TERMINAL))
async def test_ended_job_cannot_be_cancelled(store: Store, status: JobStatus) -> None:
    world = await make_world(store)
    job = await put_job(world, status)
    with pytest.raises(NotCancellable):
        await store.write(lambda c: jobs.request_cancellation(c, job.workspace_id, job.id, None))

    assert await job_now(store, job) == job


async def test_job_of_another_workspace_is_not_found(store: Store) -> None:
    job = await make_job(await make_world(store, workspace="a"))
    stranger, _ = await make_viewer(store, workspace="b")
    with pytest.raises(NotFound):
        await store.write(lambda c: jobs.request_cancellation(c, stranger.workspace_id, job.id, None))

    assert (await job_now(store, job)).status is JobStatus.QUEUED


async def test_cancellation_concurrent_with_a_claim_is_never_lost(store: Store, other_store: Store) -> None:
    world = await make_world(store)
    for _ in range(10):
        job = await make_job(world)
        taken, cancelled = await asyncio.gather(
            claim(other_store),
            store.write(lambda c, job=job: jobs.request_cancellation(c, job.workspace_id, job.id, None)),
        )

        if taken is None or cancelled.status is JobStatus.CANCELLED:
            assert taken is None
        else:
            assert cancelled.cancel_requested
            await transition_to(store, taken, JobStatus.CANCELLED, taken.fence)


# --- the event log of one job


async def test_concurrent_events_are_numbered_without_gaps(store: Store, other_store: Store) -> None:
    job = await claimed(await make_world(store))
    before = len(await log_of(store, job))

    def note(number: int) -> Callable[[Connection], None]:
        many = [NewEvent(EventKind.NOTE, f"{number}.{n}") for n in range(number % 3 + 1)]
        return lambda c: jobs.log_events(c, jobs.lock_claimed(c, job.id, job.fence), many)

    await asyncio.gather(*(s.write(note(n)) for n in range(15) for s in (store, other_store)))
    log = await log_of(store, job)

    assert [event.seq for event in log] == list(range(1, before + 60 + 1))
    assert sorted(event.position for event in log) == [event.position for event in log]


async def test_failed_write_leaves_no_gap_in_event_numbers(store: Store) -> None:
    job = await claimed(await make_world(store))

    def fails(connection: Connection) -> None:
        jobs.log_events(connection, job, [NewEvent(EventKind.NOTE, "never")])
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await store.write(fails)
    await store.write(lambda c: jobs.log_events(c, job, [NewEvent(EventKind.NOTE, "after")]))
    log = await log_of(store, job)

    assert [event.seq for event in log] == list(range(1, len(log) + 1))
    assert log[-1].message == "after"


async def test_last_event_of_a_job_is_its_end(store: Store) -> None:
    world = await make_world(store)
    for end in (JobStatus.CANCELLED, JobStatus.FAILED):
        job = await claimed(world)
        await transition_to(store, job, end, job.fence)
        last: JobEvent = (await log_of(store, job))[-1]

        assert (last.kind, last.body.read_as(StatusBody).to) == (EventKind.STATUS, end.value)
        assert last.seq == (await job_now(store, job)).event_seq


async def test_checkpoint_is_deleted_with_its_own_job_only(store: Store) -> None:
    one, two = [await claimed(await make_world(store)) for _ in range(2)]
    for job in (one, two):
        await store.write(lambda c, job=job: jobs.save_progress(c, job.id, job.fence, LEASE, None, job.id.encode()))
    await transition_to(store, one, JobStatus.CANCELLED)

    kept = await store.read(lambda c: c.execute(select(JobCheckpoint.job_id, JobCheckpoint.content)).all())
    assert [tuple(row) for row in kept] == [(two.id, two.id.encode())]
