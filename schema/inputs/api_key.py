"""What clients send to make and revoke API keys, and what they are answered."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry import ID

from models.access import ApiKey as ApiKeyRecord
from models.access import Role
from models.specs.keys import KeySpec
from resolvers.access import CreatedKey
from schema.decorators import input_type, object_type
from schema.inputs.defaults import Defaults
from schema.payload import ALL_OR_NOTHING
from schema.types.access import ApiKey
from schema.types.user_error import UserError


@input_type
class CreateApiKeyInput:
    """The key to make."""

    role: Role = strawberry.field(description="What the key is to be allowed.")
    user_name: str | None = strawberry.field(
        description=(
            "Whose key it is, at most 200 characters: a user of your workspace, or a new one, who is made known by it. "
            "Left out: yours."
        )
    )
    expires_at: datetime | None = strawberry.field(
        description="When the key is to stop opening anything. Left out: never, until it is revoked."
    )

    def to_spec(self) -> KeySpec:
        """What is asked for."""
        return KeySpec(self.role, self.user_name, self.expires_at)


@input_type
class RevokeApiKeyInput(Defaults):
    """The key to revoke."""

    key_id: ID = strawberry.field(description="The key's id: `key_...`.")
    force: bool = strawberry.field(
        default=False,
        graphql_type=bool | None,
        description=(
            "Revoke the key even if it is the last with the role `ADMIN`. Then only who operates the server can make "
            "another."
        ),
    )
    reason: str | None = strawberry.field(description="Why, in words, for the record.")


@object_type
class CreateApiKeyPayload:
    """The answer of `createApiKey`."""

    api_key: ApiKey | None = strawberry.field(default=None, description="The new key; null when there are user errors.")
    secret: str | None = strawberry.field(
        default=None,
        description=(
            "The key itself, to be sent as `Authorization: Bearer SECRET`. It is shown only this once. Null when there "
            "are user errors."
        ),
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=ALL_OR_NOTHING)

    @classmethod
    def of(cls, created: CreatedKey) -> Self:
        """The GraphQL view of a new key."""
        return cls(api_key=ApiKey.of(created.key), secret=created.secret)


@object_type
class RevokeApiKeyPayload:
    """The answer of `revokeApiKey`."""

    api_key: ApiKey | None = strawberry.field(
        default=None, description="The key as it stands now; null when there are user errors."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=ALL_OR_NOTHING)

    @classmethod
    def of(cls, row: ApiKeyRecord) -> Self:
        """The GraphQL view of a revoked key."""
        return cls(api_key=ApiKey.of(row))
