"""Add to counters: one statement a table, a row a touched counter; what comes down to nothing is taken away."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, inspect
from sqlalchemy.dialects import postgresql, sqlite

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
    connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=added), list(rows))
    less = [row for row in rows if row[values[0]] < 0]
    if less:
        here = [column == bindparam(f"_{column.name}") for column in keys]
        gone = delete(table).where(*here, getattr(table, values[0]) == 0)
        connection.execute(gone, [{f"_{column.name}": row[column.name] for column in keys} for row in less])
