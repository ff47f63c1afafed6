"""Tail of the event log: the newest events of all jobs, read once per process for any number of subscribers.

Key objects:
    ``Tail._entries``: the newest entries, at most ``MAX_CACHED``, in order of position.
    ``Tail._floor``: every event above this position and up to ``Tail.position`` is in ``_entries``.
    ``Tail.position``: the newest position read.
    ``Tail._columns``: the columns of the jobs that any follower needs.

Protocol:
    1. The first follower starts the reading task; when the last one leaves, the task ends and the entries are dropped.
    2. The task starts at the newest position. At each signal, and at least every safety interval, it reads the events
       above ``position``, appends them and wakes the followers.
    3. A follower that needs more columns of the jobs than all before makes the tail drop its entries.
    4. ``entries_after`` answers from memory, or returns None if the subscriber is below the floor. The subscriber then
       reads the log from its own position.

Why: the number of queries does not grow with the number of subscribers, and a slow subscriber neither loses events nor
makes the process keep more of them.

Invariants:
    - The task survives every error of a read: it logs it and tries again.
    - ``_floor`` never grows beyond the position before the oldest entry.
"""

import asyncio
import bisect
import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import structlog
from sqlalchemy import Connection, select

from models.job import JobEvent
from store.database.errors import describe
from store.database.rows import Columns, add_columns
from store.database.signals import Listener, Topic
from store.database.store import Store
from store.event_log import events
from store.event_log.entry import LogEntry, attach_jobs

log = structlog.get_logger(__name__)

MAX_CACHED = 2_000  # entries
READ_SIZE = 500  # events per query


class Tail:
    """The newest entries of the log, current while anybody follows."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._entries: list[LogEntry] = []
        self._floor = 0
        self.position = 0
        self._followers: set[Listener] = set()
        self._columns: Columns = ()
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def follow(self, columns: Columns = None) -> Iterator[Listener]:
        """Yield a listener that wakes when new events were read.

        Args:
            columns: the columns of the jobs that the follower needs; None for all.
        """
        self._add_columns(columns)
        listener = Listener(frozenset({Topic.EVENTS}))
        self._followers.add(listener)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="tail")
        try:
            yield listener
        finally:
            self._followers.discard(listener)
            if not self._followers and self._task is not None:
                self._task.cancel()
                self._task = None
                self._entries, self._floor, self.position, self._columns = [], 0, 0, ()

    def entries_after(self, position: int, is_wanted: Callable[[JobEvent], bool]) -> list[LogEntry] | None:
        """Return the wanted entries above a position, or None if the tail does not reach back that far."""
        if self._task is None or not self.position or position < self._floor:
            return None
        start = bisect.bisect_right(self._entries, position, key=lambda entry: entry.event.position)
        return [entry for entry in self._entries[start:] if is_wanted(entry.event)]

    async def close(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _add_columns(self, columns: Columns) -> None:
        if self._columns is None or (columns is not None and set(columns) <= set(self._columns)):
            return
        self._columns = None if columns is None else add_columns(self._columns, *columns)
        self._entries, self._floor = [], self.position

    async def _run(self) -> None:
        with self._store.signals.listen(Topic.EVENTS) as listener:
            while True:
                try:
                    if not self.position:
                        newest = await self._store.read(events.last_position)
                        self._floor = self.position = newest
                        self._wake()
                    while await self._read_more():
                        pass
                except Exception as error:  # the task must survive every error
                    log.warning("database_unavailable", reason=describe(error))
                await listener.wait(self._store.safety_interval)

    async def _read_more(self) -> bool:
        """Read the events above the position. Return whether there may be more."""
        columns = self._columns
        found = await self._store.read(partial(_read_entries, self.position, columns))
        if columns != self._columns:
            return True  # a follower came that needs more columns
        if found:
            self._entries += found
            self.position = found[-1].event.position
            if len(self._entries) > MAX_CACHED:
                self._entries = self._entries[-MAX_CACHED:]
                self._floor = self._entries[0].event.position - 1
            self._wake()
        return len(found) == READ_SIZE

    def _wake(self) -> None:
        for listener in self._followers:
            listener.fire()


def _read_entries(position: int, columns: Columns, connection: Connection) -> list[LogEntry]:
    return attach_jobs(connection, events.fetch_after(connection, select(JobEvent), position, READ_SIZE), columns)
