"""GraphQL over sockets (`graphql-transport-ws`): what Strawberry's handler leaves open.

Frames that are no messages, errors of a document that fail only their own operation, keys that are taken back,
persisted documents and limits. The answers are those of the protocol's reference server.
"""

from contextlib import ExitStack
from typing import Any, cast

from graphql import GraphQLError

from models.access import Viewer
from models.errors import ErrorCode
from resolvers.context import Context
from schema.strawberry_compat.websocket import Message, SocketProtocolHandler
from server.graphql.persisted_documents import PersistedDocumentError, PersistedDocuments
from server.graphql.sessions import SessionRegistry
from server.http.rate_limit import RateLimiter
from server.services import Services


class SocketContext(Context):
    """The context of a socket: who asks is known once `connection_init` was heard."""

    def __init__(
        self,
        services: Services,
        header: str | None,
        *,
        watch: SessionRegistry,
        persisted: PersistedDocuments,
        limiter: RateLimiter | None,
    ) -> None:
        super().__init__(
            cast("Viewer", None),
            services.store,
            services.feed,
            services.manager,
            services.scorer,
            services.analysis,
            services.sizes,
        )
        self.authorization: object = header
        self.connection_params: dict[str, Any] = {}
        self.watch = watch
        self.persisted = persisted
        self.limiter = limiter


class SocketHandler(SocketProtocolHandler[Context]):
    """Handler that checks keys, limits and persisted documents; a revoked key closes the socket."""

    context: SocketContext
    _shut = False

    async def handle(self) -> None:
        """Serve the socket until either side closes it."""
        with ExitStack() as self._registration:
            await super().handle()

    async def on_acknowledged(self) -> None:
        """Register the socket, so that revoking the key closes it."""
        context = self.context
        self._registration.enter_context(context.watch.open(context.authorization, context.viewer, self._disconnect))

    async def on_subscribe(self, id_: str, payload: dict[str, Any]) -> GraphQLError | None:
        """Check the key, the limits and the document of an operation, as for a request of its own.

        A persisted document replaces its hash in the payload.
        """
        watch = self.context.watch
        if not await watch.is_valid(self.context.authorization, within=0):
            await self._disconnect()
            return None
        if error := await self._find_rejection(payload):
            return error
        if not watch.acquire(self.context.viewer.key_id):
            return _too_many("This key", watch.max_operations, "complete one first.")
        return None

    def on_operation_end(self) -> None:
        """Release the operation's place among those of its key."""
        self.context.watch.end(self.context.viewer.key_id)

    def is_closed(self) -> bool:
        """Return whether the socket was closed because its key was revoked."""
        return self._shut

    async def send_message(self, message: Message) -> None:
        """Send a frame; send results only while the key is valid."""
        if message["type"] == "next" and not await self.context.watch.is_valid(self.context.authorization):
            await self._disconnect()
        if not self._shut:
            await super().send_message(message)

    async def _find_rejection(self, payload: dict[str, Any]) -> GraphQLError | None:
        limit = self.max_subscriptions_per_connection
        if limit is not None and len(self.operations) >= limit:
            return _too_many("This connection", limit, "complete one, or open another connection.")
        try:
            payload["query"] = self.context.persisted.resolve_text(payload["query"], payload.get("extensions"))
        except PersistedDocumentError as error:
            return GraphQLError(str(error), extensions={"code": error.code})
        if self.context.limiter is not None:
            result = await self.context.limiter.hit(str(self.context.authorization))
            if not result.allowed:
                return GraphQLError(result.message, extensions={"code": ErrorCode.LIMIT_EXCEEDED})
        return None

    async def _disconnect(self) -> None:
        if not self._shut:
            self._shut = True
            await self.websocket.close(code=4401, reason="Unauthorized")


def _too_many(who: str, limit: int, way_out: str) -> GraphQLError:
    return GraphQLError(
        f"{who} has {limit} operations at once, which is the limit: {way_out}",
        extensions={"code": ErrorCode.LIMIT_EXCEEDED},
    )
