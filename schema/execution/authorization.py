"""The doors of the schema: each field that not everybody may ask for looks at the viewer's role first."""

from collections.abc import Callable
from typing import Any, TypeVar

from graphql import GraphQLObjectType, GraphQLResolveInfo, default_field_resolver
from strawberry import Schema

from models.access import Role
from models.permissions import required_role
from resolvers.context import Context

S = TypeVar("S", bound=Schema)
Resolver = Callable[..., Any]


def enforce_permissions(schema: S) -> S:
    """The same schema with its fields guarded as the table in ``models.permissions`` says.

    Whoever has a key is at least a VIEWER, so that fields for all keep their resolvers and cost nothing more.
    """
    core = schema._schema
    for type_ in core.type_map.values():
        if not isinstance(type_, GraphQLObjectType) or type_.name.startswith("__"):
            continue
        for name, field in type_.fields.items():
            role = required_role(f"{type_.name}.{name}")
            if role is Role.VIEWER:
                continue
            if type_ is core.subscription_type:
                field.subscribe = _guard(field.subscribe, role)
            else:
                field.resolve = _guard(field.resolve, role)
    return schema


def _guard(resolver: Resolver | None, role: Role) -> Resolver:
    inner = resolver or default_field_resolver

    def guard(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        context: Context = info.context
        context.viewer.require(role)
        return inner(source, info, **arguments)

    return guard
