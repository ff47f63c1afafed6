"""Workspaces, users and API keys."""

import base64
import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import BindParameter, Connection, bindparam, insert, or_, select, update

from models.access import ApiKey, Role, User, Viewer, Workspace
from models.audit import Actor, AuditAction, KeylessActor
from models.base import new_id, now
from models.errors import Conflict
from models.job import TrainingJob
from store import audit
from store.database.keyset import Keyset
from store.database.rows import Query, fetch_all, fetch_existing, fetch_first, found_or_raise
from store.database.signals import Topic, touch
from store.database.upsert import insert_on_conflict

KEYS = Keyset(ApiKey, "key", ApiKey.id)
USERS = Keyset(User, "user", User.id)
KEY_USE_INTERVAL = timedelta(minutes=1)  # shortest time between two writes of a key's last use


class NewKey(NamedTuple):
    """A new key with its secret, which is known only when the key is created."""

    id: str
    secret: str


class KeyHolder(NamedTuple):
    """The viewer of a valid key, and when the key expires."""

    viewer: Viewer
    expires_at: datetime | None

    def is_expired(self) -> bool:
        """Return whether the key has expired by now."""
        return self.expires_at is not None and self.expires_at <= now()


def hash_secret(secret: str) -> str:
    """Return the hash of a key that is stored. SHA-256 without salt suffices for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def has_no_keys(connection: Connection) -> bool:
    """Return whether no key exists yet, as at the first start with a database."""
    return connection.execute(select(ApiKey.id).limit(1)).first() is None


def ensure_workspace(connection: Connection, name: str) -> Workspace:
    """Return the workspace of this name, and create it if it does not exist."""
    values = {
        "id": new_id("wsp"),
        "name": name,
        "webhook_secret": "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode(),
        "created_at": now(),
    }
    _insert_if_absent(connection, Workspace, values)
    return fetch_existing(connection, select(Workspace).where(Workspace.name == name), Workspace)


def ensure_user(connection: Connection, workspace_id: str, name: str) -> User:
    """Return the workspace's user of this name, and create it if it does not exist.

    Args:
        connection: the connection of a writing unit.
        workspace_id: the workspace.
        name: the user's name.
    """
    values = {"id": new_id("usr"), "workspace_id": workspace_id, "name": name, "created_at": now()}
    _insert_if_absent(connection, User, values)
    return fetch_existing(connection, users_in_workspace(workspace_id).where(User.name == name), User)


def _insert_if_absent(connection: Connection, record: type[Workspace | User], values: dict[str, object]) -> None:
    connection.execute(insert_on_conflict(connection, record).values(values).on_conflict_do_nothing())


def create_key(
    connection: Connection,
    *,
    workspace: str,
    user: str,
    role: Role,
    expires_at: datetime | None = None,
    actor: Actor | None = None,
) -> NewKey:
    """Create a key. The workspace and the user are created if they do not exist.

    Args:
        connection: the connection of a writing unit.
        workspace: the name of the workspace.
        user: the name of the key's user.
        role: the role that the key grants.
        expires_at: when the key expires; None for never.
        actor: the actor for the audit trail; None for the server's operator.
    """
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
    message = f"Created an API key with the role {role.name} for {user}."
    audit.record_action(connection, actor or KeylessActor(owner.id), AuditAction.KEY_CREATED, key.id, message)
    return key


def keys_in_workspace(workspace_id: str, *, revoked: bool = True) -> Query:
    """Return a select of a workspace's keys, with or without those that were revoked."""
    statement = select(ApiKey).where(ApiKey.workspace_id == workspace_id)
    return statement if revoked else statement.where(ApiKey.revoked_at.is_(None))


def users_in_workspace(workspace_id: str) -> Query:
    """Return a select of a workspace's users."""
    return select(User).where(User.workspace_id == workspace_id)


def find_key(connection: Connection, workspace_id: str, key_id: str) -> ApiKey | None:
    """Return the workspace's key of this id, or None.

    Args:
        connection: the connection to read from.
        workspace_id: the workspace.
        key_id: the key.
    """
    return fetch_first(connection, keys_in_workspace(workspace_id).where(ApiKey.id == key_id), ApiKey)


