"""Tests of subscriptions against a scripted WebSocket server."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from cli.client import subscription
from cli.client.client import Client
from cli.errors import ApiError
from tests.waiting import STALLED_SECONDS

Script = Callable[[ServerConnection, dict[str, Any]], None]


@pytest.fixture(autouse=True)
def _generous_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription, "_HANDSHAKE_TIMEOUT_SECONDS", STALLED_SECONDS)
    monkeypatch.setattr(subscription, "MAX_OUTAGE_SECONDS", STALLED_SECONDS)


@pytest.fixture
def live() -> Iterator[Callable[..., str]]:
    """Start a server that runs one script per connection, in order, and return its address."""
    servers: list[tuple[Any, threading.Thread]] = []

    def start(*scripts: Script) -> str:
        remaining = iter(scripts)

        def handle(socket: ServerConnection) -> None:
            init = json.loads(socket.recv())
            if init["payload"] != {"Authorization": "Bearer jsk_1"}:
                socket.close(4403, "Forbidden")
                return
            socket.send(json.dumps({"type": "ping"}))
            socket.send(json.dumps({"type": "connection_ack"}))
            assert json.loads(socket.recv())["type"] == "pong"
            next(remaining)(socket, json.loads(socket.recv())["payload"])

        server = serve(handle, "127.0.0.1", 0, subprotocols=["graphql-transport-ws"])  # type: ignore[list-item]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.socket.getsockname()[1]}"

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()


def script(*cursors: str, then: str = "complete", expect: dict[str, Any] | None = None) -> Script:
    def play(socket: ServerConnection, payload: dict[str, Any]) -> None:
        assert expect is None or payload["variables"] == expect
        for cursor in cursors:
            data = {"trainingJobStatus": {"cursor": cursor}}
            socket.send(json.dumps({"id": "1", "type": "next", "payload": {"data": data}}))
        if then == "complete":
            socket.send(json.dumps({"id": "1", "type": "complete"}))
        elif then == "error":
            errors = [{"message": "No such job.", "extensions": {"code": "NOT_FOUND"}}]
            socket.send(json.dumps({"id": "1", "type": "error", "payload": errors}))
        else:
            socket.close(1012, "restarting")
        try:
            socket.recv()
        except ConnectionClosed:
            return

    return play


def cursors(url: str, key: str = "jsk_1") -> list[str]:
    return [result["cursor"] for result in Client(url, key).subscribe("TrainingJobStatus", jobId="job_1")]


def test_a_subscription_yields_until_the_server_completes_it(live: Callable[..., str]) -> None:
    assert cursors(live(script("a", "b", expect={"jobId": "job_1"}))) == ["a", "b"]


def test_a_lost_connection_resumes_after_the_last_cursor(live: Callable[..., str]) -> None:
    url = live(
        script("a", "b", then="lost"),
        script(then="lost", expect={"jobId": "job_1", "after": "b"}),
        script("c", expect={"jobId": "job_1", "after": "b"}),
    )
    assert cursors(url) == ["a", "b", "c"]


def test_an_error_message_raises(live: Callable[..., str]) -> None:
    with pytest.raises(ApiError, match="No such job") as error:
        cursors(live(script(then="error")))
    assert error.value.code == "NOT_FOUND"


def test_a_rejected_key_fails_at_once(live: Callable[..., str]) -> None:
    with pytest.raises(ApiError, match="refused the key"):
        cursors(live(), key="wrong")


def test_an_unreachable_server_fails_at_once() -> None:
    with pytest.raises(ApiError, match="No live connection"):
        cursors("http://127.0.0.1:9")
