"""Reading threads of SQLite: each unit runs in one hop on the connection of one thread.

Key objects:
    ``SqliteReaders``: the threads and the queue of units that wait for one.
    ``_QueuedRead``: a unit in the queue, with the future that its caller awaits.

Protocol of a read:
    1. ``run`` puts the unit into the queue, starts a thread if none is idle and fewer than ``MAX_READERS`` run, and
       awaits the future.
    2. A thread takes the unit and runs it in one transaction of its connection, which is a snapshot in WAL mode.
    3. The event loop completes the future.

Why: aiosqlite hands each statement to another thread and back, which costs more than most statements.

Invariants:
    - A connection is used by the thread that opened it only.
    - A unit whose caller was cancelled does not start, or its statement is interrupted within
      ``OPERATIONS_PER_CHECK``; the connection stays usable.
    - ``close`` lets the threads finish the queue; later reads raise RuntimeError.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from models.stored.json_column import keep_json_text
from store.database.sqlite_connections import READ_ONLY, configure_connections
from store.database.store import Unit, dump_json

T = TypeVar("T")

MAX_READERS = 4
CACHED_STATEMENTS = 512  # prepared statements that a connection keeps
OPERATIONS_PER_CHECK = (
    100_000  # steps of SQLite's virtual machine between two checks for a cancelled caller, about 2 ms
)


class _QueuedRead:
    """A unit in the queue, and the future that its caller awaits."""

    __slots__ = ("error", "future", "loop", "result", "unit")

    def __init__(self, unit: Unit[Any], loop: asyncio.AbstractEventLoop) -> None:
        self.unit = unit
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None

    def report(self) -> None:
        """Complete the caller's future in its event loop. Call it in the reading thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed, so the caller does not wait any more
            self.loop.call_soon_threadsafe(self._complete)

    def _complete(self) -> None:
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class _Reader:
    """The connection of one reading thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._current: _QueuedRead | None = None

    def run(self, work: _QueuedRead) -> None:
        """Run a unit in a transaction. After an error of the database the next unit gets a new connection."""
        self._current = work
        try:
            connection = self._connection or self._open()
            try:
                work.result = work.unit(connection)
            finally:
                connection.rollback()  # as cheap as a commit, because nothing was written
        except BaseException as error:
            work.error = error
            if isinstance(error, DBAPIError):
                self.close()
        finally:
            self._current = None

    def close(self) -> None:
        """Close the connection, if one is open."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(DBAPIError):
                connection.close()

    def _open(self) -> Connection:
        self._connection = connection = self._engine.connect()
        raw = connection.connection.dbapi_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.set_progress_handler(self._is_abandoned, OPERATIONS_PER_CHECK)
        return connection

    def _is_abandoned(self) -> bool:
        """Return whether SQLite has to interrupt the statement, because nobody waits for its result."""
        return self._current is not None and self._current.future.cancelled()


class SqliteReaders:
    """Threads that run reading units, each with a read-only connection."""

    def __init__(self, path: str) -> None:
        self._engine = create_engine(
            f"sqlite:///{path}",
            json_serializer=dump_json,
            json_deserializer=keep_json_text,
            poolclass=NullPool,
            connect_args={"cached_statements": CACHED_STATEMENTS},
        )
        configure_connections(self._engine, READ_ONLY)
        event.listen(self._engine, "begin", _begin)
        self._queue: queue.SimpleQueue[_QueuedRead | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._unfinished = 0  # units that wait or run; only the event loop's thread changes it
        self._closed = False

    async def run(self, unit: Unit[T]) -> T:
        """Run a unit on a reading thread and return its result."""
        if self._closed:
            raise RuntimeError("The store is closed.")
        work = _QueuedRead(unit, asyncio.get_running_loop())
        self._unfinished += 1
        try:
            if self._unfinished > len(self._threads) < MAX_READERS:
                self._start_thread()
            self._queue.put(work)
            result: T = await work.future
            return result
        finally:
            self._unfinished -= 1

    async def close(self) -> None:
        """Let the threads finish the queue and close their connections."""
        self._closed = True
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._read_forever, name="sqlite-reader", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _read_forever(self) -> None:
        reader = _Reader(self._engine)
        while (work := self._queue.get()) is not None:
            if not work.future.cancelled():
                reader.run(work)
                work.report()
            del work  # an idle thread keeps no result alive
        reader.close()


def _begin(connection: Connection) -> None:
    """Begin a transaction on the driver's connection. SQLAlchemy's own way takes as long as a small statement."""
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)
    raw.execute("BEGIN")
