"""Read access to what Strawberry keeps private: its graphql-core schema, enum definitions and the operation name."""

from enum import Enum

from graphql import GraphQLSchema
from strawberry.schema import BaseSchema
from strawberry.types import ExecutionContext
from strawberry.types.enum import has_enum_definition


def core_schema(schema: BaseSchema) -> GraphQLSchema:
    """Return the graphql-core schema behind a Strawberry schema.

    Reads ``Schema._schema``. Strawberry has no public accessor for it; parsing the printed SDL instead would lose the
    resolvers, which the permission checks wrap.
    """
    core = schema._schema  # type: ignore[attr-defined]
    assert isinstance(core, GraphQLSchema)
    return core


def describe_enum_values(kind: type[Enum], descriptions: dict[str, str]) -> None:
    """Set the description of each value of an enum that ``strawberry.enum`` has registered.

    Writes ``__strawberry_definition__.values[n].description``. ``strawberry.enum_value(description=...)`` would have
    to wrap the values inside the enum class, but the enums belong to ``models``, which does not know GraphQL.
    """
    assert has_enum_definition(kind)
    for value in kind.__strawberry_definition__.values:
        value.description = descriptions[value.name]


def requested_operation_name(context: ExecutionContext) -> str | None:
    """Return the operation name that the request named, or None if it named none.

    Reads ``ExecutionContext._provided_operation_name``. The public property ``operation_name`` falls back to the first
    operation of the document, so that it cannot show that the request named none.
    """
    return context._provided_operation_name
