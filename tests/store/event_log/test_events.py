"""Event log: a reader that has read up to a position has seen every event that will ever be below it."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, delete, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from models.job import EventKind, JobEvent, TrainingJob
from models.stored.json_column import keep_json_text
from store import jobs
from store.database.store import Store, dump_json
from store.event_log import events
from store.event_log.events import NewEvent
from tests.factories import make_job, make_viewer, make_world


def add_notes(job: TrainingJob, *messages: str) -> Callable[[Connection], None]:
    return lambda c: jobs.log_events(c, job, [NewEvent(EventKind.NOTE, message) for message in messages])


async def read_notes(store: Store, position: int, limit: int = 1_000) -> list[JobEvent]:
    statement = select(JobEvent).where(JobEvent.kind == EventKind.NOTE)
    return await store.read(lambda c: events.fetch_after(c, statement, position, limit))


async def has_lock_waiters(store: Store) -> bool:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    return bool(await store.read(lambda c: c.execute(waiting).scalar_one()))


@pytest.mark.parametrize("database_kind", ["postgres"])  # SQLite has one writer at a time
async def test_event_committed_late_is_never_skipped(store: Store, database_url: str) -> None:
    engine = create_async_engine(database_url, json_serializer=dump_json, json_deserializer=keep_json_text)
    slow, fast = [await make_job(await make_world(store)) for _ in range(2)]
    async with engine.connect() as connection:
        await connection.run_sync(add_notes(slow, "slow"))  # has a position and is not committed
        quick = asyncio.create_task(store.write(add_notes(fast, "fast")))
        async with asyncio.timeout(60):
            while not quick.done() and not await has_lock_waiters(store):
                await asyncio.wait([quick], timeout=0.01)
        seen = await read_notes(store, 0)
        await connection.commit()
    await engine.dispose()
    await quick
    seen += await read_notes(store, max((event.position for event in seen), default=0))

    assert sorted(event.message for event in seen) == ["fast", "slow"]


async def test_reader_sees_every_event_once_and_in_order_while_others_write(store: Store, other_store: Store) -> None:
    made = [await make_job(await make_world(store)) for _ in range(4)]
    writing = asyncio.gather(
        *(
            own.write(add_notes(job, *(f"{job.id} {batch} {n}" for n in range(3))))
            for batch in range(10)
            for job in made
            for own in (store, other_store)
        )
    )
    seen: list[JobEvent] = []
    async with asyncio.timeout(120):
        while len(seen) < 240:
            over = writing.done()
            found = await read_notes(other_store, seen[-1].position if seen else 0, limit=7)
            seen += found
            if over and not found:
                break
    await writing

    assert len(seen) == 240
    assert [event.position for event in seen] == sorted({event.position for event in seen})
    for job in made:
        numbers = [event.seq for event in seen if event.job_id == job.id]
        assert numbers == list(range(3, 63))  # after the two events of its creation


async def test_reading_starts_after_the_cursor(store: Store) -> None:
    job = await make_job(await make_world(store))
    await store.write(add_notes(job, *"abcde"))
    log = await read_notes(store, 0)

    for place, event in enumerate(log):
        position = events.decode_event_cursor(events.encode_event_cursor(event))
        assert [e.message for e in await read_notes(store, position)] == list("abcde")[place + 1 :]


async def test_last_position_is_the_position_of_the_newest_event(store: Store) -> None:
    assert await store.read(events.last_position) == 0

    job = await make_job(await make_world(store))
    await store.write(add_notes(job, "last"))
    [last] = await read_notes(store, 0)

    assert await store.read(events.last_position) == last.position


async def test_log_of_a_workspace_or_judge_excludes_others(store: Store) -> None:
    here, there = await make_world(store, workspace="here"), await make_world(store, workspace="there")
    beside = await make_world(store, workspace="here")
    mine, _, other = [await make_job(world) for world in (here, there, beside)]
    stranger, _ = await make_viewer(store, workspace="empty")

    async def jobs_in(workspace_id: str, judge_pk: int | None = None) -> set[str]:
        statement = events.in_workspace(workspace_id, judge_pk)
        return {event.job_id for event in await store.read(lambda c: events.fetch_after(c, statement, 0, 100))}

    assert await jobs_in(here.viewer.workspace_id) == {mine.id, other.id}
    assert await jobs_in(here.viewer.workspace_id, here.judge.pk) == {mine.id}
    assert await jobs_in(stranger.workspace_id) == set()


async def test_positions_are_never_reused(store: Store) -> None:
    job = await make_job(await make_world(store))
    await store.write(add_notes(job, "a", "b"))
    newest = await store.read(events.last_position)
    await store.write(lambda c: c.execute(delete(JobEvent).where(JobEvent.position == newest)))
    await store.write(add_notes(job, "c"))

    assert await store.read(events.last_position) > newest
