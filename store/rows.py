"""Rows of a select, typed as the record they are a row of."""

from collections.abc import Sequence
from typing import Any, TypeVar, cast

import orjson
from sqlalchemy import ColumnElement, Connection, Select, String, any_, column, func, literal, select
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


def among(connection: Connection, attribute: InstrumentedAttribute[Any], texts: Sequence[str]) -> ColumnElement[bool]:
    """Whether an attribute is one of any number of texts, which go to the database as one parameter.

    What no database could hold, since it is no Unicode or has a NUL character, is none of them.
    """
    possible = [text for text in texts if "\x00" not in text and is_unicode(text)]
    if connection.dialect.name == "postgresql":
        return attribute == any_(literal(possible, ARRAY(String)))
    values = func.json_each(orjson.dumps(possible).decode()).table_valued(column("value"))
    return attribute.in_(select(values.c.value))
