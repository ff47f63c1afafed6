"""Looks after what stays open, sockets and streams: a key that is taken back ends them, and a key has only so many."""

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

KEY_RECHECK_SECONDS = 1.0  # seconds for which a key that held is believed in
log = structlog.get_logger(__name__)

Disconnect = Callable[[], Awaitable[None]]


class SessionRegistry:
    """What is open with which key. One look a second and key, however much is open."""

    def __init__(self, store: Store, scheduler: FairScheduler, max_operations: int) -> None:
        self.max_operations = max_operations
        self.shutting_down = asyncio.Event()  # the server is: streams are to end
        self._store = store
        self._scheduler = scheduler
        self._open: dict[object, set[Disconnect]] = {}
        self._viewers: dict[object, Viewer] = {}  # whom a key let in
        self._held: dict[object, float] = {}  # when a key was last seen to hold
        self._operations: Counter[str] = Counter()  # by key id
        self._next: dict[object, asyncio.Task[Viewer]] = {}  # look-ups that have not begun
        self._last: dict[object, asyncio.Task[Viewer]] = {}
        self._task: asyncio.Task[None] | None = None

    async def viewer(self, authorization: object) -> Viewer:
        """Whom a key lets in from now on; many who ask at once are told by the same look, begun after they asked.

        Raises:
            Unauthenticated: it is no key that is valid now.
        """
        if not isinstance(authorization, str):  # whatever JSON a client sent
            return await authenticate(self._store, authorization)
        look = self._next.get(authorization)
        if look is None:
            look = asyncio.create_task(self._look(authorization, self._last.get(authorization)), name="look up a key")
            self._next[authorization] = self._last[authorization] = look
        try:
            return await asyncio.shield(look)  # whoever goes away meanwhile takes it from nobody else
        finally:
            await self._scheduler.wait_turn()  # all who shared the look are told at once, and go on one after the other

    async def _look(self, authorization: object, before: asyncio.Task[Viewer] | None) -> Viewer:
        if before is not None:
            await asyncio.wait({before})
        me = self._next.pop(authorization)
        try:
            return await authenticate(self._store, authorization)
        finally:
            if self._last.get(authorization) is me:
                del self._last[authorization]

    @contextmanager
    def open(self, authorization: object, viewer: Viewer, disconnect: Disconnect) -> Iterator[None]:
        """Call ``shut_out`` if the key is taken back, or made another, while the block runs."""
        self._open.setdefault(authorization, set()).add(disconnect)
        self._viewers.setdefault(authorization, viewer)
        self._held.setdefault(authorization, time.monotonic())
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="watch keys")
        try:
            yield
        finally:
            those = self._open[authorization]
            those.discard(disconnect)
            if not those:
                del self._open[authorization], self._viewers[authorization], self._held[authorization]
            if not self._open and self._task is not None:
                self._task.cancel()
                self._task = None

    async def is_valid(self, authorization: object, within: float = KEY_RECHECK_SECONDS) -> bool:
        """Whether a key still lets the same in with the same role, as seen within the last so many seconds."""
        now = time.monotonic()
        if now - self._held.get(authorization, -math.inf) < within:
            return True
        try:
            viewer = await self.viewer(authorization)
            if self._viewers.get(authorization, viewer) != viewer:
                return False
        except Unauthenticated:
            return False
        except Exception as error:
            if not is_transient(error):
                raise
        if authorization in self._open:
            self._held[authorization] = now
        return True

    def acquire(self, key_id: str) -> bool:
        """Count an operation of a key, if it may have another."""
        if self._operations[key_id] >= self.max_operations:
            return False
        self._operations[key_id] += 1
        return True

    def end(self, key_id: str) -> None:
        """Count it no longer."""
        self._operations[key_id] -= 1
        if not self._operations[key_id]:
            del self._operations[key_id]

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(KEY_RECHECK_SECONDS)
            for authorization in list(self._open):
                try:
                    if not await self.is_valid(authorization, within=0):
                        for disconnect in list(self._open.get(authorization, ())):
                            await disconnect()
                except Exception:
                    log.exception("key_recheck_failed")  # the others must be looked after
