"""Real servers for the whole session, and a workspace of its own for every test that asks for one."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_client_schema, get_introspection_query

from models.access import Role
from store import access
from store.database.open import open_store
from tests.postgres import run_sql
from tests.server.api import Api
from tests.server.populated_workspace import MARK, Owned, furnish
from tests.server.processes import Server, command, running
from tests.server.scenarios import Trained, train_a_judge

_numbers = itertools.count()

Enter = Callable[..., Api]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on an embedded database that runs training jobs."""
    with running(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture(scope="session")
def quiet_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on an embedded database that leaves training jobs to others, so they stay as they are."""
    with running(tmp_path_factory.mktemp("quiet"), "--no-runner") as started:
        yield started


@pytest.fixture(scope="session")
def postgres_server(postgres_address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on PostgreSQL that runs training jobs."""
    name = f"served_{next(_numbers)}"
    asyncio.run(run_sql(postgres_address, f"CREATE DATABASE {name}"))
    url = f"{postgres_address.replace('postgresql:', 'postgresql+asyncpg:')}/{name}"
    with running(tmp_path_factory.mktemp("postgres"), database_url=url) as started:
        yield started


def make_key(
    server: Server, *, workspace: str, role: Role = Role.ADMIN, user: str = "ann", expires_at: datetime | None = None
) -> str:
    """The secret of a new key, made beside the running server."""

    async def make() -> str:
        async with open_store(server.database_url) as store:
            key = await store.write(
                lambda c: access.create_key(c, workspace=workspace, user=user, role=role, expires_at=expires_at)
            )
            return key.secret

    return asyncio.run(make())


@pytest.fixture(scope="session")
def enter() -> Iterator[Enter]:
    """Give somebody a key to a server, in a workspace of their own unless one is named."""
    with ExitStack() as clients:

        def enter(server: Server, *, workspace: str | None = None, role: Role = Role.ADMIN, user: str = "ann") -> Api:
            workspace = workspace or f"workspace {next(_numbers)}"
            api = Api(server.url, make_key(server, workspace=workspace, role=role, user=user))
            clients.callback(api.http.close)
            return api

        yield enter


@pytest.fixture
def api(quiet_server: Server, enter: Enter) -> Api:
    """An administrator of a fresh workspace, on the server that runs no jobs."""
    return enter(quiet_server)


@pytest.fixture(scope="session")
def trained(server: Server, enter: Enter) -> Trained:
    """A workspace whose judge was trained once, its version deployed."""
    return train_a_judge(enter(server, workspace="trained"))


@pytest.fixture(scope="session")
def owned(quiet_server: Server, enter: Enter) -> Owned:
    """Two workspaces with something of everything in each, the second one a stranger's."""
    by_role = {role: enter(quiet_server, workspace=MARK, role=role, user=f"{MARK} {role.value}") for role in Role}
    stranger = enter(quiet_server, workspace="of the stranger", user="stranger")
    ids = furnish(by_role[Role.ADMIN], MARK, by_role[Role.VIEWER].run("Viewer")["id"])
    return Owned(by_role, ids, stranger, furnish(stranger, "own", stranger.run("Viewer")["id"]))


@pytest.fixture(scope="session")
def public(owned: Owned) -> GraphQLSchema:
    """The schema as a client sees it."""
    return build_client_schema(owned.owner.post(get_introspection_query()).json()["data"])


@pytest.fixture(scope="session")
def true_counters(quiet_server: Server, postgres_server: Server) -> Iterator[None]:
    """When all tests are over, all counters of both servers say what the rows say."""
    yield
    for used in (quiet_server, postgres_server):
        done = command("check-counters", database_url=used.database_url)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A folder for a server of the test's own."""
    return tmp_path / "data"
