"""Tests of following a job's log: every event once and in order, also while the process's tail lags behind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from models.job import EventKind
from models.job_status import JobStatus
from resolvers.context import Context
from resolvers.subscriptions import JobUpdate, follow_job
from runner.analysis.service import AnalysisService
from runner.jobs.manager import JobManager
from runner.versions.scorer import Scorer
from store import jobs
from store.database.store import Store
from store.event_log.events import NewEvent, encode_event_cursor
from store.event_log.feed import EventFeed
from store.event_log.replay import PAGE_SIZE
from store.event_log.tail import Tail
from tests.factories import World, log_of, make_job, make_world

MANY = 2 * PAGE_SIZE + 10


@pytest.fixture
def slow_tail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tail that knows the end of the log and receives no more entries."""

    async def nothing(_tail: Tail) -> bool:
        return False

    monkeypatch.setattr(Tail, "_read_more", nothing)


@pytest.fixture
async def feed(store: Store) -> AsyncIterator[EventFeed]:
    opened = EventFeed(store)
    yield opened
    await opened.close()


def make_context(world: World, feed: EventFeed) -> Context:
    store = world.store
    return Context(world.viewer, store, feed, JobManager(store), Scorer(store), AnalysisService(store.url))


async def watch(store: Store, context: Context, job_id: str, after: str | None = None) -> list[str]:
    async with asyncio.timeout(20):
        return [update.cursor async for update in follow_job(context, job_id, after)]


@pytest.mark.usefixtures("slow_tail")
async def test_an_ended_job_is_replayed_completely_while_the_tail_lags_behind(store: Store, feed: EventFeed) -> None:
    world = await make_world(store)
    job = await make_job(world)
    with feed.tail.follow() as somebody_else:  # watches since before most of it happened
        assert await somebody_else.wait(20)
        notes = [NewEvent(EventKind.NOTE, f"Note {number}.") for number in range(MANY)]
        await store.write(lambda c: jobs.log_events(c, job, notes))
        await store.write(lambda c: jobs.transition(c, job, JobStatus.CANCELLED, "The job was cancelled."))
        context = make_context(world, feed)
        cursors = [encode_event_cursor(event) for event in await log_of(store, job)]

        assert await watch(store, context, job.id) == cursors
        assert await watch(store, context, job.id, cursors[PAGE_SIZE]) == cursors[PAGE_SIZE + 1 :]
        assert await watch(store, context, job.id, cursors[-1]) == []


async def test_concurrent_replays_share_one_read(store: Store, feed: EventFeed) -> None:
    world = await make_world(store)
    job = await make_job(world)
    await store.write(lambda c: jobs.log_events(c, job, [NewEvent(EventKind.NOTE, f"Note {n}.") for n in range(MANY)]))
    cursors = [encode_event_cursor(event) for event in await log_of(store, job)]
    context = make_context(world, feed)

    async def follow() -> list[tuple[str, int]]:
        async with asyncio.timeout(20), aclosing(follow_job(context, job.id, None)) as updates:
            return [(update.cursor, id(update.result_cache)) async for _, update in azip(cursors, updates)]

    several = await asyncio.gather(*(follow() for _ in range(5)))
    assert [[cursor for cursor, _ in seen] for seen in several] == [cursors] * 5
    assert all(
        seen[:PAGE_SIZE] == several[0][:PAGE_SIZE] for seen in several
    )  # what is made of an event is shared as well


async def test_a_cached_page_hides_no_event_from_a_later_subscriber(store: Store, feed: EventFeed) -> None:
    world = await make_world(store)
    job = await make_job(world)
    context = make_context(world, feed)
    async with aclosing(follow_job(context, job.id, None)) as updates:
        assert (await anext(updates)).job.status is JobStatus.QUEUED  # the page is read, and kept for a moment
    async with aclosing(follow_job(context, job.id, None)) as follower:
        await anext(follower)
        await store.write(lambda c: jobs.transition(c, job, JobStatus.CANCELLED, "The job was cancelled."))
        cursors = [encode_event_cursor(event) for event in await log_of(store, job)]
        assert await watch(store, context, job.id) == cursors
        async with asyncio.timeout(20):
            assert [update.cursor async for update in follower] == cursors[1:]


async def azip(names: list[str], stream: AsyncIterator[JobUpdate]) -> AsyncIterator[tuple[str, JobUpdate]]:
    """Return as many items of a stream as there are names."""
    for name in names:
        yield name, await anext(stream)