def revoke_key(
    connection: Connection, actor: Actor, key_id: str, *, force: bool = False, reason: str | None = None
) -> ApiKey:
    """Revoke a key permanently, with immediate effect. A key that was revoked before is not changed.

    Args:
        connection: the connection of a writing unit.
        actor: the actor, whose workspace holds the key.
        key_id: the key.
        force: revoke the key even if it is the workspace's last one with the role ADMIN.
        reason: the actor's reason, for the audit trail.

    Returns:
        The key's new row.

    Raises:
        NotFound: the workspace has no such key.
        Conflict: the key is the last one with the role ADMIN, and ``force`` is False.
    """
    # The lock serialises two users who revoke each other's key at the same moment.
    connection.execute(select(Workspace.id).where(Workspace.id == actor.workspace_id).with_for_update())
    found = find_key(connection, actor.workspace_id, key_id)
    found = found_or_raise(found, f"There is no API key {key_id!r}.", "key_id")
    if found.revoked_at is not None:
        return found
    if not force and found.role is Role.ADMIN and _is_last_admin(connection, found):
        raise Conflict(
            "This is the last key with the role ADMIN. Without it only the server's operator can manage this "
            "workspace. Create another one first, or set force.",
            ("key_id",),
        )
    connection.execute(update(ApiKey).where(ApiKey.id == key_id).values(revoked_at=now()))
    touch(connection, Topic.KEYS)
    message = f"Revoked the API key {found.hint}... with the role {found.role.name}."
    audit.record_action(connection, actor, AuditAction.KEY_REVOKED, key_id, message, reason)
    return fetch_existing(connection, select(ApiKey).where(ApiKey.id == key_id), ApiKey)


def _is_last_admin(connection: Connection, admin: ApiKey) -> bool:
    others = _only_valid(keys_in_workspace(admin.workspace_id), now()).where(
        ApiKey.role == Role.ADMIN, ApiKey.id != admin.id
    )
    return fetch_first(connection, others.limit(1), ApiKey) is None


def _only_valid(statement: Query, moment: datetime | BindParameter[datetime]) -> Query:
    """Restrict a select to the keys that are valid at a moment."""
    return statement.where(ApiKey.revoked_at.is_(None), or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > moment))


# Every request runs this statement, so it is built once.
_VIEWER_BY_DIGEST: Final = _only_valid(
    select(ApiKey.id, ApiKey.role, User.id, User.name, Workspace.id, Workspace.name, ApiKey.expires_at)
    .join(User, User.id == ApiKey.user_id)
    .join(Workspace, Workspace.id == ApiKey.workspace_id)
    .where(ApiKey.digest == bindparam("digest")),
    bindparam("moment"),
)


def find_viewer(connection: Connection, secret: str) -> Viewer | None:
    """Return the viewer who presents a key, or None if the key is unknown, expired or revoked."""
    holder = find_key_holder(connection, hash_secret(secret))
    return holder.viewer if holder is not None else None


def find_key_holder(connection: Connection, digest: str) -> KeyHolder | None:
    """Return the holder of the key with this hash, or None if the key is unknown, expired or revoked."""
    row = connection.execute(_VIEWER_BY_DIGEST, {"digest": digest, "moment": now()}).first()
    return KeyHolder(Viewer(*row[:-1]), row[-1]) if row is not None else None


def record_key_use(connection: Connection, key_id: str) -> None:
    """Record that a key is used now, unless a use within the last ``KEY_USE_INTERVAL`` is recorded."""
    moment = now()
    long_ago = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < moment - KEY_USE_INTERVAL)
    connection.execute(update(ApiKey).where(ApiKey.id == key_id, long_ago).values(last_used_at=moment))


def find_workspace(connection: Connection, workspace_id: str, asked_id: str) -> Workspace | None:
    """Return the workspace if it has the given id, or None. No other workspace is ever returned.

    Args:
        connection: the connection to read from.
        workspace_id: the viewer's workspace.
        asked_id: the id that the viewer asks for.
    """
    statement = select(Workspace).where(Workspace.id == asked_id, Workspace.id == workspace_id)
    return fetch_first(connection, statement, Workspace)


def find_user(connection: Connection, workspace_id: str, user_id: str) -> User | None:
    """Return the workspace's user of this id, or None.

    Args:
        connection: the connection to read from.
        workspace_id: the workspace.
        user_id: the user.
    """
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
    """Return the secret that signs the webhooks of the workspace of this name, as ``whsec_...``, or None."""
    statement = select(Workspace.webhook_secret).where(Workspace.name == workspace)
    return connection.execute(statement).scalar_one_or_none()


def get_webhook_secret_for_job(connection: Connection, job_id: str) -> str:
    """Return the webhook secret of the workspace that a job belongs to."""
    return connection.execute(
        select(Workspace.webhook_secret)
        .join(TrainingJob, TrainingJob.workspace_id == Workspace.id)
        .where(TrainingJob.id == job_id)
    ).scalar_one()
