"""Looking after keys: many who present one at once cost few looks, and no look is older than whoever relies on it."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from models.errors import Unauthenticated
from server.graphql.sessions import SessionRegistry
from store import access
from store.database.store import Store
from store.event_log.fair_scheduler import FairScheduler
from tests.factories import make_viewer


async def test_many_who_present_a_key_at_once_are_told_by_few_looks(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer, key = await make_viewer(store)
    watch, read, looks = SessionRegistry(store, FairScheduler(), 10), store.read, 0

    async def counted(unit: Callable[..., Any]) -> Any:
        nonlocal looks
        looks += 1
        return await read(unit)

    monkeypatch.setattr(store, "read", counted)
    assert await asyncio.gather(*(watch.viewer(f"Bearer {key}") for _ in range(50))) == [viewer] * 50
    assert looks == 1


async def test_whoever_asks_after_a_key_was_taken_back_is_not_told_what_a_look_before_has_seen(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer, key = await make_viewer(store)
    watch, read = SessionRegistry(store, FairScheduler(), 10), store.read
    seen, go_on = asyncio.Event(), asyncio.Event()

    async def slow(unit: Callable[..., Any]) -> Any:
        found = await read(unit)
        seen.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(store, "read", slow)
    before = asyncio.create_task(watch.viewer(f"Bearer {key}"))
    await seen.wait()
    await store.write(lambda c: access.revoke_key(c, viewer, viewer.key_id, force=True))
    after = asyncio.create_task(watch.viewer(f"Bearer {key}"))
    await asyncio.sleep(0)
    go_on.set()
    assert await before == viewer
    with pytest.raises(Unauthenticated):
        await after


@pytest.mark.parametrize("value", [None, ["Bearer x"], {"key": "x"}, 1, "", "Bearer jsk_unknown"])
async def test_what_is_no_key_is_refused_whatever_it_is(store: Store, value: object) -> None:
    with pytest.raises(Unauthenticated):
        await SessionRegistry(store, FairScheduler(), 10).viewer(value)
