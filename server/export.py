"""`GET /judges/{id}/evaluations` and `/judges/{id}/feedback`: everything, as lines that can be loaded again."""

from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from resolvers import export
from resolvers.context import Context
from server.auth import authenticate
from server.bulk import MEDIA_TYPE
from server.rest import refusals_as_json
from server.services import Services


def routes() -> list[Route]:
    """The endpoints."""
    return [
        Route("/judges/{judge_id}/evaluations", _endpoint(export.evaluations), methods=["GET"]),
        Route("/judges/{judge_id}/feedback", _endpoint(export.feedback), methods=["GET"]),
    ]


def _endpoint(
    begin: Callable[[Context, str], Awaitable[AsyncIterator[bytes]]],
) -> Callable[[Request], Awaitable[Response]]:
    @refusals_as_json
    async def endpoint(request: Request) -> Response:
        services: Services = request.app.state.services
        ctx = services.context(await authenticate(services.store, request.headers.get("authorization")))
        lines = await begin(ctx, request.path_params["judge_id"])
        if request.method == "HEAD":
            return Response(media_type=MEDIA_TYPE)
        return StreamingResponse(lines, media_type=MEDIA_TYPE)

    return endpoint
