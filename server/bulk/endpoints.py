"""Bulk load endpoints `POST /judges/{id}/evaluations` and `POST /judges/{id}/feedback`.

The request body is newline-delimited JSON, and response lines are sent while the load runs. The body is read only as
fast as its lines are stored, so memory stays bounded for any size. A client that does not read its response does not
block the load.
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
from models.specs.feedback import EditPolicy
from resolvers.bulk import BulkLoad, LoadOptions, start_evaluation_load, start_feedback_load
from resolvers.context import Context
from server.bulk.key_recheck import KeyRecheck
from server.bulk.loader import BulkLoader
from server.bulk.response_writer import ResponseWriter
from server.errors import error_response
from server.rest.authorization import requires

MAX_CONCURRENT_LOADS = 4  # per process; the bodies of other loads are not read until one ends
MEDIA_TYPE = "application/x-ndjson"

_PATH = re.compile(r"/judges/[^/]+/(?:evaluations|feedback)")

AnyLoad = BulkLoad[Any, Any]
StartLoad = Callable[[Context, str, LoadOptions], Awaitable[AnyLoad]]


def is_streamed(path: str) -> bool:
    """Return whether a path's request body is processed piece by piece and may have any size."""
    return _PATH.fullmatch(path) is not None


def create_routes() -> list[Route]:
    """Return the bulk load routes of one application."""
    slots = asyncio.Semaphore(MAX_CONCURRENT_LOADS)
    return [
        _create_route("/judges/{judge_id}/evaluations", start_evaluation_load, slots),
        _create_route("/judges/{judge_id}/feedback", start_feedback_load, slots),
    ]


def _create_route(path: str, start_load: StartLoad, slots: asyncio.Semaphore) -> Route:
    @requires(f"POST {path}")
    async def endpoint(request: Request, ctx: Context) -> Response:
        encoding = request.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("gzip", "x-gzip", "identity", ""):
            return error_response(415, "UNSUPPORTED_MEDIA_TYPE", f"Send the lines plain or gzipped, not in {encoding}.")
        options = LoadOptions(_read_flag(request, "idempotent"), _read_flag(request, "dry_run"), _read_edits(request))
        load = await start_load(ctx, request.path_params["judge_id"], options)
        return _LoadResponse(load, KeyRecheck(ctx.store, request.headers.get("authorization")), slots)

    return Route(path, endpoint, methods=["POST"])


def _read_flag(request: Request, name: str) -> bool:
    value = request.query_params.get(name, "false").lower()
    if value not in ("true", "false", "1", "0"):
        raise Invalid(f"{name} must be true or false, not {value[:60]!r}.", (name,))
    return value in ("true", "1")


def _read_edits(request: Request) -> EditPolicy:
    value = request.query_params.get("edits", EditPolicy.REJECT)
    try:
        return EditPolicy(value)
    except ValueError:
        raise Invalid(f"edits must be one of {', '.join(EditPolicy)}, not {value[:60]!r}.", ("edits",)) from None


class _LoadResponse(Response):
    """Response that loads the request body and streams the results."""

    def __init__(self, load: AnyLoad, key: KeyRecheck, slots: asyncio.Semaphore) -> None:
        super().__init__(media_type=MEDIA_TYPE)
        del self.headers["content-length"]
        self._load = load
        self._key = key
        self._slots = slots

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Load the body and send the results.

        If the client disconnects, all acknowledged lines are stored, and at most one further batch.

        Args:
            scope: ASGI scope of the request.
            receive: ASGI function that returns the next message of the request.
            send: ASGI function that sends a message of the response.
        """
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        responses = ResponseWriter(send)
        try:
            async with self._slots:
                await BulkLoader(self._load, self._key, responses).run(receive)
            await responses.finish()
        except ClientDisconnect:
            return
        finally:
            await responses.close()
