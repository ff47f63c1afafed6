"""Workspaces, users and API keys in the database."""

import base64
import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import BindParameter, Connection, bindparam, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from models.access import ApiKey, Role, User, Viewer, Workspace
from models.audit import Actor, AuditAction, KeylessActor
from models.base import new_id, now
from models.errors import Conflict, NotFound
from models.job import TrainingJob
from store import audit
from store.database.keyset import Keyset
from store.database.rows import Query, fetch_all, fetch_first

KEYS = Keyset(ApiKey, "key", ApiKey.id)
USERS = Keyset(User, "user", User.id)
KEY_USE_INTERVAL = timedelta(minutes=1)


class NewKey(NamedTuple):
    """A key just made: the only moment at which its secret is known."""

    id: str
    secret: str


def hash_secret(secret: str) -> str:
    """What is kept of a key: SHA-256, enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def has_no_keys(connection: Connection) -> bool:
    """Whether no key exists yet: the first start of a database."""
    return connection.execute(select(func.count()).select_from(ApiKey)).scalar_one() == 0


def ensure_workspace(connection: Connection, name: str) -> Workspace:
    """The workspace of this name, made if there is none."""
    values = {
        "id": new_id("wsp"),
        "name": name,
        "webhook_secret": "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode(),
        "created_at": now(),
    }
    _insert_if_absent(connection, Workspace, values)
    found = fetch_first(connection, select(Workspace).where(Workspace.name == name), Workspace)
    assert found is not None
    return found


def ensure_user(connection: Connection, workspace_id: str, name: str) -> User:
    """The workspace's user of this name, made if there is none."""
    values = {"id": new_id("usr"), "workspace_id": workspace_id, "name": name, "created_at": now()}
    _insert_if_absent(connection, User, values)
    found = fetch_first(connection, select(User).where(User.workspace_id == workspace_id, User.name == name), User)
    assert found is not None
    return found


def _insert_if_absent(connection: Connection, record: type[Workspace | User], values: dict[str, object]) -> None:
    statement = sqlite.insert(record) if connection.dialect.name == "sqlite" else postgresql.insert(record)
    connection.execute(statement.values(values).on_conflict_do_nothing())


def create_key(
    connection: Connection,
    *,
    workspace: str,
    user: str,
    role: Role,
    expires_at: datetime | None = None,
    actor: Actor | None = None,
) -> NewKey:
    """A new key for a user of a workspace; both are made if they are not there. No actor: the server's operator."""
    owner = ensure_workspace(connection, workspace)
    holder = ensure_user(connection, owner.id, user)
    key = NewKey(new_id("key"), "jsk_" + secrets.token_urlsafe(32))
    values = {
        "id": key.id,
        "workspace_id": owner.id,
        "user_id": holder.id,
        "role": role,
        "hint": key.secret[:8],
        "digest": hash_secret(key.secret),
        "created_at": now(),
        "expires_at": expires_at,
    }
    connection.execute(insert(ApiKey).values(values))
    message = f"Made an API key with the role {role.name} for {user}."
    audit.record_action(connection, actor or KeylessActor(owner.id), AuditAction.KEY_CREATED, key.id, message)
    return key


def keys_in_workspace(workspace_id: str, *, revoked: bool = True) -> Query:
    """The keys of a workspace, those that were revoked only if wanted."""
    statement = select(ApiKey).where(ApiKey.workspace_id == workspace_id)
    return statement if revoked else statement.where(ApiKey.revoked_at.is_(None))


def users_in_workspace(workspace_id: str) -> Query:
    """The users of a workspace."""
    return select(User).where(User.workspace_id == workspace_id)


def find_key(connection: Connection, workspace_id: str, key_id: str) -> ApiKey | None:
    """The workspace's key of this id."""
    return fetch_first(connection, keys_in_workspace(workspace_id).where(ApiKey.id == key_id), ApiKey)


