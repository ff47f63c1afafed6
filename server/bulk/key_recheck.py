"""Repeated check of an API key during a long request."""

import time

from server.auth import authenticate
from store.database.store import Store

KEY_RECHECK_SECONDS = 2.0


class KeyRecheck:
    """Check of a request's API key, at most once every ``KEY_RECHECK_SECONDS``."""

    def __init__(self, store: Store, authorization: str | None) -> None:
        self._store = store
        self._authorization = authorization
        self._checked_at = time.monotonic()

    async def check(self) -> None:
        """Check the key again if the last check is too long ago.

        Raises:
            Unauthenticated: the key was revoked or has expired.
        """
        if time.monotonic() - self._checked_at > KEY_RECHECK_SECONDS:
            await authenticate(self._store, self._authorization)
            self._checked_at = time.monotonic()
