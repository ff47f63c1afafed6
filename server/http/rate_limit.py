"""Rate limit per API key, counted in this process and reported in headers.

The header fields are those of the IETF's draft-ietf-httpapi-ratelimit-headers-11.
"""

import hashlib
import math
import time
from dataclasses import dataclass

from limits import RateLimitItem, parse, parse_many
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.errors import ErrorCode
from server.errors import error_response
from server.http.content_negotiation import graphql_error_response


def check_rate(text: str | None) -> str | None:
    """Return a rate such as ``600/minute`` unchanged.

    Raises:
        ValueError: the text is no rate.
    """
    if text is not None:
        try:
            (only,) = parse_many(text)
            if not only.amount:
                raise ValueError
        except ValueError:
            raise ValueError(f"{text!r} is no rate; write one such as 600/minute or 20/second") from None
    return text


@dataclass(frozen=True, slots=True)
class RateLimitResult:
    """Result of counting one request."""

    allowed: bool
    quota: int
    window_seconds: int
    remaining: int
    wait_seconds: int  # until another request is allowed

    @property
    def headers(self) -> dict[str, str]:
        """The result as response headers."""
        fields = {
            "ratelimit-policy": f'"key";q={self.quota};w={self.window_seconds}',
            "ratelimit": f'"key";r={self.remaining};t={self.wait_seconds}',
        }
        return fields if self.allowed else fields | {"retry-after": str(self.wait_seconds)}

    @property
    def message(self) -> str:
        """The reason for a rejection, for people."""
        return (
            f"This key may send {self.quota:,} requests in {self.window_seconds:,} seconds, and all of them are used. "
            f"Try again in {self.wait_seconds} s."
        )


class RateLimiter:
    """Counter of each key's requests over a sliding window."""

    def __init__(self, limit: str) -> None:
        self._item: RateLimitItem = parse(limit)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def hit(self, authorization: str) -> RateLimitResult:
        """Count a request of the key in an Authorization header."""
        key = _digest(authorization)
        allowed = await self._limiter.hit(self._item, key)
        reset, remaining = await self._limiter.get_window_stats(self._item, key)
        wait = max(1, math.ceil(reset - time.time()))
        return RateLimitResult(allowed, self._item.amount, self._item.get_expiry(), remaining if allowed else 0, wait)

    async def forget(self, authorization: str) -> None:
        """Delete the count of a header that turned out to hold no valid key."""
        await self._limiter.clear(self._item, _digest(authorization))


class RateLimitMiddleware:
    """Middleware that rejects requests of keys over their limit and reports the remaining quota to all others."""

    def __init__(self, app: ASGIApp, limiter: RateLimiter) -> None:
        self.app = app
        self.limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a request that has a key, and call the application if the limit allows it.

        Args:
            scope: ASGI scope of the request.
            receive: ASGI function that returns the next message of the request.
            send: ASGI function that sends a message of the response.
        """
        authorization = Headers(scope=scope).get("authorization") if scope["type"] == "http" else None
        if not authorization:
            await self.app(scope, receive, send)
            return
        result = await self.limiter.hit(authorization)
        if not result.allowed:
            await self._reject(result, scope, receive, send)
            return
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).update(result.headers)
            await send(message)

        await self.app(scope, receive, send_with_headers)
        if status == 401:
            await self.limiter.forget(authorization)

    async def _reject(self, result: RateLimitResult, scope: Scope, receive: Receive, send: Send) -> None:
        code, message = ErrorCode.LIMIT_EXCEEDED, result.message
        if scope["path"].endswith("/graphql"):
            accept = Headers(scope=scope).get("accept", "")
            response = graphql_error_response(accept, 429, message, code, result.headers)
        else:
            response = error_response(429, code, message, headers=result.headers)
        await response(scope, receive, send)


def _digest(authorization: str) -> str:
    return hashlib.sha256(authorization.encode()).hexdigest()
