"""PostgreSQL database, for installations with several machines: asyncpg, LISTEN/NOTIFY, one transaction per unit."""

import asyncio
import contextlib
import time
from typing import Any, TypeVar

import asyncpg
import structlog
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from models.stored.json_column import keep_json_text
from store.database.signals import Topic, take_touched
from store.database.store import Store, Unit, dump_json

T = TypeVar("T")

CHANNEL = "judgesmith"
MAINTENANCE_INTERVAL_SECONDS = 2.0  # shortest time between two starts; one merge of many words costs less than several
FULL_TEXT_INDEXES = ("ix_evaluation_texts_text", "ix_feedback_texts_text")
MAX_WRITE_ATTEMPTS = 5
_RETRYABLE_STATES = {"40001", "40P01"}  # serialization failure, deadlock: the transaction was rolled back
_MIGRATION_LOCK = 0x6A75646765  # an arbitrary number that no other program on the database uses

log = structlog.get_logger(__name__)


def _create_engine(
    url: str, settings: dict[str, str], command_timeout: float | None = None, **pool: int
) -> AsyncEngine:
    """Create an engine.

    Args:
        url: the database address.
        settings: PostgreSQL's settings for each connection.
        command_timeout: seconds that a statement may take; None for any time.
        pool: sizes of the connection pool.
    """
    return create_async_engine(
        url,
        json_serializer=dump_json,
        json_deserializer=keep_json_text,
        pool_pre_ping=True,
        connect_args={
            "timeout": 10,
            "command_timeout": command_timeout,
            "server_settings": {"application_name": "judgesmith", **settings},
        },
        **pool,
    )


class PostgresStore(Store):
    """One PostgreSQL database, shared by any number of servers and workers."""

    def __init__(self, url: str) -> None:
        settings = {"lock_timeout": "10000", "idle_in_transaction_session_timeout": "5000"}
        super().__init__(url, _create_engine(url, settings, command_timeout=60, pool_size=10, max_overflow=10))
        self._listening: asyncio.Task[None] | None = None
        self._maintenance: asyncio.Task[None] | None = None
        self._maintained_at = 0.0

    async def start(self) -> None:
        """Start to LISTEN for commits of other processes."""
        self._listening = asyncio.create_task(self._listen(), name="postgres-listen")

    async def run_migration(self, unit: Unit[T]) -> T:
        """Run the unit under an advisory lock, on a connection without a statement time-out.

        To create an index on millions of rows may take hours.
        """
        engine = _create_engine(self.url, {"lock_timeout": "10000"}, pool_size=1)
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
        async with self._reader.connect() as connection:
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
            async with self._reader.connect() as connection:
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
        await self._reader.dispose()

    async def _listen(self) -> None:
        """Fire the topics of other processes' commits. After a lost connection, listen again and fire all topics."""
        address = make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        while True:
            try:
                connection = await asyncpg.connect(address, timeout=10)
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
