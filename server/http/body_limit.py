"""How large a request may be."""

from collections.abc import Callable
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyTooLarge(HTTPException):
    """A request is larger than this server takes."""

    def __init__(self, message: str) -> None:
        super().__init__(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)


class BodyLimitMiddleware:
    """Refuses to read on in a body beyond a size, also one that does not tell its size.

    ``streams`` names the paths that are read bit by bit and may go on for as long as they like.

    Starlette has such a limit too; it answers in plain text, and we answer all errors in one shape.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, streams: Callable[[str], bool] = lambda _: False) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what the application reads."""
        if scope["type"] != "http" or self.streams(scope["path"]):
            await self.app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "")
        declared = int(length) if length.isdecimal() else 0
        read = 0

        async def limited() -> Message:
            nonlocal read
            if declared <= self.max_bytes:
                message = await receive()
                read += len(message.get("body", b""))
                if read <= self.max_bytes:
                    return message
            raise BodyTooLarge("The request's body is larger than this server takes; send fewer items a call.")

        await self.app(scope, limited, send)
