"""Which media type a client of GraphQL wants to be answered in."""

from collections.abc import Iterator, Mapping
from typing import Final

from starlette.responses import JSONResponse

JSON: Final = "application/json"
GRAPHQL_RESPONSE: Final = "application/graphql-response+json"
EVENT_STREAM: Final = "text/event-stream"
# What a page of any origin may send without asking first. A request of these types is never a wish of GraphQL's.
SIMPLE_REQUEST_TYPES: Final = frozenset({"text/plain", "application/x-www-form-urlencoded", "multipart/form-data"})


def _weighted(accept: str) -> Iterator[tuple[str, float]]:
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
    """The newer media type where it is named at least as high as `application/json`."""
    best: dict[str, float] = {}
    for media, weight in _weighted(accept):
        best[media] = max(best.get(media, 0.0), weight)
    newer = best.get(GRAPHQL_RESPONSE, 0.0)
    return GRAPHQL_RESPONSE if newer > 0 and newer >= best.get(JSON, 0.0) else JSON


def prefers_events(accept: str) -> bool:
    """Whether server-sent events are named before JSON: some clients name them last in every request."""
    for media, weight in _weighted(accept):
        if media in (JSON, GRAPHQL_RESPONSE):
            return False
        if media == EVENT_STREAM and weight > 0:
            return True
    return False


def graphql_error_response(
    accept: str, status: int, message: str, code: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """A request that nothing of was executed, answered in GraphQL's own form."""
    body = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return JSONResponse(body, status, headers, media_type=response_media_type(accept))
