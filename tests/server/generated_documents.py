"""Documents made from a schema alone, so that tests reach every field there is, also those that come later."""

from collections.abc import Collection, Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

Ids = Mapping[str, str]  # by the name of the argument or input field
SCALARS = {"Int": "1", "Float": "1.0", "Boolean": "true", "DateTime": '"2026-01-01T00:00:00Z"', "Date": '"2026-01-01"'}


def call(name: str, field: GraphQLField, ids: Ids, *, everything: bool = False) -> str:
    """A field with its required arguments, or with all of them."""
    given = {
        argument: value(definition.type, f"{name}.{argument}", ids)
        for argument, definition in field.args.items()
        if everything or is_required_argument(definition) or argument in ids or holds(definition.type, ids)
    }
    return name + (f"({', '.join(f'{key}: {text}' for key, text in given.items())})" if given else "")


def value(type_: Any, name: str, ids: Ids) -> str:
    """A value of a type, as GraphQL writes it; ids are those that are known for a name, or made up."""
    match type_:
        case GraphQLNonNull():
            return value(type_.of_type, name, ids)
        case GraphQLList():
            return f"[{value(type_.of_type, name, ids)}]"
        case GraphQLEnumType():
            return next(iter(type_.values))
        case GraphQLInputObjectType():
            fields = {
                key: value(definition.type, key, ids)
                for key, definition in type_.fields.items()
                if is_required_input_field(definition) or key in ids or holds(definition.type, ids)
            }
            return "{" + ", ".join(f"{key}: {text}" for key, text in fields.items()) + "}"
    known = ids.get(name) or ids.get(name.rpartition(".")[2])
    if known is not None:
        return f'"{known}"'
    return SCALARS.get(type_.name, '"made_up"')


def holds(type_: Any, names: Collection[str]) -> bool:
    """Whether an input holds a field of one of these names."""
    return any(name in names for name in inputs(type_))


def inputs(type_: Any) -> dict[str, Any]:
    """All that an input takes, down to its depths: the types by name."""
    named = get_named_type(type_)
    found: dict[str, Any] = {}
    if isinstance(named, GraphQLInputObjectType):
        for name, field in named.fields.items():
            found |= {name: field.type} | inputs(field.type)
    return found


def leaves(schema: GraphQLSchema, type_: Any, ids: Ids, depth: int = 1, *, shared: frozenset[str] | None = None) -> str:
    """A selection of all fields of a type that hold values, and of the things in it down to a depth.

    Where a selection holds several types, fields that they do not share get names of their own, since they may differ.
    """
    named = get_named_type(type_)
    if is_leaf_type(named):
        return ""
    parts = ["__typename"]
    if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
        common = frozenset(getattr(named, "fields", ()))
        parts += [
            f"... on {each.name} {leaves(schema, each, ids, depth, shared=common)}"
            for each in schema.get_possible_types(named)
        ]
        return "{ " + " ".join(parts) + " }"
    assert isinstance(named, GraphQLObjectType)
    for name, field in named.fields.items():
        alias = "" if shared is None or name in shared else f"{named.name}_{name}: "
        inner = get_named_type(field.type)
        if is_leaf_type(inner):
            parts.append(alias + call(name, field, ids))
        elif depth > 1:
            parts.append(f"{alias}{call(name, field, ids)} {leaves(schema, inner, ids, depth - 1)}")
    return "{ " + " ".join(parts) + " }"


def ways(schema: GraphQLSchema, ids: Ids) -> dict[str, list[str]]:
    """For each type that a query leads to, a shortest way there: the fields to go through."""
    assert schema.query_type is not None
    found: dict[str, list[str]] = {schema.query_type.name: []}
    queue: list[Any] = [schema.query_type]
    while queue:
        type_ = queue.pop(0)
        way = found[type_.name]
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            steps = [(f"... on {each.name}", each) for each in schema.get_possible_types(type_)]
        else:
            steps = [(call(name, f, ids), get_named_type(f.type)) for name, f in type_.fields.items()]
        for step, target in steps:
            if not is_leaf_type(target) and target.name not in found:
                found[target.name] = [*way, step]
                queue.append(target)
    return found


def along(way: list[str], selection: str) -> str:
    """A query that goes a way and selects something at its end."""
    for step in reversed(way):
        selection = "{ " + step + " " + selection + " }"
    return selection
