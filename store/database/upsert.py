"""Upserts: inserts that change or keep the rows that already exist."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, inspect
from sqlalchemy.dialects import postgresql, sqlite

from models.base import Base
from store.database.bulk_insert import delete_rows, insert_columns


def insert_on_conflict(connection: Connection, record: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT of the connection's dialect, which supports ON CONFLICT."""
    return sqlite.insert(record) if connection.dialect.name == "sqlite" else postgresql.insert(record)


def key_and_value_columns(table: type[Base]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of a table's key columns and of its other columns."""
    keys = tuple(column.name for column in inspect(table).primary_key)
    names = tuple(column.name for column in table.__table__.columns)
    assert names[: len(keys)] == keys
    return keys, names[len(keys) :]


def add_to_counters(connection: Connection, table: type[Base], rows: Sequence[tuple[Any, ...]]) -> None:
    """Add rows of numbers to a table's counters, and create the counters that do not exist.

    A row whose first counter becomes 0 is deleted; its other counters are then 0, too. The same feedback therefore
    leaves the same rows, whatever was added and retracted before. The caller holds a lock on the judge's row, so the
    counters of one judge are changed by one transaction at a time.

    Args:
        connection: the connection of a writing unit.
        table: the table of counters.
        rows: the numbers to add, in the order of the table's columns. All rows have different keys.
    """
    if not rows:
        return
    keys, values = key_and_value_columns(table)
    named = ", ".join(f'"{key}"' for key in keys)
    added = ", ".join(f'"{value}" = {table.__tablename__}."{value}" + excluded."{value}"' for value in values)
    columns = list(map(list, zip(*rows, strict=True)))
    insert_columns(connection, table, keys + values, columns, f"ON CONFLICT ({named}) DO UPDATE SET {added}")
    delete_rows(connection, table, keys, [row[: len(keys)] for row in rows if row[len(keys)] < 0], f'"{values[0]}" = 0')
