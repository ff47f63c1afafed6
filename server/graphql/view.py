"""The endpoint `/graphql`, over HTTP by the GraphQL over HTTP specification, and over WebSockets.

Strawberry's view executes the requests. This subclass adds API keys, content negotiation, persisted documents, limits
and error responses.
"""

from collections.abc import Mapping
from datetime import timedelta

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.exceptions import ConnectionRejectionError
from strawberry.schema import BaseSchema
from strawberry.subscriptions import (
    GRAPHQL_SSE_PROTOCOL,
    GRAPHQL_TRANSPORT_WS_PROTOCOL,
    MULTIPART_SUBSCRIPTION_PROTOCOL,
)
from strawberry.types.unset import UnsetType

from models.errors import ErrorCode, Unauthenticated
from resolvers.context import Context
from schema.strawberry_compat.http import (
    NO_ACK_PAYLOAD,
    AsyncHTTPRequestAdapter,
    GraphQLEndpoint,
    HTTPException,
    TextStream,
)
from schema.strawberry_compat.json_values import decode_request
from schema.strawberry_compat.websocket import TOO_MANY_VALUES
from server.endpoint_limits import EndpointLimits
from server.errors import log_and_mask
from server.graphql.sessions import SessionRegistry
from server.graphql.streaming import TRANSPORTS, RevocableStream
from server.graphql.websocket import SocketContext, SocketHandler
from server.http.body_limit import BodyTooLarge
from server.http.content_negotiation import (
    JSON,
    SIMPLE_REQUEST_TYPES,
    graphql_error_response,
    response_media_type,
)
from server.http.json_limits import exceeds_value_limit, exceeds_value_limit_async
from server.http.rate_limit import RateLimiter
from server.persisted_documents import PersistedDocumentError, PersistedDocuments, UnknownHash
from server.services import Services

REVOKED_ERROR = {"errors": [{"message": "The API key was revoked.", "extensions": {"code": "UNAUTHENTICATED"}}]}


