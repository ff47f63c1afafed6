"""PostgreSQL database, for installations with several machines: asyncpg, LISTEN/NOTIFY, one transaction per unit."""

import asyncio
import contextlib
import time
from functools import partial
from typing import Any, TypeVar

import asyncpg
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from store.database.postgres_address import PostgresAddress
from store.database.signals import Topic, take_touched
from store.database.store import Store, Unit

T = TypeVar("T")

CHANNEL = "judgesmith"
MAINTENANCE_INTERVAL_SECONDS = 2.0  # shortest time between two starts; one merge of many words costs less than several
FULL_TEXT_INDEXES = ("ix_evaluation_texts_text", "ix_feedback_texts_text")
MAX_WRITE_ATTEMPTS = 5
_RETRYABLE_STATES = {"40001", "40P01"}  # serialization failure, deadlock: the transaction was rolled back
_MIGRATION_LOCK = 0x6A75646765  # an arbitrary number that no other program on the database uses

log = structlog.get_logger(__name__)


class PostgresStore(Store):
    """One PostgreSQL database, shared by any number of servers and workers."""

    def __init__(self, url: str) -> None:
        self._address = PostgresAddress.parse(url)
        settings = {"lock_timeout": "10000", "idle_in_transaction_session_timeout": "5000"}
        create = partial(self._address.create_engine, settings, command_timeout=60)
        super().__init__(url, create(autocommit=True, pool_size=2, max_overflow=2))
        self._reader = create(autocommit=True, pool_size=6, max_overflow=4)
        self._writer = create(pool_size=4, max_overflow=2, pool_pre_ping=True)
        self._listening: asyncio.Task[None] | None = None
        self._maintenance: asyncio.Task[None] | None = None
        self._maintained_at = 0.0

    async def start(self) -> None:
        """Start to LISTEN for commits of other processes."""
        self._listening = asyncio.create_task(self._listen(), name="postgres-listen")

    async def read(self, unit: Unit[T]) -> T:
        """Run the unit without a transaction, so that each statement is one round trip."""
        return await self._read_with(self._reader, unit)

    async def read_long(self, unit: Unit[T]) -> T:
        """Run the unit like ``read``, on connections of its own."""
        return await self._read_with(self._long_reader, unit)

    async def _read_with(self, engine: AsyncEngine, unit: Unit[T]) -> T:
        """Run a reading unit. Run it again if its connection was lost while it was idle in the pool."""
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(unit)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        async with engine.connect() as connection:
            return await connection.run_sync(unit)

    async def run_migration(self, unit: Unit[T]) -> T:
        """Run the unit under an advisory lock, on a connection without a statement time-out.

        To create an index on millions of rows may take hours.
        """
        engine = self._address.create_engine({"lock_timeout": "10000"}, pool_size=1)
        try:
            async with engine.begin() as connection:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
                return await connection.run_sync(unit)
        finally:
            await engine.dispose()

    async def write(self, unit: Unit[T]) -> T:
        """Run the unit in a transaction, and retry it after a serialization failure or a deadlock."""
        for attempt in range(MAX_WRITE_ATTEMPTS):
            try:
                return await self._write_once(unit)
            except DBAPIError as error:
                if attempt == MAX_WRITE_ATTEMPTS - 1 or getattr(error.orig, "sqlstate", None) not in _RETRYABLE_STATES:
                    raise
            await asyncio.sleep(0.01 * 2**attempt)
        raise AssertionError

    async def _write_once(self, unit: Unit[T]) -> T:
        async with self._writer.connect() as connection:
            await connection.run_sync(take_touched)  # topics of a unit that failed before
            async with connection.begin():
                result = await connection.run_sync(unit)
                topics = await connection.run_sync(take_touched)
                if topics:
                    await connection.execute(
                        text("SELECT pg_notify(:channel, :topics)"), {"channel": CHANNEL, "topics": ",".join(topics)}
                    )
        if topics:
            self.signals.fire(topics)
        return result

    def start_maintenance(self) -> None:
        """Clean the pending lists of the full-text indexes on another connection, and so on another core.

        A GIN index first appends new words to a pending list. The writer that finds the list full has to merge it into
        the index, unless another connection does so already. Merging takes half of the time of writing texts.
        """
        if self._maintenance is None or (
            self._maintenance.done() and time.monotonic() - self._maintained_at > MAINTENANCE_INTERVAL_SECONDS
        ):
            self._maintained_at = time.monotonic()
            self._maintenance = asyncio.create_task(self._clean_pending_lists(), name="postgres-maintenance")

    async def _clean_pending_lists(self) -> None:
        try:
            async with self._writer.connect() as connection:
                for name in FULL_TEXT_INDEXES:
                    await connection.execute(
                        text("SELECT gin_clean_pending_list(CAST(:name AS regclass))"), {"name": name}
                    )
        except (SQLAlchemyError, OSError, TimeoutError) as error:  # for example, the role does not own the index
            log.info("gin_cleanup_failed", error=type(error).__name__)  # the writers merge the list instead

    async def close(self) -> None:
        """Stop listening and close the connections."""
        for task in (self._listening, self._maintenance):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        for engine in (self._reader, self._long_reader, self._writer):
            await engine.dispose()

    async def _listen(self) -> None:
        """Fire the topics of other processes' commits. After a lost connection, listen again and fire all topics."""
        while True:
            try:
                connection = await self._address.connect()
                try:
                    lost = asyncio.Event()
                    connection.add_termination_listener(lambda _, lost=lost: lost.set())
                    await connection.add_listener(CHANNEL, self._on_notification)
                    self.signals.fire()
                    await lost.wait()
                finally:
                    with contextlib.suppress(Exception):
                        await connection.close(timeout=1)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("listen_connection_lost", error=type(error).__name__)
            await asyncio.sleep(0.5)

    def _on_notification(self, _connection: Any, _pid: int, _channel: str, payload: Any) -> None:
        known = {topic.value for topic in Topic}
        self.signals.fire(Topic(name) for name in str(payload).split(",") if name in known)
