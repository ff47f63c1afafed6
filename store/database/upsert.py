"""Add to counters: one statement a table, a row a touched counter; what comes down to nothing is taken away."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, inspect, literal_column

from models.base import Base
from store.database.bulk_insert import insert_columns


def key_and_value_columns(table: type[Base]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of a table's columns: first those of its key, then the others."""
    keys = tuple(column.name for column in inspect(table).primary_key)
    names = tuple(column.name for column in table.__table__.columns)
    assert names[: len(keys)] == keys
    return keys, names[len(keys) :]


def add_to_counters(connection: Connection, table: type[Base], rows: Sequence[tuple[Any, ...]]) -> None:
    """Add rows, in the order of the table's columns, to its counters; make those that are not there.

    All rows have different keys. The first counter of a row is 0 only where all are: such a row is deleted, so that the
    same feedback leaves the same counters whatever came and went. The caller holds the judge's row, so that counters of
    one judge are written by one after another.
    """
    if not rows:
        return
    keys, values = key_and_value_columns(table)
    named = ", ".join(f'"{key}"' for key in keys)
    added = ", ".join(f'"{value}" = {table.__tablename__}."{value}" + excluded."{value}"' for value in values)
    columns = list(map(list, zip(*rows, strict=True)))
    insert_columns(connection, table, keys + values, columns, f"ON CONFLICT ({named}) DO UPDATE SET {added}")
    less = [{f"_{key}": part for key, part in zip(keys, row, strict=False)} for row in rows if row[len(keys)] < 0]
    if less:
        here = [table.__table__.c[key] == bindparam(f"_{key}") for key in keys]
        connection.execute(delete(table).where(*here, table.__table__.c[values[0]] == literal_column("0")), less)
