"""Cache of values: valid until a signal, bounded, and never older than a change that has returned."""

import asyncio

import pytest

from store.database import signal_cache
from store.database.signal_cache import SignalCache
from store.database.signals import Signals, Topic


class Source:
    """A value that is read asynchronously and counted."""

    def __init__(self, value: str | None) -> None:
        self.value = value
        self.reads = 0

    async def read(self) -> str | None:
        self.reads += 1
        value = self.value
        await asyncio.sleep(0)
        return value


async def test_value_is_read_again_only_after_its_topic_fired() -> None:
    signals, source = Signals(), Source("old")
    cache: SignalCache[str, str] = SignalCache(signals, Topic.KEYS, 10)

    for _ in range(3):
        assert await cache.find_or_read("k", source.read) == "old"
    signals.fire({Topic.JOBS})
    assert await cache.find_or_read("k", source.read) == "old"
    assert source.reads == 1

    source.value = "new"
    signals.fire({Topic.KEYS})
    assert cache.find("k") is None
    assert await cache.find_or_read("k", source.read) == "new"


async def test_read_that_began_before_a_change_is_not_cached() -> None:
    signals, source = Signals(), Source("old")
    cache: SignalCache[str, str] = SignalCache(signals, Topic.KEYS, 10)

    reading = asyncio.create_task(cache.find_or_read("k", source.read))
    await asyncio.sleep(0)
    source.value = "new"
    signals.fire({Topic.KEYS})

    assert await reading == "old"
    assert await cache.find_or_read("k", source.read) == "new"


async def test_value_is_read_again_when_its_age_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal_cache, "MAX_AGE_SECONDS", 0.0)
    source = Source("value")
    cache: SignalCache[str, str] = SignalCache(Signals(), Topic.KEYS, 10)

    for _ in range(2):
        await cache.find_or_read("k", source.read)
    assert source.reads == 2


async def test_cache_is_bounded_and_keeps_nothing_for_unknown_keys() -> None:
    cache: SignalCache[int, str] = SignalCache(Signals(), Topic.KEYS, 10)

    for n in range(30):
        await cache.find_or_read(n, Source("v").read)
        await cache.find_or_read(-n - 1, Source(None).read)

    assert [n for n in range(-31, 31) if cache.find(n) is not None] == list(range(20, 30))
