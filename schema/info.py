"""What a resolver of the schema gets to see of the request, and arguments that may be left out."""

from typing import TypeVar

import strawberry

from resolvers.context import Context

Info = strawberry.Info[Context, None]

T = TypeVar("T")


def unset_to_none(argument: T | None) -> T | None:
    """An argument that was left out, as None: an unset default keeps ``= null`` out of the printed schema."""
    return None if argument is strawberry.UNSET else argument
