"""Pages of the log, read once for the many who catch up at the same time.

After a server was away, a thousand dashboards come back within a second or two and ask for the same events. Each page
is read once for them, and what is made of its events is shared as well.
"""

import asyncio
import contextlib
from collections.abc import Hashable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection

from store.database.rows import Query
from store.event_log import events
from store.event_log.entry import LogEntry, attach_jobs

if TYPE_CHECKING:
    from store.database.store import Store

PAGE_SIZE = 50  # events in a page
MAX_AGE_SECONDS = 1.0  # as old as a job that comes with an event may be; its next state comes with an event of its own
MAX_CACHED = 40  # pages, at most


class ReplayPage(NamedTuple):
    """The next events of a selection of the log."""

    entries: tuple[LogEntry, ...]
    position: int  # all of the selection up to here is known
    more: bool  # whether more is known to be there


class ReplayCache:
    """The pages of the last moment."""

    def __init__(self, store: "Store") -> None:
        self._store = store
        self._reads: dict[Hashable, asyncio.Task[ReplayPage]] = {}

    async def page(self, selection: Query, name: Hashable, position: int, *, require_latest: bool) -> ReplayPage:
        """The events of a selection of the log after a position.

        Args:
            selection: the events that are meant.
            name: what it is known by; selections of one name are the same.
            position: what was read already.
            require_latest: Whether the last page must have all events that exist now. Otherwise a page read a moment
                ago is returned, because a subscriber that follows the log reads the later events anyway.
        """
        key = (name, position)
        task = self._reads.get(key)
        if task is None or not _is_reusable(task, require_latest):
            task = asyncio.create_task(self._store.read(partial(_read_page, selection, position)), name="catch up")
            self._reads.pop(key, None)
            self._reads[key] = task
            asyncio.get_running_loop().call_later(MAX_AGE_SECONDS, self._forget, key, task)
            if len(self._reads) > MAX_CACHED:
                del self._reads[next(iter(self._reads))]
        return await asyncio.shield(task)  # whoever goes away meanwhile takes it from nobody else

    async def close(self) -> None:
        """Read no more."""
        for task in self._reads.values():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
        self._reads.clear()

    def _forget(self, key: Hashable, task: "asyncio.Task[ReplayPage]") -> None:
        if self._reads.get(key) is task:
            del self._reads[key]


def _is_reusable(task: "asyncio.Task[ReplayPage]", require_latest: bool) -> bool:
    if not task.done():
        return not require_latest  # it may have begun before the last event
    if task.cancelled() or task.exception() is not None:
        return False
    page = task.result()
    # A full page stays the same for ever; one without events would leave the follower where it was.
    return page.more or (bool(page.entries) and not require_latest)


def _read_page(selection: Query, position: int, connection: Connection) -> ReplayPage:
    newest = events.last_position(connection)
    found = events.fetch_after(connection, selection, position, PAGE_SIZE)
    entries = tuple(attach_jobs(connection, found))
    if len(found) == PAGE_SIZE:
        return ReplayPage(entries, found[-1].position, True)
    # what came in between the two reads is among ``found`` where it is meant, so its place counts too
    return ReplayPage(entries, max(newest, position, *(event.position for event in found[-1:])), False)
