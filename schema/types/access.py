"""Who is asking, and for whom: users, workspaces, API keys and the viewer."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry import ID

from models.access import ApiKey as ApiKeyRecord
from models.access import Role
from models.access import User as UserRecord
from models.access import Viewer as ViewerRecord
from models.access import Workspace as WorkspaceRecord
from schema.decorators import field, object_type
from schema.info import Info
from schema.types.node import Node


@object_type
class User(Node):
    """Somebody, or some program, that acts in a workspace; every change is recorded with its user."""

    name: str = strawberry.field(description="What the user is called; unique within the workspace.")

    @classmethod
    def of(cls, record: UserRecord) -> Self:
        """The GraphQL view of a record."""
        return cls(id=ID(record.id), name=record.name)


@object_type
class Workspace(Node):
    """What owns judges, their feedback and the keys to them. Nothing is ever shared between workspaces."""

    name: str = strawberry.field(description="What the workspace is called.")

    @classmethod
    def of(cls, record: WorkspaceRecord) -> Self:
        """The GraphQL view of a record."""
        return cls(id=ID(record.id), name=record.name)


@object_type
class Viewer:
    """You, as this server sees you: the API key you came with, whose it is and what it may do."""

    id: ID = strawberry.field(description="The id of the API key, beginning with `key_`. It is not the secret.")
    user: User = strawberry.field(description="Whose key it is; what you do is recorded under this user.")
    name: str = strawberry.field(description="The user's name.")
    role: Role = strawberry.field(description="What the key may do.")
    workspace: Workspace = strawberry.field(description="The workspace the key opens; all you see belongs to it.")

    @classmethod
    def of(cls, viewer: ViewerRecord) -> Self:
        """The GraphQL view of who is asking."""
        return cls(
            id=ID(viewer.key_id),
            user=User(id=ID(viewer.user_id), name=viewer.user_name),
            name=viewer.user_name,
            role=viewer.role,
            workspace=Workspace(id=ID(viewer.workspace_id), name=viewer.workspace_name),
        )


@object_type
class ApiKey:
    """A key to the workspace, as the server knows it: never the secret, of which it keeps only a hash."""

    id: ID = strawberry.field(description="The key's id: `key_...`. It is not the secret.")
    prefix: str = strawberry.field(description="The first characters of the secret, to tell keys apart.")
    role: Role = strawberry.field(description="What the key may do.")
    created_at: datetime = strawberry.field(description="When the key was made.")
    expires_at: datetime | None = strawberry.field(description="When it stops opening anything; null for never.")
    last_used_at: datetime | None = strawberry.field(
        description="When it was last used, to the minute; null when it never was."
    )
    revoked_at: datetime | None = strawberry.field(description="When it was revoked; null when it was not.")
    row: strawberry.Private[ApiKeyRecord]

    @field
    async def user(self, info: Info) -> User:
        """Whose key it is; what is done with it is recorded under this user."""
        return User.of(await info.context.loaders.users.load(self.row.user_id))

    @classmethod
    def of(cls, row: ApiKeyRecord) -> Self:
        """The GraphQL view of a record."""
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
