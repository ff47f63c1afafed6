"""Snippets of the documentation: valid against the schema, the import format and their language."""

import json
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

from models.bulk.lines import CriterionNames
from models.bulk.reader import read_evaluations, read_feedback
from tests.factories import loose_criteria

from . import markdown
from .markdown import ROOT

FILES = markdown.files()
NAMES = CriterionNames(loose_criteria("clarity", "accuracy"))


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def snippets(language: str) -> list[object]:
    """Return the snippets of a language as parameters with their page and position."""
    return [
        pytest.param(block.text, id=f"{shown(path)}-{number}")
        for path in FILES
        for number, block in enumerate(markdown.blocks(path.read_text(encoding="utf-8")))
        if block.language == language
    ]


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema((ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", snippets("graphql"))
def test_graphql_is_valid_against_the_schema(schema: GraphQLSchema, text: str) -> None:
    assert validate(schema, parse(text)) == []


@pytest.mark.parametrize("text", snippets("python"))
def test_python_compiles(text: str) -> None:
    compile(text, "snippet", "exec")


@pytest.mark.parametrize("text", snippets("json"))
def test_json_is_one_object_or_valid_import_lines(text: str) -> None:
    try:
        json.loads(text)
    except json.JSONDecodeError:
        lines = text.splitlines()
    else:
        return
    for line in lines:
        read = read_feedback if "evaluation" in json.loads(line) else read_evaluations
        assert read([(1, line.encode())], NAMES, idempotent=True).rejected == []
