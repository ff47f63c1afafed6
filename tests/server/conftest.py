"""Servers for the whole session, and a separate workspace for each test that needs one."""

import asyncio
import itertools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_client_schema, get_introspection_query

from models.access import Role
from store import access
from store.access import hash_secret
from store.database.open import open_store
from tests.postgres import run_sql
from tests.server.api import Api
from tests.server.populated_workspace import MARK, TwoWorkspaces, populate
from tests.server.processes import Server, run_command, run_server
from tests.server.scenarios import Trained, train_a_judge

LEASE_SECONDS = "120"  # no job loses its claim on a busy machine
_numbers = itertools.count()

Enter = Callable[..., Api]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server on an embedded database that runs training jobs."""
    with run_server(tmp_path_factory.mktemp("server"), lease_seconds=LEASE_SECONDS) as started:
        yield started


@pytest.fixture(scope="session")
def quiet_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server on an embedded database without a worker, so that training jobs keep their status."""
    with run_server(tmp_path_factory.mktemp("quiet"), "--no-runner") as started:
        yield started


@pytest.fixture(scope="session")
def postgres_server(postgres_address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server on PostgreSQL that runs training jobs."""
    name = f"served_{next(_numbers)}"
    asyncio.run(run_sql(postgres_address, f"CREATE DATABASE {name}"))
    url = f"{postgres_address.replace('postgresql:', 'postgresql+asyncpg:')}/{name}"
    with run_server(tmp_path_factory.mktemp("postgres"), database_url=url, lease_seconds=LEASE_SECONDS) as started:
        yield started


def make_key(
    server: Server, *, workspace: str, role: Role = Role.ADMIN, user: str = "ann", expires_at: datetime | None = None
) -> str:
    """Create a key in the database of a running server and return its secret.

    Args:
        server: the server.
        workspace: name of the workspace, which is created if it does not exist.
        role: role of the key.
        user: name of the key's user.
        expires_at: time at which the key expires, if any.
    """

    async def make() -> str:
        async with open_store(server.database_url) as store:
            key = await store.write(
                lambda c: access.create_key(c, workspace=workspace, user=user, role=role, expires_at=expires_at)
            )
            return key.secret

    return asyncio.run(make())


def update_key(server: Server, key: str | None, change: str = "revoked_at = 1") -> None:
    """Change a key in the database of a server on an embedded database.

    Args:
        server: the server.
        key: secret of the key.
        change: assignments of the SQL statement.
    """
    assert key is not None
    with closing(sqlite3.connect(server.data_dir / "judgesmith.sqlite")) as database:
        database.execute(f"UPDATE api_keys SET {change} WHERE digest = ?", (hash_secret(key),))
        database.commit()


@pytest.fixture(scope="session")
def enter() -> Iterator[Enter]:
    """Return a function that creates a client with a new key, in a new workspace unless one is named."""
    with ExitStack() as clients:

        def enter(server: Server, *, workspace: str | None = None, role: Role = Role.ADMIN, user: str = "ann") -> Api:
            workspace = workspace or f"workspace {next(_numbers)}"
            api = Api(server.url, make_key(server, workspace=workspace, role=role, user=user))
            clients.callback(api.http.close)
            return api

        yield enter


@pytest.fixture
def api(quiet_server: Server, enter: Enter) -> Api:
    """Return an administrator of a new workspace on the server without a worker."""
    return enter(quiet_server)


@pytest.fixture(scope="session")
def trained(server: Server, enter: Enter) -> Trained:
    """Return a workspace whose judge was trained once and has an active version."""
    return train_a_judge(enter(server, workspace="trained"))


@pytest.fixture(scope="session")
def owned(quiet_server: Server, enter: Enter) -> TwoWorkspaces:
    """Return two workspaces with an object of every kind in each."""
    by_role = {role: enter(quiet_server, workspace=MARK, role=role, user=f"{MARK} {role.value}") for role in Role}
    outsider = enter(quiet_server, workspace="another workspace", user="outsider")
    ids = populate(by_role[Role.ADMIN], MARK, by_role[Role.VIEWER].run("Viewer")["id"])
    return TwoWorkspaces(by_role, ids, outsider, populate(outsider, "own", outsider.run("Viewer")["id"]))


@pytest.fixture(scope="session")
def public(owned: TwoWorkspaces) -> GraphQLSchema:
    """Return the schema as introspection describes it."""
    return build_client_schema(owned.owner.post(get_introspection_query()).json()["data"])


@pytest.fixture(scope="session")
def true_counters(quiet_server: Server, postgres_server: Server) -> Iterator[None]:
    """Check after all tests that the counters of both servers match the rows they count."""
    yield
    for used in (quiet_server, postgres_server):
        finished = run_command("check-counters", database_url=used.database_url)
        assert finished.returncode == 0, finished.stdout + finished.stderr


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Return a data folder for a server of this test."""
    return tmp_path / "data"