class GraphQLView(GraphQLEndpoint[Context]):
    """View of the endpoint `/graphql`."""

    graphql_transport_ws_handler_class = SocketHandler
    stream_transport_classes_by_protocol = TRANSPORTS

    def __init__(
        self,
        schema: BaseSchema,
        limits: EndpointLimits,
        *,
        persisted: PersistedDocuments,
        limiter: RateLimiter | None = None,
    ) -> None:
        """Create the view.

        Args:
            schema: GraphQL schema.
            limits: limits per request, socket and key.
            persisted: known documents.
            limiter: rate limit, if one is set. It counts operations on sockets; a middleware counts requests.
        """
        super().__init__(
            schema,
            subscription_protocols=(
                GRAPHQL_TRANSPORT_WS_PROTOCOL,
                GRAPHQL_SSE_PROTOCOL,
                MULTIPART_SUBSCRIPTION_PROTOCOL,
            ),
            connection_init_wait_timeout=timedelta(seconds=limits.init_seconds),
            max_subscriptions_per_connection=limits.max_subscriptions,
            allowed_origins=limits.allowed_origins,
        )
        self._limits = limits
        self._persisted = persisted
        self._limiter = limiter
        self._sessions: SessionRegistry | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request or a socket. Errors are GraphQL responses too.

        Args:
            scope: ASGI scope of the request.
            receive: ASGI function that returns the next message of the request.
            send: ASGI function that sends a message of the response.
        """
        if scope["type"] != "http":
            services: Services = scope["app"].state.services
            await services.feed.scheduler.wait_turn()  # many sockets may connect at once
            await super().__call__(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await self.answer(request)
        except ClientDisconnect:
            return
        except Exception as error:
            response = _build_error_response(error, request.headers.get("accept", ""))
        await response(scope, receive, send)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """Return the context of a request, or of a socket that has not sent its key yet.

        Raises:
            Unauthenticated: the request has no valid key.
        """
        services: Services = request.app.state.services
        header = request.headers.get("authorization")
        if isinstance(request, WebSocket):
            sessions = self._get_sessions(services)
            return SocketContext(services, header, sessions=sessions, persisted=self._persisted, limiter=self._limiter)
        context = services.create_context(await services.authenticator.authenticate(header))
        request.state.graphql = context
        return context

    def end_streams(self) -> None:
        """End all streams over HTTP, so that the server can shut down. Their clients reconnect to another server."""
        if self._sessions is not None:
            self._sessions.shutting_down.set()

    def _get_sessions(self, services: Services) -> SessionRegistry:
        if self._sessions is None:
            self._sessions = SessionRegistry(
                services.store, services.feed.scheduler, self._limits.max_key_subscriptions
            )
        return self._sessions

    async def on_ws_connect(self, context: Context) -> UnsetType | dict[str, object] | None:
        """Authenticate a socket by the key in `connection_init`, or else in the handshake's header.

        Raises:
            ConnectionRejectionError: there is no valid key. The socket is closed with 4403.
        """
        assert isinstance(context, SocketContext)
        params = {name.lower(): value for name, value in context.connection_params.items()}
        context.authorization = params.get("authorization", context.authorization)
        try:
            context.viewer = await context.sessions.authenticate(context.authorization)
        except Unauthenticated as error:
            raise ConnectionRejectionError from error
        return NO_ACK_PAYLOAD

    async def check_request(self, media_type: str, request: AsyncHTTPRequestAdapter) -> None:
        """Reject a request that is not GraphQL, that a foreign page could have sent, or that is too large.

        Raises:
            HTTPException: The media type is not JSON.
            BodyTooLarge: The body holds too many values.
        """
        if request.method == "POST":
            if media_type != JSON:
                raise HTTPException(415, f"Send the request as {JSON}.")
            if await exceeds_value_limit_async(await request.get_body(), self._limits.max_values):
                raise BodyTooLarge(
                    f"The request holds more than {self._limits.max_values:,} values. Send fewer items per call."
                )
        elif media_type in SIMPLE_REQUEST_TYPES:
            raise HTTPException(400, f"A GET request must have no content, or {JSON}.")

    def resolve_document(self, query: str | None, extensions: object) -> str | None:
        """Return the document that a request means, also if it names a persisted one.

        Raises:
            PersistedDocumentError: The document is unknown.
        """
        return self._persisted.resolve_text(query, extensions)

    def choose_media_type(self, request: Request | WebSocket) -> str:
        """Return the media type to answer a request in."""
        return response_media_type(request.headers.get("accept", ""))

    async def open_stream(self, request: Request, stream: TextStream, headers: Mapping[str, str]) -> Response:
        """Return a stream that ends when its key is revoked, or an error if the key has too many operations.

        Args:
            request: request of the operation.
            stream: function that starts the stream of encoded results.
            headers: headers of the response.
        """
        context: Context = request.state.graphql
        sessions = self._get_sessions(request.app.state.services)
        accept = request.headers.get("accept", "")
        if not sessions.acquire(context.viewer.key_id):
            message = (
                f"This key has {sessions.max_operations} concurrent operations, which is the limit. End one first."
            )
            return graphql_error_response(accept, 429, message, ErrorCode.LIMIT_EXCEEDED)
        return RevocableStream(
            stream,
            self.encode_last_result(request, REVOKED_ERROR),
            headers,
            sessions=sessions,
            key=(request.headers.get("authorization"), context.viewer),
        )

    async def render_graphql_ide(self, request: Request | WebSocket) -> Response:
        """Redirect a person who opens the endpoint in a browser to GraphiQL."""
        return RedirectResponse("graphiql", status_code=307)

    def decode_json(self, data: str | bytes) -> object:
        """Decode a socket's frame."""
        text = data.encode() if isinstance(data, str) else data
        return TOO_MANY_VALUES if exceeds_value_limit(text, self._limits.max_values) else decode_request(text)

    def encode_json(self, data: object) -> str:
        """Encode JSON as text, because a socket would send bytes as a binary frame."""
        return orjson.dumps(data).decode()


def _build_error_response(error: Exception, accept: str) -> Response:
    """Return the response for a request that was rejected or failed before its execution.

    An unknown hash of a persisted document gets the status 200 in both media types, because clients then send the text.
    """
    status, message, code, headers = 500, "", "INTERNAL", None
    match error:
        case Unauthenticated():
            status, message, code, headers = 401, str(error), "UNAUTHENTICATED", {"www-authenticate": "Bearer"}
        case PersistedDocumentError():
            ok = isinstance(error, UnknownHash) or response_media_type(accept) == JSON
            status, message, code = 200 if ok else 400, str(error), error.code
        case HTTPException():
            status, message, code = error.status_code, error.reason, "BAD_REQUEST"
            headers = {"allow": "GET, POST"} if status == 405 else None
        case BodyTooLarge():
            status, message, code = error.status_code, error.detail, ErrorCode.LIMIT_EXCEEDED
        case _:
            message = log_and_mask(error)
    return graphql_error_response(accept, status, message, code, headers)
