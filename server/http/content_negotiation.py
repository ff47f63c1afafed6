"""Content negotiation for GraphQL responses."""

from collections.abc import Iterator, Mapping
from typing import Final

from starlette.responses import JSONResponse

JSON: Final = "application/json"
GRAPHQL_RESPONSE: Final = "application/graphql-response+json"
EVENT_STREAM: Final = "text/event-stream"
# A page of any origin may send these types without a CORS preflight. GraphQL requests never use them.
SIMPLE_REQUEST_TYPES: Final = frozenset({"text/plain", "application/x-www-form-urlencoded", "multipart/form-data"})


def _parse_accept(accept: str) -> Iterator[tuple[str, float]]:
    """Return the media types of an Accept header with their weights, in order."""
    for part in accept.split(","):
        media, *parameters = [piece.strip().lower() for piece in part.split(";")]
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    weight = 0.0
        yield media, weight


def response_media_type(accept: str) -> str:
    """Return the GraphQL response type if its weight is at least that of `application/json`, else JSON."""
    weights: dict[str, float] = {}
    for media, weight in _parse_accept(accept):
        weights[media] = max(weights.get(media, 0.0), weight)
    newer = weights.get(GRAPHQL_RESPONSE, 0.0)
    return GRAPHQL_RESPONSE if newer > 0 and newer >= weights.get(JSON, 0.0) else JSON


def prefers_events(accept: str) -> bool:
    """Return whether server-sent events are named before JSON. Some clients name them last in every request."""
    for media, weight in _parse_accept(accept):
        if media in (JSON, GRAPHQL_RESPONSE):
            return False
        if media == EVENT_STREAM and weight > 0:
            return True
    return False


def graphql_error_response(
    accept: str, status: int, message: str, code: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return a GraphQL response for a request of which nothing was executed.

    Args:
        accept: Accept header of the request.
        status: HTTP status.
        message: text for people.
        code: stable code for programs.
        headers: further headers of the response.
    """
    body = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return JSONResponse(body, status, headers, media_type=response_media_type(accept))
