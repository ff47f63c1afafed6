"""Tests of shared results: equal requests of subscribers with equal roles share one execution of an update."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from strawberry import Schema

from models.access import Role
from resolvers.subscriptions import JobUpdate
from schema.execution.shared_results import MAX_CACHED_RESULTS
from tests.schema.records import ANN
from tests.schema.test_subscription import update

STATUS = "subscription($id: ID!) { trainingJobStatus(jobId: $id) { cursor trainingJob { createdBy { name } } } }"
UPDATES = 3


@pytest.fixture(autouse=True)
def _shared(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = [update(number) for number in range(UPDATES)]

    async def job_status(_context: Any, *_arguments: Any) -> AsyncIterator[JobUpdate]:
        for one in shared:
            yield one
            await asyncio.sleep(0)

    monkeypatch.setattr("resolvers.subscriptions.follow_job", job_status)


@pytest.fixture
def loads(context: Any) -> list[str]:
    """Return the loads of users so far."""
    loaded: list[str] = []

    async def load(user_id: str, *_: Any) -> Any:
        loaded.append(user_id)
        await asyncio.sleep(0.01)
        return ANN

    context.loaders.users = SimpleNamespace(load=load)
    return loaded


async def follow(schema: Schema, context: Any, job: str = "job_1") -> list[Any]:
    results: Any = await schema.subscribe(STATUS, variable_values={"id": job}, context_value=context)
    return [result.data async for result in results]


def other(context: Any, **changes: Any) -> Any:
    return SimpleNamespace(**vars(context) | {"viewer": replace(context.viewer, **changes)})


async def test_equal_requests_share_one_execution(schema: Schema, context: Any, loads: list[str]) -> None:
    colleague = other(context, user_id="usr_ben", key_id="key_2")
    seen = await asyncio.gather(*(follow(schema, who) for who in [context, colleague] * 5))

    assert [one["trainingJobStatus"]["cursor"] for one in seen[0]] == ["c0", "c1", "c2"]
    assert seen == [seen[0]] * 10
    assert len(loads) == UPDATES


@pytest.mark.parametrize("changes", [{"role": Role.VIEWER}, {"workspace_id": "wsp_2"}])
async def test_other_roles_do_not_share_an_execution(
    schema: Schema, context: Any, loads: list[str], changes: dict[str, Any]
) -> None:
    await asyncio.gather(follow(schema, context), follow(schema, other(context, **changes)))

    assert len(loads) == 2 * UPDATES


async def test_requests_beyond_the_cache_are_executed(schema: Schema, context: Any, loads: list[str]) -> None:
    asked = [f"job_{n}" for n in range(MAX_CACHED_RESULTS + 2)]
    seen = await asyncio.gather(*(follow(schema, context, job) for job in asked))

    assert seen == [seen[0]] * len(asked)
    assert len(loads) == UPDATES * len(asked)


async def test_a_cancelled_subscriber_does_not_cancel_the_shared_execution(
    schema: Schema, context: Any, loads: list[str]
) -> None:
    first, staying = [asyncio.create_task(follow(schema, context)) for _ in range(2)]
    await asyncio.sleep(0.005)  # the first is waiting for what it began to load
    first.cancel()

    assert len(await staying) == UPDATES
