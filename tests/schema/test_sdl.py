"""Tests of the printed schema: it is up to date and completely described in plain language."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLNamedType,
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
    """After a change, run: judgesmith schema > schema/schema.graphql."""
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


def test_optional_arguments_have_no_default_null() -> None:
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


def test_descriptions_are_in_plain_language(printed: GraphQLSchema) -> None:
    """Descriptions begin with a noun or a verb and state what programs return, report or store."""
    opening = re.compile(r"(What|Who(?:ever)?|Whose|Whether|Where|How)\b")
    verb = re.compile(r"\b(tells|told|says|said)\b")
    odd = [
        f"{type_.name}: {text}"
        for type_ in printed.type_map.values()
        if not is_introspection_type(type_) and not is_specified_scalar_type(type_)
        for text in _descriptions(type_)
        if opening.match(text) or verb.search(text)
    ]
    assert odd == []


def _descriptions(type_: GraphQLNamedType) -> Iterator[str]:
    yield type_.description or ""
    for member in (getattr(type_, "fields", None) or getattr(type_, "values", None) or {}).values():
        yield member.description or ""
        for argument in getattr(member, "args", {}).values():
            yield argument.description or ""


def test_deprecations_name_an_existing_replacement(printed: GraphQLSchema) -> None:
    for type_ in printed.type_map.values():
        fields = getattr(type_, "fields", None) or {}
        for name, field in fields.items():
            if getattr(field, "deprecation_reason", None):
                match = re.fullmatch(r"Use (\w+)\.", field.deprecation_reason)
                assert match is not None, f"{type_.name}.{name}"
                assert match[1] in fields, f"{type_.name}.{name}"


async def test_tools_can_introspect_it(schema: Schema) -> None:
    result = await schema.execute(get_introspection_query(input_value_deprecation=True, specified_by_url=True))
    assert result.errors is None
