"""Subscriptions over plain HTTP: server-sent events and multipart answers."""

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
    """A stream that ends with its last words when its key is taken back, and without when the server ends."""

    def __init__(
        self,
        stream: TextStream,
        last_words: str,
        headers: Mapping[str, str],
        *,
        watch: SessionRegistry,
        key: tuple[object, Viewer],
    ) -> None:
        self._stream = stream
        self._last_words = last_words
        self._watch = watch
        self._authorization, self._viewer = key
        self._shut = asyncio.Event()
        self._pieces = self._until_shut()
        super().__init__(self._pieces, headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream; its operation, counted before, is over after."""
        try:
            with self._watch.open(self._authorization, self._viewer, self._disconnect):
                await super().__call__(scope, receive, send)
        finally:
            self._watch.end(self._viewer.key_id)
            await self._pieces.aclose()

    async def _disconnect(self) -> None:
        self._shut.set()

    async def _until_shut(self) -> AsyncGenerator[str, None]:
        stream = self._stream()
        shut, shutting_down = (asyncio.create_task(event.wait()) for event in (self._shut, self._watch.shutting_down))
        following: asyncio.Task[str | None] | None = None
        try:
            while not (shut.done() or shutting_down.done()):
                following = asyncio.create_task(_next(stream))
                await asyncio.wait({following, shut, shutting_down}, return_when=asyncio.FIRST_COMPLETED)
                if following.done():
                    piece = following.result()
                    if piece is None:
                        return
                    yield piece
            if shut.done():
                yield self._last_words
        finally:
            for task in (shut, shutting_down, following):
                if task is not None and not task.done():
                    task.cancel()
                    await asyncio.wait({task})
            await stream.aclose()


async def _next(stream: AsyncGenerator[str, None]) -> str | None:
    return await anext(stream, None)


TRANSPORTS: Mapping[str, type[HTTPStreamTransport]] = {
    "graphql-sse": NegotiatedEventStream,
    "multipart-subscription": MultipartTransport,
}
