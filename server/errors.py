"""Error responses: one JSON shape everywhere except in GraphQL, which has its own."""

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
    """Return an error response.

    Args:
        status: HTTP status.
        code: stable code for programs.
        message: text for people.
        details: further data, such as the list of all problems.
        headers: further headers of the response.
    """
    return JSONResponse({"error": {"code": code, "message": message, "details": details}}, status, headers)


def handle_http_exception(request: Request, error: Exception) -> Response:
    """Return the response for an HTTPException, such as an unknown path."""
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
    """Return the methods that all routes of a path accept. Starlette returns only those of the first route."""
    allowed: set[str] = set()
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is Match.PARTIAL:
            allowed |= route.methods or set()
    return allowed


def handle_unexpected(_request: Request, error: Exception) -> Response:
    """Return the response for an unexpected exception."""
    return error_response(500, "INTERNAL", log_and_mask(error))


def log_and_mask(error: Exception) -> str:
    """Log an unexpected exception. Return a message that holds only the id under which it is logged."""
    id_ = new_id("err")
    log.error("unexpected_error", id=id_, exc_info=error)
    return f"An internal error occurred. It is logged under {id_}."


class ErrorMaskingMiddleware:
    """Middleware that responds to an unexpected exception with the id under which it is logged, and nothing else."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application and respond to an unexpected exception.

        Args:
            scope: ASGI scope of the request.
            receive: ASGI function that returns the next message of the request.
            send: ASGI function that sends a message of the response.
        """
        started = False

        async def send_and_record(sent: Message) -> None:
            nonlocal started
            started = True
            await send(sent)

        try:
            await self.app(scope, receive, send_and_record)
        except (ClientDisconnect, Unauthenticated):
            return  # the client is gone, or may no longer receive the rest of the response
        except Exception as error:
            message = log_and_mask(error)
            if scope["type"] == "websocket" and started:
                with contextlib.suppress(Exception):  # it may be closed
                    await send({"type": "websocket.close", "code": 1011, "reason": "Internal error"})
            elif not started and scope["type"] != "lifespan":
                await error_response(500, "INTERNAL", message)(scope, receive, send)
            # A response that has started just ends. The server then closes the connection, so that the client does not
            # take the response for complete.
