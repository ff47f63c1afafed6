"""The audit trail in the database."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from models.audit import Actor, AuditAction, AuditEntry
from models.base import now
from store.database.keyset import Keyset, parse_key_number
from store.database.rows import Query

ENTRIES = Keyset(AuditEntry, "audit", AuditEntry.pk, descending=True, parse=parse_key_number)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are meant; None: any."""

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
    """Note what an actor does, in the transaction that does it.

    Args:
        connection: of the writing unit.
        actor: who does it.
        action: what is done.
        target_id: to what.
        message: the same in a sentence for people.
        reason: why, in the actor's words.
    """
    connection.execute(
        insert(AuditEntry).values(
            workspace_id=actor.workspace_id,
            at=now(),
            action=action,
            user_id=actor.user_id,
            key_id=actor.key_id,
            target_id=target_id,
            message=message,
            reason=reason,
        )
    )


def in_workspace(workspace_id: str, wanted: AuditFilter) -> Query:
    """What was done in a workspace."""
    statement = select(AuditEntry).where(AuditEntry.workspace_id == workspace_id)
    if wanted.actions is not None:
        statement = statement.where(AuditEntry.action.in_(wanted.actions))
    if wanted.user_id is not None:
        statement = statement.where(AuditEntry.user_id == wanted.user_id)
    if wanted.target_id is not None:
        statement = statement.where(AuditEntry.target_id == wanted.target_id)
    if wanted.since is not None:
        statement = statement.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(AuditEntry.at < wanted.until)
    return statement
