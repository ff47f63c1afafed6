"""Typed rows of a select, and conditions that both databases plan well."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar, cast

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    String,
    any_,
    column,
    func,
    literal,
    literal_column,
    select,
    true,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

from models.errors import NotFound
from models.specs.checks import is_unicode
from store.database.snapshot import is_autocommit

T = TypeVar("T")
K = TypeVar("K")
Query = Select[*tuple[Any, ...]]
Columns = tuple[InstrumentedAttribute[Any], ...] | None
"""The columns of a record that a reader needs; None for all."""
# Any: values of any record's columns.
ColumnValues = dict[str, Any]
"""A row for a statement, by column. The columns have many types, and SQLAlchemy takes values of any."""


def fetch_first(connection: Connection, statement: Query, kind: type[T]) -> T | None:  # noqa: ARG001
    """Return the first row of a select of one record, typed as that record, or None.

    Args:
        connection: the connection to read from.
        statement: a select of the record.
        kind: the record.
    """
    row: Any = connection.execute(statement).first()
    return cast("T | None", row)


def fetch_existing(connection: Connection, statement: Query, kind: type[T]) -> T:
    """Return the first row of a select that is known to find one.

    Args:
        connection: the connection to read from.
        statement: a select of the record.
        kind: the record.
    """
    row = fetch_first(connection, statement, kind)
    assert row is not None
    return row


def found_or_raise(row: T | None, message: str, *path: str) -> T:
    """Return a row that was looked for by a name from the input.

    Args:
        row: the row, or None if there is none.
        message: the message of the error.
        path: the input field that holds the name.

    Raises:
        NotFound: the row is None.
    """
    if row is None:
        raise NotFound(message, path)
    return row


def fetch_all(connection: Connection, statement: Query, kind: type[T]) -> list[T]:  # noqa: ARG001
    """Return all rows of a select of one record, typed as that record.

    Args:
        connection: the connection to read from.
        statement: a select of the record.
        kind: the record.
    """
    return cast("list[T]", connection.execute(statement).all())


def with_columns(statement: Query, columns: Columns) -> Query:
    """Return a select of one record that reads some of its columns; None for all.

    The rows still count as that record. To access a column that was not read is a bug and raises AttributeError.
    """
    return statement if columns is None else statement.with_only_columns(*columns)


def add_columns(columns: Columns, *needed: InstrumentedAttribute[Any]) -> Columns:
    """Return columns together with those that the caller itself needs."""
    return None if columns is None else (*columns, *(column for column in needed if column not in set(columns)))


def rows_by_key(
    record: type[T], key: InstrumentedAttribute[K], columns: Columns = None
) -> Callable[[Connection, list[K]], dict[K, T]]:
    """Return a function that reads the rows whose key has one of the given values, by key.

    Args:
        record: the record.
        key: its unique column.
        columns: the columns to read; None for all.
    """
    selected = with_columns(select(record), add_columns(columns, key))

    def read(connection: Connection, keys: list[K]) -> dict[K, T]:
        rows = fetch_all(connection, selected.where(key.in_(keys)), record)
        return {getattr(row, key.key): row for row in rows}

    return read


def stream_rows(connection: Connection, statement: Query) -> Iterator[Any]:
    """Return an iterator over a large result that fetches some hundreds of rows at a time.

    On PostgreSQL other requests are served between two fetches, and the transaction does not become idle while the rows
    are processed. The server would end an idle transaction.
    """
    return iter(connection.execute(statement.execution_options(yield_per=500)))


def in_values(
    connection: Connection, attribute: "ColumnElement[Any] | InstrumentedAttribute[Any]", values: Sequence[str | int]
) -> ColumnElement[bool]:
    """Return the condition that an attribute has one of the given values.

    Args:
        connection: the connection whose dialect the condition is for.
        attribute: a column or expression.
        values: any number of texts or whole numbers, which are sent as one parameter. A text that no database can hold,
            because it is not Unicode or has a NUL character, matches nothing.
    """
    possible = [value for value in values if not isinstance(value, str) or _is_storable(value)]
    if connection.dialect.name == "postgresql":
        kind = ARRAY(BigInteger if possible and isinstance(possible[0], int) else String)
        return attribute == any_(literal(possible, kind))
    listed = func.json_each(orjson.dumps(possible).decode()).table_valued(column("value"))
    return attribute.in_(select(listed.c.value))


def in_constants(
    attribute: "ColumnElement[Any] | InstrumentedAttribute[Any]", members: Collection[StrEnum]
) -> ColumnElement[bool]:
    """Return the condition that an attribute has one of some members of an enum, as a part of the statement's text.

    A planner uses a partial index only if the statement implies the index's condition for all values of its parameters.
    The order of the members is fixed, because SQLite compares the condition with the index's term by term.
    """
    listed: list[ColumnElement[str]] = [
        literal_column(f"'{value}'") for value in sorted(member.value for member in members)
    ]
    return attribute == listed[0] if len(listed) == 1 else attribute.in_(listed)


def by_external_ids(
    connection: Connection, statement: Query, kind: type[T], judge_pk: int, external_ids: Sequence[str]
) -> list[T]:
    """Return the rows of a judge that have one of the given external ids.

    On PostgreSQL a lateral join makes the planner look up each id in the index of judges and external ids. Its
    statistics are stale for a table that is being filled and for a new judge; it would then assume that the judge has
    few rows and scan all of them. The judge's key is therefore part of the join and not a constant.

    Args:
        connection: the connection to read from.
        statement: a select of the record.
        kind: the record, which has the columns ``judge_pk`` and ``external_id``.
        judge_pk: the judge.
        external_ids: the external ids, any number of them.
    """
    table: Any = kind
    if connection.dialect.name != "postgresql":
        return fetch_all(
            connection,
            statement.where(table.judge_pk == judge_pk, in_values(connection, table.external_id, external_ids)),
            kind,
        )
    names = [name for name in external_ids if _is_storable(name)]
    arrays = literal([judge_pk] * len(names), ARRAY(BigInteger)), literal(names, ARRAY(String))
    given = func.unnest(*arrays).table_valued("judge_pk", "external_id").render_derived("given")
    here = (table.judge_pk == given.c.judge_pk, table.external_id == given.c.external_id)
    found = statement.where(*here).correlate(given).offset(literal_column("0")).lateral()
    with force_custom_plan(connection):
        return fetch_all(connection, select(*found.c).select_from(given.join(found, true())), kind)


def values_table(connection: Connection, name: str, **columns: Sequence[int]) -> FromClause:
    """Return a table of whole numbers that is sent as one parameter, whatever the number of rows.

    Args:
        connection: the connection whose dialect the table is for.
        name: the table's name within the statement.
        columns: the values of each column, all of the same length.
    """
    if connection.dialect.name == "postgresql":
        arrays = (literal(list(values), ARRAY(BigInteger)) for values in columns.values())
        return func.unnest(*arrays).table_valued(*columns).render_derived(name)
    given = orjson.dumps(list(zip(*columns.values(), strict=True))).decode()
    rows = func.json_each(given).table_valued(column("value"))
    parts = (func.json_extract(rows.c.value, f"$[{n}]").label(key) for n, key in enumerate(columns))
    return select(*parts).offset(literal_column("0")).cte(name)  # OFFSET 0: parse once


def in_period(moment: Any, since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    """Return the conditions that a column of moments lies in a period.

    Args:
        moment: the column.
        since: the first moment of the period; None for no beginning.
        until: the first moment after the period; None for no end.
    """
    conditions: list[ColumnElement[bool]] = []
    if since is not None:
        conditions.append(moment >= since)
    if until is not None:
        conditions.append(moment < until)
    return conditions


@contextmanager
def force_custom_plan(connection: Connection) -> Iterator[None]:
    """Make PostgreSQL plan every statement of the block again, for the current size of its tables.

    After five executions PostgreSQL keeps a generic plan for minutes: the plan of a table of a few rows, while the
    table grows to millions. Use this for a few statements only, because within the block checks of foreign keys are
    planned again for each row.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    if not is_autocommit(connection):
        connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_custom_plan")
        yield  # an error ends the transaction, and with it the setting
        connection.exec_driver_sql("SET LOCAL plan_cache_mode = auto")
        return
    connection.exec_driver_sql("SET plan_cache_mode = force_custom_plan")
    try:
        yield
    except BaseException:
        connection.invalidate()  # and with it the setting
        raise
    connection.exec_driver_sql("RESET plan_cache_mode")


def without_index(number: "InstrumentedAttribute[Any]") -> ColumnElement[Any]:
    """Return a column of numbers as an expression that the planner does not look up in an index.

    The comparison is then checked on the rows that another index finds. SQLite assumes that a judge has ten rows, and
    would otherwise scan all of the judge's rows to find a few ids.
    """
    return type_coerce(number + literal_column("0"), number.type)


def _is_storable(text: str) -> bool:
    """Return whether both databases can hold a text."""
    return "\x00" not in text and is_unicode(text)
