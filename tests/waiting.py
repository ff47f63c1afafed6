"""Waiting in tests that also holds on a busy machine: a wait fails only when nothing moves for a long time.

``progress`` returns any value that changes while the awaited work advances, such as the number of events or the size of
a log file. It is called only when ``stalled_seconds`` have passed since the last call: if the value has changed, the
wait continues. ``total_seconds`` bounds the whole wait.
"""

import asyncio
import contextlib
import inspect
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

STALLED_SECONDS = 300.0
"""Seconds without progress after which a wait fails."""
TOTAL_SECONDS = 3600.0
"""Seconds after which a wait fails although there is progress."""

T = TypeVar("T")
Progress = Callable[[], Any]


class Patience:
    """Time left for one wait, renewed by progress."""

    def __init__(
        self,
        what: str,
        progress: Progress | None = None,
        stalled_seconds: float = STALLED_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._what = what
        self._progress = progress
        self._stalled_seconds = stalled_seconds
        self._last = progress() if progress is not None else None
        self._end = time.monotonic() + total_seconds
        self._stalled_at = time.monotonic() + stalled_seconds

    def check(self) -> None:
        """Raise AssertionError if there was no progress for too long."""
        moment = time.monotonic()
        if moment < min(self._end, self._stalled_at):
            return
        value = self._progress() if self._progress is not None else None
        if value == self._last or moment >= self._end:
            raise AssertionError(f"Waited in vain for {self._what}; the last progress was {value!r}.")
        self._last, self._stalled_at = value, moment + self._stalled_seconds


def wait_until(
    predicate: Callable[[], Any],
    what: str = "the condition",
    *,
    progress: Progress | None = None,
    stalled_seconds: float = STALLED_SECONDS,
    total_seconds: float = TOTAL_SECONDS,
    poll_seconds: float = 0.05,
) -> None:
    """Block until a predicate holds.

    Args:
        predicate: returns a true value when the wait is over.
        what: names the awaited thing in the message of a failure.
        progress: returns a value that changes while the work advances; None if nothing can be observed.
        stalled_seconds: longest time without progress.
        total_seconds: longest time in all.
        poll_seconds: pause between two looks.

    Raises:
        AssertionError: there was no progress for too long.
    """
    patience = Patience(what, progress, stalled_seconds, total_seconds)
    while not predicate():
        patience.check()
        time.sleep(poll_seconds)


async def wait_until_async(
    predicate: Callable[[], Any],
    what: str = "the condition",
    *,
    progress: Progress | None = None,
    stalled_seconds: float = STALLED_SECONDS,
    total_seconds: float = TOTAL_SECONDS,
    poll_seconds: float = 0.02,
) -> None:
    """Wait until a predicate, or a coroutine function, holds, while the event loop runs.

    Args:
        predicate: returns a true value, or an awaitable of one, when the wait is over.
        what: names the awaited thing in the message of a failure.
        progress: returns a value that changes while the work advances; None if nothing can be observed.
        stalled_seconds: longest time without progress.
        total_seconds: longest time in all.
        poll_seconds: pause between two looks.

    Raises:
        AssertionError: there was no progress for too long.
    """
    patience = Patience(what, progress, stalled_seconds, total_seconds)
    while True:
        held = predicate()
        if inspect.isawaitable(held):
            held = await held
        if held:
            return
        patience.check()
        await asyncio.sleep(poll_seconds)


async def finish(
    work: Awaitable[T],
    what: str = "the work",
    *,
    progress: Progress | None = None,
    stalled_seconds: float = STALLED_SECONDS,
    total_seconds: float = TOTAL_SECONDS,
) -> T:
    """Return the result of an awaitable; cancel it if it makes no progress for too long.

    Args:
        work: what to await.
        what: names the work in the message of a failure.
        progress: returns a value that changes while the work advances; None if nothing can be observed.
        stalled_seconds: longest time without progress.
        total_seconds: longest time in all.

    Raises:
        AssertionError: there was no progress for too long.
    """
    patience = Patience(what, progress, stalled_seconds, total_seconds)
    task = asyncio.ensure_future(work)
    try:
        while True:
            done, _ = await asyncio.wait([task], timeout=0.5)
            if done:
                return task.result()
            patience.check()
    finally:
        if not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def size_of_files(folder: Path, pattern: str = "*.log") -> int:
    """Return the total size in bytes of a folder's files, which grows while processes write their logs."""
    return sum(path.stat().st_size for path in folder.glob(pattern))
