"""The selection of the field that a resolver resolves, as graphql-core has it."""

from typing import Any

from graphql import GraphQLField, GraphQLResolveInfo
from strawberry import Info
from strawberry.types.field import StrawberryField


def raw_info(info: Info) -> GraphQLResolveInfo[Any]:
    """Return graphql-core's information on a field.

    Reads ``Info._raw_info``. ``Info.selected_fields`` describes the selection, but it converts the whole of it at each
    call, with all arguments, and does not evaluate ``@skip``, ``@include`` and the type conditions of fragments.
    """
    return info._raw_info


def strawberry_field(field: GraphQLField) -> StrawberryField | None:
    """Return the Strawberry field that a field of the core schema was made from; None for introspection.

    Reads the undocumented extension ``strawberry-definition``.
    """
    definition = field.extensions.get("strawberry-definition")
    return definition if isinstance(definition, StrawberryField) else None
