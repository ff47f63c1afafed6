"""Authentication with a warm cache: a revoked or expired key is rejected at once, elsewhere within a second."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from models.access import Role
from models.base import now
from models.errors import Unauthenticated
from server import auth
from server.auth import Authenticator
from store import access
from store.database.store import Store
from tests.factories import make_viewer
from tests.waiting import wait_until_async


async def test_warm_key_needs_no_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    viewer, key = await make_viewer(store)
    authenticator = Authenticator(store)
    monkeypatch.setattr("store.database.signal_cache.MAX_AGE_SECONDS", 60.0)
    await authenticator.authenticate(f"Bearer {key}")
    await asyncio.gather(*auth._pending_writes)
    await authenticator.authenticate(f"Bearer {key}")

    async def fail(_unit: Any) -> None:
        raise AssertionError("the key is cached")

    monkeypatch.setattr(store, "read", fail)
    assert await authenticator.authenticate(f"bearer  {key} ") == viewer


async def test_key_revoked_by_this_process_is_rejected_at_once(store: Store) -> None:
    viewer, key = await make_viewer(store)
    authenticator = Authenticator(store)
    for _ in range(3):
        assert await authenticator.authenticate(f"Bearer {key}") == viewer

    await store.write(lambda c: access.revoke_key(c, viewer, viewer.key_id, force=True))

    with pytest.raises(Unauthenticated):
        await authenticator.authenticate(f"Bearer {key}")


async def test_key_revoked_during_its_check_is_rejected_at_the_next(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer, key = await make_viewer(store)
    authenticator, read = Authenticator(store), store.read
    was_read, resume = asyncio.Event(), asyncio.Event()

    async def read_slowly(unit: Any) -> Any:
        result = await read(unit)
        was_read.set()
        await resume.wait()
        return result

    monkeypatch.setattr(store, "read", read_slowly)
    before = asyncio.create_task(authenticator.authenticate(f"Bearer {key}"))
    await was_read.wait()
    await store.write(lambda c: access.revoke_key(c, viewer, viewer.key_id, force=True))
    resume.set()

    assert await before == viewer
    with pytest.raises(Unauthenticated):
        await authenticator.authenticate(f"Bearer {key}")


@pytest.mark.parametrize("signalled", [True, False])
async def test_key_revoked_by_another_process_is_rejected_soon(
    store: Store, other_store: Store, signalled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer, key = await make_viewer(store)
    authenticator = Authenticator(store)
    if signalled:
        monkeypatch.setattr("store.database.signal_cache.MAX_AGE_SECONDS", 3600.0)
    else:
        monkeypatch.setattr(store.signals, "fire", lambda *_: None)
    assert await authenticator.authenticate(f"Bearer {key}") == viewer

    await other_store.write(lambda c: access.revoke_key(c, viewer, viewer.key_id, force=True))

    await wait_until_async(partial(_is_rejected, authenticator, key))


async def test_cached_key_is_rejected_when_it_expires(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = now() + timedelta(days=1)
    key = await store.write(lambda c: access.create_key(c, workspace="w", user="u", role=Role.VIEWER, expires_at=ends))
    authenticator = Authenticator(store)
    await authenticator.authenticate(f"Bearer {key.secret}")

    monkeypatch.setattr(access, "now", lambda: ends)
    with pytest.raises(Unauthenticated):
        await authenticator.authenticate(f"Bearer {key.secret}")


async def _is_rejected(authenticator: Authenticator, key: str) -> bool:
    try:
        await authenticator.authenticate(f"Bearer {key}")
    except Unauthenticated:
        return True
    return False
