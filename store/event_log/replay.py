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
from store.event_log.entry import Entry, with_jobs

if TYPE_CHECKING:
    from store.database.store import Store

CHUNK = 50  # events in a page
KEPT_SECONDS = 1.0  # as old as a job that comes with an event may be; its next state comes with an event of its own
KEPT = 40  # pages, at most


class Page(NamedTuple):
    """The next events of a selection of the log."""

    entries: tuple[Entry, ...]
    position: int  # all of the selection up to here is known
    more: bool  # whether more is known to be there


class CatchingUp:
    """The pages of the last moment."""

    def __init__(self, store: "Store") -> None:
        self._store = store
        self._reads: dict[Hashable, asyncio.Task[Page]] = {}

    async def page(self, selection: Query, name: Hashable, position: int, *, to_the_end: bool) -> Page:
        """The events of a selection of the log after a position.

        Args:
            selection: the events that are meant.
            name: what it is known by; selections of one name are the same.
            position: what was read already.
            to_the_end: a last page has all events that there are now; else one of a moment ago will do, since whoever
                follows the log reads on from there.
        """
        key = (name, position)
        task = self._reads.get(key)
        if task is None or not _will_do(task, to_the_end):
            task = asyncio.create_task(self._store.read(partial(_read, selection, position)), name="catch up")
            self._reads.pop(key, None)
            self._reads[key] = task
            asyncio.get_running_loop().call_later(KEPT_SECONDS, self._forget, key, task)
            if len(self._reads) > KEPT:
                del self._reads[next(iter(self._reads))]
        return await asyncio.shield(task)  # whoever goes away meanwhile takes it from nobody else

    async def close(self) -> None:
        """Read no more."""
        for task in self._reads.values():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
        self._reads.clear()

    def _forget(self, key: Hashable, task: "asyncio.Task[Page]") -> None:
        if self._reads.get(key) is task:
            del self._reads[key]


def _will_do(task: "asyncio.Task[Page]", to_the_end: bool) -> bool:
    if not task.done():
        return not to_the_end  # it may have begun before the last event
    if task.cancelled() or task.exception() is not None:
        return False
    page = task.result()
    # A full page stays the same for ever; one without events would leave the follower where it was.
    return page.more or (bool(page.entries) and not to_the_end)


def _read(selection: Query, position: int, connection: Connection) -> Page:
    newest = events.last_position(connection)
    found = events.after(connection, selection, position, CHUNK)
    entries = tuple(with_jobs(connection, found))
    if len(found) == CHUNK:
        return Page(entries, found[-1].position, True)
    # what came in between the two reads is among ``found`` where it is meant, so its place counts too
    return Page(entries, max(newest, position, *(event.position for event in found[-1:])), False)
