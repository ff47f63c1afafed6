"""The interface of a database: units of work that read, and units of work that write.

A unit is a plain function of a synchronous SQLAlchemy connection. The same unit runs on SQLite and on PostgreSQL. It
may run more than once before it commits, so it must have no effect except on the database.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Self, TypeVar

import orjson
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from store.database.signals import Signals

T = TypeVar("T")
Unit = Callable[[Connection], T]


class Store(ABC):
    """One database. All access runs through ``await store.read(unit)``, ``read_long(unit)`` and ``write(unit)``."""

    # Seconds after which a listener rereads without a signal, because signals of other processes can get lost.
    safety_interval = 1.0
    # True if the process that opens the database may migrate it without being asked.
    embedded = False

    def __init__(self, url: str, long_reader: AsyncEngine) -> None:
        """Create the store.

        Args:
            url: the database address.
            long_reader: the engine of ``read_long``.
        """
        self.url = url
        self.signals = Signals()
        self._long_reader = long_reader

    @abstractmethod
    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads. Its statements see one state of the database if it is a ``snapshot``."""

    async def read_long(self, unit: Unit[T]) -> T:
        """Run a reading unit that takes long, as a step of an export or a count of all rows.

        It runs on connections of its own, so that it never delays the units of ``read``.
        """
        async with self._long_reader.connect() as connection:
            return await connection.run_sync(unit)

    @abstractmethod
    async def write(self, unit: Unit[T]) -> T:
        """Run a unit in a transaction of its own, and return its result when the commit is durable.

        Raises:
            Exception: Any exception of the unit; its changes are then rolled back.
        """

    def start_maintenance(self) -> None:  # noqa: B027 - most databases need none
        """Start background maintenance after a large write. Returns immediately."""

    @abstractmethod
    async def start(self) -> None:
        """Start to watch for commits of other processes."""

    @abstractmethod
    async def run_migration(self, unit: Unit[T]) -> T:
        """Run a unit that changes tables, in a transaction without a time-out.

        Several processes may call this at the same time; their units run one after another.
        """

    @abstractmethod
    async def close(self) -> None:
        """Finish the accepted writes and close the connections."""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.shield(self.close())


def dump_json(value: Any) -> str:
    """Return a value as the JSON text that is stored."""
    return orjson.dumps(value).decode()
