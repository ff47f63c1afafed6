"""Cache of values that are read from the database, each valid until its topic fires.

Protocol of a look-up:
    1. A cached value is returned if its topic has not fired since its read began and it is younger than
       ``MAX_AGE_SECONDS``.
    2. Otherwise the value is read. It is cached with the topic's generation from before the read, so that a change
       that was committed during the read makes it invalid.

Invariants:
    - After a commit of this process has returned, no older value is returned. After a commit of another process none
      is returned that is older than ``MAX_AGE_SECONDS``, even if its signal got lost.
    - There are at most ``max_entries`` values. That nothing exists is never cached.
"""

import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

from store.database.signals import Signals, Topic

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MAX_AGE_SECONDS = 1.0


class _Entry(NamedTuple, Generic[V]):
    value: V
    generation: int
    read_at: float


class SignalCache(Generic[K, V]):
    """Cache of values by key, which a topic of signals makes invalid."""

    def __init__(self, signals: Signals, topic: Topic, max_entries: int) -> None:
        """Create the cache.

        Args:
            signals: the signals of the store.
            topic: the topic that every change of a value fires.
            max_entries: largest number of values; the value that was read first makes way for another.
        """
        self._signals = signals
        self._topic = topic
        self._max_entries = max_entries
        self._entries: dict[K, _Entry[V]] = {}

    def find(self, key: K) -> V | None:
        """Return a valid cached value, or None."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        is_current = entry.generation == self._signals.generation(self._topic)
        if is_current and time.monotonic() - entry.read_at < MAX_AGE_SECONDS:
            return entry.value
        del self._entries[key]
        return None

    async def find_or_read(self, key: K, read: Callable[[], Awaitable[V | None]]) -> V | None:
        """Return the cached value of a key, or read it. None means that there is none."""
        if (cached := self.find(key)) is not None:
            return cached
        generation, read_at = self._signals.generation(self._topic), time.monotonic()
        value = await read()
        if value is not None:
            self._entries.pop(key, None)
            if len(self._entries) >= self._max_entries:
                del self._entries[next(iter(self._entries))]
            self._entries[key] = _Entry(value, generation, read_at)
        return value
