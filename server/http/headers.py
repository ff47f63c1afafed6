"""Security headers, CORS and the check of the Host header.

A page on the internet can make a browser call servers in its owner's network. Two measures prevent that:

1. A page that points its own host name at this server (DNS rebinding) cannot choose the `Host` header.
   `HostCheckMiddleware` rejects unknown names.
2. Keys are sent in `Authorization`, never in cookies. A page cannot send that header, or the `application/json` that
   GraphQL and REST require, to another origin without a CORS preflight.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.errors import error_response

_HOST: Final = re.compile(r"(?:(?P<address>\[[0-9A-Fa-f:.]+\]|\d+\.\d+\.\d+\.\d+)|(?P<name>[A-Za-z0-9._-]+))(?::\d+)?")
_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(?::\d+)?|https?://\[[0-9a-f:.]+\](?::\d+)?")

# Responses other than pages load nothing and cannot be framed. Pages bring a policy of their own.
SECURITY_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
_ENCODED_HEADERS: Final = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]


class SecurityHeadersMiddleware:
    """Middleware that adds the security headers a response does not have yet."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application and add the headers to its response.

        Args:
            scope: ASGI scope of the request.
            receive: ASGI function that returns the next message of the request.
            send: ASGI function that sends a message of the response.
        """

        async def send_with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = list(message.get("headers", ()))
                present = {name.lower() for name, _ in headers}
                message["headers"] = headers + [header for header in _ENCODED_HEADERS if header[0] not in present]
            await send(message)

        await self.app(scope, receive, send_with_headers)


def check_origin(text: str) -> str:
    """Return a web origin as browsers write it, such as ``https://app.example.com``, unchanged.

    Raises:
        ValueError: the text is no web origin.
    """
    if text != "*" and not _ORIGIN.fullmatch(text):
        raise ValueError(f"{text!r} is no web origin; write one such as https://app.example.com, without a path")
    return text


def cors_middleware(origins: Sequence[str]) -> list[Middleware]:
    """Return the middleware that lets pages of these origins read responses; empty without origins."""
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
    """Middleware that rejects requests whose Host header does not name this server.

    IP addresses are accepted because nobody can point them elsewhere. `localhost` and the given names are accepted too.
    A name that begins with `*.` stands for all names below it, and `*` for any name.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self.app = app
        self._names = {name.lower().rstrip(".") for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application if the Host header names this server, else respond with 400.

        Args:
            scope: ASGI scope of the request.
            receive: ASGI function that returns the next message of the request.
            send: ASGI function that sends a message of the response.
        """
        hosts = Headers(scope=scope).getlist("host") if scope["type"] != "lifespan" else []
        if scope["type"] == "lifespan" or (len(hosts) == 1 and self.is_known_host(hosts[0])):
            await self.app(scope, receive, send)
            return
        if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
            return
        response = error_response(
            400,
            "UNKNOWN_HOST",
            "The Host header does not name this server. Its operator can add the name to JUDGESMITH_ALLOWED_HOSTS.",
        )
        await response(scope, receive, send)

    def is_known_host(self, host: str) -> bool:
        """Return whether a Host header's value, which may include a port, names this server."""
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        if found["address"]:
            return True
        name = found["name"].lower().rstrip(".")
        if name == "localhost" or name.endswith(".localhost") or not self._names.isdisjoint((name, "*")):
            return True
        return any(known.startswith("*.") and name.endswith(known[1:]) for known in self._names)
