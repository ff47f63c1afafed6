"""One subscription over `graphql-transport-ws`, taken up again where it broke off."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from cli.errors import ApiError

PATIENCE = 60.0  # seconds without a connection after which a live view gives up
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_LARGEST_MESSAGE = 16 * 2**20
# Close codes after which trying again can't help, as graphql-transport-ws defines them.
_FATAL = {
    4400: "The server did not understand the subscription",
    4401: "The key is no longer accepted",
    4403: "The server refused the key. Check --key or JUDGESMITH_API_KEY",
    4406: "The server does not speak graphql-transport-ws",
    4409: "The server already has a subscription of this id",
    4429: "The server has too many subscriptions on this connection",
}


@dataclass(frozen=True)
class Endpoint:
    """Where to subscribe, and what tells the server who asks."""

    url: str
    authorization: dict[str, str] = field(default_factory=dict, repr=False)


def stream_results(address: Endpoint, payload: dict[str, Any], *, use_proxies: bool = True) -> Iterator[dict[str, Any]]:
    """Yield the data of each result until the server completes the subscription.

    Results that carry a `cursor` are never repeated: after a lost connection the subscription starts after the last.
    """
    variables = dict(payload["variables"])
    pause = _FIRST_PAUSE
    connected_at, last_well = 0.0, 0.0
    while True:
        try:
            with _connect(address, use_proxies=use_proxies) as socket:
                connected_at = time.monotonic()
                last_well = last_well or connected_at
                for data in _results(socket, payload | {"variables": variables}):
                    pause, last_well = _FIRST_PAUSE, time.monotonic()
                    variables |= _cursor(data)
                    yield data
                return
        except (ConnectionClosed, InvalidHandshake, OSError) as error:
            # A server that accepts us and hangs up at once is not well; a connection that was merely quiet was.
            now = time.monotonic()
            if connected_at and now - connected_at > _LONGEST_PAUSE:
                pause, last_well = _FIRST_PAUSE, now
            connected_at = 0.0
            if not last_well or _close_code(error) in _FATAL or now - last_well > PATIENCE:
                raise ApiError(_explain(error, address), "UNAUTHENTICATED" if _is_refused_key(error) else "") from error
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)


@contextmanager
def _connect(address: Endpoint, *, use_proxies: bool) -> Iterator[ClientConnection]:
    """A connection whose server has accepted who we are."""
    with connect(
        address.url,
        subprotocols=[Subprotocol("graphql-transport-ws")],
        proxy=True if use_proxies else None,
        open_timeout=10,
        max_size=_LARGEST_MESSAGE,
    ) as socket:
        _send(socket, {"type": "connection_init", "payload": address.authorization})
        while (message := _receive(socket, timeout=10))["type"] != "connection_ack":
            _answer_ping(socket, message)
        yield socket


def _results(socket: ClientConnection, payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    _send(socket, {"id": "1", "type": "subscribe", "payload": payload})
    while True:
        message = _receive(socket)
        match message["type"]:
            case "next":
                if errors := message["payload"].get("errors"):
                    raise _refused(errors)
                yield message["payload"]["data"]
            case "error":
                raise _refused(message["payload"])
            case "complete":
                return
            case _:
                _answer_ping(socket, message)


def _send(socket: ClientConnection, message: dict[str, Any]) -> None:
    socket.send(orjson.dumps(message).decode())


def _receive(socket: ClientConnection, timeout: float | None = None) -> dict[str, Any]:
    message: dict[str, Any] = orjson.loads(socket.recv(timeout))
    return message


def _answer_ping(socket: ClientConnection, message: dict[str, Any]) -> None:
    if message["type"] == "ping":
        _send(socket, {"type": "pong"})


def _cursor(data: dict[str, Any]) -> dict[str, str]:
    """The variable that makes the next connection go on after this result."""
    (result,) = data.values()
    return {"after": result["cursor"]} if "cursor" in result else {}


def _refused(errors: list[dict[str, Any]]) -> ApiError:
    code = (errors[0].get("extensions") or {}).get("code", "")
    return ApiError("\n".join(str(error.get("message", error)) for error in errors), code)


def _close_code(error: Exception) -> int | None:
    return error.rcvd.code if isinstance(error, ConnectionClosed) and error.rcvd else None


def _is_refused_key(error: Exception) -> bool:
    return _close_code(error) in (4401, 4403)


def _explain(error: Exception, address: Endpoint) -> str:
    if meaning := _FATAL.get(_close_code(error) or 0):
        return f"{meaning}."
    return f"No live connection to {address.url}: {error}"
