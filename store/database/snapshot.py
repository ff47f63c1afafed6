"""Snapshot reads: several statements that see the same state of the database."""

from typing import TypeVar

from sqlalchemy import Connection

from store.database.store import Unit

T = TypeVar("T")

_LEVEL = "REPEATABLE READ"


def snapshot(unit: Unit[T]) -> Unit[T]:
    """Return a reading unit whose statements all see the same state.

    On SQLite every reading unit does. On PostgreSQL other units have no transaction, which saves round trips.
    """

    def read_snapshot(connection: Connection) -> T:
        if connection.dialect.name == "sqlite" or connection.get_execution_options().get("isolation_level") == _LEVEL:
            return unit(connection)
        return unit(connection.execution_options(isolation_level=_LEVEL))

    return read_snapshot
