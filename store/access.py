"""Workspaces, users and API keys in the database."""

import base64
import hashlib
import secrets
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from models.access import ApiKey, Role, User, Viewer, Workspace
from models.base import new_id, now
from models.job import TrainingJob
from store.rows import first


class NewKey(NamedTuple):
    """A key just made: the only moment at which its secret is known."""

    id: str
    secret: str


def digest(secret: str) -> str:
    """What is kept of a key: SHA-256, enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_empty(connection: Connection) -> bool:
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
    _insert_unless_there(connection, Workspace, values)
    found = first(connection, select(Workspace).where(Workspace.name == name), Workspace)
    assert found is not None
    return found


def ensure_user(connection: Connection, workspace_id: str, name: str) -> User:
    """The workspace's user of this name, made if there is none."""
    values = {"id": new_id("usr"), "workspace_id": workspace_id, "name": name, "created_at": now()}
    _insert_unless_there(connection, User, values)
    found = first(connection, select(User).where(User.workspace_id == workspace_id, User.name == name), User)
    assert found is not None
    return found


def _insert_unless_there(connection: Connection, record: type[Workspace | User], values: dict[str, object]) -> None:
    statement = sqlite.insert(record) if connection.dialect.name == "sqlite" else postgresql.insert(record)
    connection.execute(statement.values(values).on_conflict_do_nothing())


def create_key(
    connection: Connection, *, workspace: str, user: str, role: Role, expires_at: datetime | None = None
) -> NewKey:
    """A new key for a user of a workspace; both are made if they are not there."""
    owner = ensure_workspace(connection, workspace)
    holder = ensure_user(connection, owner.id, user)
    key = NewKey(new_id("key"), "jsk_" + secrets.token_urlsafe(32))
    values = {
        "id": key.id,
        "workspace_id": owner.id,
        "user_id": holder.id,
        "role": role,
        "hint": key.secret[:8],
        "digest": digest(key.secret),
        "created_at": now(),
        "expires_at": expires_at,
    }
    connection.execute(insert(ApiKey).values(values))
    return key


def viewer_of(connection: Connection, secret: str) -> Viewer | None:
    """Who presents this key; None when it is unknown, expired or revoked."""
    row = connection.execute(
        select(ApiKey.id, ApiKey.role, User.id, User.name, Workspace.id, Workspace.name)
        .join(User, User.id == ApiKey.user_id)
        .join(Workspace, Workspace.id == ApiKey.workspace_id)
        .where(
            ApiKey.digest == digest(secret),
            ApiKey.revoked_at.is_(None),
            or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now()),
        )
    ).first()
    return Viewer(*row) if row is not None else None


def note_use(connection: Connection, key_id: str) -> None:
    """Remember that a key was used just now."""
    connection.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=now()))


def webhook_secret(connection: Connection, workspace: str) -> str | None:
    """The secret with which a workspace's webhooks are signed (Standard Webhooks, ``whsec_...``)."""
    statement = select(Workspace.webhook_secret).where(Workspace.name == workspace)
    return connection.execute(statement).scalar_one_or_none()


def webhook_secret_of_job(connection: Connection, job_id: str) -> str:
    """The secret of the workspace that a job belongs to."""
    return connection.execute(
        select(Workspace.webhook_secret)
        .join(TrainingJob, TrainingJob.workspace_id == Workspace.id)
        .where(TrainingJob.id == job_id)
    ).scalar_one()
