"""Subscriptions over plain HTTP: server-sent events and multipart responses."""

import asyncio
from collections.abc import AsyncGenerator, Mapping

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from models.access import Viewer
from schema.strawberry_compat.http import EventStreamTransport, HTTPStreamTransport, MultipartTransport, TextStream
from server.graphql.sessions import SessionRegistry
from server.http.content_negotiation import prefers_events


class NegotiatedEventStream(EventStreamTransport):
    """Server-sent events for clients that list them before JSON."""

    prefers_events = staticmethod(prefers_events)


class RevocableStream(StreamingResponse):
    """Stream that ends when its key is revoked or the server shuts down.

    On revocation it sends a last result with an error. On shutdown it ends without one, and the client reconnects.
    """

    def __init__(
        self,
        stream: TextStream,
        last_result: str,
        headers: Mapping[str, str],
        *,
        sessions: SessionRegistry,
        key: tuple[object, Viewer],
    ) -> None:
        """Create the response of an operation that was acquired from the registry.

        Args:
            stream: function that starts the stream of encoded results.
            last_result: encoded result to send when the key is revoked.
            headers: headers of the response.
            sessions: registry of sessions and operations.
            key: value of the Authorization header, and the viewer of the key.
        """
        self._stream = stream
        self._last_result = last_result
        self._sessions = sessions
        self._authorization, self._viewer = key
        self._revoked = asyncio.Event()
        self._pieces = self._read_until_ended()
        super().__init__(self._pieces, headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream and release its operation.

        Args:
            scope: ASGI scope of the request.
            receive: ASGI function that returns the next message of the request.
            send: ASGI function that sends a message of the response.
        """
        try:
            with self._sessions.register(self._authorization, self._viewer, self._disconnect):
                await super().__call__(scope, receive, send)
        finally:
            self._sessions.release(self._viewer.key_id)
            await self._pieces.aclose()

    async def _disconnect(self) -> None:
        self._revoked.set()

    async def _read_until_ended(self) -> AsyncGenerator[str, None]:
        stream = self._stream()
        revoked, shutdown = (asyncio.create_task(e.wait()) for e in (self._revoked, self._sessions.shutting_down))
        following: asyncio.Task[str | None] | None = None
        try:
            while not (revoked.done() or shutdown.done()):
                following = asyncio.create_task(_read_next(stream))
                await asyncio.wait({following, revoked, shutdown}, return_when=asyncio.FIRST_COMPLETED)
                if following.done():
                    piece = following.result()
                    if piece is None:
                        return
                    yield piece
            if revoked.done():
                yield self._last_result
        finally:
            for task in (revoked, shutdown, following):
                if task is not None and not task.done():
                    task.cancel()
                    await asyncio.wait({task})
            await stream.aclose()


async def _read_next(stream: AsyncGenerator[str, None]) -> str | None:
    return await anext(stream, None)


TRANSPORTS: Mapping[str, type[HTTPStreamTransport]] = {
    "graphql-sse": NegotiatedEventStream,
    "multipart-subscription": MultipartTransport,
}
