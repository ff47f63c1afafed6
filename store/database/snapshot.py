"""Snapshot reads: several statements that see the same state of the database."""

from typing import TypeVar

from sqlalchemy import Connection

from store.database.store import Unit

T = TypeVar("T")

AUTOCOMMIT = "AUTOCOMMIT"
_SNAPSHOT = "REPEATABLE READ"


def snapshot(unit: Unit[T]) -> Unit[T]:
    """Return a reading unit whose statements all see the same state.

    On SQLite every reading unit does. On PostgreSQL other units have no transaction, which saves round trips.
    """

    def read_snapshot(connection: Connection) -> T:
        if is_autocommit(connection):
            connection.execution_options(isolation_level=_SNAPSHOT)
        return unit(connection)

    return read_snapshot


def is_autocommit(connection: Connection) -> bool:
    """Return whether each statement of the connection's unit is a transaction of its own."""
    return connection.get_execution_options().get("isolation_level") == AUTOCOMMIT
