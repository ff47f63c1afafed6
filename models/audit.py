"""Audit log: actor, action, time and target. Triggers of the database reject changes of existing entries."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigSerial, Id, UtcDateTime, enum_column


class AuditAction(StrEnum):
    """Kind of a recorded action."""

    KEY_CREATED = "key_created"
    KEY_REVOKED = "key_revoked"
    JUDGE_CREATED = "judge_created"
    JUDGE_UPDATED = "judge_updated"
    JOB_CREATED = "job_created"
    JOB_STARTED = "job_started"
    JOB_CANCELLED = "job_cancelled"
    JOB_RETRIED = "job_retried"
    VERSION_DEPLOYED = "version_deployed"
    VERSION_FORCED = "version_forced"
    VERSION_IMPORTED = "version_imported"
    JUDGE_ROLLED_BACK = "judge_rolled_back"
    FEEDBACK_RETRACTED = "feedback_retracted"


class AuditEntry(Base):
    """One action in a workspace, written in the transaction that performed it."""

    __tablename__ = "audit_log"
    __table_args__ = (Index(None, "workspace_id", "pk"),)

    pk: Mapped[int] = mapped_column(BigSerial, primary_key=True)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    action: Mapped[AuditAction] = mapped_column(enum_column(AuditAction))
    user_id: Mapped[str | None] = mapped_column(Id(40), ForeignKey("users.id"))
    key_id: Mapped[str | None] = mapped_column(String(40))
    target_id: Mapped[str] = mapped_column(Id(80))
    message: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)


class Actor(Protocol):
    """The actor of an audited action: a viewer, or an actor without a key."""

    @property
    def workspace_id(self) -> str:
        """The workspace of the action."""

    @property
    def user_id(self) -> str | None:
        """The user on whose behalf the actor acts, if any."""

    @property
    def key_id(self) -> str | None:
        """The API key, if any."""


@dataclass(frozen=True, slots=True)
class KeylessActor:
    """An actor without an API key: the server's operator, or a training job on behalf of its creator."""

    workspace_id: str
    user_id: str | None = None
    key_id: str | None = None
