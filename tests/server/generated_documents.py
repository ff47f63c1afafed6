"""GraphQL documents generated from a schema, so that tests reach every field, including future ones."""

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


def write_field(name: str, field: GraphQLField, ids: Ids, *, everything: bool = False) -> str:
    """Return a field with its required arguments and those that take known ids.

    Args:
        name: name of the field.
        field: definition of the field.
        ids: known ids by the name of the argument or input field.
        everything: write all arguments.
    """
    arguments = {
        argument: write_value(definition.type, f"{name}.{argument}", ids)
        for argument, definition in field.args.items()
        if everything or is_required_argument(definition) or argument in ids or contains_field(definition.type, ids)
    }
    return name + (f"({', '.join(f'{key}: {text}' for key, text in arguments.items())})" if arguments else "")


def write_value(type_: Any, name: str, ids: Ids) -> str:
    """Return a value of a type in GraphQL syntax.

    Args:
        type_: type of the value.
        name: name of the argument or input field.
        ids: known ids by name; other ids are invented.
    """
    match type_:
        case GraphQLNonNull():
            return write_value(type_.of_type, name, ids)
        case GraphQLList():
            return f"[{write_value(type_.of_type, name, ids)}]"
        case GraphQLEnumType():
            return next(iter(type_.values))
        case GraphQLInputObjectType():
            fields = {
                key: write_value(definition.type, key, ids)
                for key, definition in type_.fields.items()
                if is_required_input_field(definition) or key in ids or contains_field(definition.type, ids)
            }
            return "{" + ", ".join(f"{key}: {text}" for key, text in fields.items()) + "}"
    known = ids.get(name) or ids.get(name.rpartition(".")[2])
    if known is not None:
        return f'"{known}"'
    return SCALARS.get(type_.name, '"made_up"')


def contains_field(type_: Any, names: Collection[str]) -> bool:
    """Return whether an input type contains a field with one of these names, at any depth."""
    return any(name in names for name in input_fields(type_))


def input_fields(type_: Any) -> dict[str, Any]:
    """Return the types of all fields of an input type by name, at any depth."""
    named = get_named_type(type_)
    found: dict[str, Any] = {}
    if isinstance(named, GraphQLInputObjectType):
        for name, field in named.fields.items():
            found |= {name: field.type} | input_fields(field.type)
    return found


def select_fields(
    schema: GraphQLSchema, type_: Any, ids: Ids, depth: int = 1, *, shared: frozenset[str] | None = None
) -> str:
    """Return a selection of all leaf fields of a type, and of the objects in it down to a depth.

    Args:
        schema: the schema.
        type_: type to select from.
        ids: known ids by the name of the argument or input field.
        depth: levels of nested objects.
        shared: fields that all types of the selection share. Other fields get an alias per type, because their types
            may differ.
    """
    named = get_named_type(type_)
    if is_leaf_type(named):
        return ""
    parts = ["__typename"]
    if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
        common = frozenset(getattr(named, "fields", ()))
        parts += [
            f"... on {each.name} {select_fields(schema, each, ids, depth, shared=common)}"
            for each in schema.get_possible_types(named)
        ]
        return "{ " + " ".join(parts) + " }"
    assert isinstance(named, GraphQLObjectType)
    for name, field in named.fields.items():
        alias = "" if shared is None or name in shared else f"{named.name}_{name}: "
        inner = get_named_type(field.type)
        if is_leaf_type(inner):
            parts.append(alias + write_field(name, field, ids))
        elif depth > 1:
            parts.append(f"{alias}{write_field(name, field, ids)} {select_fields(schema, inner, ids, depth - 1)}")
    return "{ " + " ".join(parts) + " }"


def find_paths(schema: GraphQLSchema, ids: Ids) -> dict[str, list[str]]:
    """Return for each type reachable by a query the fields of a shortest path to it."""
    assert schema.query_type is not None
    paths: dict[str, list[str]] = {schema.query_type.name: []}
    queue: list[Any] = [schema.query_type]
    while queue:
        type_ = queue.pop(0)
        path = paths[type_.name]
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            steps = [(f"... on {each.name}", each) for each in schema.get_possible_types(type_)]
        else:
            steps = [(write_field(name, f, ids), get_named_type(f.type)) for name, f in type_.fields.items()]
        for step, target in steps:
            if not is_leaf_type(target) and target.name not in paths:
                paths[target.name] = [*path, step]
                queue.append(target)
    return paths


def write_query(path: list[str], selection: str) -> str:
    """Return a query that follows a path and ends with a selection."""
    for step in reversed(path):
        selection = "{ " + step + " " + selection + " }"
    return selection
