"""Snapshot reads: several statements that see the same state of the database."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Connection

from store.database.store import Unit

T = TypeVar("T")

AUTOCOMMIT = "AUTOCOMMIT"
_SNAPSHOT = "REPEATABLE READ"


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[T]):
    """Reading unit whose statements all see the same state.

    On SQLite every reading unit does. On PostgreSQL other units have no transaction, which saves round trips.
    """

    unit: Unit[T]

    def __call__(self, connection: Connection) -> T:
        """Run the unit as the first one of its connection."""
        begin_snapshot(connection)
        return self.unit(connection)


def snapshot(unit: Unit[T]) -> Snapshot[T]:
    """Return a unit as one whose statements all see the same state."""
    return Snapshot(unit)


def begin_snapshot(connection: Connection) -> None:
    """Make all statements of a connection see the same state. Call it before the first one."""
    if is_autocommit(connection):
        connection.execution_options(isolation_level=_SNAPSHOT)


def is_autocommit(connection: Connection) -> bool:
    """Return whether each statement of the connection's unit is a transaction of its own."""
    return connection.get_execution_options().get("isolation_level") == AUTOCOMMIT
