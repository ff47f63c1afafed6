"""Rows of a select, typed as the record they are a row of."""

from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Select

T = TypeVar("T")
Query = Select[*tuple[Any, ...]]


def first(connection: Connection, statement: Query, kind: type[T]) -> T | None:  # noqa: ARG001
    """The first row of a select of one record, typed as that record; None where there is none."""
    row: Any = connection.execute(statement).first()
    return cast("T | None", row)


def every(connection: Connection, statement: Query, kind: type[T]) -> list[T]:  # noqa: ARG001
    """All rows of a select of one record, typed as that record."""
    return cast("list[T]", connection.execute(statement).all())
