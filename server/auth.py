"""Authentication by API key."""

import asyncio
import time
from functools import partial

import structlog

from models.access import Viewer
from models.errors import Unauthenticated
from store import access
from store.access import KeyHolder
from store.database.errors import is_transient
from store.database.signal_cache import SignalCache
from store.database.signals import Topic
from store.database.store import Store

MAX_CACHED_KEYS = 10_000
USE_RECORDED_EVERY_SECONDS = 60.0
_use_recorded_at: dict[str, float] = {}  # by key id, monotonic time of the last record by this process
_pending_writes: set[asyncio.Task[None]] = set()
log = structlog.get_logger(__name__)

_HEADER_HINT = "Send the header Authorization: Bearer YOUR_KEY."


class Authenticator:
    """Authentication of requests with a cache of keys, which a revocation makes invalid.

    A key that another process revokes is rejected within a second.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._holders: SignalCache[str, KeyHolder] = SignalCache(store.signals, Topic.KEYS, MAX_CACHED_KEYS)

    async def authenticate(self, authorization: object) -> Viewer:
        """Return the viewer whose key is in an Authorization header.

        Raises:
            Unauthenticated: the value holds no valid key.
        """
        digest = access.hash_secret(_parse_secret(authorization))
        holder = await self._holders.find_or_read(digest, partial(_read_holder, self._store, digest))
        return _accept(self._store, holder)


async def authenticate(store: Store, authorization: object) -> Viewer:
    """Return the viewer whose key is in an Authorization header. Read the key from the database in any case.

    Args:
        store: database of the keys.
        authorization: value of the header. A WebSocket client can send any JSON value.

    Raises:
        Unauthenticated: the value holds no key that is valid now.
    """
    digest = access.hash_secret(_parse_secret(authorization))
    return _accept(store, await _read_holder(store, digest))


def _parse_secret(authorization: object) -> str:
    if not isinstance(authorization, str) or not authorization.strip():
        raise Unauthenticated(f"An API key is required. {_HEADER_HINT}")
    scheme, _, secret = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Unauthenticated(f"The Authorization header holds no bearer key. {_HEADER_HINT}")
    return secret.strip()


async def _read_holder(store: Store, digest: str) -> KeyHolder | None:
    return await store.read(lambda connection: access.find_key_holder(connection, digest))


def _accept(store: Store, holder: KeyHolder | None) -> Viewer:
    if holder is None or holder.is_expired():
        raise Unauthenticated("The API key is unknown, expired or revoked.")
    _record_use(store, holder.viewer)
    return holder.viewer


def _record_use(store: Store, viewer: Viewer) -> None:
    """Start a task that records the use of a key, at most once a minute. The request does not wait for it."""
    now = time.monotonic()
    if now - _use_recorded_at.get(viewer.key_id, -USE_RECORDED_EVERY_SECONDS) >= USE_RECORDED_EVERY_SECONDS:
        _use_recorded_at[viewer.key_id] = now
        task = asyncio.create_task(_update_last_used(store, viewer.key_id), name="record the use of a key")
        _pending_writes.add(task)
        task.add_done_callback(_pending_writes.discard)


async def _update_last_used(store: Store, key_id: str) -> None:
    try:
        await store.write(lambda connection: access.record_key_use(connection, key_id))
    except Exception as error:
        if not is_transient(error):
            log.warning("key_last_used_update_failed", exc_info=error)
