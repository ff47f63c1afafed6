"""Bulk inserts: many new rows in one statement, with values bound column by column.

SQLAlchemy's own way costs 20 to 40 µs of Python per row on each database, more than the database itself takes. This
module runs each column's type processing over the whole column at once. The rows then go to the driver as one
`executemany` (SQLite) or one `INSERT ... SELECT FROM unnest` (PostgreSQL).
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import JSON, Connection, Dialect, String, Table, inspect
from sqlalchemy.types import TypeDecorator, TypeEngine

from models.base import Base
from store.database.rows import ColumnValues


def insert_many(connection: Connection, record: type[Base], rows: Sequence[ColumnValues]) -> None:
    """Insert rows of a record.

    Args:
        connection: The connection of a writing unit.
        record: The record whose table is written.
        rows: Values by column name. All rows have the same names; the other columns become NULL.
    """
    if rows:
        names = tuple(rows[0])
        insert_columns(connection, record, names, [[row[name] for row in rows] for name in names])


def insert_columns(
    connection: Connection,
    record: type[Base],
    names: tuple[str, ...],
    values: Sequence[list[Any]],
    on_conflict: str = "",
) -> None:
    """Insert rows that are given as columns.

    Args:
        connection: The connection of a writing unit.
        record: The record whose table is written.
        names: The names of the columns.
        values: The values of each column, in the order of ``names``.
        on_conflict: An ON CONFLICT clause in SQL that both databases understand.
    """
    dialect = connection.dialect
    columns = [_bind_column(record, name, dialect, column) for name, column in zip(names, values, strict=True)]
    if dialect.name == "postgresql":
        connection.exec_driver_sql(f"{_insert_from_unnest(record, names, dialect)} {on_conflict}", tuple(columns))
    else:
        connection.exec_driver_sql(f"{_insert_values(record, names)} {on_conflict}", list(zip(*columns, strict=True)))


def delete_rows(
    connection: Connection, record: type[Base], keys: tuple[str, ...], rows: Sequence[tuple[Any, ...]], condition: str
) -> None:
    """Delete rows by key, if they meet a condition.

    Args:
        connection: The connection of a writing unit.
        record: The record whose table is written.
        keys: The names of the key columns.
        rows: The values of these columns for each row.
        condition: A condition in SQL that both databases understand.
    """
    if not rows:
        return
    table, dialect = _table(record).name, connection.dialect
    if dialect.name == "postgresql":
        # A plain join may scan the table, since PostgreSQL takes the arrays for a hundred rows. OFFSET 0 keeps the
        # subquery apart, so that each row is found by the index of the keys.
        names = ", ".join(f'"{key}"' for key in keys)
        given = f"unnest({', '.join(_casts(record, keys, dialect))}) AS given ({names})"
        same = " AND ".join(f'place."{key}" = given."{key}"' for key in keys)
        one = f'SELECT place.ctid FROM "{table}" AS place WHERE {same} OFFSET 0'  # noqa: S608 - our names
        found = f"SELECT one.ctid FROM {given}, LATERAL ({one}) AS one"  # noqa: S608 - our names
        statement = f'DELETE FROM "{table}" WHERE ctid = ANY (ARRAY({found})) AND {condition}'  # noqa: S608 - our names
        connection.exec_driver_sql(statement, tuple(map(list, zip(*rows, strict=True))))
    else:
        here = " AND ".join(f'"{key}" = ?' for key in keys)
        connection.exec_driver_sql(f'DELETE FROM "{table}" WHERE {here} AND {condition}', list(rows))  # noqa: S608


def _bind_column(record: type[Base], name: str, dialect: Dialect, values: list[Any]) -> list[Any]:
    kind: TypeEngine[Any] = _table(record).c[name].type
    process = kind.dialect_impl(dialect).bind_processor(dialect)
    return values if process is None else [process(value) for value in values]


def _table(record: type[Base]) -> Table:
    table = inspect(record).local_table
    assert isinstance(table, Table)
    return table


def _insert_into(record: type[Base], names: tuple[str, ...]) -> str:
    quoted = ", ".join(f'"{name}"' for name in names)
    return f'INSERT INTO "{_table(record).name}" ({quoted})'


@cache
def _insert_values(record: type[Base], names: tuple[str, ...]) -> str:
    return f"{_insert_into(record, names)} VALUES ({', '.join('?' * len(names))})"


def _insert_from_unnest(record: type[Base], names: tuple[str, ...], dialect: Dialect) -> str:
    casts = ", ".join(_casts(record, names, dialect))
    return f"{_insert_into(record, names)} SELECT * FROM unnest({casts})"  # noqa: S608 - our own names


def _casts(record: type[Base], names: tuple[str, ...], dialect: Dialect) -> list[str]:
    """Return the parameters of columns, as arrays of the columns' types."""
    columns = _table(record).c
    return [f"${number}::{_array_type(columns[name].type, dialect)}" for number, name in enumerate(names, 1)]


def _array_type(kind: TypeEngine[Any], dialect: Dialect) -> str:
    plain = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    if isinstance(plain, String):  # a cast to VARCHAR(40) would truncate a longer value; the column rejects it
        return "TEXT[]"
    if isinstance(plain, JSON):
        return "JSON[]"
    return f"{plain.compile(dialect=dialect)}[]"
