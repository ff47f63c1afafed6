"""Fixtures for all tests: SQLite and PostgreSQL databases, a separate one for each test."""

import os

# As in training processes: reproducible results, and no threads that compete for the cores. Must precede numpy.
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
from tests.postgres import run_postgres, run_sql

_numbers = itertools.count()
_TEMPLATE = "judgesmith_template"
_DELETE_ALL_ROWS = "SET session_replication_role = replica;" + "".join(
    f"DELETE FROM {t};" for t in Base.metadata.tables
)
_unused: list[str] = []  # PostgreSQL databases of finished tests: emptying is faster than creating


@pytest.fixture(scope="session")
def postgres_address() -> Iterator[str]:
    """Run a PostgreSQL server with a migrated template database."""
    with run_postgres() as server:
        address = server.address
        asyncio.run(run_sql(address, f"CREATE DATABASE {_TEMPLATE}"))
        asyncio.run(migrate(f"{address}/{_TEMPLATE}"))
        yield address


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated SQLite database to copy."""
    path = tmp_path_factory.mktemp("template") / "judgesmith.sqlite"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{path}"))
    return path


def make_database(request: pytest.FixtureRequest, kind: str, folder: Path, *, empty: bool = False) -> str:
    """Create a database and return its URL.

    Args:
        request: gives access to the template of the kind.
        kind: `sqlite` or `postgres`.
        folder: folder for an SQLite file.
        empty: create no tables.
    """
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
    """Return the kind of database; each test that uses a database runs on both."""
    kind: str = request.param
    return kind


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a migrated database without rows.

    Args:
        database_kind: kind of the database.
        request: gives access to the template of the kind.
        tmp_path: folder for an SQLite file.
    """
    if database_kind == "sqlite":
        yield make_database(request, "sqlite", tmp_path)
        return
    url = _unused.pop() if _unused else make_database(request, "postgres", tmp_path)
    yield url
    address, name = url.replace("+asyncpg:", ":").rsplit("/", 1)
    asyncio.run(run_sql(address, _DELETE_ALL_ROWS, database=name))
    _unused.append(url)


@pytest.fixture
def empty_database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database without tables.

    Args:
        database_kind: kind of the database.
        request: gives access to the template of the kind.
        tmp_path: folder for an SQLite file.
    """
    return make_database(request, database_kind, tmp_path, empty=True)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """Open a store on a new database."""
    async with open_store(database_url) as opened:
        yield opened


@pytest.fixture
async def other_store(store: Store, database_url: str) -> AsyncIterator[Store]:
    """Open a second store on the same database, as another process would."""
    async with open_store(database_url) as opened:
        yield opened
