"""Enforcement of the permission table: each field that not every role may query checks the viewer's role first."""

from collections.abc import Callable
from typing import Any, TypeVar

from graphql import GraphQLObjectType, GraphQLResolveInfo, default_field_resolver
from strawberry import Schema

from models.access import Role
from models.permissions import required_role
from resolvers.context import Context
from schema.strawberry_compat.core_schema import core_schema

S = TypeVar("S", bound=Schema)
Resolver = Callable[..., Any]


def enforce_permissions(schema: S) -> S:
    """Return the same schema with its fields wrapped as the table in ``models.permissions`` demands.

    Every key has at least the role VIEWER, so that fields for all roles keep their resolvers and cost nothing more.
    """
    core = core_schema(schema)
    for type_ in core.type_map.values():
        if not isinstance(type_, GraphQLObjectType) or type_.name.startswith("__"):
            continue
        for name, field in type_.fields.items():
            role = required_role(f"{type_.name}.{name}")
            if role is Role.VIEWER:
                continue
            if type_ is core.subscription_type:
                field.subscribe = _require_role(field.subscribe, role)
            else:
                field.resolve = _require_role(field.resolve, role)
    return schema


def _require_role(resolver: Resolver | None, role: Role) -> Resolver:
    inner = resolver or default_field_resolver

    def checked_resolver(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        context: Context = info.context
        context.viewer.require(role)
        return inner(source, info, **arguments)

    return checked_resolver
