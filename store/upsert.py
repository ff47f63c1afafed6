"""Add to counters: one statement a table, a row a touched counter; what comes down to nothing is taken away."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import ClauseElement, Connection, Executable, bindparam, delete, inspect, literal_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from models.base import Base


def add_to(connection: Connection, table: type[Base], rows: Sequence[dict[str, Any]], *values: str) -> None:
    """Add ``rows`` to the table's counters ``values``, and make those that are not there.

    The first of ``values`` is 0 only where all are: such a counter is deleted, so that the same feedback leaves the
    same counters whatever came and went. The caller holds the judge's row, so that counters of one judge are written by
    one after another.
    """
    if not rows:
        return
    insert = (sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert)(table)
    keys = list(inspect(table).primary_key)
    added = {value: getattr(table, value) + insert.excluded[value] for value in values}
    statement = insert.values({column.name: bindparam(column.name) for column in table.__table__.columns})
    _run(connection, statement.on_conflict_do_update(index_elements=keys, set_=added), rows)
    less = [row for row in rows if row[values[0]] < 0]
    if less:
        here = [column == bindparam(column.name) for column in keys]
        _run(connection, delete(table).where(*here, getattr(table, values[0]) == literal_column("0")), less)


def _run(connection: Connection, statement: Executable, rows: Sequence[dict[str, Any]]) -> None:
    """Run a statement for each row of plain numbers and texts, which need no preparing: at half the price."""
    compiled = cast("SQLCompiler", cast("ClauseElement", statement).compile(dialect=connection.dialect))
    names = compiled.positiontup
    assert names is not None
    connection.exec_driver_sql(str(compiled), [tuple([row[name] for name in names]) for row in rows])
