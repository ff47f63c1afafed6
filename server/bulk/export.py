"""Export endpoints `GET /judges/{id}/evaluations` and `GET /judges/{id}/feedback`.

They respond with all rows of a judge as lines that can be loaded again.
"""

from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from resolvers import export
from resolvers.context import Context
from server.bulk.endpoints import MEDIA_TYPE
from server.bulk.key_recheck import KeyRecheck
from server.rest.authorization import requires

StartExport = Callable[[Context, str], Awaitable[AsyncIterator[bytes]]]


def create_routes() -> list[Route]:
    """Return the export routes."""
    return [
        _create_route("/judges/{judge_id}/evaluations", export.export_evaluations),
        _create_route("/judges/{judge_id}/feedback", export.export_feedback),
    ]


def _create_route(path: str, start_export: StartExport) -> Route:
    @requires(f"GET {path}")
    async def endpoint(request: Request, ctx: Context) -> Response:
        chunks = await start_export(ctx, request.path_params["judge_id"])
        if request.method == "HEAD":
            return Response(media_type=MEDIA_TYPE)
        key = KeyRecheck(ctx.store, request.headers.get("authorization"))
        return StreamingResponse(_until_revoked(key, chunks), media_type=MEDIA_TYPE)

    return Route(path, endpoint, methods=["GET"])


async def _until_revoked(key: KeyRecheck, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the chunks; stop with an error when the key is revoked."""
    async for chunk in chunks:
        await key.check()
        yield chunk
