"""Tests of subscriptions: items are sent in order, and invalid arguments reject the subscription."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from strawberry import Schema
from strawberry.types.execution import PreExecutionError
from structlog.testing import capture_logs

from models.errors import NotFound
from models.job import EventKind, JobEvent
from models.stored.events import NoteBody
from models.stored.json_column import StoredVariant
from resolvers.subscriptions import JobUpdate
from tests.schema.records import MOMENT
from tests.schema.types.test_types import job

STATUS = 'subscription { trainingJobStatus(jobId: "job_1", after: "x") { cursor event { id message } } }'


def update(number: int) -> JobUpdate:
    event = JobEvent(
        position=number, kind=EventKind.NOTE, at=MOMENT, message=f"Note {number}.", body=StoredVariant.of(NoteBody())
    )
    return JobUpdate(f"c{number}", event, job(), {})


def shown(number: int) -> dict[str, Any]:
    return {
        "trainingJobStatus": {"cursor": f"c{number}", "event": {"id": f"evt_{number}", "message": f"Note {number}."}}
    }


async def test_updates_are_sent_in_order_until_the_stream_ends(
    schema: Schema, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def job_status(_context: Any, *arguments: Any) -> AsyncIterator[JobUpdate]:
        asked.append(arguments)
        for number in range(3):
            yield update(number)

    monkeypatch.setattr("resolvers.subscriptions.follow_job", job_status)
    results: list[Any] = [result async for result in await schema.subscribe(STATUS, context_value=context)]
    assert asked == [("job_1", "x", ())]
    assert [(result.errors, result.data) for result in results] == [(None, shown(number)) for number in range(3)]


async def test_an_ended_stream_sends_nothing(schema: Schema, context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def job_status(_context: Any, *_arguments: Any) -> AsyncIterator[JobUpdate]:
        return
        yield

    monkeypatch.setattr("resolvers.subscriptions.follow_job", job_status)
    assert [result async for result in await schema.subscribe(STATUS, context_value=context)] == []


async def test_invalid_arguments_reject_the_subscription(
    schema: Schema, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def job_status(_context: Any, *_arguments: Any) -> AsyncIterator[JobUpdate]:
        raise NotFound("There is no such job.", ("job_id",))
        yield

    monkeypatch.setattr("resolvers.subscriptions.follow_job", job_status)
    (result,) = [result async for result in await schema.subscribe(STATUS, context_value=context)]
    assert isinstance(result, PreExecutionError)
    assert [error.extensions for error in result.errors or ()] == [{"code": "NOT_FOUND", "field": ["jobId"]}]


async def test_an_unexpected_error_in_a_stream_is_masked_and_ends_it(
    schema: Schema, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def job_status(_context: Any, *_arguments: Any) -> AsyncIterator[JobUpdate]:
        yield update(0)
        raise RuntimeError("password is 1234")

    monkeypatch.setattr("resolvers.subscriptions.follow_job", job_status)
    with capture_logs() as logs:
        results: list[Any] = [result async for result in await schema.subscribe(STATUS, context_value=context)]
    first, last = results
    assert first.data == shown(0)
    assert [error.extensions["code"] for error in last.errors or ()] == ["INTERNAL"]
    assert len(logs) == 1


async def test_unsubscribing_closes_the_source(schema: Schema, context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []

    async def job_status(_context: Any, *_arguments: Any) -> AsyncIterator[JobUpdate]:
        try:
            for number in range(100):
                yield update(number)
        finally:
            closed.append(True)

    monkeypatch.setattr("resolvers.subscriptions.follow_job", job_status)
    stream = await schema.subscribe(STATUS, context_value=context)
    await anext(stream)
    await stream.aclose()
    assert closed == [True]
