"""Live feed of job events: one reader of the event log per process, shared by all its subscribers.

Key objects:
    ``Tail``: the newest events in memory, kept current by one task that follows the log.
    ``ReplayCache``: pages of the log for subscribers that are further behind than the tail reaches.
    ``FairScheduler``: resumes the subscribers that an event wakes a few at a time.

Protocol of a subscriber (``resolvers.subscriptions``), which knows the position up to which it has read:
    1. It asks the tail for the events above its position.
    2. If the tail does not reach back that far, it reads the next page through the replay cache.
    3. It awaits its turn before each event that it delivers, and advances its position.
    4. When nothing is left, it waits for the tail's signal, at most for the store's safety interval.

Why: a thousand subscribers would otherwise run a thousand queries for each event. A subscriber that reads slowly costs
no memory, because it holds only a position.

Invariants:
    - Positions grow in the order of commits (see ``store.event_log.events``), so reading after a position neither skips
      nor repeats an event.
    - Memory is bounded: the tail keeps ``tail.MAX_CACHED`` events, the cache ``replay.MAX_CACHED`` pages.
    - The feed is closed before the store.
"""

from store.database.store import Store
from store.event_log.fair_scheduler import FairScheduler
from store.event_log.replay import ReplayCache
from store.event_log.tail import Tail


class EventFeed:
    """The tail, the replay cache and the fair scheduler that all subscribers of a process share."""

    def __init__(self, store: Store) -> None:
        self.tail = Tail(store)
        self.replay = ReplayCache(store)
        self.scheduler = FairScheduler()

    async def close(self) -> None:
        """Stop reading the log. Call it before the store closes."""
        await self.tail.close()
        await self.replay.close()
