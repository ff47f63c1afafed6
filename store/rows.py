"""Rows of a select, typed as the record they are a row of."""

from collections.abc import Sequence
from typing import Any, TypeVar, cast

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    String,
    any_,
    column,
    func,
    literal,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

from models.spec import is_unicode

T = TypeVar("T")
Query = Select[*tuple[Any, ...]]


def first(connection: Connection, statement: Query, kind: type[T]) -> T | None:  # noqa: ARG001
    """The first row of a select of one record, typed as that record; None where there is none."""
    row: Any = connection.execute(statement).first()
    return cast("T | None", row)


def every(connection: Connection, statement: Query, kind: type[T]) -> list[T]:  # noqa: ARG001
    """All rows of a select of one record, typed as that record."""
    return cast("list[T]", connection.execute(statement).all())


def among(
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


def unindexed(number: "InstrumentedAttribute[Any]") -> ColumnElement[Any]:
    """A column of numbers, to be compared on the rows that an index of another column leads to.

    SQLite takes the rows of one judge for ten, so it would walk all of them to find a few ids.
    """
    return type_coerce(number + literal_column("0"), number.type)
