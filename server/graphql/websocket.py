"""GraphQL over WebSockets (`graphql-transport-ws`) with API keys, limits and persisted documents.

The protocol itself, including the responses of its reference server, is in ``schema.strawberry_compat.websocket``.
"""

from contextlib import ExitStack
from typing import Any, cast

from graphql import GraphQLError

from models.access import Viewer
from models.errors import ErrorCode
from resolvers.context import Context
from schema.strawberry_compat.websocket import Message, SocketProtocolHandler
from server.graphql.sessions import SessionRegistry
from server.http.rate_limit import RateLimiter
from server.persisted_documents import PersistedDocumentError, PersistedDocuments
from server.services import Services

JsonObject = dict[str, Any]  # sent by a client and checked by Strawberry or by graphql-core


class SocketContext(Context):
    """Context of a socket's operations. Its viewer is unknown until `connection_init` is received."""

    def __init__(
        self,
        services: Services,
        authorization: str | None,
        *,
        sessions: SessionRegistry,
        persisted: PersistedDocuments,
        limiter: RateLimiter | None,
    ) -> None:
        """Create the context of a new socket.

        Args:
            services: services of the process.
            authorization: Authorization header of the handshake, if any.
            sessions: registry of sessions and operations.
            persisted: known documents.
            limiter: rate limit, if one is set.
        """
        super().__init__(
            cast("Viewer", None),
            services.store,
            services.feed,
            services.manager,
            services.scorer,
            services.analysis,
            services.sizes,
        )
        self.authorization: object = authorization
        self.connection_params: JsonObject = {}
        self.sessions = sessions
        self.persisted = persisted
        self.limiter = limiter


class SocketHandler(SocketProtocolHandler[Context]):
    """Handler that checks keys, limits and persisted documents; a revoked key closes the socket."""

    context: SocketContext
    _revoked = False

    async def handle(self) -> None:
        """Serve the socket until either side closes it."""
        with ExitStack() as self._registration:
            await super().handle()

    async def on_acknowledged(self) -> None:
        """Register the socket, so that revoking the key closes it."""
        context = self.context
        registration = context.sessions.register(context.authorization, context.viewer, self._disconnect)
        self._registration.enter_context(registration)

    async def on_subscribe(self, id_: str, payload: JsonObject) -> GraphQLError | None:
        """Check the key, the limits and the document of an operation, as for a separate request.

        The text of a persisted document replaces its hash in the payload.
        """
        sessions = self.context.sessions
        if not await sessions.is_valid(self.context.authorization, within_seconds=0):
            await self._disconnect()
            return None
        if error := await self._find_rejection(payload):
            return error
        if not sessions.acquire(self.context.viewer.key_id):
            return _limit_error("This key", sessions.max_operations, "Complete one first.")
        return None

    def on_operation_end(self) -> None:
        """Release the operation's place among those of its key."""
        self.context.sessions.release(self.context.viewer.key_id)

    def is_closed(self) -> bool:
        """Return whether the socket was closed because its key was revoked."""
        return self._revoked

    async def send_message(self, message: Message) -> None:
        """Send a frame; send results only while the key is valid."""
        if message["type"] == "next" and not await self.context.sessions.is_valid(self.context.authorization):
            await self._disconnect()
        if not self._revoked:
            await super().send_message(message)

    async def _find_rejection(self, payload: JsonObject) -> GraphQLError | None:
        limit = self.max_subscriptions_per_connection
        if limit is not None and len(self.operations) >= limit:
            return _limit_error("This connection", limit, "Complete one, or open another connection.")
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
        if not self._revoked:
            self._revoked = True
            await self.websocket.close(code=4401, reason="Unauthorized")


def _limit_error(owner: str, limit: int, remedy: str) -> GraphQLError:
    return GraphQLError(
        f"{owner} has {limit} concurrent operations, which is the limit. {remedy}",
        extensions={"code": ErrorCode.LIMIT_EXCEEDED},
    )
