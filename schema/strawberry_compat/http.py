"""ASGI endpoint for GraphQL over HTTP and its streaming transports.

Strawberry's view documents a few methods as extension points (``get_context``, ``on_ws_connect``, ``encode_json``,
``decode_json``, ``render_graphql_ide``). The overrides here use others, which may change with any release. They add
what the GraphQL over HTTP specification demands and Strawberry leaves open.
"""

import asyncio
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from typing import Any, Final, Generic, TypeVar, cast

import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.http.base import BaseRequestProtocol
from strawberry.http.parse_content_type import parse_content_type
from strawberry.http.streaming import HTTPStreamTransport, MultipartSubscriptionTransport, SSETransport
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.types.unset import UNSET, UnsetType

from schema.strawberry_compat.json_values import MalformedValueError, decode_request

__all__ = [
    "NO_ACK_PAYLOAD",
    "AsyncHTTPRequestAdapter",
    "EventStreamTransport",
    "GraphQLEndpoint",
    "HTTPException",
    "HTTPStreamTransport",
    "MultipartTransport",
    "TextStream",
]

C = TypeVar("C")
TextStream = Callable[[], AsyncGenerator[str, None]]

# Return value of ``on_ws_connect`` that acknowledges a connection without a payload. Strawberry annotates ``UNSET`` as
# ``Any``, which does not satisfy the return type of the method.
NO_ACK_PAYLOAD: Final = cast("UnsetType", UNSET)


class GraphQLEndpoint(GraphQL[C, None], Generic[C]):
    """Endpoint that negotiates media types, answers requests that executed nothing, and wraps streams.

    Subclasses implement ``choose_media_type``, ``open_stream``, ``check_request`` and ``resolve_document``.
    """

    STRICT_MEDIA_TYPE = "application/graphql-response+json"  # here a failed request has a failing status code

    @abstractmethod
    def choose_media_type(self, request: Request | WebSocket) -> str:
        """Return the media type to answer a request in."""

    @abstractmethod
    async def check_request(self, media_type: str, request: AsyncHTTPRequestAdapter) -> None:
        """Reject a request before its body is decoded.

        Args:
            media_type: The media type of the body, without parameters.
            request: The request.

        Raises:
            HTTPException: The request is not a GraphQL request.
        """

    @abstractmethod
    def resolve_document(self, query: str | None, extensions: object) -> str | None:
        """Return the document that a request means, also if it names a persisted one."""

    @abstractmethod
    async def open_stream(self, request: Request, stream: TextStream, headers: Mapping[str, str]) -> Response:
        """Return the response that sends a stream of results.

        Args:
            request: The request.
            stream: A function that starts the stream of encoded results.
            headers: The headers of the response.
        """

    async def answer(self, request: Request) -> Response:
        """Return the response to an HTTP request.

        Calls ``run``, which Strawberry's own ASGI entry calls after it has built the response to a rejected request in
        plain text. Calling it directly lets the caller build that response.
        """
        if self.should_render_graphql_ide(self.request_adapter_class(request)):
            return await self.render_graphql_ide(request)
        return await self.run(request)

    def encode_last_result(self, request: Request, payload: object) -> str:
        """Return a last result and the end of a stream in the encoding of the request's transport.

        Calls ``_get_stream_transport_from_headers``: ``create_streaming_response`` is not given the transport.
        """
        transport = self._get_stream_transport_from_headers(request.headers)
        assert transport is not None
        encoded = transport.encode_next(cast("GraphQLHTTPResponse", payload), self.encode_json_string)
        return encoded + transport.encode_complete()

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData | list[GraphQLRequestData]:
        """Return the operation that a request describes.

        Strawberry accepts bodies of types that a foreign web page may send without a preflight, and knows no persisted
        documents.
        """
        media_type, _ = parse_content_type(request.content_type or "")
        await self.check_request(media_type, request)
        data = await super().parse_http_body(request)
        await asyncio.sleep(0)  # decoding a large body takes long; other requests run before the execution starts
        if isinstance(data, GraphQLRequestData):
            data.query = self.resolve_document(data.query, data.extensions)
        return data

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        """Return the head of the response, with the negotiated media type; Strawberry always sends JSON."""
        head = await super().get_sub_response(request)
        head.headers["content-type"] = f"{self.choose_media_type(request)}; charset=utf-8"
        return head

    async def execute_operation(self, **arguments: Any) -> Any:  # type: ignore[override]
        """Execute an operation, and set the status 400 if nothing was executed and the media type demands it.

        Strawberry answers such requests with 200, which the specification permits for ``application/json`` only.
        """
        result = await super().execute_operation(**arguments)
        strict = self.choose_media_type(arguments["request"]) == self.STRICT_MEDIA_TYPE
        if strict and isinstance(result, ExecutionResult) and _executed_nothing(result):
            arguments["sub_response"].status_code = 400
        return result

    async def process_result(self, request: Request | WebSocket, result: Any) -> GraphQLHTTPResponse:
        """Return the body of the response, without ``data`` if nothing was executed.

        Strawberry sends ``"data": null``, which means that the execution failed.
        """
        body = await super().process_result(cast("Request", request), result)
        if isinstance(result, ExecutionResult) and _executed_nothing(result):
            cast("dict[str, object]", body).pop("data", None)
        return body

    def create_response(
        self, response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], sub_response: Response
    ) -> Response:
        """Return the response, in the media type of its head; Strawberry's is always ``application/json``."""
        return Response(
            self.encode_json(response_data),
            status_code=sub_response.status_code or 200,
            headers=dict(sub_response.headers),
        )

    async def create_streaming_response(
        self,
        request: Request | WebSocket,
        stream: TextStream,  # type: ignore[override]
        sub_response: Response,
        headers: Mapping[str, str],
    ) -> Response:
        """Return the response that sends a stream.

        Strawberry's response cannot be ended by the server before the stream ends.

        Args:
            request: The request.
            stream: A function that starts the stream of encoded results.
            sub_response: The head of the response, which streams do not use.
            headers: The headers of the transport.
        """
        return await self.open_stream(cast("Request", request), stream, headers)

    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        """Return whether a person opened the endpoint in a browser.

        Strawberry does not look for ``extensions``, which carries the hash of a persisted document.
        """
        if request.method != "GET" or "text/html" not in request.headers.get("accept", ""):
            return False
        return not {"query", "extensions"} & set(request.query_params)

    def parse_json(self, data: str | bytes) -> Any:
        """Return the decoded body, variables or extensions of a request.

        Strawberry's decoder accepts values that are neither objects nor lists.

        Raises:
            HTTPException: The text is not JSON, or is neither an object nor a list.
        """
        try:
            decoded = decode_request(data)
        except MalformedValueError as error:
            raise HTTPException(400, error.msg) from error
        except orjson.JSONDecodeError as error:
            raise HTTPException(400, "Unable to parse request body as JSON") from error
        if not isinstance(decoded, dict | list):
            raise HTTPException(400, "A GraphQL request is a JSON object")
        return decoded


