"""Who may do what: workspaces own judges, users act in them, API keys carry a role."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, UtcDateTime, enum_column
from models.errors import Forbidden


class Role(StrEnum):
    """What a key may do; each role may do all that the ones before it may."""

    VIEWER = "viewer"
    ANNOTATOR = "annotator"
    TRAINER = "trainer"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        """Whether this role may do what ``needed`` may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


class Workspace(Base):
    """The owner of judges and keys; nothing crosses workspaces."""

    __tablename__ = "workspaces"

    id: Mapped[str] = mapped_column(Id(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    webhook_secret: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class User(Base):
    """Somebody, or some program, that acts in a workspace."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    id: Mapped[str] = mapped_column(Id(40), primary_key=True)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"))
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiKey(Base):
    """A key as the database knows it: only a hash of the secret, with its first characters for people."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(Id(40), primary_key=True)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"), index=True)
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
    """Who is asking: the key's user, role and workspace."""

    key_id: str
    role: Role
    user_id: str
    user_name: str
    workspace_id: str
    workspace_name: str

    def require(self, role: Role) -> None:
        """Go on only if the viewer's role covers another.

        Raises:
            Forbidden: it does not.
        """
        if not self.role.covers(role):
            raise Forbidden(
                f"This needs the role {role.name}; the key has {self.role.name}. Ask an ADMIN of the workspace "
                f"{self.workspace_name!r} for another key."
            )
