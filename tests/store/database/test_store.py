"""Units of work: all or nothing, durable, in groups, on both databases."""

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import Connection, func, select, text

from models.access import Workspace
from models.errors import Conflict
from store import access
from store.database.open import open_store
from store.database.signals import Topic, touch
from store.database.store import Store


def count_workspaces(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(Workspace)).scalar_one()


async def test_failed_unit_is_rolled_back_without_affecting_others_in_its_group(store: Store) -> None:
    def fails(connection: Connection) -> None:
        access.ensure_workspace(connection, "half")
        raise Conflict("no")

    writes = [store.write(lambda c, n=n: access.ensure_workspace(c, f"w{n}")) for n in range(20)]
    results = await asyncio.gather(*writes, store.write(fails), return_exceptions=True)

    assert isinstance(results[-1], Conflict)
    assert await store.read(count_workspaces) == 20


async def test_written_rows_are_visible_to_another_process(store: Store, database_url: str) -> None:
    await store.write(lambda c: access.ensure_workspace(c, "kept"))

    async with open_store(database_url) as other:
        assert await other.read(count_workspaces) == 1


async def test_concurrent_creation_of_the_same_name_makes_one_workspace(store: Store, database_url: str) -> None:
    async with open_store(database_url) as other:
        found = await asyncio.gather(
            *(s.write(lambda c: access.ensure_workspace(c, "one")) for s in (store, other) for _ in range(10))
        )

    assert len({workspace.id for workspace in found}) == 1


async def test_cancelled_reads_leave_the_store_usable(store: Store) -> None:
    counting = text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT max(i) FROM n"
    )

    async def cut_off() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(0.005):
                await store.read(lambda connection: connection.execute(counting).scalar_one())

    for _ in range(4):
        await asyncio.gather(*(cut_off() for _ in range(8)))

    assert await asyncio.gather(*(store.read(count_workspaces) for _ in range(20))) == [0] * 20
    await store.write(lambda connection: access.ensure_workspace(connection, "after"))
    assert await store.read(count_workspaces) == 1


@pytest.mark.parametrize("own", [True, False])
async def test_commit_wakes_listeners_in_this_and_in_another_process(
    store: Store, database_url: str, own: bool
) -> None:
    async with open_store(database_url) as other:
        listening = store if own else other
        with listening.signals.listen(Topic.FEEDBACK) as listener:
            await listener.wait(0.3)  # consume the signals of the start
            writing = asyncio.create_task(
                store.write(lambda c: (touch(c, Topic.FEEDBACK), access.ensure_workspace(c, "w")))
            )
            assert await listener.wait(60)
            await writing


async def test_readers_cannot_write(store: Store) -> None:
    if not store.embedded:
        pytest.skip("only the embedded readers are read-only")
    with pytest.raises(Exception, match="readonly"):
        await store.read(lambda c: access.ensure_workspace(c, "x"))


@pytest.mark.parametrize("url", ["sqlite+aiosqlite:///:memory:", "mysql://x/y", "nonsense", "sqlite+aiosqlite://"])
def test_unusable_database_address_is_rejected_with_a_message(url: str) -> None:
    with pytest.raises(ValueError, match=r"database|file|supports"):
        open_store(url)
