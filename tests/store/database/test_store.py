"""Units of work: all or nothing, durable, in groups, on both databases."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError

from models.access import Workspace
from models.errors import Conflict
from store import access
from store.database.open import open_store
from store.database.rows import force_custom_plan
from store.database.signals import Topic, touch
from store.database.snapshot import snapshot
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


ENDLESS = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")


async def test_statements_of_cancelled_reads_are_interrupted(store: Store) -> None:
    endless = [asyncio.create_task(store.read(lambda c: c.execute(ENDLESS).scalar_one())) for _ in range(8)]
    await asyncio.sleep(0.1)
    for read in endless:
        read.cancel()
    await asyncio.wait(endless)

    assert all(read.cancelled() for read in endless)
    async with asyncio.timeout(60):
        assert await asyncio.gather(*(store.read(count_workspaces) for _ in range(20))) == [0] * 20


async def test_snapshot_sees_one_state_while_another_process_writes(store: Store, database_url: str) -> None:
    async def write_elsewhere() -> None:
        async with open_store(database_url) as other:
            await other.write(lambda c: access.ensure_workspace(c, "new"))

    def count_twice(connection: Connection) -> tuple[int, int]:
        before = count_workspaces(connection)
        with ThreadPoolExecutor(1) as executor:
            executor.submit(asyncio.run, write_elsewhere()).result()
        return before, count_workspaces(connection)

    assert await store.read(snapshot(count_twice)) == (0, 0)
    assert await store.read(count_workspaces) == 1
    assert await store.read_long(snapshot(count_twice)) == (1, 1)


async def test_failed_read_leaves_the_store_usable(store: Store) -> None:
    for _ in range(10):
        with pytest.raises(DBAPIError):
            await store.read(lambda c: c.execute(text("SELECT nothing FROM nowhere")))
        with pytest.raises(Conflict):
            await store.read(raise_conflict_after_reading)

    assert await store.read(count_workspaces) == 0


async def test_long_reads_do_not_delay_others(store: Store) -> None:
    endless = [asyncio.create_task(store.read_long(lambda c: c.execute(ENDLESS).scalar_one())) for _ in range(20)]
    async with asyncio.timeout(60):
        assert await asyncio.gather(*(store.read(count_workspaces) for _ in range(20))) == [0] * 20
    for read in endless:
        read.cancel()
    await asyncio.wait(endless)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_close_finishes_reads(database_url: str) -> None:
    async with open_store(database_url) as store:
        reads = [asyncio.create_task(store.read(count_workspaces)) for _ in range(20)]
        await asyncio.sleep(0)
    assert await asyncio.gather(*reads) == [0] * 20
    with pytest.raises(RuntimeError, match="closed"):
        await store.read(count_workspaces)


@pytest.mark.parametrize("database_kind", ["postgres"])
async def test_only_snapshots_and_writes_have_a_transaction_on_postgres(store: Store) -> None:
    def read_transaction_ids(connection: Connection) -> set[int]:
        return {connection.execute(text("SELECT txid_current()")).scalar_one() for _ in range(2)}

    assert len(await store.read(read_transaction_ids)) == 2
    assert len(await store.read(snapshot(snapshot(read_transaction_ids)))) == 1
    assert len(await store.read(read_transaction_ids)) == 2
    assert len(await store.write(read_transaction_ids)) == 1


@pytest.mark.parametrize("database_kind", ["postgres"])
@pytest.mark.parametrize("fails", [False, True])
async def test_custom_plans_end_with_their_block(store: Store, fails: bool) -> None:
    def read_mode(connection: Connection) -> str:
        return str(connection.execute(text("SHOW plan_cache_mode")).scalar_one())

    def read_within_block(connection: Connection) -> str:
        with force_custom_plan(connection):
            mode = read_mode(connection)
            if fails:
                raise Conflict("no")
        return mode

    for run in (store.read, store.write):
        if fails:
            with pytest.raises(Conflict):
                await run(read_within_block)
        else:
            assert await run(read_within_block) == "force_custom_plan"
        assert await run(read_mode) == "auto"


@pytest.mark.parametrize("database_kind", ["postgres"])
async def test_units_continue_after_the_connections_were_lost(store: Store, other_store: Store) -> None:
    terminate = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    for run in (store.read, store.read_long, store.write):
        await run(count_workspaces)
        assert await other_store.read(lambda c: c.execute(terminate).scalar_one()) >= 1
        assert await run(count_workspaces) == 0


@pytest.mark.parametrize("database_kind", ["postgres"])
async def test_prepared_statements_can_be_turned_off(store: Store, database_url: str) -> None:
    def count_prepared(connection: Connection) -> int:
        for _ in range(2):
            count_workspaces(connection)
        return int(connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one())

    assert await store.read(count_prepared) >= 1
    async with open_store(f"{database_url}?prepared_statement_cache_size=0") as without:
        for _ in range(3):
            assert await without.read(count_prepared) <= 1  # the one that counts
        await without.write(lambda c: access.ensure_workspace(c, "w"))


def raise_conflict_after_reading(connection: Connection) -> None:
    count_workspaces(connection)
    raise Conflict("no")


async def test_cancelled_long_reads_leave_their_connections_usable(store: Store) -> None:
    def read(connection: Connection) -> int:
        return int(connection.execute(text("SELECT 1")).scalar_one())

    for delay in (0, 0, 0.001, 0.003, 0.01):
        for _ in range(5):
            reading = asyncio.create_task(store.read_long(read))
            await asyncio.sleep(delay)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
    assert await asyncio.gather(*(store.read_long(read) for _ in range(8))) == [1] * 8
