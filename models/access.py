"""Workspaces, users, API keys and roles. A workspace owns judges; a key acts for one of its users, with a role."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, UtcDateTime, enum_column
from models.errors import Forbidden


class Role(StrEnum):
    """The permissions of a key; each role includes those before it."""

    VIEWER = "viewer"
    ANNOTATOR = "annotator"
    TRAINER = "trainer"
    ADMIN = "admin"

    def covers(self, required: "Role") -> bool:
        """Return whether this role includes the permissions of another."""
        order = list(Role)
        return order.index(self) >= order.index(required)


class Workspace(Base):
    """The owner of judges and keys; nothing crosses workspaces."""

    __tablename__ = "workspaces"

    id: Mapped[str] = mapped_column(Id(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    webhook_secret: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class User(Base):
    """A person or program that acts in a workspace."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("workspace_id", "name"), Index(None, "workspace_id", "id"))

    id: Mapped[str] = mapped_column(Id(40), primary_key=True)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"))
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiKey(Base):
    """An API key. ``digest`` is a hash of the secret; ``hint`` holds its first characters, for people."""

    __tablename__ = "api_keys"
    __table_args__ = (Index(None, "workspace_id", "id"),)

    id: Mapped[str] = mapped_column(Id(40), primary_key=True)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    role: Mapped[Role] = mapped_column(enum_column(Role))
    hint: Mapped[str] = mapped_column(String(20))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class Viewer:
    """The user, role and workspace of the key that a request carries."""

    key_id: str
    role: Role
    user_id: str
    user_name: str
    workspace_id: str
    workspace_name: str

    def require(self, role: Role) -> None:
        """Check that the viewer's role covers another.

        Raises:
            Forbidden: The role does not cover it.
        """
        if not self.role.covers(role):
            raise Forbidden(
                f"This needs the role {role.name}; the key has {self.role.name}. Ask an ADMIN of the workspace "
                f"{self.workspace_name!r} for another key."
            )
