"""Preparation of the database, and administration of keys without the API."""

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
    """The database is not ready or lacks the named object; the message describes the remedy."""


async def prepare_database(settings: Settings, *, first_key: bool) -> list[str]:
    """Migrate the database if that is safe, and create a first key if requested.

    An embedded or empty database is migrated automatically. A PostgreSQL database that holds data is left to
    `judgesmith migrate`, so that its operator chooses the time.

    Returns:
        Notes for the operator.

    Raises:
        SetupError: the database needs a migration.
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
            notes.append(await _create_first_key(settings, store))
    return notes


async def migrate_database(settings: Settings) -> None:
    """Migrate the database, also one that holds data."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    async with open_store(settings.store_url) as store:
        await migrate_store(store)


async def find_counter_mismatches(settings: Settings) -> list[CounterMismatch]:
    """Return the counters that differ from the rows they count. Other processes may write meanwhile.

    Raises:
        SetupError: the database does not exist or needs a migration.
    """
    async with open_store(settings.store_url) as store:
        at = await store.read(revision.read_revision)
        if at != revision.NEWEST_REVISION:
            raise SetupError(f"The database is at revision {at}, this version needs {revision.NEWEST_REVISION}.")
        return await store.read_long(snapshot(recount.find_mismatches))


async def create_key(settings: Settings, *, workspace: str, user: str, role: Role, days: float | None = None) -> NewKey:
    """Create an API key.

    Args:
        settings: settings with the database.
        workspace: name of the workspace, which is created if it does not exist.
        user: name of the key's user, who is created if unknown.
        role: role of the key.
        days: days until the key expires; None if it never expires.
    """
    expires = datetime.now(UTC) + timedelta(days=days) if days is not None else None

    def unit(connection: Connection) -> NewKey:
        return access.create_key(connection, workspace=workspace, user=user, role=role, expires_at=expires)

    await prepare_database(settings, first_key=False)
    async with open_store(settings.store_url) as store:
        return await store.write(unit)


async def list_keys(settings: Settings, workspace: str) -> list[tuple[ApiKey, str]]:
    """Return the unrevoked keys of a workspace with their users' names, in order of creation.

    Raises:
        SetupError: the workspace does not exist.
    """

    def unit(connection: Connection) -> list[tuple[ApiKey, str]]:
        owner = _get_workspace(connection, workspace)
        return access.list_valid_keys(connection, owner.id)

    await prepare_database(settings, first_key=False)
    async with open_store(settings.store_url) as store:
        return await store.read(unit)


async def revoke_key(settings: Settings, workspace: str, key_id: str, *, force: bool) -> ApiKey:
    """Revoke a key on behalf of the operator.

    Args:
        settings: settings with the database.
        workspace: name of the workspace.
        key_id: id of the key.
        force: revoke the key even if it is the last one with the role ADMIN.

    Raises:
        SetupError: the workspace or the key does not exist, or the key is the last one with the role ADMIN and
            ``force`` is false.
    """

    def unit(connection: Connection) -> ApiKey:
        operator = KeylessActor(_get_workspace(connection, workspace).id)
        try:
            return access.revoke_key(connection, operator, key_id, force=force)
        except NotFound as error:
            raise SetupError(f"{error} `judgesmith keys list` lists the keys.") from None
        except Conflict:
            raise SetupError(
                f"{key_id} is the last key with the role ADMIN in the workspace {workspace!r}. Create another "
                "key first, or revoke this one with --force."
            ) from None

    await prepare_database(settings, first_key=False)
    async with open_store(settings.store_url) as store:
        return await store.write(unit)


def _get_workspace(connection: Connection, name: str) -> Workspace:
    found = access.find_workspace_by_name(connection, name)
    if found is None:
        raise SetupError(f"There is no workspace {name!r}.")
    return found


async def read_webhook_secret(settings: Settings, workspace: str) -> str:
    """Return the secret that signs a workspace's webhooks.

    Raises:
        SetupError: the workspace does not exist.
    """
    await prepare_database(settings, first_key=False)
    async with open_store(settings.store_url) as store:
        secret = await store.read(lambda connection: access.find_webhook_secret(connection, workspace))
    if secret is None:
        raise SetupError(f"There is no workspace {workspace!r}.")
    return secret


async def _create_first_key(settings: Settings, store: Store) -> str:
    path = settings.data_dir / "admin.key"

    def unit(connection: Connection) -> NewKey | None:
        if not access.has_no_keys(connection):  # another server created one meanwhile
            return None
        return access.create_key(connection, workspace=DEFAULT_WORKSPACE, user="admin", role=Role.ADMIN)

    key = await store.write(unit)
    if key is None:
        return "Another server created the first key."
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(key.secret + "\n")
    return f"The first key, with the role ADMIN, was written to {path}."
