"""From an API key to who is asking."""

import asyncio
import time

import structlog

from models.access import Viewer
from models.errors import Unauthenticated
from store import access
from store.database.errors import is_transient
from store.database.store import Store

NOTED_EVERY = 60.0  # seconds
_noted: dict[str, float] = {}  # by key id, when this process noted its use
_writing: set[asyncio.Task[None]] = set()
log = structlog.get_logger(__name__)

_HOW = "Send the header Authorization: Bearer YOUR_KEY."


async def authenticate(store: Store, authorization: object) -> Viewer:
    """Who presents an Authorization header's value.

    Raises:
        Unauthenticated: it holds no key that is valid now.
    """
    if not isinstance(authorization, str) or not authorization.strip():
        raise Unauthenticated(f"This needs an API key. {_HOW}")
    scheme, _, secret = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Unauthenticated(f"The Authorization header holds no bearer key. {_HOW}")
    viewer = await store.read(lambda connection: access.find_viewer(connection, secret.strip()))
    if viewer is None:
        raise Unauthenticated("The API key is unknown, expired or revoked.")
    _note_use(store, viewer)
    return viewer


def _note_use(store: Store, viewer: Viewer) -> None:
    """Remember when a key was last used, to the minute, beside the request: it never waits for that."""
    if time.monotonic() - _noted.get(viewer.key_id, -NOTED_EVERY) >= NOTED_EVERY:
        _noted[viewer.key_id] = time.monotonic()
        task = asyncio.create_task(_write_down(store, viewer.key_id), name="note the use of a key")
        _writing.add(task)
        task.add_done_callback(_writing.discard)


async def _write_down(store: Store, key_id: str) -> None:
    try:
        await store.write(lambda connection: access.record_key_use(connection, key_id))
    except Exception as error:
        if not is_transient(error):
            log.warning("key_last_used_update_failed", exc_info=error)
