"""Rows of a select, typed as the record they are a row of."""

from collections.abc import Sequence
from typing import Any, TypeVar, cast

import orjson
from sqlalchemy import ColumnElement, Connection, Select, String, any_, column, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

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
    """Whether an attribute is one of any number of texts, which go to the database as one parameter."""
    if connection.dialect.name == "postgresql":
        return attribute == any_(literal(list(texts), ARRAY(String)))
    values = func.json_each(orjson.dumps(list(texts)).decode()).table_valued(column("value"))
    return attribute.in_(select(values.c.value))
