"""Registry of open sockets and streams per API key.

It disconnects them when their key is revoked, and limits the number of concurrent operations per key. Each key is
checked at most about once a second, however many sockets and streams use it.
"""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import structlog

from models.access import Viewer
from models.errors import Unauthenticated
from server.auth import authenticate
from store.database.errors import is_transient
from store.database.store import Store
from store.event_log.fair_scheduler import FairScheduler

KEY_RECHECK_SECONDS = 1.0  # a key that was valid counts as valid for so long
log = structlog.get_logger(__name__)

Disconnect = Callable[[], Awaitable[None]]


class SessionRegistry:
    """Open sessions and running operations of each key."""

    def __init__(self, store: Store, scheduler: FairScheduler, max_operations: int) -> None:
        """Create the registry.

        Args:
            store: database of the keys.
            scheduler: resumes those who wait for the same key check one after the other.
            max_operations: largest number of concurrent operations per key.
        """
        self.max_operations = max_operations
        self.shutting_down = asyncio.Event()  # set when the server stops, so that streams end
        self._store = store
        self._scheduler = scheduler
        # The following are by Authorization value.
        self._sessions: dict[object, set[Disconnect]] = {}
        self._viewers: dict[object, Viewer] = {}  # as of the first session
        self._valid_at: dict[object, float] = {}  # monotonic time at which the key was last seen valid
        self._next_check: dict[object, asyncio.Task[Viewer]] = {}  # checks that have not started
        self._last_check: dict[object, asyncio.Task[Viewer]] = {}
        self._operations: Counter[str] = Counter()  # by key id
        self._recheck_task: asyncio.Task[None] | None = None

    async def authenticate(self, authorization: object) -> Viewer:
        """Return the viewer of a key. Concurrent callers share one check, which starts after each of them called.

        Raises:
            Unauthenticated: it is no key that is valid now.
        """
        if not isinstance(authorization, str):  # a client can send any JSON value
            return await authenticate(self._store, authorization)
        check = self._next_check.get(authorization)
        if check is None:
            previous = self._last_check.get(authorization)
            check = asyncio.create_task(self._check(authorization, previous), name="check a key")
            self._next_check[authorization] = self._last_check[authorization] = check
        try:
            return await asyncio.shield(check)  # a caller that is cancelled does not cancel the check of the others
        finally:
            await self._scheduler.wait_turn()  # all callers of a check are resumed at once

    async def _check(self, authorization: object, previous: asyncio.Task[Viewer] | None) -> Viewer:
        if previous is not None:
            await asyncio.wait({previous})
        this = self._next_check.pop(authorization)
        try:
            return await authenticate(self._store, authorization)
        finally:
            if self._last_check.get(authorization) is this:
                del self._last_check[authorization]

    @contextmanager
    def register(self, authorization: object, viewer: Viewer, disconnect: Disconnect) -> Iterator[None]:
        """Register a session while the block runs.

        Args:
            authorization: value of the session's Authorization header.
            viewer: viewer of the key when the session started.
            disconnect: called if the key is revoked, expires, or gets another user or role.
        """
        self._sessions.setdefault(authorization, set()).add(disconnect)
        self._viewers.setdefault(authorization, viewer)
        self._valid_at.setdefault(authorization, time.monotonic())
        if self._recheck_task is None:
            self._recheck_task = asyncio.create_task(self._recheck_keys(), name="recheck keys")
        try:
            yield
        finally:
            sessions = self._sessions[authorization]
            sessions.discard(disconnect)
            if not sessions:
                del self._sessions[authorization], self._viewers[authorization], self._valid_at[authorization]
            if not self._sessions and self._recheck_task is not None:
                self._recheck_task.cancel()
                self._recheck_task = None

    async def is_valid(self, authorization: object, within_seconds: float = KEY_RECHECK_SECONDS) -> bool:
        """Return whether a key is valid for the same viewer with the same role.

        While the database is unavailable, a key that was valid before counts as valid.

        Args:
            authorization: value of the Authorization header.
            within_seconds: accept the result of an earlier check if it is not older.
        """
        now = time.monotonic()
        if now - self._valid_at.get(authorization, -math.inf) < within_seconds:
            return True
        try:
            viewer = await self.authenticate(authorization)
            if self._viewers.get(authorization, viewer) != viewer:
                return False
        except Unauthenticated:
            return False
        except Exception as error:
            if not is_transient(error):
                raise
        if authorization in self._sessions:
            self._valid_at[authorization] = now
        return True

    def acquire(self, key_id: str) -> bool:
        """Count an operation of a key. Return False if the key has reached its limit."""
        if self._operations[key_id] >= self.max_operations:
            return False
        self._operations[key_id] += 1
        return True

    def release(self, key_id: str) -> None:
        """Stop counting an operation that has ended."""
        self._operations[key_id] -= 1
        if not self._operations[key_id]:
            del self._operations[key_id]

    async def disconnect(self, authorization: object) -> None:
        """Disconnect all sessions of a key."""
        for disconnect in list(self._sessions.get(authorization, ())):
            await disconnect()

    async def _recheck_keys(self) -> None:
        while True:
            await asyncio.sleep(KEY_RECHECK_SECONDS)
            for authorization in list(self._sessions):
                try:
                    if not await self.is_valid(authorization, within_seconds=0):
                        await self.disconnect(authorization)
                except Exception:
                    log.exception("key_recheck_failed")  # the other keys are still checked
