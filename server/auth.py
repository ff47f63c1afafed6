"""Authentication by API key."""

import asyncio
import time

import structlog

from models.access import Viewer
from models.errors import Unauthenticated
from store import access
from store.database.errors import is_transient
from store.database.store import Store

USE_RECORDED_EVERY_SECONDS = 60.0
_use_recorded_at: dict[str, float] = {}  # by key id, monotonic time of the last record by this process
_pending_writes: set[asyncio.Task[None]] = set()
log = structlog.get_logger(__name__)

_HEADER_HINT = "Send the header Authorization: Bearer YOUR_KEY."


async def authenticate(store: Store, authorization: object) -> Viewer:
    """Return the viewer whose key is in an Authorization header.

    Args:
        store: database of the keys.
        authorization: value of the header. A WebSocket client can send any JSON value.

    Raises:
        Unauthenticated: the value holds no key that is valid now.
    """
    if not isinstance(authorization, str) or not authorization.strip():
        raise Unauthenticated(f"An API key is required. {_HEADER_HINT}")
    scheme, _, secret = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Unauthenticated(f"The Authorization header holds no bearer key. {_HEADER_HINT}")
    viewer = await store.read(lambda connection: access.find_viewer(connection, secret.strip()))
    if viewer is None:
        raise Unauthenticated("The API key is unknown, expired or revoked.")
    _record_use(store, viewer)
    return viewer


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
