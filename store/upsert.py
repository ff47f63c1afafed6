"""Add to counters: one statement a table, a row a touched counter; what comes down to nothing is taken away."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, inspect, literal_column

from models.base import Base
from store.insert import insert_many


def add_to(connection: Connection, table: type[Base], rows: Sequence[dict[str, Any]], *values: str) -> None:
    """Add ``rows`` to the table's counters ``values``, and make those that are not there; all have different keys.

    The first of ``values`` is 0 only where all are: such a counter is deleted, so that the same feedback leaves the
    same counters whatever came and went. The caller holds the judge's row, so that counters of one judge are written by
    one after another.
    """
    if not rows:
        return
    keys, name = list(inspect(table).primary_key), table.__tablename__
    named = ", ".join(f'"{column.name}"' for column in keys)
    added = ", ".join(f'"{value}" = {name}."{value}" + excluded."{value}"' for value in values)
    insert_many(connection, table, rows, f"ON CONFLICT ({named}) DO UPDATE SET {added}")
    less = [{f"_{key.name}": row[key.name] for key in keys} for row in rows if row[values[0]] < 0]
    if less:
        here = [column == bindparam(f"_{column.name}") for column in keys]
        connection.execute(delete(table).where(*here, getattr(table, values[0]) == literal_column("0")), less)
