"""Subscriptions over `graphql-transport-ws` that resume after a lost connection."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import orjson
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from cli.client.responses import JsonObject
from cli.errors import ApiError

MAX_OUTAGE_SECONDS = 60.0  # without a working connection, after which a subscription fails
_MIN_PAUSE_SECONDS, _MAX_PAUSE_SECONDS = 0.2, 5.0  # between attempts to connect
_HANDSHAKE_TIMEOUT_SECONDS = 10
_MAX_MESSAGE_BYTES = 16 * 2**20
# Close codes of graphql-transport-ws after which another attempt cannot succeed.
_FATAL_CLOSE_CODES = {
    4400: "The server did not understand the subscription",
    4401: "The key is no longer accepted",
    4403: "The server refused the key. Check --key or JUDGESMITH_API_KEY",
    4406: "The server does not speak graphql-transport-ws",
    4409: "The server already has a subscription of this id",
    4429: "The server has too many subscriptions on this connection",
}
_KEY_CLOSE_CODES = (4401, 4403)


@dataclass(frozen=True)
class Endpoint:
    """The address of a WebSocket and the payload that authenticates a connection to it."""

    url: str
    authorization: dict[str, str] = field(default_factory=dict, repr=False)


def stream_results(endpoint: Endpoint, payload: JsonObject, *, use_proxies: bool = True) -> Iterator[JsonObject]:
    """Yield the data of each result until the server completes the subscription.

    After a lost connection the subscription starts again after the last `cursor`, so that no result is missed or
    repeated.

    Args:
        endpoint: the server's WebSocket.
        payload: the operation with its variables.
        use_proxies: connect through a proxy that the environment names.

    Raises:
        ApiError: the subscription failed, or there was no connection for `MAX_OUTAGE_SECONDS`.
    """
    variables = dict(payload["variables"])
    pause = _MIN_PAUSE_SECONDS
    connected_at, last_success = 0.0, 0.0
    while True:
        try:
            with _connect(endpoint, use_proxies=use_proxies) as socket:
                connected_at = time.monotonic()
                last_success = last_success or connected_at
                for data in _results(socket, payload | {"variables": variables}):
                    pause, last_success = _MIN_PAUSE_SECONDS, time.monotonic()
                    variables |= _resume_variables(data)
                    yield data
                return
        except (ConnectionClosed, InvalidHandshake, OSError) as error:
            # A connection that lasted counts as success even if it was quiet. One that closes at once does not.
            now = time.monotonic()
            if connected_at and now - connected_at > _MAX_PAUSE_SECONDS:
                pause, last_success = _MIN_PAUSE_SECONDS, now
            connected_at = 0.0
            code = _close_code(error)
            if not last_success or code in _FATAL_CLOSE_CODES or now - last_success > MAX_OUTAGE_SECONDS:
                reason = "UNAUTHENTICATED" if code in _KEY_CLOSE_CODES else ""
                raise ApiError(_describe_failure(error, endpoint), reason) from error
            time.sleep(pause)
            pause = min(2 * pause, _MAX_PAUSE_SECONDS)


@contextmanager
def _connect(endpoint: Endpoint, *, use_proxies: bool) -> Iterator[ClientConnection]:
    """Open a connection and wait until the server has acknowledged it."""
    with connect(
        endpoint.url,
        subprotocols=[Subprotocol("graphql-transport-ws")],
        proxy=True if use_proxies else None,
        open_timeout=_HANDSHAKE_TIMEOUT_SECONDS,
        max_size=_MAX_MESSAGE_BYTES,
    ) as socket:
        _send(socket, {"type": "connection_init", "payload": endpoint.authorization})
        while (message := _receive(socket, timeout=_HANDSHAKE_TIMEOUT_SECONDS))["type"] != "connection_ack":
            _answer_ping(socket, message)
        yield socket


def _results(socket: ClientConnection, payload: JsonObject) -> Iterator[JsonObject]:
    _send(socket, {"id": "1", "type": "subscribe", "payload": payload})
    while True:
        message = _receive(socket)
        match message["type"]:
            case "next":
                if errors := message["payload"].get("errors"):
                    raise ApiError.from_graphql(errors)
                yield message["payload"]["data"]
            case "error":
                raise ApiError.from_graphql(message["payload"])
            case "complete":
                return
            case _:
                _answer_ping(socket, message)


def _send(socket: ClientConnection, message: JsonObject) -> None:
    socket.send(orjson.dumps(message).decode())


def _receive(socket: ClientConnection, timeout: float | None = None) -> JsonObject:
    message: JsonObject = orjson.loads(socket.recv(timeout))
    return message


def _answer_ping(socket: ClientConnection, message: JsonObject) -> None:
    if message["type"] == "ping":
        _send(socket, {"type": "pong"})


def _resume_variables(data: JsonObject) -> dict[str, str]:
    """Return the variable with which a new subscription starts after this result."""
    (result,) = data.values()
    return {"after": result["cursor"]} if "cursor" in result else {}


def _close_code(error: Exception) -> int | None:
    return error.rcvd.code if isinstance(error, ConnectionClosed) and error.rcvd else None


def _describe_failure(error: Exception, endpoint: Endpoint) -> str:
    if meaning := _FATAL_CLOSE_CODES.get(_close_code(error) or 0):
        return f"{meaning}."
    return f"No live connection to {endpoint.url}: {error}"
