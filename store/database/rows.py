"""Rows of a select, typed as the record they are a row of."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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

from models.specs.checks import is_unicode

T = TypeVar("T")
K = TypeVar("K")
Query = Select[*tuple[Any, ...]]


def fetch_first(connection: Connection, statement: Query, kind: type[T]) -> T | None:  # noqa: ARG001
    """The first row of a select of one record, typed as that record; None where there is none."""
    row: Any = connection.execute(statement).first()
    return cast("T | None", row)


def fetch_all(connection: Connection, statement: Query, kind: type[T]) -> list[T]:  # noqa: ARG001
    """All rows of a select of one record, typed as that record."""
    return cast("list[T]", connection.execute(statement).all())


def rows_by_key(record: type[T], column: InstrumentedAttribute[K]) -> Callable[[Connection, list[K]], dict[K, T]]:
    """Return a function that reads the rows whose column has one of the given values, by value."""

    def read(connection: Connection, keys: list[K]) -> dict[K, T]:
        rows = fetch_all(connection, select(record).where(column.in_(keys)), record)
        return {getattr(row, column.key): row for row in rows}

    return read


def stream_rows(connection: Connection, statement: Query) -> Iterator[Any]:
    """Rows as they come, some hundreds at a time, where all of them are many.

    On PostgreSQL other requests have their turn in between, and the transaction is not idle while rows are counted,
    for which the server would end it.
    """
    return iter(connection.execute(statement.execution_options(yield_per=500)))


def in_values(
    connection: Connection, attribute: "ColumnElement[Any] | InstrumentedAttribute[Any]", values: Sequence[str | int]
) -> ColumnElement[bool]:
    """Whether an attribute is one of any number of texts or whole numbers, which go to the database as one parameter.

    What no database could hold, since it is no Unicode or has a NUL character, is none of them.
    """
    possible = [value for value in values if not isinstance(value, str) or ("\x00" not in value and is_unicode(value))]
    if connection.dialect.name == "postgresql":
        kind = ARRAY(BigInteger if possible and isinstance(possible[0], int) else String)
        return attribute == any_(literal(possible, kind))
    listed = func.json_each(orjson.dumps(possible).decode()).table_valued(column("value"))
    return attribute.in_(select(listed.c.value))


def by_external_ids(
    connection: Connection, statement: Query, kind: type[T], judge_pk: int, external_ids: Sequence[str]
) -> list[T]:
    """The rows of a select of a record that the judge knows by one of the external ids.

    PostgreSQL is made to look for one id after the other, by the index of judges and external ids. It knows little of
    tables that are just being filled or of a new judge, takes the judge's rows for few, and would rather walk all: so
    it is not shown that there is one judge only.
    """
    table: Any = kind
    if connection.dialect.name != "postgresql":
        return fetch_all(
            connection,
            statement.where(table.judge_pk == judge_pk, in_values(connection, table.external_id, external_ids)),
            kind,
        )
    names = [name for name in external_ids if "\x00" not in name and is_unicode(name)]
    arrays = literal([judge_pk] * len(names), ARRAY(BigInteger)), literal(names, ARRAY(String))
    given = func.unnest(*arrays).table_valued("judge_pk", "external_id").render_derived("given")
    here = (table.judge_pk == given.c.judge_pk, table.external_id == given.c.external_id)
    found = statement.where(*here).correlate(given).offset(literal_column("0")).lateral()
    with force_custom_plan(connection):
        return fetch_all(connection, select(*found.c).select_from(given.join(found, true())), kind)


def values_table(connection: Connection, name: str, **columns: Sequence[int]) -> FromClause:
    """Whole numbers as a table with a name, by columns of the same length: one parameter, however many rows."""
    if connection.dialect.name == "postgresql":
        arrays = (literal(list(values), ARRAY(BigInteger)) for values in columns.values())
        return func.unnest(*arrays).table_valued(*columns).render_derived(name)
    given = orjson.dumps(list(zip(*columns.values(), strict=True))).decode()
    rows = func.json_each(given).table_valued(column("value"))
    parts = (func.json_extract(rows.c.value, f"$[{n}]").label(key) for n, key in enumerate(columns))
    return select(*parts).offset(literal_column("0")).cte(name)  # taken apart once, not for each row it is joined with


@contextmanager
def force_custom_plan(connection: Connection) -> Iterator[None]:
    """Have PostgreSQL plan what is selected within anew, by the size that tables have now.

    After five times it would keep a plan for minutes: that of a table of a few rows, while it becomes one of millions.
    For a few statements only, since within, the checks of foreign keys would be planned anew for each row, too.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_custom_plan")
    yield  # after an error the transaction is over, and so is the setting
    connection.exec_driver_sql("SET LOCAL plan_cache_mode = auto")


def without_index(number: "InstrumentedAttribute[Any]") -> ColumnElement[Any]:
    """A column of numbers, to be compared on the rows that an index of another column leads to.

    SQLite takes the rows of one judge for ten, so it would walk all of them to find a few ids.
    """
    return type_coerce(number + literal_column("0"), number.type)
