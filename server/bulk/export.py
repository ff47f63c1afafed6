"""`GET /judges/{id}/evaluations` and `/judges/{id}/feedback`: everything, as lines that can be loaded again."""

from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from resolvers import export
from resolvers.context import Context
from server.bulk.endpoints import MEDIA_TYPE
from server.bulk.loader import KeyRecheck
from server.rest.authorization import requires

Begin = Callable[[Context, str], Awaitable[AsyncIterator[bytes]]]


def routes() -> list[Route]:
    """The endpoints."""
    return [
        _route("/judges/{judge_id}/evaluations", export.export_evaluations),
        _route("/judges/{judge_id}/feedback", export.export_feedback),
    ]


def _route(path: str, begin: Begin) -> Route:
    @requires(f"GET {path}")
    async def endpoint(request: Request, ctx: Context) -> Response:
        lines = await begin(ctx, request.path_params["judge_id"])
        if request.method == "HEAD":
            return Response(media_type=MEDIA_TYPE)
        key = KeyRecheck(ctx.store, request.headers.get("authorization"))
        return StreamingResponse(_while_it_holds(key, lines), media_type=MEDIA_TYPE)

    return Route(path, endpoint, methods=["GET"])


async def _while_it_holds(key: KeyRecheck, lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Break off when the key is taken back."""
    async for some in lines:
        await key.check()
        yield some
