"""From an API key to who is asking."""

import time

from models.access import Viewer
from models.errors import Unauthenticated
from store import access
from store.away import is_away
from store.store import Store

NOTED_EVERY = 60.0  # seconds
_noted: dict[str, float] = {}  # by key id, when this process noted its use

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
    viewer = await store.read(lambda connection: access.viewer_of(connection, secret.strip()))
    if viewer is None:
        raise Unauthenticated("The API key is unknown, expired or revoked.")
    await _note_use(store, viewer)
    return viewer


async def _note_use(store: Store, viewer: Viewer) -> None:
    """Remember when a key was last used, to the minute; a database that can't be written to stops nobody."""
    if time.monotonic() - _noted.get(viewer.key_id, -NOTED_EVERY) >= NOTED_EVERY:
        _noted[viewer.key_id] = time.monotonic()
        try:
            await store.write(lambda connection: access.note_use(connection, viewer.key_id))
        except Exception as error:
            if not is_away(error):
                raise
