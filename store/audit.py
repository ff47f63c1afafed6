"""Audit trail: who did what, in the transaction that did it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from models.audit import Actor, AuditAction, AuditEntry
from models.base import now
from store.database.bulk_insert import insert_many
from store.database.keyset import Keyset, parse_key_number
from store.database.rows import Query, in_period

ENTRIES = Keyset(AuditEntry, "audit", AuditEntry.pk, descending=True, parse=parse_key_number)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Conditions on audit entries; a condition that is None matches every entry."""

    actions: tuple[AuditAction, ...] | None = None
    user_id: str | None = None
    target_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def record_action(
    connection: Connection,
    actor: Actor,
    action: AuditAction,
    target_id: str,
    message: str,
    reason: str | None = None,
) -> None:
    """Add an entry to the audit trail.

    Args:
        connection: the connection of the writing unit that does the action.
        actor: the actor.
        action: the action.
        target_id: the object of the action.
        message: the action as a sentence for people.
        reason: the reason that the actor gave.
    """
    entry = {
        "workspace_id": actor.workspace_id,
        "at": now(),
        "action": action,
        "user_id": actor.user_id,
        "key_id": actor.key_id,
        "target_id": target_id,
        "message": message,
        "reason": reason,
    }
    insert_many(connection, AuditEntry, [entry])


def in_workspace(workspace_id: str, audit_filter: AuditFilter) -> Query:
    """Return a select of a workspace's entries that match a filter."""
    statement = select(AuditEntry).where(AuditEntry.workspace_id == workspace_id)
    if audit_filter.actions is not None:
        statement = statement.where(AuditEntry.action.in_(audit_filter.actions))
    if audit_filter.user_id is not None:
        statement = statement.where(AuditEntry.user_id == audit_filter.user_id)
    if audit_filter.target_id is not None:
        statement = statement.where(AuditEntry.target_id == audit_filter.target_id)
    return statement.where(*in_period(AuditEntry.at, audit_filter.since, audit_filter.until))
