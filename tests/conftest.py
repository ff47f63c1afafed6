"""What all tests share: real databases of both kinds, each test with one of its own."""

import os

# As in training processes: the same bits everywhere, and no threads that fight for the cores. Before numpy is there.
os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from models import access, evaluation, feedback, job, judge  # noqa: F401
from models.base import Base
from store.database.open import open_store
from store.database.store import Store
from tests.factories import migrate
from tests.postgres import postgres, run_sql

_numbers = itertools.count()
_TEMPLATE = "judgesmith_template"
_EMPTY = "SET session_replication_role = replica;" + "".join(f"DELETE FROM {t};" for t in Base.metadata.tables)
_free: list[str] = []  # PostgreSQL databases of tests that are over: to empty one is faster than to make one


@pytest.fixture(scope="session")
def postgres_address() -> Iterator[str]:
    """A PostgreSQL server with a template that holds our tables."""
    with postgres() as server:
        address = server.address
        asyncio.run(run_sql(address, f"CREATE DATABASE {_TEMPLATE}"))
        asyncio.run(migrate(f"{address}/{_TEMPLATE}"))
        yield address


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database that holds our tables."""
    path = tmp_path_factory.mktemp("template") / "judgesmith.sqlite"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{path}"))
    return path


def make_database(request: pytest.FixtureRequest, kind: str, folder: Path, *, empty: bool = False) -> str:
    """The address of a new database of a kind, with our tables or with none."""
    name = f"judgesmith_{next(_numbers)}"
    if kind == "sqlite":
        path = folder / f"{name}.sqlite"
        if not empty:
            shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite+aiosqlite:///{path}"
    address: str = request.getfixturevalue("postgres_address")
    asyncio.run(run_sql(address, f"CREATE DATABASE {name} TEMPLATE {'template0' if empty else _TEMPLATE}"))
    return f"{address}/{name}".replace("postgresql:", "postgresql+asyncpg:")


@pytest.fixture(params=["sqlite", "postgres"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Each test that uses a database runs on both kinds."""
    kind: str = request.param
    return kind


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database with our tables and nothing in them."""
    if database_kind == "sqlite":
        yield make_database(request, "sqlite", tmp_path)
        return
    url = _free.pop() if _free else make_database(request, "postgres", tmp_path)
    yield url
    address, name = url.replace("+asyncpg:", ":").rsplit("/", 1)
    asyncio.run(run_sql(address, _EMPTY, database=name))
    _free.append(url)


@pytest.fixture
def empty_database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without our tables."""
    return make_database(request, database_kind, tmp_path, empty=True)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """An open store on a fresh database."""
    async with open_store(database_url) as opened:
        yield opened


@pytest.fixture
async def other_store(store: Store, database_url: str) -> AsyncIterator[Store]:
    """Another store on the same database, as another process would have it."""
    async with open_store(database_url) as opened:
        yield opened