class EventStreamTransport(SSETransport):
    """Server-sent events, each operation on a connection of its own.

    ``prefers_events`` decides whether a client wants events. Strawberry answers with events whenever ``Accept`` names
    them, although urql names them last in every request. Lines end in LF, because some clients split at LF only.
    """

    @staticmethod
    def prefers_events(accept: str) -> bool:
        """Return whether an ``Accept`` header asks for events rather than JSON."""
        raise NotImplementedError

    def accepts(self, accept: str) -> bool:
        """Return whether a client wants events."""
        return self.prefers_events(accept)

    def encode_event(self, event: str, data: str | None = None) -> str:
        """Return one encoded event."""
        return super().encode_event(event, data).replace("\r\n", "\n")

    def encode_comment(self, comment: str) -> str:
        """Return an encoded comment, which keeps the connection open."""
        return f": {comment}\n\n"


class MultipartTransport(MultipartSubscriptionTransport):
    """``multipart/mixed;subscriptionSpec=1.0``, the protocol of Apollo's clients and routers.

    Strawberry allows subscriptions only; some clients send queries in the same form.
    """

    def allowed_operation_types(self, allowed_operation_types: set[OperationType]) -> Iterable[OperationType]:
        """Return the operation types that may be sent: all that the HTTP method allows."""
        return allowed_operation_types


def _executed_nothing(result: ExecutionResult) -> bool:
    return result.data is None and bool(result.errors) and all(error.path is None for error in result.errors or ())
