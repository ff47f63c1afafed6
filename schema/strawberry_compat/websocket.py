"""Handler for ``graphql-transport-ws`` that answers like graphql-ws, the reference server of the protocol.

Strawberry's handler is not documented as an extension point. It closes the socket for some documents that the reference
server answers with an error message, checks little of a message's shape, and has no callbacks for the life of an
operation. ``tests/node`` compares the answers with the reference server's.
"""

from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar, cast

from graphql import GraphQLError
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    PingMessage,
    SubscribeMessage,
)

__all__ = ["TOO_MANY_VALUES", "Message", "SocketProtocolHandler", "SubscribeMessage", "find_message_problem"]

C = TypeVar("C")

TOO_MANY_VALUES: Final = "too many values"  # decoded form of a frame that holds more values than the limit

JsonObject = dict[str, Any]  # sent by a client: of any shape until Strawberry or graphql-core checks it


class SocketProtocolHandler(BaseGraphQLTransportWSHandler[C, None], Generic[C]):
    """Handler with strict messages, errors per operation, and hooks for subclasses.

    The hooks are ``on_acknowledged``, ``on_subscribe`` and ``on_operation_end``; all else implements the protocol.
    """

    async def on_acknowledged(self) -> None:
        """Act after ``connection_init`` was accepted."""

    async def on_subscribe(self, id_: str, payload: JsonObject) -> GraphQLError | None:
        """Decide whether an operation may start, and complete its payload.

        Args:
            id_: The id that the client gave the operation.
            payload: The query, variables and extensions of the operation. The hook may replace them.

        Returns:
            The error to answer with; None to start the operation.
        """

    def on_operation_end(self) -> None:
        """Act after an operation ended, for whatever reason."""

    def is_closed(self) -> bool:
        """Return whether the subclass has closed the socket, so that nothing more is to be sent."""
        return False

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Accept the connection.

        Strawberry rejects the payload null, which the reference server takes for no payload. It also keeps the
        cancelled timeout task, whose exception holds references to the frames that cancelled it, as long as the socket
        is open.
        """
        if message.get("payload") is None:
            message.pop("payload", None)
        await super().handle_connection_init(message)
        if (timeout := self.connection_init_timeout_task) is not None and timeout.cancelled():
            self.connection_init_timeout_task = None
        if self.connection_acknowledged:
            await self.on_acknowledged()

    async def handle_message(self, message: Any) -> None:
        """Check the shape of a message before it is handled.

        Strawberry reads members without checking their types, so that a payload that is no object raises inside the
        handler.
        """
        problem = find_message_problem(message)
        if problem is not None:
            await self.handle_invalid_message(problem)
        else:
            await super().handle_message(message)

    async def handle_ping(self, message: PingMessage) -> None:
        """Answer a ping with a pong that carries the same payload; Strawberry's pong has none."""
        payload = cast("Mapping[str, Any]", message).get("payload")
        await self.send_message(cast("Message", {"type": "pong"} | ({} if payload is None else {"payload": payload})))

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Start an operation if ``on_subscribe`` permits it.

        Strawberry has a limit per socket only, with a text that cannot be changed, and no hook for other conditions.
        Sockets without acknowledgement and ids in use are left to Strawberry, which closes the socket.
        """
        id_ = message["id"]
        if self.connection_acknowledged and id_ not in self.operations:
            error = await self.on_subscribe(id_, cast("JsonObject", message["payload"]))
            if self.is_closed():
                return
            if error is not None:
                await self.send_message({"id": id_, "type": "error", "payload": [error.formatted]})
                return
        await super().handle_subscribe(message)

    def forget_id(self, id: str) -> None:  # noqa: A002
        """Report the end of an operation that completed or failed."""
        super().forget_id(id)
        self.on_operation_end()

    async def cleanup_operation(self, operation_id: str) -> None:
        """Report the end of an operation that the client or the end of the connection completed."""
        if operation_id in self.operations:
            self.on_operation_end()
        await super().cleanup_operation(operation_id)

    @staticmethod
    def _get_pre_execution_close_reason(error: GraphQLError) -> str | None:
        """Return None, so that an invalid document fails its own operation only.

        Strawberry closes the socket with 4400 on a syntax error, which ends all other operations on the same socket.
        """
        return None


def find_message_problem(message: Any) -> str | None:
    """Return what is wrong with the shape of a message, or None."""
    if message == TOO_MANY_VALUES:
        return "The frame holds too many values"
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "A message is an object with a type"
    type_, payload = message["type"], message.get("payload")
    if type_ in ("connection_init", "ping", "pong") and not isinstance(payload, dict | None):
        return "The payload is an object"
    if type_ in ("subscribe", "complete") and not (isinstance(message.get("id"), str) and message["id"]):
        return "The message needs an id, a string that is not empty"
    return _find_payload_problem(payload) if type_ == "subscribe" else None


def _find_payload_problem(payload: Any) -> str | None:
    if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
        return "The payload needs a query, a string"
    if not isinstance(payload.get("operationName"), str | None):
        return "operationName is a string"
    if not all(isinstance(payload.get(name), dict | None) for name in ("variables", "extensions")):
        return "variables and extensions are objects"
    return None
