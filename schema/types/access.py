"""Users, workspaces, API keys and the viewer."""

from datetime import datetime
from typing import Self, cast

import strawberry
from strawberry import ID

from models.access import ApiKey as ApiKeyRecord
from models.access import Role
from models.access import User as UserRecord
from models.access import Viewer as ViewerRecord
from models.access import Workspace as WorkspaceRecord
from models.base import Column
from schema.decorators import column, field, object_type
from schema.info import Info
from schema.selection import selected_columns
from schema.types.node import ID_DESCRIPTION, Node


@object_type
class User(Node):
    """A person or program that acts in a workspace. Every change is recorded with its user."""

    id: ID = column(UserRecord.id, ID_DESCRIPTION)
    name: str = column(UserRecord.name, "The user's name, unique within the workspace.")
    row: strawberry.Private[UserRecord]

    @classmethod
    def of(cls, row: UserRecord) -> Self:
        """Return the GraphQL object of a record."""
        return cls(row=row)


def load_user(info: Info, user_id: str) -> User:
    """Return the user with an id that a record refers to. If more than the id is selected, the executor awaits it."""
    columns = selected_columns(info, UserRecord)
    if columns == (UserRecord.id,):
        return User.of(UserRecord(id=user_id))
    return cast("User", _load_user(info, user_id, columns))


async def _load_user(info: Info, user_id: str, columns: tuple[Column, ...]) -> User:
    return User.of(await info.context.loaders.users.load(user_id, columns))


@object_type
class Workspace(Node):
    """The owner of judges, their feedback and API keys. Nothing is shared between workspaces."""

    name: str = strawberry.field(description="The workspace's name.")

    @classmethod
    def of(cls, record: WorkspaceRecord) -> Self:
        """Return the GraphQL object of a record."""
        return cls(id=ID(record.id), name=record.name)


@object_type
class Viewer:
    """The API key that sent the request, with its user, role and workspace."""

    id: ID = strawberry.field(description="The id of the API key: `key_...`. It is not the secret.")
    user: User = strawberry.field(description="The key's user. Your changes are recorded with this user.")
    name: str = strawberry.field(description="The user's name.")
    role: Role = strawberry.field(description="The key's role.")
    workspace: Workspace = strawberry.field(description="The key's workspace. You can see only this workspace.")

    @classmethod
    def of(cls, viewer: ViewerRecord) -> Self:
        """Return the GraphQL object of the viewer."""
        return cls(
            id=ID(viewer.key_id),
            user=User.of(UserRecord(id=viewer.user_id, name=viewer.user_name)),
            name=viewer.user_name,
            role=viewer.role,
            workspace=Workspace(id=ID(viewer.workspace_id), name=viewer.workspace_name),
        )


@object_type
class ApiKey:
    """A key to the workspace. The server stores only a hash of its secret."""

    id: ID = strawberry.field(description="The key's id: `key_...`. It is not the secret.")
    prefix: str = strawberry.field(description="The first characters of the secret, to tell keys apart.")
    role: Role = strawberry.field(description="The key's role.")
    created_at: datetime = strawberry.field(description="The moment of its creation.")
    expires_at: datetime | None = strawberry.field(
        description="The moment at which it expires; null if it never expires."
    )
    last_used_at: datetime | None = strawberry.field(
        description="The moment of its last use, to the minute; null if it was never used."
    )
    revoked_at: datetime | None = strawberry.field(
        description="The moment of its revocation; null if it was not revoked."
    )
    row: strawberry.Private[ApiKeyRecord]

    @field
    def user(self, info: Info) -> User:
        """The key's user. Changes made with the key are recorded with this user."""
        return load_user(info, self.row.user_id)

    @classmethod
    def of(cls, row: ApiKeyRecord) -> Self:
        """Return the GraphQL object of a record."""
        return cls(
            id=ID(row.id),
            prefix=row.hint,
            role=row.role,
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
            revoked_at=row.revoked_at,
            row=row,
        )
