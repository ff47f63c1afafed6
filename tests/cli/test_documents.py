"""The documents that frontends, the command and the tests send."""

from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, build_schema, parse, validate

from cli import documents

SDL = Path(__file__).parents[2] / "schema" / "schema.graphql"


@pytest.fixture(scope="module")
def schema():
    return build_schema(SDL.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", documents.names())
def test_a_document_is_valid_against_the_schema(schema, name: str) -> None:
    assert validate(schema, parse(documents.load(name))) == []


@pytest.mark.parametrize("name", documents.names())
def test_a_file_holds_one_operation_of_its_name_and_says_when_to_use_it(name: str) -> None:
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


def test_an_unknown_document_is_answered_with_those_there_are() -> None:
    with pytest.raises(LookupError, match="CreateJudge"):
        documents.load("MakeJudge")
