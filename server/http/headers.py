"""What every answer carries, and whom this server answers at all: security headers, and names it goes by.

A page of the internet can make a browser call servers of its owner's network. Two things stand against that. A page
that points its own name at this server can't choose what stands in `Host`. And keys come in `Authorization`, never in
cookies: no page may send that header to another origin without asking first, nor the `application/json` that GraphQL
and REST take.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.errors import error_response

_HOST: Final = re.compile(r"(?:(?P<address>\[[0-9A-Fa-f:.]+\]|\d+\.\d+\.\d+\.\d+)|(?P<name>[A-Za-z0-9._-]+))(?::\d+)?")
_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(?::\d+)?|https?://\[[0-9a-f:.]+\](?::\d+)?")

# What is no page needs nothing, and nothing may show it in a frame. Pages bring a policy of their own.
SECURITY_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class SecurityHeadersMiddleware:
    """Adds the headers that an answer does not have yet."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the headers."""

        async def with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers)


def check_origin(text: str) -> str:
    """A web origin as browsers write it, such as ``https://app.example.com``.

    Raises:
        ValueError: it is none.
    """
    if text != "*" and not _ORIGIN.fullmatch(text):
        raise ValueError(f"{text!r} is no web origin; write one such as https://app.example.com, without a path")
    return text


def cors(origins: Sequence[str]) -> list[Middleware]:
    """What lets pages of these origins read answers; nothing where there are none."""
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=("GET", "POST"),
            allow_headers=("Authorization", "Content-Type", "Content-Encoding", "Idempotency-Key"),
            expose_headers=("Location", "Retry-After", "RateLimit", "RateLimit-Policy"),
        )
    ]


class HostCheckMiddleware:
    """Refuses requests that call the server by a name it does not go by.

    It goes by addresses, which nobody can point elsewhere, by `localhost`, and by the names it is given. A name that
    begins with `*.` stands for all below it; `*` for any.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self.app = app
        self._names = {name.lower().rstrip(".") for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer whoever knows the server's name."""
        names = Headers(scope=scope).getlist("host") if scope["type"] != "lifespan" else []
        if scope["type"] == "lifespan" or (len(names) == 1 and self.is_known_host(names[0])):
            await self.app(scope, receive, send)
            return
        refusal = error_response(
            400,
            "UNKNOWN_HOST",
            "This server does not go by the name in the Host header. Its operator can add it to "
            "JUDGESMITH_ALLOWED_HOSTS.",
        )
        if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
            return
        await refusal(scope, receive, send)

    def is_known_host(self, host: str) -> bool:
        """Whether a Host header's value, with its port, means this server."""
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        if found["address"]:
            return True
        name = found["name"].lower().rstrip(".")
        if name == "localhost" or name.endswith(".localhost") or not self._names.isdisjoint((name, "*")):
            return True
        return any(known.startswith("*.") and name.endswith(known[1:]) for known in self._names)
