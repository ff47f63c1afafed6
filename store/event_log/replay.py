"""Cache of event log pages for subscribers that replay the log at the same time.

After a server restarts, a thousand dashboards reconnect within a second or two and ask for the same events. The cache
reads each page once for all of them and shares the results that are derived from its events.
"""

import asyncio
import contextlib
from collections.abc import Hashable
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection

from store.database.rows import Columns, Query
from store.database.store import Store
from store.event_log import events
from store.event_log.entry import LogEntry, attach_jobs

PAGE_SIZE = 50  # events in a page
MAX_AGE_SECONDS = 1.0  # age of a job row that comes with an event; the job's next state comes with an event of its own
MAX_CACHED = 40  # pages


class ReplayPage(NamedTuple):
    """The next events of a selection of the log."""

    entries: tuple[LogEntry, ...]
    position: int  # the page covers all of the selection up to this position
    more: bool  # whether further events are known to exist


class ReplayCache:
    """The pages that were read within the last ``MAX_AGE_SECONDS``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reads: dict[Hashable, asyncio.Task[ReplayPage]] = {}

    async def page(
        self, selection: Query, name: Hashable, position: int, columns: Columns, *, require_latest: bool
    ) -> ReplayPage:
        """Return the events of a selection of the log after a position.

        Args:
            selection: the select of the wanted events.
            name: the selection's name; selections of the same name are equal.
            position: the position up to which the subscriber has read.
            columns: the columns of the jobs that the subscriber needs; None for all.
            require_latest: whether the last page must have all events that exist now. Otherwise a page read a moment
                ago is returned, because a subscriber that follows the log reads the later events anyway.
        """
        key = (name, position, columns)
        task = self._reads.get(key)
        if task is None or not _is_reusable(task, require_latest):
            task = asyncio.create_task(
                self._store.read(partial(_read_page, selection, position, columns)), name="replay"
            )
            self._reads.pop(key, None)
            self._reads[key] = task
            asyncio.get_running_loop().call_later(MAX_AGE_SECONDS, self._forget, key, task)
            if len(self._reads) > MAX_CACHED:
                del self._reads[next(iter(self._reads))]
        return await asyncio.shield(task)  # a cancelled subscriber must not cancel the read that others share

    async def close(self) -> None:
        """Cancel all reads."""
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
        return not require_latest  # the read may have begun before the newest event
    if task.cancelled() or task.exception() is not None:
        return False
    page = task.result()
    # A full page never changes. A page without events would leave the follower at its position.
    return page.more or (bool(page.entries) and not require_latest)


def _read_page(selection: Query, position: int, columns: Columns, connection: Connection) -> ReplayPage:
    newest = events.last_position(connection)
    found = events.fetch_after(connection, selection, position, PAGE_SIZE)
    entries = tuple(attach_jobs(connection, found, columns))
    if len(found) == PAGE_SIZE:
        return ReplayPage(entries, found[-1].position, True)
    # An event committed between the two reads is in ``found`` if the selection has it, so its position counts too.
    return ReplayPage(entries, max(newest, position, *(event.position for event in found[-1:])), False)
