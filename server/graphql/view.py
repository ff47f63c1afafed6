"""GraphQL over HTTP, as the specification says, and the way to sockets.

Strawberry's view does the work. Here is what it leaves open: API keys, `application/graphql-response+json`, persisted
documents, streams only for those who want them, and one form of refusals.
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
from schema.strawberry_compat.websocket import TOO_MANY_VALUES
from server.auth import authenticate
from server.errors import log_and_mask
from server.graphql.endpoint_limits import EndpointLimits
from server.graphql.persisted_documents import PersistedDocumentError, PersistedDocuments, UnknownHash
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
from server.services import Services

REVOKED_ERROR = {"errors": [{"message": "The API key was taken back.", "extensions": {"code": "UNAUTHENTICATED"}}]}


class GraphQLView(GraphQLEndpoint[Context]):
    """The endpoint `/graphql`."""

    graphql_transport_ws_handler_class = SocketHandler
    stream_transport_classes_by_protocol = TRANSPORTS

    def __init__(
        self,
        schema: BaseSchema,
        terms: EndpointLimits,
        *,
        persisted: PersistedDocuments,
        limiter: RateLimiter | None = None,
    ) -> None:
        super().__init__(
            schema,
            subscription_protocols=(
                GRAPHQL_TRANSPORT_WS_PROTOCOL,
                GRAPHQL_SSE_PROTOCOL,
                MULTIPART_SUBSCRIPTION_PROTOCOL,
            ),
            connection_init_wait_timeout=timedelta(seconds=terms.init_seconds),
            max_subscriptions_per_connection=terms.max_subscriptions,
            allowed_origins=terms.allowed_origins,
        )
        self._terms = terms
        self._persisted = persisted
        self._limiter = limiter
        self._watch: SessionRegistry | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or serve a socket; a request that is refused is answered in GraphQL's own form."""
        if scope["type"] != "http":
            services: Services = scope["app"].state.services
            await services.feed.scheduler.wait_turn()  # a thousand may come at once
            await super().__call__(scope, receive, send)
            return
        request = Request(scope, receive)
        accept = request.headers.get("accept", "")
        response: Response
        try:
            response = await self.answer(request)
        except Unauthenticated as error:
            response = graphql_error_response(
                accept, 401, str(error), "UNAUTHENTICATED", {"www-authenticate": "Bearer"}
            )
        except PersistedDocumentError as error:
            # an unknown hash is 200 also to those who ask for the newer type: their clients then send the text
            good = isinstance(error, UnknownHash) or response_media_type(accept) == JSON
            response = graphql_error_response(accept, 200 if good else 400, str(error), error.code)
        except HTTPException as error:
            allow = {"allow": "GET, POST"} if error.status_code == 405 else None
            response = graphql_error_response(accept, error.status_code, error.reason, "BAD_REQUEST", allow)
        except BodyTooLarge as error:
            response = graphql_error_response(accept, error.status_code, error.detail, ErrorCode.LIMIT_EXCEEDED)
        except ClientDisconnect:
            return
        except Exception as error:
            response = graphql_error_response(accept, 500, log_and_mask(error), "INTERNAL")
        await response(scope, receive, send)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """Who asks; a socket says so later.

        Raises:
            Unauthenticated: a request without a valid key.
        """
        services: Services = request.app.state.services
        header = request.headers.get("authorization")
        if isinstance(request, WebSocket):
            watch = self._watch_over(services)
            return SocketContext(services, header, watch=watch, persisted=self._persisted, limiter=self._limiter)
        context = services.create_context(await authenticate(services.store, header))
        request.state.graphql = context
        return context

    def end_streams(self) -> None:
        """Let go of all who follow over HTTP, so that the server can end; they will come back to another."""
        if self._watch is not None:
            self._watch.shutting_down.set()

    def _watch_over(self, services: Services) -> SessionRegistry:
        if self._watch is None:
            self._watch = SessionRegistry(services.store, services.feed.scheduler, self._terms.max_key_subscriptions)
        return self._watch

    async def on_ws_connect(self, context: Context) -> UnsetType | dict[str, object] | None:
        """Take the key from `connection_init`, or from the handshake where a client can set headers.

        Raises:
            ConnectionRejectionError: there is no valid key; the socket is closed with 4403.
        """
        assert isinstance(context, SocketContext)
        given = {name.lower(): value for name, value in context.connection_params.items()}
        context.authorization = given.get("authorization", context.authorization)
        try:
            context.viewer = await context.watch.viewer(context.authorization)
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
            if await exceeds_value_limit_async(await request.get_body(), self._terms.max_values):
                raise BodyTooLarge(
                    f"The request holds more than {self._terms.max_values:,} values; send fewer items a call."
                )
        elif media_type in SIMPLE_REQUEST_TYPES:
            raise HTTPException(400, f"A GET request has no content, or {JSON}.")

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
        """Return a stream that ends when its key is revoked; reject it if the key has too many operations."""
        context: Context = request.state.graphql
        watch = self._watch_over(request.app.state.services)
        accept = request.headers.get("accept", "")
        if not watch.acquire(context.viewer.key_id):
            message = f"This key has {watch.max_operations} operations at once, which is the limit: end one first."
            return graphql_error_response(accept, 429, message, ErrorCode.LIMIT_EXCEEDED)
        return RevocableStream(
            stream,
            self.encode_last_result(request, REVOKED_ERROR),
            headers,
            watch=watch,
            key=(request.headers.get("authorization"), context.viewer),
        )

    async def render_graphql_ide(self, request: Request | WebSocket) -> Response:
        """People who open the endpoint in a browser are led to GraphiQL."""
        return RedirectResponse("graphiql", status_code=307)

    def decode_json(self, data: str | bytes) -> object:
        """A socket's frame. Strict JSON, with no NaN and no infinities."""
        text = data.encode() if isinstance(data, str) else data
        return TOO_MANY_VALUES if exceeds_value_limit(text, self._terms.max_values) else orjson.loads(text)

    def encode_json(self, data: object) -> str:
        """JSON as text, since a socket would send bytes as a binary frame."""
        return orjson.dumps(data).decode()
