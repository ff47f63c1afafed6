"""GraphQL over HTTP and over sockets (`graphql-transport-ws`), as the specifications say.

Strawberry's view does the work. Here is what it leaves open: API keys, `application/graphql-response+json`, errors of
a document that fail only their own operation on a socket, frames that are no messages, text frames.
"""

import math
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

import orjson
from cross_web import HTTPException
from graphql import GraphQLError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http import GraphQLHTTPResponse
from strawberry.schema import BaseSchema
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import Message, SubscribeMessage
from strawberry.types import ExecutionResult
from strawberry.types.unset import UNSET, UnsetType

from models.access import Viewer
from models.errors import ErrorCode, Unauthenticated
from resolvers.context import Context
from server.auth import authenticate
from server.errors import masked
from server.limits import TooLarge
from server.services import Services
from store.away import is_away

GRAPHQL_RESPONSE = "application/graphql-response+json"
INIT_TIMEOUT = timedelta(seconds=10)
KEY_HOLDS = 2.0  # seconds for which a socket believes in a key before it looks again


class SocketContext(Context):
    """The context of a socket: who asks is known once `connection_init` was heard."""

    def __init__(self, services: Services, header: str | None) -> None:
        super().__init__(cast("Viewer", None), services.store, services.manager, services.scorer, services.insight)
        self.authorization: object = header
        self.connection_params: dict[str, Any] = {}


class SocketHandler(BaseGraphQLTransportWSHandler[Context, None]):
    """The reference server's answers to frames that are no messages, and to documents that are no good.

    A key that is taken back while the socket is open closes it.
    """

    _checked = -math.inf  # when the key was last seen to hold
    _shut = False

    async def handle_message(self, message: Any) -> None:
        """Take one frame."""
        problem = _problem_of(message)
        if problem is not None:
            await self.handle_invalid_message(problem)
        else:
            await super().handle_message(message)

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Begin an operation, unless there are too many."""
        limit, id_ = self.max_subscriptions_per_connection, message["id"]
        if self.connection_acknowledged and not await self._key_holds():
            await self._shut_out()
        elif limit is not None and len(self.operations) >= limit and id_ not in self.operations:
            error = GraphQLError(
                f"This connection has {limit} operations at once, which is the limit: complete one, or open another "
                "connection.",
                extensions={"code": ErrorCode.LIMIT_EXCEEDED},
            )
            await self.send_message({"id": id_, "type": "error", "payload": [error.formatted]})
        else:
            await super().handle_subscribe(message)

    async def send_message(self, message: Message) -> None:
        """Send a frame; what was asked for only while the key holds."""
        if message["type"] == "next" and not await self._key_holds():
            await self._shut_out()
        if not self._shut:
            await super().send_message(message)

    async def _key_holds(self) -> bool:
        if time.monotonic() - self._checked < KEY_HOLDS:
            return True
        self._checked = time.monotonic()
        assert isinstance(self.context, SocketContext)
        try:
            await authenticate(self.context.store, self.context.authorization)
        except Unauthenticated:
            return False
        except Exception as error:
            if not is_away(error):
                raise
        return True

    async def _shut_out(self) -> None:
        if not self._shut:
            self._shut = True
            await self.websocket.close(code=4401, reason="Unauthorized")

    @staticmethod
    def _get_pre_execution_close_reason(error: GraphQLError) -> str | None:
        return None  # a bad document fails its own operation, not the others that share the socket


class GraphQLView(GraphQL[Context, None]):
    """The endpoint `/graphql`."""

    graphql_transport_ws_handler_class = SocketHandler

    def __init__(
        self, schema: BaseSchema, *, max_subscriptions: int = 100, allowed_origins: tuple[str, ...] = ()
    ) -> None:
        super().__init__(
            schema,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=INIT_TIMEOUT,
            max_subscriptions_per_connection=max_subscriptions,
            allowed_origins=allowed_origins,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or serve a socket; a request that is refused is answered in GraphQL's own form."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        request = Request(scope, receive)
        response: Response
        try:
            if self.should_render_graphql_ide(self.request_adapter_class(request)):
                response = await self.render_graphql_ide(request)  # needs no key
            else:
                response = await self.run(request)
        except Unauthenticated as error:
            response = _refusal(request, 401, str(error), "UNAUTHENTICATED", {"www-authenticate": "Bearer"})
        except HTTPException as error:
            allow = {"allow": "GET, POST"} if error.status_code == 405 else {}
            response = _refusal(request, error.status_code, error.reason, "BAD_REQUEST", allow)
        except TooLarge as error:
            response = _refusal(request, error.status_code, error.detail, ErrorCode.LIMIT_EXCEEDED, {})
        except ClientDisconnect:
            return
        except Exception as error:
            response = _refusal(request, 500, masked(error), "INTERNAL", {})
        await response(scope, receive, send)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """Who asks; a socket says so later.

        Raises:
            Unauthenticated: a request without a valid key.
        """
        services: Services = request.app.state.services
        header = request.headers.get("authorization")
        if isinstance(request, WebSocket):
            return SocketContext(services, header)
        return services.context(await authenticate(services.store, header))

    async def on_ws_connect(self, context: Context) -> UnsetType | dict[str, object] | None:
        """Take the key from `connection_init`, or from the handshake where a client can set headers.

        Raises:
            ConnectionRejectionError: there is no valid key; the socket is closed with 4403.
        """
        assert isinstance(context, SocketContext)
        given = {name.lower(): value for name, value in context.connection_params.items()}
        context.authorization = given.get("authorization", context.authorization)
        try:
            context.viewer = await authenticate(context.store, context.authorization)
        except Unauthenticated as error:
            raise ConnectionRejectionError from error
        return cast("UnsetType", UNSET)

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        """The response's head, with the media type that the client asked for."""
        head = await super().get_sub_response(request)
        head.headers["content-type"] = f"{_media_type(request)}; charset=utf-8"
        return head

    async def execute_operation(self, **arguments: Any) -> Any:  # type: ignore[override]
        """Execute; a request that ran nothing is a bad request to clients that speak the newer media type."""
        result = await super().execute_operation(**arguments)
        newer = _media_type(arguments["request"]) == GRAPHQL_RESPONSE
        if newer and isinstance(result, ExecutionResult) and _ran_nothing(result):
            arguments["sub_response"].status_code = 400
        return result

    async def process_result(self, request: Request | WebSocket, result: Any) -> GraphQLHTTPResponse:
        """The response's body; without `data` where nothing ran."""
        body = await super().process_result(cast("Request", request), result)
        if isinstance(result, ExecutionResult) and _ran_nothing(result):
            cast("dict[str, object]", body).pop("data", None)
        return body

    def create_response(
        self, response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], sub_response: Response
    ) -> Response:
        """The response, in the media type of its head."""
        return Response(
            self.encode_json(response_data),
            status_code=sub_response.status_code or 200,
            headers=dict(sub_response.headers),
        )

    async def render_graphql_ide(self, request: Request | WebSocket) -> Response:
        """People who open the endpoint in a browser are led to GraphiQL."""
        return RedirectResponse("graphiql", status_code=307)

    def parse_json(self, data: str | bytes) -> Any:
        """A request's body, variables or extensions.

        Raises:
            HTTPException: it is no JSON, or neither an object nor a list.
        """
        found = super().parse_json(data)
        if not isinstance(found, dict | list):
            raise HTTPException(400, "A GraphQL request is a JSON object")
        return found

    def decode_json(self, data: str | bytes) -> object:
        """Strict JSON: no NaN, no infinities."""
        return orjson.loads(data)

    def encode_json(self, data: object) -> str:
        """JSON as text, since a socket would send bytes as a binary frame."""
        return orjson.dumps(data).decode()


