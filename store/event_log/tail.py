"""The newest events of all jobs, read once a process for any number of subscribers.

A subscriber whose place is within what is kept is served from here. One that is further behind, because it starts at
a job's beginning or reads slowly, reads the log itself from its own place: nothing is dropped for anybody, and what is
kept stays bounded.
"""

import asyncio
import bisect
import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Connection, select

from models.job import JobEvent
from store.database.errors import describe
from store.database.signals import Listener, Topic
from store.event_log import events
from store.event_log.entry import LogEntry, attach_jobs

if TYPE_CHECKING:
    from store.database.store import Store

log = structlog.get_logger(__name__)

MAX_CACHED = 2_000
READ_SIZE = 500


class Tail:
    """Follows the log while anybody follows it."""

    def __init__(self, store: "Store") -> None:
        self._store = store
        self._entries: list[LogEntry] = []
        self._floor = 0  # everything above this position, up to the newest known, is kept
        self.position = 0  # the newest position known
        self._followers: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def follow(self) -> Iterator[Listener]:
        """A listener that wakes when events came in, for as long as the block runs."""
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
                self._entries, self._floor, self.position = [], 0, 0

    def after(self, position: int, wanted: Callable[[JobEvent], bool]) -> list[LogEntry] | None:
        """The wanted entries above a position; None where that is too far back for what is kept."""
        if self._task is None or not self.position or position < self._floor:
            return None
        start = bisect.bisect_right(self._entries, position, key=lambda entry: entry.event.position)
        return [entry for entry in self._entries[start:] if wanted(entry.event)]

    async def close(self) -> None:
        """Stop following."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        with self._store.signals.listen(Topic.EVENTS) as listener:
            while True:
                try:
                    if not self.position:
                        newest = await self._store.read(events.last_position)
                        self._floor = self.position = newest
                        self._wake()
                    while await self._read_on():
                        pass
                except Exception as error:  # it must go on, whatever happened
                    log.warning("database_unavailable", reason=describe(error))
                await listener.wait(self._store.safety_interval)

    async def _read_on(self) -> bool:
        """Read what came in; whether there may be more."""
        found = await self._store.read(partial(_read_entries, self.position))
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


def _read_entries(position: int, connection: Connection) -> list[LogEntry]:
    return attach_jobs(connection, events.fetch_after(connection, select(JobEvent), position, READ_SIZE))
