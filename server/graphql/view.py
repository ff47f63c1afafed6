"""GraphQL over HTTP, as the specification says, and the way to sockets.

Strawberry's view does the work. Here is what it leaves open: API keys, `application/graphql-response+json`, persisted
documents, streams only for those who want them, and one form of refusals.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import timedelta
from typing import Any, cast

import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.http.base import BaseRequestProtocol
from strawberry.http.parse_content_type import parse_content_type
from strawberry.schema import BaseSchema
from strawberry.subscriptions import (
    GRAPHQL_SSE_PROTOCOL,
    GRAPHQL_TRANSPORT_WS_PROTOCOL,
    MULTIPART_SUBSCRIPTION_PROTOCOL,
)
from strawberry.types import ExecutionResult
from strawberry.types.unset import UNSET, UnsetType

from models.errors import ErrorCode, Unauthenticated
from resolvers.context import Context
from server.auth import authenticate
from server.errors import log_and_mask
from server.graphql.endpoint_limits import EndpointLimits
from server.graphql.persisted_documents import PersistedDocumentError, PersistedDocuments, UnknownHash
from server.graphql.sessions import SessionRegistry
from server.graphql.streaming import TRANSPORTS, RevocableStream
from server.graphql.websocket import TOO_MANY_VALUES, SocketContext, SocketHandler
from server.http.body_limit import BodyTooLarge
from server.http.content_negotiation import (
    GRAPHQL_RESPONSE,
    JSON,
    SIMPLE_REQUEST_TYPES,
    graphql_error_response,
    response_media_type,
)
from server.http.json_limits import exceeds_value_limit, exceeds_value_limit_async
from server.http.rate_limit import RateLimiter
from server.services import Services

REVOKED_ERROR = {"errors": [{"message": "The API key was taken back.", "extensions": {"code": "UNAUTHENTICATED"}}]}


class GraphQLView(GraphQL[Context, None]):
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
            if self.should_render_graphql_ide(self.request_adapter_class(request)):
                response = await self.render_graphql_ide(request)  # needs no key
            else:
                response = await self.run(request)
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
        return cast("UnsetType", UNSET)

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData | list[GraphQLRequestData]:
        """What a request asks for.

        Raises:
            HTTPException: it is no GraphQL request, or one that a foreign page could have sent.
            PersistedDocumentError: it means a document that is not known.
        """
        media, _ = parse_content_type(request.content_type or "")
        if request.method == "POST":
            if media != JSON:
                raise HTTPException(415, f"Send the request as {JSON}.")
            if await exceeds_value_limit_async(await request.get_body(), self._terms.max_values):
                raise BodyTooLarge(
                    f"The request holds more than {self._terms.max_values:,} values; send fewer items a call."
                )
        elif media in SIMPLE_REQUEST_TYPES:
            raise HTTPException(400, f"A GET request has no content, or {JSON}.")
        data = await super().parse_http_body(request)
        await asyncio.sleep(0)  # to decode a large body takes a while, and so does what comes next
        if isinstance(data, GraphQLRequestData):
            data.query = self._persisted.resolve_text(data.query, data.extensions)
        return data

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

    async def create_streaming_response(
        self,
        request: Request | WebSocket,
        stream: Callable[[], AsyncGenerator[str, None]],  # type: ignore[override]
        sub_response: Response,
        headers: Mapping[str, str],
    ) -> Response:
        """A stream, for as long as its key holds; refused where the key has too many."""
        context: Context = request.state.graphql
        watch = self._watch_over(request.app.state.services)
        accept = request.headers.get("accept", "")
        if not watch.acquire(context.viewer.key_id):
            message = f"This key has {watch.max_operations} operations at once, which is the limit: end one first."
            return graphql_error_response(accept, 429, message, ErrorCode.LIMIT_EXCEEDED)
        transport = self._get_stream_transport_from_headers(request.headers)
        assert transport is not None
        last_words = transport.encode_next(cast("GraphQLHTTPResponse", REVOKED_ERROR), self.encode_json)
        return RevocableStream(
            stream,
            last_words + transport.encode_complete(),
            headers,
            watch=watch,
            key=(request.headers.get("authorization"), context.viewer),
        )

    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        """Whether a person opens the endpoint in a browser."""
        asked = {"query", "extensions"} & set(request.query_params)
        return request.method == "GET" and not asked and "text/html" in request.headers.get("accept", "")

    async def render_graphql_ide(self, request: Request | WebSocket) -> Response:
        """People who open the endpoint in a browser are led to GraphiQL."""
        return RedirectResponse("graphiql", status_code=307)

    def parse_json(self, data: str | bytes) -> Any:
        """A request's body, variables or extensions.

        Raises:
            HTTPException: it is no JSON, or neither an object nor a list.
        """
        try:
            found = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise HTTPException(400, "Unable to parse request body as JSON") from error
        if not isinstance(found, dict | list):
            raise HTTPException(400, "A GraphQL request is a JSON object")
        return found

    def decode_json(self, data: str | bytes) -> object:
        """A socket's frame. Strict JSON, with no NaN and no infinities."""
        text = data.encode() if isinstance(data, str) else data
        return TOO_MANY_VALUES if exceeds_value_limit(text, self._terms.max_values) else orjson.loads(text)

    def encode_json(self, data: object) -> str:
        """JSON as text, since a socket would send bytes as a binary frame."""
        return orjson.dumps(data).decode()


def _media_type(request: Request | WebSocket) -> str:
    return response_media_type(request.headers.get("accept", ""))


def _ran_nothing(result: ExecutionResult) -> bool:
    return result.data is None and bool(result.errors) and all(error.path is None for error in result.errors or ())
