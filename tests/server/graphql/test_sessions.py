"""Tests of key checks for sessions: concurrent callers share a check, and no check is older than its callers."""

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


async def test_concurrent_callers_share_one_key_check(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    viewer, key = await make_viewer(store)
    sessions, read, checks = SessionRegistry(store, FairScheduler(), 10), store.read, 0

    async def read_counted(unit: Callable[..., Any]) -> Any:
        nonlocal checks
        checks += 1
        return await read(unit)

    monkeypatch.setattr(store, "read", read_counted)
    assert await asyncio.gather(*(sessions.authenticate(f"Bearer {key}") for _ in range(50))) == [viewer] * 50
    assert checks == 1


async def test_caller_after_a_revocation_does_not_get_an_earlier_result(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer, key = await make_viewer(store)
    sessions, read = SessionRegistry(store, FairScheduler(), 10), store.read
    was_read, resume = asyncio.Event(), asyncio.Event()

    async def read_slowly(unit: Callable[..., Any]) -> Any:
        result = await read(unit)
        was_read.set()
        await resume.wait()
        return result

    monkeypatch.setattr(store, "read", read_slowly)
    before = asyncio.create_task(sessions.authenticate(f"Bearer {key}"))
    await was_read.wait()
    await store.write(lambda c: access.revoke_key(c, viewer, viewer.key_id, force=True))
    after = asyncio.create_task(sessions.authenticate(f"Bearer {key}"))
    await asyncio.sleep(0)
    resume.set()
    assert await before == viewer
    with pytest.raises(Unauthenticated):
        await after


@pytest.mark.parametrize("value", [None, ["Bearer x"], {"key": "x"}, 1, "", "Bearer jsk_unknown"])
async def test_value_that_is_no_key_is_rejected(store: Store, value: object) -> None:
    with pytest.raises(Unauthenticated):
        await SessionRegistry(store, FairScheduler(), 10).authenticate(value)