def _media_type(request: Request | WebSocket) -> str:
    """The newer media type where it is named at least as high as `application/json`."""
    best: dict[str, float] = {}
    for part in request.headers.get("accept", "").split(","):
        media, *parameters = [piece.strip().lower() for piece in part.split(";")]
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    weight = 0.0
        best[media] = max(best.get(media, 0.0), weight)
    newer = best.get(GRAPHQL_RESPONSE, 0.0)
    return GRAPHQL_RESPONSE if newer > 0 and newer >= best.get("application/json", 0.0) else "application/json"


def _ran_nothing(result: ExecutionResult) -> bool:
    return result.data is None and bool(result.errors) and all(error.path is None for error in result.errors or ())


def _refusal(request: Request, status: int, message: str, code: str, headers: Mapping[str, str]) -> Response:
    body = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return JSONResponse(body, status, headers, media_type=_media_type(request))


def _problem_of(message: Any) -> str | None:
    """What is wrong with a frame's shape; None: nothing."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "A message is an object with a type"
    if message["type"] in ("subscribe", "complete") and not (isinstance(message.get("id"), str) and message["id"]):
        return "The message needs an id, a string that is not empty"
    if message["type"] != "subscribe":
        return None
    payload = message.get("payload")
    if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
        return "The payload needs a query, a string"
    if not isinstance(payload.get("operationName"), str | None):
        return "operationName is a string"
    if not all(isinstance(payload.get(name), dict | None) for name in ("variables", "extensions")):
        return "variables and extensions are objects"
    return None
