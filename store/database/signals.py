"""Signals: wake the listeners of a process after a commit. A signal carries no data; listeners reread the rows.

A unit of work marks the topics that it changes. After its commit the store fires those topics. Commits of other
processes arrive through a watcher (SQLite's ``data_version``, PostgreSQL's LISTEN). If a signal is lost, a listener
wakes after the store's safety interval.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from sqlalchemy import Connection


class Topic(StrEnum):
    """A kind of data that a commit may have changed."""

    JOBS = "jobs"
    EVENTS = "events"
    FEEDBACK = "feedback"
    DELIVERIES = "deliveries"
    KEYS = "keys"


def touch(connection: Connection, *topics: Topic) -> None:
    """Mark topics as changed by the connection's unit of work."""
    connection.info.setdefault("touched", set()).update(topics)


def take_touched(connection: Connection) -> set[Topic]:
    """Return the topics that the unit of work changed, and reset them."""
    topics: set[Topic] = connection.info.pop("touched", set())
    return topics


class Listener:
    """Waits for topics. A topic that fired since the last wait ends the next wait at once."""

    def __init__(self, topics: frozenset[Topic]) -> None:
        self.topics = topics
        self._fired = asyncio.Event()

    def fire(self) -> None:
        """End the current wait, or the next one."""
        self._fired.set()

    async def wait(self, seconds: float) -> bool:
        """Return True when a topic fired, or False after ``seconds`` without one."""
        try:
            async with asyncio.timeout(seconds):
                await self._fired.wait()
        except TimeoutError:
            return False
        self._fired.clear()
        return True


class Signals:
    """The listeners of this process, and the number of times that each topic has fired."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._generations: Counter[Topic] = Counter()

    def generation(self, topic: Topic) -> int:
        """Return how often a topic has fired."""
        return self._generations[topic]

    def fire(self, topics: Iterable[Topic] = Topic) -> None:
        """Wake the listeners of some topics, by default of all. Call it in the event loop."""
        fired = frozenset(topics)
        self._generations.update(fired)
        for listener in self._listeners:
            if listener.topics & fired:
                listener.fire()

    @contextmanager
    def listen(self, *topics: Topic) -> Iterator[Listener]:
        """Yield a listener that is registered while the block runs."""
        listener = Listener(frozenset(topics))
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