def revoke_key(
    connection: Connection, actor: Actor, key_id: str, *, force: bool = False, reason: str | None = None
) -> ApiKey:
    """Take a key back for good, at once; one that was taken back before stays as it is.

    Raises:
        NotFound: the workspace has no such key.
        Conflict: it is the last with the role ADMIN, and not ``force``.
    """
    # Two who revoke each other's key at the same moment come here one after the other.
    connection.execute(select(Workspace.id).where(Workspace.id == actor.workspace_id).with_for_update())
    found = find_key(connection, actor.workspace_id, key_id)
    if found is None:
        raise NotFound(f"There is no API key {key_id!r}.", ("key_id",))
    if found.revoked_at is not None:
        return found
    if not force and found.role is Role.ADMIN and _is_last_admin(connection, found):
        raise Conflict(
            "This is the last key with the role ADMIN: without it nobody could manage this workspace any more but "
            "whoever operates the server. Make another first, or set force.",
            ("key_id",),
        )
    connection.execute(update(ApiKey).where(ApiKey.id == key_id).values(revoked_at=now()))
    message = f"Revoked the API key {found.hint}... with the role {found.role.name}."
    audit.record_action(connection, actor, AuditAction.KEY_REVOKED, key_id, message, reason)
    revoked = find_key(connection, actor.workspace_id, key_id)
    assert revoked is not None
    return revoked


def _is_last_admin(connection: Connection, admin: ApiKey) -> bool:
    others = _only_valid(keys_in_workspace(admin.workspace_id), now()).where(
        ApiKey.role == Role.ADMIN, ApiKey.id != admin.id
    )
    return fetch_first(connection, others.limit(1), ApiKey) is None


def _only_valid(statement: Query, moment: datetime | BindParameter[datetime]) -> Query:
    """Only keys that open something at a moment."""
    return statement.where(ApiKey.revoked_at.is_(None), or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > moment))


# Every request asks this, so it is put together once.
_VIEWER_BY_DIGEST: Final = _only_valid(
    select(ApiKey.id, ApiKey.role, User.id, User.name, Workspace.id, Workspace.name)
    .join(User, User.id == ApiKey.user_id)
    .join(Workspace, Workspace.id == ApiKey.workspace_id)
    .where(ApiKey.digest == bindparam("digest")),
    bindparam("moment"),
)


def find_viewer(connection: Connection, secret: str) -> Viewer | None:
    """Who presents this key; None when it is unknown, expired or revoked."""
    row = connection.execute(_VIEWER_BY_DIGEST, {"digest": hash_secret(secret), "moment": now()}).first()
    return Viewer(*row) if row is not None else None


def record_key_use(connection: Connection, key_id: str) -> None:
    """Remember that a key was used just now, unless another server remembered the same within the minute."""
    moment = now()
    long_ago = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < moment - KEY_USE_INTERVAL)
    connection.execute(update(ApiKey).where(ApiKey.id == key_id, long_ago).values(last_used_at=moment))


def find_workspace(connection: Connection, workspace_id: str, wanted_id: str) -> Workspace | None:
    """Return the workspace if it has the wanted id, so that the workspace of another key is never returned."""
    statement = select(Workspace).where(Workspace.id == wanted_id, Workspace.id == workspace_id)
    return fetch_first(connection, statement, Workspace)


def find_user(connection: Connection, workspace_id: str, user_id: str) -> User | None:
    """Return the workspace's user of this id, or None."""
    return fetch_first(connection, users_in_workspace(workspace_id).where(User.id == user_id), User)


def list_valid_keys(connection: Connection, workspace_id: str) -> list[tuple[ApiKey, str]]:
    """Return a workspace's keys that were not revoked, each with its user's name, in the order of their creation."""
    users = {user.id: user.name for user in fetch_all(connection, users_in_workspace(workspace_id), User)}
    keys = fetch_all(connection, keys_in_workspace(workspace_id, revoked=False).order_by(ApiKey.id), ApiKey)
    return [(key, users[key.user_id]) for key in keys]


def find_workspace_by_name(connection: Connection, name: str) -> Workspace | None:
    """Return the workspace of this name, or None."""
    return fetch_first(connection, select(Workspace).where(Workspace.name == name), Workspace)


def find_webhook_secret(connection: Connection, workspace: str) -> str | None:
    """The secret with which a workspace's webhooks are signed (Standard Webhooks, ``whsec_...``)."""
    statement = select(Workspace.webhook_secret).where(Workspace.name == workspace)
    return connection.execute(statement).scalar_one_or_none()


def get_webhook_secret_for_job(connection: Connection, job_id: str) -> str:
    """The secret of the workspace that a job belongs to."""
    return connection.execute(
        select(Workspace.webhook_secret)
        .join(TrainingJob, TrainingJob.workspace_id == Workspace.id)
        .where(TrainingJob.id == job_id)
    ).scalar_one()
