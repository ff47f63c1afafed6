"""Following a job's log: everything once and in order, whatever the process's own tail has heard of."""

import asyncio

import pytest

from models.job import EventKind
from models.state import JobStatus
from resolvers.context import Context
from resolvers.status import CHUNK, job_status
from runner.insight import Insight
from runner.manager import Manager
from runner.scoring import Scorer
from store import jobs
from store.events import NewEvent, cursor_of
from store.store import Store
from store.tail import Tail
from tests.factories import log_of, make_job, make_world

MANY = 2 * CHUNK + 10


@pytest.fixture
def slow_tail(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tail that knows where the log ended, and hears nothing more."""

    async def nothing(_tail: Tail) -> bool:
        return False

    monkeypatch.setattr(Tail, "_read_on", nothing)


async def watch(store: Store, context: Context, job_id: str, after: str | None = None) -> list[str]:
    async with asyncio.timeout(20):
        return [update.cursor async for update in job_status(context, job_id, after)]


@pytest.mark.usefixtures("slow_tail")
async def test_a_job_that_is_over_is_told_to_its_end_also_while_the_tail_lags_behind(store: Store) -> None:
    world = await make_world(store)
    job = await make_job(world)
    with store.tail.follow() as somebody_else:  # watches since before most of it happened
        assert await somebody_else.wait(20)
        notes = [NewEvent(EventKind.NOTE, f"Note {number}.") for number in range(MANY)]
        await store.write(lambda c: jobs.log(c, job, notes))
        await store.write(lambda c: jobs.transition(c, job, JobStatus.CANCELLED, "The job was cancelled."))
        context = Context(world.viewer, store, Manager(store), Scorer(store), Insight(store.url))
        cursors = [cursor_of(event) for event in await log_of(store, job)]

        assert await watch(store, context, job.id) == cursors
        assert await watch(store, context, job.id, cursors[CHUNK]) == cursors[CHUNK + 1 :]
        assert await watch(store, context, job.id, cursors[-1]) == []
