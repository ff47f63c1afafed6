"""Migrations: they make exactly the tables that the records declare, can be undone, and may run at once."""

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
from store import access
from store.store import Store, open_store

FULL_TEXT = ("evaluation_texts", "feedback_texts")


def downgrade(connection: Connection) -> None:
    config = Config()
    [folder] = store.migrations.__path__
    config.set_main_option("script_location", str(Path(folder)))
    config.attributes["connection"] = connection
    command.downgrade(config, "base")


def tables(connection: Connection) -> set[str]:
    """All but those of the full text, which each database keeps in its own way."""
    return {name for name in inspect(connection).get_table_names() if not name.startswith(FULL_TEXT)}


def is_full_text(name: str | None, kind: str) -> bool:
    return kind == "table" and (name or "").startswith(FULL_TEXT)


@pytest.fixture
async def empty(empty_database_url: str) -> AsyncIterator[Store]:
    async with open_store(empty_database_url) as opened:
        yield opened


async def test_from_nothing_to_exactly_what_the_records_declare(empty: Store) -> None:
    await empty.migrate()

    def difference(connection: Connection) -> list[object]:
        ours = {"compare_type": True, "include_name": lambda name, kind, _: not is_full_text(name, kind)}
        context = MigrationContext.configure(connection, opts=ours)
        return list(compare_metadata(context, Base.metadata))

    assert await empty.read(difference) == []


async def test_downgrade_leaves_nothing_of_ours_and_upgrade_brings_it_back(empty: Store) -> None:
    await empty.migrate()
    await empty.write(downgrade)

    assert await empty.read(tables) == {"alembic_version"}

    await empty.migrate()

    assert await empty.read(tables) == {*Base.metadata.tables, "alembic_version"}


async def test_migrating_again_harms_nothing(empty: Store) -> None:
    await empty.migrate()
    kept = await empty.write(lambda c: access.ensure_workspace(c, "kept"))
    await empty.migrate()

    assert (await empty.write(lambda c: access.ensure_workspace(c, "kept"))).id == kept.id


async def test_several_processes_may_migrate_at_once(empty: Store, empty_database_url: str) -> None:
    async with open_store(empty_database_url) as second, open_store(empty_database_url) as third:
        await asyncio.gather(empty.migrate(), second.migrate(), third.migrate())

        assert await third.read(tables) == {*Base.metadata.tables, "alembic_version"}


async def test_a_new_file_that_another_process_is_writing_to_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("CREATE TABLE theirs (id INTEGER)")
        async with open_store(f"sqlite+aiosqlite:///{path}") as store:
            migration = asyncio.create_task(store.migrate())
            await asyncio.sleep(0.3)
            other.execute("COMMIT")
            await migration

            assert await store.read(tables) == {*Base.metadata.tables, "alembic_version", "theirs"}


def test_migrations_name_the_databases_own_types_so_that_they_outlive_ours() -> None:
    [folder] = store.migrations.__path__
    scripts = list(Path(folder).glob("versions/*.py"))

    assert scripts
    assert not [script.name for script in scripts if "models" in script.read_text(encoding="utf-8")]
