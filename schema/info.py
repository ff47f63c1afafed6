"""The request as resolvers of the schema see it, and arguments that may be omitted."""

from typing import TypeVar

import strawberry

from resolvers.context import Context

Info = strawberry.Info[Context, None]

T = TypeVar("T")


def unset_to_none(argument: T | None) -> T | None:
    """Return None for an omitted argument.

    Optional arguments default to ``UNSET`` rather than None, because None would print ``= null`` into the schema.
    """
    return None if argument is strawberry.UNSET else argument
