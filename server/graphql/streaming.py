"""Subscriptions over plain HTTP: server-sent events and multipart answers."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from strawberry.http.streaming import HTTPStreamTransport, MultipartSubscriptionTransport, SSETransport
from strawberry.types.graphql import OperationType

from models.access import Viewer
from server.graphql.sessions import SessionRegistry
from server.http.content_negotiation import prefers_events

Stream = Callable[[], AsyncGenerator[str, None]]


class EventStreamTransport(SSETransport):
    """GraphQL over server-sent events, each operation on a connection of its own.

    Only for clients that name it before JSON; with LF as the end of lines, at which some clients split.
    """

    def accepts(self, accept: str) -> bool:
        """Whether a client wants events."""
        return prefers_events(accept)

    def encode_event(self, event: str, data: str | None = None) -> str:
        """One event."""
        return super().encode_event(event, data).replace("\r\n", "\n")

    def encode_comment(self, comment: str) -> str:
        """A sign of life."""
        return f": {comment}\n\n"


class MultipartTransport(MultipartSubscriptionTransport):
    """`multipart/mixed;subscriptionSpec=1.0`, as Apollo's clients and routers speak it."""

    def allowed_operation_types(self, allowed_operation_types: set[OperationType]) -> Iterable[OperationType]:
        """A query may come this way too: some clients ask for everything in one form."""
        return allowed_operation_types


class RevocableStream(StreamingResponse):
    """A stream that ends with its last words when its key is taken back, and without when the server ends."""

    def __init__(
        self,
        stream: Stream,
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
    "graphql-sse": EventStreamTransport,
    "multipart-subscription": MultipartTransport,
}
