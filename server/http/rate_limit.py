"""How many requests a key may send: counted in this process, told in headers.

The fields are those of the IETF's draft-ietf-httpapi-ratelimit-headers-11.
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
    """A rate such as ``600/minute``, as it is.

    Raises:
        ValueError: it is none.
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
    """What is left after a request was counted."""

    allowed: bool
    quota: int
    window: int  # seconds
    left: int
    wait: int  # seconds until more is allowed

    @property
    def headers(self) -> dict[str, str]:
        """The same for clients."""
        told = {
            "ratelimit-policy": f'"key";q={self.quota};w={self.window}',
            "ratelimit": f'"key";r={self.left};t={self.wait}',
        }
        return told if self.allowed else told | {"retry-after": str(self.wait)}

    @property
    def refusal(self) -> str:
        """Why a request is not taken."""
        return (
            f"This key may send {self.quota:,} requests in {self.window:,} seconds, which are used up. "
            f"Try again in {self.wait} s."
        )


class RateLimiter:
    """Counts the requests of each key over a sliding window."""

    def __init__(self, limit: str) -> None:
        self._item: RateLimitItem = parse(limit)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def hit(self, authorization: str) -> RateLimitResult:
        """Count a request of the key in an Authorization header."""
        who = _digest(authorization)
        allowed = await self._limiter.hit(self._item, who)
        reset, left = await self._limiter.get_window_stats(self._item, who)
        wait = max(1, math.ceil(reset - time.time()))
        return RateLimitResult(allowed, self._item.amount, self._item.get_expiry(), left if allowed else 0, wait)

    async def forget(self, authorization: str) -> None:
        """Count no longer: it was no key of ours."""
        await self._limiter.clear(self._item, _digest(authorization))


class RateLimitMiddleware:
    """Refuses requests of keys that sent too many, and tells all others what they have left."""

    def __init__(self, app: ASGIApp, rates: RateLimiter) -> None:
        self.app = app
        self.rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a request that comes with a key."""
        authorization = Headers(scope=scope).get("authorization") if scope["type"] == "http" else None
        if not authorization:
            await self.app(scope, receive, send)
            return
        spent = await self.rates.hit(authorization)
        if not spent.allowed:
            await self._refuse(spent, scope, receive, send)
            return
        status = 0

        async def telling(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).update(spent.headers)
            await send(message)

        await self.app(scope, receive, telling)
        if status == 401:
            await self.rates.forget(authorization)

    async def _refuse(self, spent: RateLimitResult, scope: Scope, receive: Receive, send: Send) -> None:
        code, message = ErrorCode.LIMIT_EXCEEDED, spent.refusal
        if scope["path"].endswith("/graphql"):
            response = graphql_error_response(Headers(scope=scope).get("accept", ""), 429, message, code, spent.headers)
        else:
            response = error_response(429, code, message, headers=spent.headers)
        await response(scope, receive, send)


def _digest(authorization: str) -> str:
    return hashlib.sha256(authorization.encode()).hexdigest()
