"""From an API key to who is asking."""

from models.access import Viewer
from models.errors import Unauthenticated
from store import access
from store.store import Store

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
    return viewer
