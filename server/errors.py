"""What a client is told when a request can't be met: one shape everywhere but in GraphQL, which has its own."""

import contextlib
from collections.abc import Mapping
from http import HTTPStatus

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.base import new_id
from models.errors import ErrorCode, Unauthenticated

log = structlog.get_logger(__name__)


def error_response(
    status: int, code: str, message: str, details: object = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """An error, for programs and for people."""
    return JSONResponse({"error": {"code": code, "message": message, "details": details}}, status, headers)


def handle_http_exception(request: Request, error: Exception) -> Response:
    """The answer to a request that no endpoint took."""
    assert isinstance(error, HTTPException)
    code, message, headers = HTTPStatus(error.status_code).name, error.detail, error.headers
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        code = ErrorCode.LIMIT_EXCEEDED
    elif error.status_code == HTTPStatus.NOT_FOUND:
        message = f"There is nothing at {request.url.path}."
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers = {"allow": ", ".join(sorted(_allowed(request)))}
    return error_response(error.status_code, code, message, headers=headers)


def _allowed(request: Request) -> set[str]:
    """The methods that a path takes by all of its routes; Starlette knows only those of the first."""
    allowed: set[str] = set()
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is Match.PARTIAL:
            allowed |= route.methods or set()
    return allowed


def handle_unexpected(_request: Request, error: Exception) -> Response:
    """The answer to a bug."""
    return error_response(500, "INTERNAL", log_and_mask(error))


def log_and_mask(error: Exception) -> str:
    """Log a bug; what may be said of it is only where."""
    id_ = new_id("err")
    log.error("unexpected_error", id=id_, exc_info=error)
    return f"Something went wrong on our side; it is logged under {id_}."


class ErrorMaskingMiddleware:
    """Answers a bug with the id that it is logged under, and lets nothing else of it out."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, whatever happens."""
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except (ClientDisconnect, Unauthenticated):
            return  # there is nobody to answer, or nobody any more who may hear the rest of an answer
        except Exception as error:
            told = log_and_mask(error)
            if scope["type"] == "websocket" and begun:
                with contextlib.suppress(Exception):  # it may be closed
                    await send({"type": "websocket.close", "code": 1011, "reason": "Internal error"})
            elif not begun and scope["type"] != "lifespan":
                await error_response(500, "INTERNAL", told)(scope, receive, send)
            # An answer that has begun just ends: the server breaks the connection, so that it is not taken for whole.
