"""Tests of the read batch: one transaction for the units of a turn, with errors of their own."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, event, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from models.errors import NotFound
from models.judge import Judge
from resolvers.read_batch import ReadBatch
from store.database.snapshot import snapshot
from store.database.store import Store


@pytest.fixture
def begun() -> Iterator[list[Connection]]:
    """Yield the transactions that begin from now on."""
    found: list[Connection] = []

    def add(connection: Connection) -> None:
        found.append(connection)

    event.listen(Engine, "begin", add)
    yield found
    event.remove(Engine, "begin", add)


def one(connection: Connection) -> Any:
    return connection.execute(text("SELECT 1")).scalar_one()


async def nested(read: Callable[[], Any], depth: int) -> Any:
    for _ in range(depth):
        await asyncio.sleep(0)
    return await read()


async def test_units_of_neighbouring_turns_share_a_transaction(store: Store, begun: list[Connection]) -> None:
    batch = ReadBatch(store)
    assert await asyncio.gather(*(nested(lambda: batch.read(one), depth) for depth in (0, 0, 1, 2))) == [1] * 4
    assert len(begun) == 1
    await batch.read(one)
    assert len(begun) == 2


async def test_an_error_reaches_only_its_caller(store: Store, begun: list[Connection]) -> None:
    def fail(_: Connection) -> None:
        raise NotFound("gone")

    batch = ReadBatch(store)
    first, failed, last = await asyncio.gather(*map(batch.read, (one, fail, one)), return_exceptions=True)
    assert (first, last) == (1, 1)
    assert isinstance(failed, NotFound)
    assert len(begun) == 1


async def test_units_after_a_failed_statement_are_read_in_another_transaction(store: Store) -> None:
    def fail(connection: Connection) -> None:
        connection.execute(text("SELECT * FROM nowhere"))

    batch = ReadBatch(store)
    first, failed, last = await asyncio.gather(*map(batch.read, (one, fail, one)), return_exceptions=True)
    assert (first, last) == (1, 1)
    assert isinstance(failed, DBAPIError)


async def test_a_snapshot_may_follow_another_unit(store: Store) -> None:
    batch = ReadBatch(store)
    judges = snapshot(lambda connection: connection.execute(select(Judge.pk)).all())
    assert await asyncio.gather(batch.read(one), batch.read(judges)) == [1, []]


async def test_a_cancelled_caller_does_not_affect_the_others(store: Store) -> None:
    ran: list[str] = []
    batch = ReadBatch(store)
    impatient = asyncio.create_task(batch.read(lambda _: ran.append("impatient")))
    patient = asyncio.create_task(batch.read(lambda _: ran.append("patient")))
    await asyncio.sleep(0)
    impatient.cancel()
    await patient
    assert ran == ["patient"]


async def test_the_read_is_cancelled_if_nobody_waits_for_it() -> None:
    class Slow:
        cancelled = False

        async def read(self, _: Any) -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled = True
                raise

    slow: Any = Slow()
    batch = ReadBatch(slow)
    waiting = [asyncio.create_task(batch.read(one)) for _ in range(2)]
    for _ in range(5):
        await asyncio.sleep(0)
    for task in waiting:
        assert not slow.cancelled
        task.cancel()
    await asyncio.wait(waiting)
    for _ in range(5):
        await asyncio.sleep(0)
    assert slow.cancelled
