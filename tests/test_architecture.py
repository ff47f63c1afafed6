"""Rules on imports and SQL that import-linter cannot express, because they concern names instead of modules."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS_WITHOUT_SQL = ("cli", "resolvers", "runner", "schema", "server", "trainer")

# Names of SQLAlchemy that every floor may import: the type of a unit's argument, and errors to catch.
ALLOWED_NAMES = {"sqlalchemy": {"Connection"}, "sqlalchemy.exc": {"IntegrityError", "SQLAlchemyError"}}

# Methods that run or build a statement.
STATEMENT_METHODS = {"exec_driver_sql", "execute", "group_by", "join_from", "order_by", "scalars", "where"}
CONNECTIONS = {"c", "connection"}
QUERIES = {"query", "rows", "selection", "statement"}


def sources() -> Iterator[Path]:
    for floor in FLOORS_WITHOUT_SQL:
        yield from sorted((ROOT / floor).rglob("*.py"))


def find_sql(source: str) -> list[str]:
    """Return the places in a module's source that build or run SQL."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found += [f"line {node.lineno}: import {n.name}" for n in names if n.name.split(".")[0] == "sqlalchemy"]
            case ast.ImportFrom(module=str(module), names=names) if module.split(".")[0] == "sqlalchemy":
                allowed = ALLOWED_NAMES.get(module, set())
                found += [f"line {node.lineno}: {module}.{n.name}" for n in names if n.name not in allowed]
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if method in STATEMENT_METHODS:
                if name in CONNECTIONS | QUERIES:
                    found.append(f"line {node.lineno}: {name}.{method}()")
    return found


def test_only_the_store_builds_or_runs_sql() -> None:
    found = {str(path.relative_to(ROOT)): places for path in sources() if (places := find_sql(path.read_text()))}
    assert found == {}


@pytest.mark.parametrize(
    "source",
    [
        "import sqlalchemy",
        "import sqlalchemy as sa",
        "from sqlalchemy import Connection, select",
        "from sqlalchemy.orm import InstrumentedAttribute",
        "def unit(connection):\n    connection.execute(statement)",
        "def unit(statement):\n    return statement.where(condition)",
    ],
)
def test_sql_outside_the_store_is_found(source: str) -> None:
    assert find_sql(source)


def test_connection_types_and_errors_are_allowed_everywhere() -> None:
    assert find_sql("from sqlalchemy import Connection\nfrom sqlalchemy.exc import IntegrityError") == []
