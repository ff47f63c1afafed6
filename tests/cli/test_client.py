"""What the client makes of a server's answers, good and bad."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from cli.client.client import Client
from cli.errors import ApiError, UserErrors

Answer = Callable[[httpx.Request], httpx.Response]


def client(answer: Answer, key: str | None = "jsk_1") -> Client:
    return Client("http://server", key, transport=httpx.MockTransport(answer))


def says(status: int = 200, headers: dict[str, str] | None = None, **body: Any) -> Answer:
    return lambda _: httpx.Response(status, json=body, headers=headers)


def test_an_operation_is_sent_with_its_fragments_variables_and_key() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"data": {"judge": None}})

    assert client(answer).run("Judge", id="jdg_1") == {"judge": None}
    body = json.loads(seen[0].content)
    assert (body["operationName"], body["variables"]) == ("Judge", {"id": "jdg_1"})
    assert "fragment CriterionFields on Criterion" in body["query"]
    assert seen[0].headers["authorization"] == "Bearer jsk_1"


@pytest.mark.parametrize(
    ("answer", "code", "told"),
    [
        (says(401), "UNAUTHENTICATED", "does not know this key"),
        (says(413), "TOO_LARGE", "larger than the server accepts"),
        (says(404), "NOT_FOUND", "no GraphQL API at http://server/graphql"),
        (says(500), "", "status 500"),
        (says(200, errors=[{"message": "You may not.", "extensions": {"code": "FORBIDDEN"}}]), "FORBIDDEN", "may not"),
        (says(400, errors=[{"message": "Bad variable."}]), "BAD_REQUEST", "Bad variable"),
        (lambda _: httpx.Response(200, text="<html>"), "", "instead of data"),
    ],
)
def test_a_refusal_is_told_for_people(answer: Answer, code: str, told: str) -> None:
    with pytest.raises(ApiError, match=told) as error:
        client(answer).run("Viewer")
    assert error.value.code == code


def test_without_a_key_a_refusal_says_how_to_give_one() -> None:
    with pytest.raises(ApiError, match="Give one with --key"):
        client(says(401), key=None).run("Viewer")


def test_user_errors_raise_with_the_path_of_the_field() -> None:
    error = {"message": "Too little feedback.", "field": ["trainingConfig", "minimumFeedbackCount"], "code": "X"}
    payload = {"createTrainingJob": {"trainingJob": None, "warnings": [], "userErrors": [error]}}
    with pytest.raises(UserErrors, match=r"Too little feedback. \(field: trainingConfig.minimumFeedbackCount\)"):
        client(says(data=payload)).run("CreateTrainingJob", input={})
    assert client(says(data=payload)).execute("CreateTrainingJob", input={}) == payload


def test_a_server_that_is_asked_too_often_is_asked_again_when_it_says_so() -> None:
    answers = iter([httpx.Response(429, headers={"retry-after": "0"}), httpx.Response(200, json={"data": {}})])
    assert client(lambda _: next(answers)).run("Viewer") == {}


def test_no_server_is_told_with_its_address() -> None:
    with pytest.raises(ApiError, match=r"No server answers at http://127\.0\.0\.1:9"):
        Client("http://127.0.0.1:9").run("Viewer")


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://server", "http://"])
def test_a_wrong_address_is_refused(url: str) -> None:
    with pytest.raises(ApiError, match="is not the address of a server"):
        Client(url)


Script = Callable[[ServerConnection, dict[str, Any]], None]


@pytest.fixture
def live() -> Iterator[Callable[..., str]]:
    """Start a server that plays one script per connection, in order; gives its address."""
    running: list[tuple[Any, threading.Thread]] = []

    def start(*scripts: Script) -> str:
        left = iter(scripts)

        def handle(socket: ServerConnection) -> None:
            init = json.loads(socket.recv())
            if init["payload"] != {"Authorization": "Bearer jsk_1"}:
                socket.close(4403, "Forbidden")
                return
            socket.send(json.dumps({"type": "ping"}))
            socket.send(json.dumps({"type": "connection_ack"}))
            assert json.loads(socket.recv())["type"] == "pong"
            next(left)(socket, json.loads(socket.recv())["payload"])

        server = serve(handle, "127.0.0.1", 0, subprotocols=["graphql-transport-ws"])  # type: ignore[list-item]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{server.socket.getsockname()[1]}"

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()


def sends(*cursors: str, then: str = "complete", expect: dict[str, Any] | None = None) -> Script:
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
    results = Client(url, key).subscribe("TrainingJobStatus", jobId="job_1")
    return [result["trainingJobStatus"]["cursor"] for result in results]


def test_a_subscription_yields_until_the_server_completes_it(live: Callable[..., str]) -> None:
    assert cursors(live(sends("a", "b", expect={"jobId": "job_1"}))) == ["a", "b"]


def test_a_lost_connection_is_taken_up_after_the_last_cursor(live: Callable[..., str]) -> None:
    url = live(
        sends("a", "b", then="lost"),
        sends(then="lost", expect={"jobId": "job_1", "after": "b"}),
        sends("c", expect={"jobId": "job_1", "after": "b"}),
    )
    assert cursors(url) == ["a", "b", "c"]


def test_an_error_of_a_subscription_is_raised(live: Callable[..., str]) -> None:
    with pytest.raises(ApiError, match="No such job") as error:
        cursors(live(sends(then="error")))
    assert error.value.code == "NOT_FOUND"


def test_a_refused_key_is_told_at_once(live: Callable[..., str]) -> None:
    with pytest.raises(ApiError, match="refused the key"):
        cursors(live(), key="wrong")


def test_a_subscription_where_no_server_is_fails_at_once() -> None:
    with pytest.raises(ApiError, match="No live connection"):
        cursors("http://127.0.0.1:9")
