"""The audit trail."""

from datetime import datetime
from typing import Annotated, Self

import strawberry
from strawberry import ID

from models.audit import AuditAction
from models.audit import AuditEntry as EntryRecord
from schema.decorators import field, input_type, object_type
from schema.info import Info
from schema.types.access import User
from store.audit import AuditFilter


@object_type
class AuditEntry:
    """Something that was done in the workspace. Entries are added and never changed or removed."""

    id: ID = strawberry.field(description="The entry's id, unique within the trail.")
    at: datetime = strawberry.field(description="When it was done.")
    action: AuditAction = strawberry.field(description="What was done.")
    api_key_id: ID | None = strawberry.field(
        description=(
            "The id of the API key it was done with; null when it was done without one: by whoever operates the "
            "server, or by a training job."
        )
    )
    target_id: ID = strawberry.field(description="The id of what it was done to.")
    reason: str | None = strawberry.field(description="Why, in the words of who did it; null when none were given.")
    message: str = strawberry.field(description="What was done, in a sentence for people.")
    row: strawberry.Private[EntryRecord]

    @field
    async def user(self, info: Info) -> User | None:
        """Who did it; null for whoever operates the server. A job acts in the name of who created it."""
        id_ = self.row.user_id
        return None if id_ is None else User.of(await info.context.loaders.users.load(id_))

    @classmethod
    def of(cls, row: EntryRecord) -> Self:
        """The GraphQL view of a record."""
        return cls(
            id=ID(f"aud_{row.pk}"),
            at=row.at,
            action=row.action,
            api_key_id=None if row.key_id is None else ID(row.key_id),
            target_id=ID(row.target_id),
            reason=row.reason,
            message=row.message,
            row=row,
        )


@input_type
class AuditLogFilter:
    """Which entries to list: those that meet everything that is given."""

    actions: list[AuditAction] | None = strawberry.field(description="Only what was done in one of these ways.")
    user_id: ID | None = strawberry.field(description="Only what this user did.")
    target_id: ID | None = strawberry.field(description="Only what was done to this judge, job, version or key.")
    since: datetime | None = strawberry.field(description="Only what was done at or after this moment.")
    until: datetime | None = strawberry.field(description="Only what was done before this moment.")


TrailFilter = Annotated[
    AuditLogFilter | None,
    strawberry.argument(name="filter", description="Which entries to list. Left out: all of them."),
]


def audit_filter(wanted: AuditLogFilter | None) -> AuditFilter:
    """Which entries are asked for."""
    if wanted is None:
        return AuditFilter()
    return AuditFilter(
        actions=None if wanted.actions is None else tuple(wanted.actions),
        user_id=wanted.user_id,
        target_id=wanted.target_id,
        since=wanted.since,
        until=wanted.until,
    )
