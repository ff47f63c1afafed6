"""The way into the database: units of work that read, and units of work that write.

A unit is a plain function of a synchronous SQLAlchemy connection. The same unit runs on SQLite and on PostgreSQL; it
may run more than once before it commits, so it has no effect but on the database.
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
    """One database. ``await store.read(unit)`` and ``await store.write(unit)`` are the only ways to it."""

    # How long a listener may sleep without looking, in seconds: other processes' signals can get lost.
    safety_interval = 1.0
    # Whether the database is ours alone to migrate.
    embedded = False

    def __init__(self, url: str, reader: AsyncEngine) -> None:
        self.url = url
        self.signals = Signals()
        self._reader = reader

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads, in one transaction."""
        async with self._reader.connect() as connection:
            return await connection.run_sync(unit)

    @abstractmethod
    async def write(self, unit: Unit[T]) -> T:
        """Run a unit in a transaction of its own and return its result once the commit is durable.

        Raises:
            Exception: whatever the unit raised; then nothing of it is kept.
        """

    def start_maintenance(self) -> None:  # noqa: B027 - most databases need none
        """Begin what the database can do beside its work after much was written; whoever calls does not wait for it."""

    @abstractmethod
    async def start(self) -> None:
        """Begin to watch for other processes' commits."""

    @abstractmethod
    async def run_migration(self, unit: Unit[T]) -> T:
        """Run a unit that changes tables, in a transaction without a time-out.

        Several processes may call this at the same time; their units run one after another.
        """

    @abstractmethod
    async def close(self) -> None:
        """Finish what was accepted and let go of the database."""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.shield(self.close())


def dump_json(value: Any) -> str:
    """JSON text as the database keeps it."""
    return orjson.dumps(value).decode()
