"""Background loop that repeats a step whenever a signal arrives or the safety interval passes."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from store.database.errors import describe, is_transient
from store.database.signals import Topic
from store.database.store import Store

log = structlog.get_logger(__name__)


class BackgroundLoop:
    """Background task that survives every error of its step.

    Args:
        store: database whose signals wake the loop.
        topic: signals that wake the loop.
        name: name of the task; an unexpected error is logged as ``{name}_failed``.
        step: coroutine function that does all work there is, and returns.
    """

    def __init__(self, store: Store, topic: Topic, name: str, step: Callable[[], Awaitable[None]]) -> None:
        self._store = store
        self._topic = topic
        self._name = name
        self._step = step
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the loop."""
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """Cancel the step that runs, and wait for its end."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        with self._store.signals.listen(self._topic) as listener:
            while True:
                try:
                    await self._step()
                except Exception as error:
                    if is_transient(error):
                        log.warning("database_unavailable", reason=describe(error))
                    else:
                        log.exception(f"{self._name}_failed")
                await listener.wait(self._store.safety_interval)
