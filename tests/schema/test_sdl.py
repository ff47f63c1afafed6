"""The printed schema: up to date, and readable without any other documentation."""

from pathlib import Path

import pytest
from graphql import (
    GraphQLSchema,
    build_schema,
    get_introspection_query,
    is_introspection_type,
    is_specified_scalar_type,
)
from strawberry import Schema

import schema.build
from schema.build import print_sdl

PRINTED = Path(schema.build.__file__).with_name("schema.graphql")


@pytest.fixture(scope="module")
def printed() -> GraphQLSchema:
    return build_schema(PRINTED.read_text())


def test_the_printed_schema_is_up_to_date() -> None:
    """After a change: judgesmith schema > schema/schema.graphql."""
    assert print_sdl() == PRINTED.read_text()


def test_everything_is_described(printed: GraphQLSchema) -> None:
    bare = []
    for type_ in printed.type_map.values():
        if is_introspection_type(type_) or is_specified_scalar_type(type_):
            continue
        if not type_.description:
            bare.append(type_.name)
        members = getattr(type_, "fields", None) or getattr(type_, "values", None) or {}
        for name, member in members.items():
            if not member.description:
                bare.append(f"{type_.name}.{name}")
            for argument, definition in getattr(member, "args", {}).items():
                if not definition.description:
                    bare.append(f"{type_.name}.{name}({argument})")
    assert bare == []


def test_leaving_something_out_is_no_default() -> None:
    assert "= null" not in print_sdl()


def test_descriptions_are_sentences(printed: GraphQLSchema) -> None:
    loose = [
        f"{type_.name}.{name}"
        for type_ in printed.type_map.values()
        if not is_introspection_type(type_)
        for name, member in (getattr(type_, "fields", None) or getattr(type_, "values", None) or {}).items()
        if not member.description.endswith(".")
    ]
    assert loose == []


async def test_tools_can_introspect_it(schema: Schema) -> None:
    result = await schema.execute(get_introspection_query(input_value_deprecation=True, specified_by_url=True))
    assert result.errors is None
