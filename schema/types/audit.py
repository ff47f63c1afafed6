"""Entries of the audit log."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry import ID

from models.audit import AuditAction
from models.audit import AuditEntry as EntryRecord
from schema.decorators import deprecated_field, field, object_type
from schema.info import Info
from schema.types.access import User, load_user


@object_type
class AuditEntry:
    """A recorded action in the workspace. Entries are never changed or deleted."""

    id: ID = strawberry.field(description="The entry's id, unique within the audit log.")
    occurred_at: datetime = strawberry.field(description="The moment of the action.")
    action: AuditAction = strawberry.field(description="The action.")
    api_key_id: ID | None = strawberry.field(
        description=(
            "The id of the API key that was used; null for actions without a key: those of the server's operator and "
            "of training jobs."
        )
    )
    target_id: ID = strawberry.field(description="The id of the object that was acted on.")
    reason: str | None = strawberry.field(description="The reason that the user gave; null if none was given.")
    message: str = strawberry.field(description="A sentence for people about the action.")
    row: strawberry.Private[EntryRecord]

    @deprecated_field("occurredAt")
    def at(self) -> datetime:
        """The moment of the action."""
        return self.occurred_at

    @field
    def user(self, info: Info) -> User | None:
        """The user who acted; null for the server's operator. A job acts as the user who created it."""
        id_ = self.row.user_id
        return None if id_ is None else load_user(info, id_)

    @classmethod
    def of(cls, row: EntryRecord) -> Self:
        """Return the GraphQL object of a record."""
        return cls(
            id=ID(f"aud_{row.pk}"),
            occurred_at=row.at,
            action=row.action,
            api_key_id=None if row.key_id is None else ID(row.key_id),
            target_id=ID(row.target_id),
            reason=row.reason,
            message=row.message,
            row=row,
        )
