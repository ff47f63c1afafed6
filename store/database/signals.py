"""Signals: wake whoever waits when something was committed. Rows are truth; a signal only says "look again".

A unit of work says what it touched; after its commit the store fires those topics here. Commits of other processes
come in through a watcher (SQLite's ``data_version``, PostgreSQL's LISTEN). Should a signal get lost, a listener wakes
by itself after the safety interval.
"""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from sqlalchemy import Connection


class Topic(StrEnum):
    """What a commit may have changed."""

    JOBS = "jobs"
    EVENTS = "events"
    FEEDBACK = "feedback"
    DELIVERIES = "deliveries"


def touch(connection: Connection, *topics: Topic) -> None:
    """Say, within a unit of work, what it changes."""
    connection.info.setdefault("touched", set()).update(topics)


def take_touched(connection: Connection) -> set[Topic]:
    """What the unit of work said it changed; asked once, at its end."""
    topics: set[Topic] = connection.info.pop("touched", set())
    return topics


class Listener:
    """Waits for topics; what fired since the last wait counts."""

    def __init__(self, topics: frozenset[Topic]) -> None:
        self.topics = topics
        self._fired = asyncio.Event()

    def fire(self) -> None:
        """Wake the one who waits, or let the next wait return at once."""
        self._fired.set()

    async def wait(self, seconds: float) -> bool:
        """Return True when a topic fired, False when ``seconds`` passed without one."""
        try:
            async with asyncio.timeout(seconds):
                await self._fired.wait()
        except TimeoutError:
            return False
        self._fired.clear()
        return True


class Signals:
    """The listeners of this process."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    @property
    def wanted(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def fire(self, topics: Iterable[Topic] = Topic) -> None:
        """Wake the listeners of these topics; without any named, of all. To be called in the event loop."""
        fired = frozenset(topics)
        for listener in self._listeners:
            if listener.topics & fired:
                listener.fire()

    @contextmanager
    def listen(self, *topics: Topic) -> Iterator[Listener]:
        """A listener for as long as the block runs."""
        listener = Listener(frozenset(topics))
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
