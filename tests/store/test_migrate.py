"""Migrations: they create exactly the declared tables, can be reverted, and may run concurrently."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

import store.migrations
from models.base import Base
from models.job_status import JobStatus
from models.specs.listings import EvaluationFilter
from store import access, jobs, judges, listings
from store.counters import recount, totals
from store.database.open import open_store
from store.database.store import Store
from store.migrate import migrate_store
from tests.factories import add_corrections, add_evaluations, make_job, make_world, new_feedback, submit

FULL_TEXT = ("evaluation_texts", "feedback_texts")


def downgrade(connection: Connection, to: str = "base") -> None:
    config = Config()
    [folder] = store.migrations.__path__
    config.set_main_option("script_location", str(Path(folder)))
    config.attributes["connection"] = connection
    command.downgrade(config, to)


def tables(connection: Connection) -> set[str]:
    """Return the tables except those of the full-text index, which differ between the databases."""
    return {name for name in inspect(connection).get_table_names() if not name.startswith(FULL_TEXT)}


def is_full_text(name: str | None, kind: str) -> bool:
    return kind == "table" and (name or "").startswith(FULL_TEXT)


@pytest.fixture
async def empty(empty_database_url: str) -> AsyncIterator[Store]:
    async with open_store(empty_database_url) as opened:
        yield opened


async def test_migrations_create_exactly_the_declared_tables(empty: Store) -> None:
    await migrate_store(empty)

    def difference(connection: Connection) -> list[object]:
        ours = {"compare_type": True, "include_name": lambda name, kind, _: not is_full_text(name, kind)}
        context = MigrationContext.configure(connection, opts=ours)
        return list(compare_metadata(context, Base.metadata))

    assert await empty.read(difference) == []


async def test_downgrade_drops_all_tables_and_upgrade_recreates_them(empty: Store) -> None:
    await migrate_store(empty)
    await empty.write(downgrade)

    assert await empty.read(tables) == {"alembic_version"}

    await migrate_store(empty)

    assert await empty.read(tables) == {*Base.metadata.tables, "alembic_version"}


async def test_repeated_migration_keeps_the_data(empty: Store) -> None:
    await migrate_store(empty)
    kept = await empty.write(lambda c: access.ensure_workspace(c, "kept"))
    await migrate_store(empty)

    assert (await empty.write(lambda c: access.ensure_workspace(c, "kept"))).id == kept.id


async def test_migration_fills_sequence_numbers_counters_and_words_of_old_rows(store: Store) -> None:
    """Use two judges, and more rows than one portion of the migration."""
    worlds = [await make_world(store), await make_world(store)]
    for world, number in zip(worlds, (5_001, 3), strict=True):
        rows = await add_evaluations(world, number)
        await add_corrections(world, rows[::1000])
        await submit(world, new_feedback(rows[-1], rating=5, by="cy"))

    filters = [
        EvaluationFilter(),
        EvaluationFilter(rater="cy"),
        EvaluationFilter(search="output 2"),
        EvaluationFilter(criterion=0),
    ]

    def seen(connection: Connection) -> list[object]:
        found: list[object] = []
        for pk in (world.judge.pk for world in worlds):
            found.append(judges.get_judge_by_pk(connection, pk))
            found += [listings.list_evaluations(connection, pk, wanted, 50, None).rows for wanted in filters]
        return found

    before = await store.read(seen)
    await store.write(lambda c: downgrade(c, "0001"))
    await migrate_store(store)

    assert await store.read(seen) == before
    assert await store.read(recount.find_mismatches) == []


async def test_migration_fills_totals_of_old_jobs_and_deliveries(store: Store) -> None:
    world = await make_world(store)
    ended = await make_job(world, options={"webhook_url": "https://example.org"})
    await make_job(world, start=False)
    await make_job(world)
    await store.write(lambda c: jobs.transition(c, ended, JobStatus.CANCELLED, "Cancelled."))
    await store.write(lambda c: downgrade(c, "0004"))
    await migrate_store(store)

    assert await store.read(recount.find_mismatches) == []
    assert sum((await store.read(totals.count_jobs)).values()) == 3
    assert sum((await store.read(totals.count_deliveries)).values()) == 1


async def test_several_processes_may_migrate_at_the_same_time(empty: Store, empty_database_url: str) -> None:
    async with open_store(empty_database_url) as second, open_store(empty_database_url) as third:
        await asyncio.gather(migrate_store(empty), migrate_store(second), migrate_store(third))

        assert await third.read(tables) == {*Base.metadata.tables, "alembic_version"}


async def test_migration_waits_for_another_process_that_writes_to_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("CREATE TABLE theirs (id INTEGER)")
        async with open_store(f"sqlite+aiosqlite:///{path}") as store:
            migration = asyncio.create_task(migrate_store(store))
            await asyncio.sleep(0.3)
            other.execute("COMMIT")
            await migration

            assert await store.read(tables) == {*Base.metadata.tables, "alembic_version", "theirs"}


def test_migrations_do_not_import_models() -> None:
    [folder] = store.migrations.__path__
    scripts = list(Path(folder).glob("versions/*.py"))

    assert scripts
    assert not [script.name for script in scripts if "models" in script.read_text(encoding="utf-8")]
