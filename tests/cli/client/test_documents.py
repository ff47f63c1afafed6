"""Tests of the documents that frontends, the command and the tests send."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, build_schema, is_abstract_type, parse, print_ast, validate

from cli.client import documents

SDL = Path(__file__).parents[3] / "schema" / "schema.graphql"


@pytest.fixture(scope="module")
def schema():
    return build_schema(SDL.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", documents.names())
def test_a_document_is_valid_against_the_schema(schema, name: str) -> None:
    assert validate(schema, parse(documents.load(name))) == []


@pytest.mark.parametrize("name", documents.names())
def test_a_file_holds_one_operation_of_its_name_with_a_comment(name: str) -> None:
    text = (documents.FOLDER / f"{name}.graphql").read_text(encoding="utf-8")
    (operation,) = parse(text).definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name is not None
    assert operation.name.value == name
    assert text.startswith("# ")


@pytest.mark.parametrize("path", sorted((documents.FOLDER / "fragments").glob("*.graphql")), ids=lambda path: path.stem)
def test_a_fragment_is_in_a_file_of_its_name_and_spread_by_some_operation(path: Path) -> None:
    assert f"fragment {path.stem} on " in path.read_text(encoding="utf-8")
    assert any(f"fragment {path.stem} on " in documents.load(name) for name in documents.names())


def test_an_unknown_document_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(LookupError, match="CreateJudge"):
        documents.load("MakeJudge")


def parts(text: str) -> set[str]:
    """Return the definitions of a document without the order of their fields and arguments."""
    definitions = (re.findall(r"\w+|[^\w\s,]", print_ast(definition)) for definition in parse(text).definitions)
    return {" ".join(sorted(words)) for words in definitions}


def test_the_persisted_documents_match_the_files_and_their_digests() -> None:
    """`make codegen` wrote them from the present files; this test needs no Node."""
    persisted = json.loads((documents.FOLDER / "persisted.json").read_text(encoding="utf-8"))
    assert all(hashlib.sha256(text.encode()).hexdigest() == digest for digest, text in persisted.items())
    written = sorted(sorted(parts(documents.load(name))) for name in documents.names())
    assert sorted(sorted(parts(text)) for text in persisted.values()) == written, "make codegen"


def test_the_possible_types_file_lists_the_types_of_each_interface(schema) -> None:
    """Apollo's cache drops the fields of a type that it does not know as one of an interface."""
    abstract = {name: kind for name, kind in schema.type_map.items() if is_abstract_type(kind)}
    behind = {name: sorted(one.name for one in schema.get_possible_types(kind)) for name, kind in abstract.items()}
    listed = json.loads((documents.FOLDER / "possible-types.json").read_text(encoding="utf-8"))
    assert listed == {"possibleTypes": behind}, "make codegen"
