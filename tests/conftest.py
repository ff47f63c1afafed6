"""What all tests share: real databases of both kinds, each test with one of its own."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from store.store import Store, open_store
from tests.postgres import postgres, run_sql

_numbers = itertools.count()
_TEMPLATE = "judgesmith_template"


@pytest.fixture(scope="session")
def postgres_address() -> Iterator[str]:
    """A PostgreSQL server with a template that holds our tables."""
    with postgres() as address:
        asyncio.run(_make_template(address))
        yield address


async def _make_template(address: str) -> None:
    await run_sql(address, f"CREATE DATABASE {_TEMPLATE}")
    async with open_store(f"{address}/{_TEMPLATE}") as store:
        await store.migrate()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database with our tables and nothing in them; each test runs on both kinds."""
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'judgesmith.sqlite'}"
        asyncio.run(_migrate(url))
        return url
    address = request.getfixturevalue("postgres_address")
    name = f"judgesmith_{next(_numbers)}"
    asyncio.run(run_sql(address, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}"))
    return f"{address.replace('postgresql:', 'postgresql+asyncpg:')}/{name}"


async def _migrate(url: str) -> None:
    async with open_store(url) as store:
        await store.migrate()


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """An open store on a fresh database."""
    async with open_store(database_url) as opened:
        yield opened
