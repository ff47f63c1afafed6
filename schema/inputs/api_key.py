"""Inputs that create and revoke API keys."""

from datetime import datetime

import strawberry
from strawberry import ID

from models.access import Role
from models.specs.keys import KeySpec
from schema.decorators import input_type
from schema.inputs.shared import Defaults, reason_field


@input_type
class CreateApiKeyInput:
    """The key to create."""

    role: Role = strawberry.field(description="The role of the key.")
    user_name: str | None = strawberry.field(
        description=(
            "Name of the key's user (at most 200 characters). An unknown name creates the user. Defaults to you."
        )
    )
    expires_at: datetime | None = strawberry.field(
        description="The moment at which the key expires. Default: never, until it is revoked."
    )

    def to_spec(self) -> KeySpec:
        """Return the spec of the key."""
        return KeySpec(self.role, self.user_name, self.expires_at)


@input_type
class RevokeApiKeyInput(Defaults):
    """The key to revoke."""

    key_id: ID = strawberry.field(description="The key's id: `key_...`.")
    force: bool = strawberry.field(
        default=False,
        graphql_type=bool | None,
        description=(
            "Revoke the key even if it is the last one with the role `ADMIN`. After that, only the operator of the "
            "server can create another one."
        ),
    )
    reason: str | None = reason_field()
