"""Before a server or worker starts: the database's tables, and a first key."""

import os
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from models.access import ApiKey, Role, Workspace
from models.audit import KeylessActor
from models.errors import Conflict, NotFound
from server.settings import Settings
from store import access
from store.access import NewKey
from store.counters import recount
from store.counters.recount import CounterMismatch
from store.database import revision
from store.database.open import open_store
from store.database.snapshot import snapshot
from store.database.store import Store
from store.migrate import migrate_store

DEFAULT_WORKSPACE = "default"


class SetupError(Exception):
    """The database can't be used as it is; the message says what to do."""


async def prepare_database(settings: Settings, *, first_key: bool) -> list[str]:
    """Bring the database up to date and make a first key; what a person should know of it.

    An embedded database is migrated by itself, an empty one too. A PostgreSQL database that holds data is left to
    `judgesmith migrate`, so that its operator chooses the moment.

    Raises:
        SetupError: the database is behind.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    notes: list[str] = []
    async with open_store(settings.store_url) as store:
        at = await store.read(revision.read_revision)
        if at != revision.NEWEST_REVISION and (at is None or store.embedded):
            await migrate_store(store)
        elif at != revision.NEWEST_REVISION:
            raise SetupError(
                f"The database is at revision {at}, this version needs {revision.NEWEST_REVISION}: "
                "run `judgesmith migrate`."
            )
        if first_key and await store.read(access.has_no_keys):
            notes.append(await _make_first_key(settings, store))
    return notes


async def migrate_database(settings: Settings) -> None:
    """Migrate the database, whatever it holds."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    async with open_store(settings.store_url) as store:
        await migrate_store(store)


async def find_counter_mismatches(settings: Settings) -> list[CounterMismatch]:
    """Where counters do not say what the rows say, while others may go on writing.

    Raises:
        SetupError: the database is not there, or behind.
    """
    async with open_store(settings.store_url) as store:
        at = await store.read(revision.read_revision)
        if at != revision.NEWEST_REVISION:
            raise SetupError(f"The database is at revision {at}, this version needs {revision.NEWEST_REVISION}.")
        return await store.read(snapshot(recount.find_mismatches))


async def create_key(settings: Settings, *, workspace: str, user: str, role: Role, days: float | None = None) -> NewKey:
    """A new API key, which expires after ``days`` if they are given."""
    expires = datetime.now(UTC) + timedelta(days=days) if days is not None else None

    def unit(connection: Connection) -> NewKey:
        return access.create_key(connection, workspace=workspace, user=user, role=role, expires_at=expires)

    await prepare_database(settings, first_key=False)
    async with open_store(settings.store_url) as store:
        return await store.write(unit)


async def list_keys(settings: Settings, workspace: str) -> list[tuple[ApiKey, str]]:
    """The keys of a workspace that were not revoked, each with its user's name, in the order of their making.

    Raises:
        SetupError: there is no such workspace.
    """

    def unit(connection: Connection) -> list[tuple[ApiKey, str]]:
        owner = _need_workspace(connection, workspace)
        return access.list_valid_keys(connection, owner.id)

    await prepare_database(settings, first_key=False)
    async with open_store(settings.store_url) as store:
        return await store.read(unit)


async def revoke_key(settings: Settings, workspace: str, key_id: str, *, force: bool) -> ApiKey:
    """Take a key back, in the name of whoever operates the server.

    Raises:
        SetupError: there is no such workspace or key, or it is the last with the role ADMIN and not ``force``.
    """

    def unit(connection: Connection) -> ApiKey:
        operator = KeylessActor(_need_workspace(connection, workspace).id)
        try:
            return access.revoke_key(connection, operator, key_id, force=force)
        except NotFound as error:
            raise SetupError(f"{error} `judgesmith keys list` tells which there are.") from None
        except Conflict:
            raise SetupError(
                f"{key_id} is the last key with the role ADMIN of the workspace {workspace!r}. Make another first, or "
                "revoke it with --force."
            ) from None

    await prepare_database(settings, first_key=False)
    async with open_store(settings.store_url) as store:
        return await store.write(unit)


def _need_workspace(connection: Connection, name: str) -> Workspace:
    found = access.find_workspace_by_name(connection, name)
    if found is None:
        raise SetupError(f"There is no workspace {name!r}.")
    return found


async def read_webhook_secret(settings: Settings, workspace: str) -> str:
    """The secret with which a workspace's webhooks are signed.

    Raises:
        SetupError: there is no such workspace.
    """
    await prepare_database(settings, first_key=False)
    async with open_store(settings.store_url) as store:
        secret = await store.read(lambda connection: access.find_webhook_secret(connection, workspace))
    if secret is None:
        raise SetupError(f"There is no workspace {workspace!r}.")
    return secret


async def _make_first_key(settings: Settings, store: Store) -> str:
    path = settings.data_dir / "admin.key"

    def unit(connection: Connection) -> NewKey | None:
        if not access.has_no_keys(connection):  # another server was first
            return None
        return access.create_key(connection, workspace=DEFAULT_WORKSPACE, user="admin", role=Role.ADMIN)

    key = await store.write(unit)
    if key is None:
        return "Another server made the first key."
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(key.secret + "\n")
    return f"A first key with the role ADMIN is in {path}."
