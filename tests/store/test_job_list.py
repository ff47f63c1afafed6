"""List of jobs: the filters agree with a check of every job, and pages together are the whole list in order."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from models.base import now
from models.errors import Invalid
from models.job import TrainingJob, TrainingType
from models.job_status import JobStatus
from store import access, job_list, jobs
from store.database.keyset import encode_cursor
from store.database.store import Store
from store.job_list import JobFilter
from tests.factories import World, make_job, make_world

START = now()
ENDED = (JobStatus.CREATED, JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)


async def make_jobs(world: World, rng: random.Random, number: int, creators: list[str]) -> list[TrainingJob]:
    """Create jobs of random kinds, several of them at the same moment and not in the order of their ids."""
    made = []
    for _ in range(number):
        job = await make_job(world, created_by=rng.choice(creators), training_type=rng.choice(list(TrainingType)))
        moment = START + timedelta(seconds=rng.randint(0, 5))
        change = update(TrainingJob).where(TrainingJob.id == job.id)
        await world.store.write(
            lambda c, change=change, moment=moment: c.execute(
                change.values(status=rng.choice(ENDED), created_at=moment)
            )
        )
        made.append(await world.store.read(lambda c, job=job: jobs.get_job_or_raise(c, job.workspace_id, job.id)))
    return made


async def read_ids(world: World, wanted: JobFilter, first: int) -> list[str]:
    """Return the ids of all pages of a list."""
    store, workspace_id = world.store, world.viewer.workspace_id
    found: list[str] = []
    after = None
    while True:
        page = await store.read(lambda c, after=after: job_list.fetch_page(c, workspace_id, wanted, first, after))
        assert page.has_previous is (after is not None)
        assert len(page.rows) == first or not page.has_next
        found += [job.id for job in page.rows]
        if not page.has_next:
            return found
        after = page.cursors[-1]


async def test_filters_agree_with_a_check_of_every_job(store: Store) -> None:
    rng = random.Random(3)
    world = await make_world(store)
    sibling = World(store, world.viewer, world.key, (await make_world(store)).judge, world.criteria)
    other = await make_world(store, workspace="other")
    workspace_id = world.viewer.workspace_id
    ben = await store.write(lambda c: access.ensure_user(c, workspace_id, "ben"))
    creators = [world.viewer.user_id, ben.id]
    made = [*await make_jobs(world, rng, 30, creators), *await make_jobs(sibling, rng, 10, creators)]
    strangers = await make_jobs(other, rng, 5, [other.viewer.user_id])
    names = {world.judge.pk: world.judge.id, sibling.judge.pk: sibling.judge.id}
    parts: list[Callable[[], dict[str, Any]]] = [
        lambda: {"judge_id": rng.choice([*names.values(), other.judge.id])},
        lambda: {"statuses": tuple(rng.choices(ENDED, k=rng.randint(0, 3)))},
        lambda: {"training_types": tuple(rng.choices(list(TrainingType), k=rng.randint(0, 3)))},
        lambda: {"created_by": rng.choice([*creators, other.viewer.user_id])},
        lambda: {"created_after": START + timedelta(seconds=rng.randint(0, 4))},
        lambda: {"created_before": START + timedelta(seconds=rng.randint(2, 6))},
    ]
    filters = [JobFilter(), *(JobFilter(**part()) for part in parts)]
    filters += [JobFilter(**{k: v for p in rng.sample(parts, 2) for k, v in p().items()}) for _ in range(20)]
    for wanted in filters:
        expected = [
            job
            for job in made
            if wanted.judge_id in (None, names[job.judge_pk])
            and (wanted.statuses is None or job.status in wanted.statuses)
            and (wanted.training_types is None or job.training_type in wanted.training_types)
            and wanted.created_by in (None, job.created_by)
            and (wanted.created_after is None or job.created_at >= wanted.created_after)
            and (wanted.created_before is None or job.created_at < wanted.created_before)
        ]
        expected.sort(key=lambda job: (job.created_at, job.id), reverse=True)
        for first in (4, 100):
            assert await read_ids(world, wanted, first) == [job.id for job in expected], wanted
        counted = await store.read(lambda c, wanted=wanted: job_list.count_jobs(c, workspace_id, wanted))
        assert counted == len(expected), wanted
    assert strangers


async def test_added_jobs_shift_no_page(store: Store) -> None:
    world = await make_world(store)
    made = [(await make_job(world)).id for _ in range(6)]
    workspace_id = world.viewer.workspace_id
    first = await store.read(lambda c: job_list.fetch_page(c, workspace_id, JobFilter(), 4, None))
    await make_job(world)
    second = await store.read(lambda c: job_list.fetch_page(c, workspace_id, JobFilter(), 4, first.cursors[-1]))

    assert [job.id for job in (*first.rows, *second.rows)] == made[::-1]


@pytest.mark.parametrize("key", ["job_none", "x", "other"])
async def test_cursor_that_is_no_job_of_the_workspace_is_rejected(store: Store, key: str) -> None:
    world = await make_world(store)
    stranger = await make_job(await make_world(store, workspace="other"))
    cursor = encode_cursor(job_list.CURSOR_KIND, stranger.id if key == "other" else key)

    with pytest.raises(Invalid):
        await store.read(lambda c: job_list.fetch_page(c, world.viewer.workspace_id, JobFilter(), 5, cursor))


@pytest.mark.parametrize("first", [0, -1, 10_000])
async def test_page_size_is_limited(store: Store, first: int) -> None:
    with pytest.raises(Invalid):
        await store.read(lambda c: job_list.fetch_page(c, "wsp_none", JobFilter(statuses=()), first, None))
