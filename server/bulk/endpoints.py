"""`POST /judges/{id}/evaluations` and `/judges/{id}/feedback`: newline-delimited JSON in, answers as it goes.

The body is read as fast as it can be kept, so memory stays bounded whatever its size. Answers never hold up reading.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from models.errors import Invalid
from resolvers.bulk import BulkLoad, LoadOptions, start_evaluation_load, start_feedback_load
from resolvers.context import Context
from server.bulk.loader import BulkLoader, KeyRecheck, ResponseWriter
from server.errors import error_response
from server.rest.authorization import requires

MAX_CONCURRENT_LOADS = 4  # at once in this process; others wait their turn with nothing read
MEDIA_TYPE = "application/x-ndjson"

_PATH = re.compile(r"/judges/[^/]+/(?:evaluations|feedback)")

AnyLoad = BulkLoad[Any, Any]
Begin = Callable[[Context, str, LoadOptions], Awaitable[AnyLoad]]


def is_streamed(path: str) -> bool:
    """Whether a path's request may be of any size, since it is read bit by bit."""
    return _PATH.fullmatch(path) is not None


def routes() -> list[Route]:
    """The endpoints of one application."""
    turns = asyncio.Semaphore(MAX_CONCURRENT_LOADS)
    return [
        _route("/judges/{judge_id}/evaluations", start_evaluation_load, turns),
        _route("/judges/{judge_id}/feedback", start_feedback_load, turns),
    ]


def _route(path: str, begin: Begin, turns: asyncio.Semaphore) -> Route:
    @requires(f"POST {path}")
    async def endpoint(request: Request, ctx: Context) -> Response:
        encoding = request.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("gzip", "x-gzip", "identity", ""):
            return error_response(415, "UNSUPPORTED_MEDIA_TYPE", f"Send the lines plain or gzipped, not in {encoding}.")
        options = LoadOptions(idempotent=_flag(request, "idempotent"), dry_run=_flag(request, "dry_run"))
        load = await begin(ctx, request.path_params["judge_id"], options)
        return _Answer(load, KeyRecheck(ctx.store, request.headers.get("authorization")), turns)

    return Route(path, endpoint, methods=["POST"])


def _flag(request: Request, name: str) -> bool:
    value = request.query_params.get(name, "false").lower()
    if value not in ("true", "false", "1", "0"):
        raise Invalid(f"{name} is true or false, not {value[:60]!r}.", (name,))
    return value in ("true", "1")


class _Answer(Response):
    """Loads the body and says what becomes of it."""

    def __init__(self, load: AnyLoad, key: KeyRecheck, turns: asyncio.Semaphore) -> None:
        super().__init__(media_type=MEDIA_TYPE)
        del self.headers["content-length"]
        self._load = load
        self._key = key
        self._turns = turns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; a client that goes away leaves what was acknowledged, and perhaps a unit more."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        answers = ResponseWriter(send)
        try:
            async with self._turns:
                await BulkLoader(self._load, self._key, answers).run(receive)
            await answers.finish()
        except ClientDisconnect:
            return
        finally:
            await answers.close()
