"""Limit on the size of request bodies."""

from collections.abc import Callable
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyTooLarge(HTTPException):
    """The request is larger than this server accepts."""

    def __init__(self, message: str) -> None:
        super().__init__(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)


class BodyLimitMiddleware:
    """Middleware that stops reading a body beyond a size, whether or not its size was declared.

    Starlette has such a limit too, but answers in plain text. All errors of this server have one JSON shape.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, is_streamed: Callable[[str], bool] = lambda _: False) -> None:
        """Create the middleware.

        Args:
            app: next ASGI application.
            max_bytes: largest accepted body, in bytes.
            is_streamed: returns whether a path's body is processed piece by piece and may have any size.
        """
        self.app = app
        self.max_bytes = max_bytes
        self.is_streamed = is_streamed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application and count the bytes that it reads.

        Args:
            scope: ASGI scope of the request.
            receive: ASGI function that returns the next message of the request.
            send: ASGI function that sends a message of the response.
        """
        if scope["type"] != "http" or self.is_streamed(scope["path"]):
            await self.app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "")
        declared = int(length) if length.isdecimal() else 0
        read = 0

        async def receive_limited() -> Message:
            nonlocal read
            if declared <= self.max_bytes:
                message = await receive()
                read += len(message.get("body", b""))
                if read <= self.max_bytes:
                    return message
            raise BodyTooLarge("The request body is larger than this server accepts. Send fewer items per call.")

        await self.app(scope, receive_limited, send)
