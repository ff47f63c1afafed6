"""Snapshot reads: several statements that see the same state of the database."""

from typing import TypeVar

from sqlalchemy import Connection, text

from store.database.store import Unit

T = TypeVar("T")


def snapshot(unit: Unit[T]) -> Unit[T]:
    """Return a reading unit whose statements all see the same state. On SQLite every reading unit does."""

    def read_snapshot(connection: Connection) -> T:
        if connection.dialect.name != "sqlite":
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        return unit(connection)

    return read_snapshot
