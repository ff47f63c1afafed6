"""Read several things as of one moment."""

from typing import TypeVar

from sqlalchemy import Connection, text

from store.database.store import Unit

T = TypeVar("T")


def snapshot(unit: Unit[T]) -> Unit[T]:
    """A reading unit whose statements all see the same moment; on SQLite every reading unit does."""

    def at_one_moment(connection: Connection) -> T:
        if connection.dialect.name != "sqlite":
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        return unit(connection)

    return at_one_moment
