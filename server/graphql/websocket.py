"""GraphQL over sockets (`graphql-transport-ws`): what Strawberry's handler leaves open.

Frames that are no messages, errors of a document that fail only their own operation, keys that are taken back,
persisted documents and limits. The answers are those of the protocol's reference server.
"""

from contextlib import ExitStack
from typing import Any, Final, cast

from graphql import GraphQLError
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    PingMessage,
    SubscribeMessage,
)

from models.access import Viewer
from models.errors import ErrorCode
from resolvers.context import Context
from server.graphql.persisted_documents import PersistedDocumentError, PersistedDocuments
from server.graphql.sessions import SessionRegistry
from server.http.rate_limit import RateLimiter
from server.services import Services

TOO_MANY_VALUES: Final = "too many values"  # what a frame that holds more than is taken is decoded as


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


class SocketHandler(BaseGraphQLTransportWSHandler[Context, None]):
    """The reference server's answers to frames that are no messages, and to documents that are no good.

    A key that is taken back while the socket is open closes it.
    """

    context: SocketContext
    _shut = False

    async def handle(self) -> None:
        """Serve until either side closes."""
        with ExitStack() as self._registration:
            await super().handle()

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Let a key in, and look after it from then on."""
        if message.get("payload") is None:  # null is the same as nothing
            message.pop("payload", None)
        await super().handle_connection_init(message)
        if (timeout := self.connection_init_timeout_task) is not None and timeout.cancelled():
            self.connection_init_timeout_task = None  # which would hold on to how it was cancelled
        if self.connection_acknowledged:
            context = self.context
            self._registration.enter_context(
                context.watch.open(context.authorization, context.viewer, self._disconnect)
            )

    async def handle_message(self, message: Any) -> None:
        """Take one frame."""
        problem = find_message_problem(message)
        if problem is not None:
            await self.handle_invalid_message(problem)
        else:
            await super().handle_message(message)

    async def handle_ping(self, message: PingMessage) -> None:
        """Answer with what came along."""
        payload = cast("dict[str, Any]", message).get("payload")
        await self.send_message(cast("Message", {"type": "pong"} | ({} if payload is None else {"payload": payload})))

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Begin an operation, unless there are too many, or it is none that may be asked for."""
        id_, watch = message["id"], self.context.watch
        if not self.connection_acknowledged or id_ in self.operations:
            await super().handle_subscribe(message)
            return
        if not await watch.is_valid(self.context.authorization, within=0):  # as for a request of its own
            await self._disconnect()
            return
        if refusal := await self._refusal(message):
            await self.send_message({"id": id_, "type": "error", "payload": [refusal.formatted]})
            return
        if not watch.acquire(self.context.viewer.key_id):
            refusal = _too_many("This key", watch.max_operations, "complete one first.")
            await self.send_message({"id": id_, "type": "error", "payload": [refusal.formatted]})
            return
        await super().handle_subscribe(message)

    def forget_id(self, id: str) -> None:  # noqa: A002
        """An operation is over."""
        super().forget_id(id)
        self.context.watch.end(self.context.viewer.key_id)

    async def cleanup_operation(self, operation_id: str) -> None:
        """An operation is ended by the client, or with the connection; its place is free at once."""
        if operation_id in self.operations:
            self.context.watch.end(self.context.viewer.key_id)
        await super().cleanup_operation(operation_id)

    async def _refusal(self, message: SubscribeMessage) -> GraphQLError | None:
        """Why an operation is not begun; else its document stands in the message, also if only its hash came."""
        limit = self.max_subscriptions_per_connection
        if limit is not None and len(self.operations) >= limit:
            return _too_many("This connection", limit, "complete one, or open another connection.")
        payload = cast("dict[str, Any]", message["payload"])
        try:
            payload["query"] = self.context.persisted.resolve_text(payload["query"], payload.get("extensions"))
        except PersistedDocumentError as error:
            return GraphQLError(str(error), extensions={"code": error.code})
        if self.context.limiter is not None:
            result = await self.context.limiter.hit(str(self.context.authorization))
            if not result.allowed:
                return GraphQLError(result.message, extensions={"code": ErrorCode.LIMIT_EXCEEDED})
        return None

    async def send_message(self, message: Message) -> None:
        """Send a frame; what was asked for only while the key holds."""
        if message["type"] == "next" and not await self.context.watch.is_valid(self.context.authorization):
            await self._disconnect()
        if not self._shut:
            await super().send_message(message)

    async def _disconnect(self) -> None:
        if not self._shut:
            self._shut = True
            await self.websocket.close(code=4401, reason="Unauthorized")

    @staticmethod
    def _get_pre_execution_close_reason(error: GraphQLError) -> str | None:
        return None  # a bad document fails its own operation, not the others that share the socket


def _too_many(who: str, limit: int, way_out: str) -> GraphQLError:
    return GraphQLError(
        f"{who} has {limit} operations at once, which is the limit: {way_out}",
        extensions={"code": ErrorCode.LIMIT_EXCEEDED},
    )


def find_message_problem(message: Any) -> str | None:
    """What is wrong with a frame's shape; None: nothing."""
    if message == TOO_MANY_VALUES:
        return "The frame holds too many values"
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "A message is an object with a type"
    type_, payload = message["type"], message.get("payload")
    if type_ in ("connection_init", "ping", "pong") and not isinstance(payload, dict | None):
        return "The payload is an object"
    if type_ in ("subscribe", "complete") and not (isinstance(message.get("id"), str) and message["id"]):
        return "The message needs an id, a string that is not empty"
    if type_ != "subscribe":
        return None
    if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
        return "The payload needs a query, a string"
    if not isinstance(payload.get("operationName"), str | None):
        return "operationName is a string"
    if not all(isinstance(payload.get(name), dict | None) for name in ("variables", "extensions")):
        return "variables and extensions are objects"
    return None
