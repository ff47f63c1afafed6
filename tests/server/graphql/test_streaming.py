"""Tests of streams over HTTP, unresponsive peers, revoked keys and the shutdown."""

import base64
import contextlib
import json
import os
import socket as sockets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from cli.client import documents
from tests.server.api import Api, get_errors, open_socket
from tests.server.conftest import Enter, update_key
from tests.server.processes import Server, run_server
from tests.server.scenarios import add_corrected_evaluations, create_job, make_feedback, make_judge, submit_feedback
from tests.waiting import STALLED_SECONDS

EVENTS = "text/event-stream"
PING_FRAME = 0x89  # first byte of a WebSocket frame
MULTIPART = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server that allows few operations per key."""
    with run_server(tmp_path_factory.mktemp("small"), "--no-runner", max_key_subscriptions="4") as started:
        yield started


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server with short time limits for sockets."""
    with run_server(tmp_path_factory.mktemp("impatient"), "--no-runner", ping_seconds="4", init_seconds="2") as started:
        yield started


@contextmanager
def open_stream(api: Api, accept: str, name: str, **variables: Any) -> Iterator[httpx.Response]:
    """Open the stream of an operation.

    Args:
        api: client to use.
        accept: Accept header.
        name: name of the operation.
        variables: its variables.
    """
    body = {"query": documents.load(name), "operationName": name, "variables": variables}
    with api.http.stream("POST", "/graphql", json=body, headers={"accept": accept}) as answer:
        yield answer


def parse_events(text: str) -> list[tuple[str, Any]]:
    """Return the events of a stream with decoded data."""
    found = []
    for block in text.removesuffix("\n\n").split("\n\n"):
        if not block.startswith(":"):
            kind, data = block.split("\n")
            data = data.removeprefix("data: ")
            found.append((kind.removeprefix("event: "), json.loads(data) if data else None))
    return found


def parse_parts(text: str) -> list[Any]:
    """Return the decoded parts of a multipart response. Heartbeats are empty parts."""
    assert text.rstrip().endswith("--graphql--")
    bodies = [piece.split("\r\n\r\n", 1)[1] for piece in text.split("--graphql")[:-1] if "\r\n\r\n" in piece]
    return [json.loads(body) for body in bodies]


def create_cancelled_job(api: Api) -> dict[str, Any]:
    """Create a cancelled job, whose stream ends."""
    judge = make_judge(api)
    add_corrected_evaluations(api, judge, range(20))
    job = create_job(api, judge)
    api.run("CancelTrainingJob", input={"jobId": job["id"]})
    return job


def test_subscription_is_served_as_server_sent_events(api: Api) -> None:
    job = create_cancelled_job(api)
    with open_stream(api, EVENTS, "TrainingJobStatus", jobId=job["id"]) as answer:
        assert answer.headers["content-type"].startswith(EVENTS)
        assert "no-cache" in answer.headers["cache-control"]
        text = answer.read().decode()
    assert "\r" not in text
    *following, last = parse_events(text)
    assert last == ("complete", None)
    assert {kind for kind, _ in following} == {"next"}
    updates = [data["data"]["trainingJobStatus"] for _, data in following]
    assert updates[-1]["trainingJob"]["status"] == "CANCELLED"


def test_events_may_be_requested_by_get(api: Api) -> None:
    request = {"query": "{ viewer { name } }"}
    answer = api.http.get("/graphql", params=request, headers={"accept": EVENTS})
    assert parse_events(answer.text) == [("next", {"data": {"viewer": {"name": "ann"}}}), ("complete", None)]


def test_mutation_by_get_is_rejected_for_events(api: Api) -> None:
    request = {"query": 'mutation { createJudge(input: {name: "J", criteria: [{name: "C"}]}) { judge { id } } }'}
    answer = api.http.get("/graphql", params=request, headers={"accept": EVENTS})
    (kind, data), _ = parse_events(answer.text)
    assert (kind, [error["extensions"]["code"] for error in data["errors"]]) == ("next", ["BAD_REQUEST"])
    assert api.run("Judges")["totalCount"] == 0


@pytest.mark.parametrize(
    "query", ["{ secret }", "{ viewer", 'subscription { trainingJobStatus(jobId: "x") { cursor } }']
)
def test_invalid_document_ends_its_stream_with_errors(api: Api, query: str) -> None:
    answer = api.http.post("/graphql", json={"query": query}, headers={"accept": EVENTS})
    (kind, data), end = parse_events(answer.text)
    assert (kind, end) == ("next", ("complete", None))
    assert all(error["extensions"]["code"] in ("BAD_REQUEST", "NOT_FOUND") for error in data["errors"])


@pytest.mark.parametrize(
    "accept",
    ["application/json, text/event-stream", f"application/graphql-response+json, application/json, {EVENTS}, */*",
     f"{EVENTS};q=0, application/json", "multipart/mixed", "*/*"],
)  # fmt: skip
def test_json_is_returned_if_accept_names_it_first(api: Api, accept: str) -> None:
    answer = api.http.post("/graphql", json={"query": "{ viewer { name } }"}, headers={"accept": accept})
    assert answer.json() == {"data": {"viewer": {"name": "ann"}}}


def test_subscription_is_served_as_multipart(api: Api) -> None:
    job = create_cancelled_job(api)
    with open_stream(api, MULTIPART, "TrainingJobStatus", jobId=job["id"]) as answer:
        assert answer.headers["content-type"].startswith("multipart/mixed;boundary=graphql;subscriptionSpec=1.0")
        found = [part["payload"] for part in parse_parts(answer.read().decode()) if part]
    assert found[-1]["data"]["trainingJobStatus"]["trainingJob"]["status"] == "CANCELLED"


def test_query_is_served_as_multipart(api: Api) -> None:
    answer = api.http.post("/graphql", json={"query": "{ viewer { name } }"}, headers={"accept": MULTIPART})
    assert [part for part in parse_parts(answer.text) if part] == [{"payload": {"data": {"viewer": {"name": "ann"}}}}]


def test_subscription_without_a_streaming_type_is_rejected(api: Api) -> None:
    for accept in ("application/json", "application/graphql-response+json"):
        request = {"query": 'subscription { trainingJobStatus(jobId: "job_x") { cursor } }'}
        answer = api.http.post("/graphql", json=request, headers={"accept": accept})
        assert answer.status_code == 400
        (error,) = get_errors(answer)
        assert "graphql-transport-ws" in error["message"]
        assert "text/event-stream" in error["message"]


@pytest.mark.parametrize("accept", [EVENTS, MULTIPART])
def test_revoked_key_ends_its_streams(small: Server, enter: Enter, accept: str) -> None:
    admin = enter(small, workspace=f"revoked {accept}")
    other = enter(small, workspace=f"revoked {accept}", user="vic")
    judge = make_judge(admin)
    with open_stream(other, accept, "FeedbackSummaryChanged", judgeId=judge["id"]) as answer:
        pieces = answer.iter_text()
        assert "feedbackSummaryChanged" in next(piece for piece in pieces if "data" in piece)
        update_key(small, other.key)
        rest = "".join(pieces)
    assert "UNAUTHENTICATED" in rest
    assert rest.rstrip().endswith("--graphql--" if accept == MULTIPART else "event: complete\ndata:")


def test_operations_of_a_key_are_limited_over_all_connections(small: Server, enter: Enter) -> None:
    api = enter(small)
    judge = make_judge(api)
    with open_socket(api) as one, open_socket(api) as two:
        for live, id_ in ((one, "a"), (one, "b"), (two, "c")):
            live.subscribe("FeedbackSummaryChanged", id_, judgeId=judge["id"])
            live.next(id_)
        with open_stream(api, EVENTS, "FeedbackSummaryChanged", judgeId=judge["id"]) as answer:
            assert answer.status_code == 200
            pieces = answer.iter_text()  # keeps the stream open
            next(pieces)
            two.subscribe("FeedbackSummaryChanged", "d", judgeId=judge["id"])
            refused = two.receive()
            assert (refused["id"], refused["type"]) == ("d", "error")
            assert refused["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
            with open_stream(api, EVENTS, "FeedbackSummaryChanged", judgeId=judge["id"]) as more:
                assert more.status_code == 429
                more.read()
                assert get_errors(more)[0]["extensions"]["code"] == "LIMIT_EXCEEDED"
        one.send({"type": "complete", "id": "a"})
        one.subscribe("FeedbackSummaryChanged", "a2", judgeId=judge["id"])
        one.next("a2")
        other = enter(small)
        with open_socket(other) as third:
            third.subscribe("FeedbackSummaryChanged", judgeId=make_judge(other)["id"])
            third.next()
    with open_socket(api) as again:  # closed operations are not counted
        for id_ in "abc":
            again.subscribe("FeedbackSummaryChanged", id_, judgeId=judge["id"])
            again.next(id_)


def test_peer_that_answers_no_ping_is_disconnected(impatient: Server, enter: Enter) -> None:
    with _silent_socket(impatient) as silent, open_socket(enter(impatient)) as alive:
        silent.settimeout(STALLED_SECONDS)
        received = b""
        while piece := silent.recv(1024):
            received += piece
        assert received[0] == PING_FRAME
        alive.send({"type": "ping"})
        assert alive.receive() == {"type": "pong"}


@contextmanager
def _silent_socket(server: Server) -> Iterator[sockets.socket]:
    """Open an authenticated socket that sends nothing, not even pongs."""
    address = urlsplit(server.url)
    assert address.hostname is not None
    with sockets.create_connection((address.hostname, address.port or 80)) as connection:
        words = [
            "GET /graphql HTTP/1.1", f"Host: {address.netloc}", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            "Sec-WebSocket-Protocol: graphql-transport-ws", f"Authorization: Bearer {server.admin_key}",
        ]  # fmt: skip
        connection.sendall("\r\n".join([*words, "", ""]).encode())
        assert b"101" in connection.recv(1024)
        hello = b'{"type":"connection_init"}'
        connection.sendall(bytes([0x81, 0x80 | len(hello), 0, 0, 0, 0]) + hello)
        assert b"connection_ack" in connection.recv(1024)
        yield connection


def test_socket_without_connection_init_is_closed_with_4408(impatient: Server, enter: Enter) -> None:
    with open_socket(enter(impatient), init=False) as live:
        assert live.close_code() == 4408


def test_shutdown_closes_sockets_with_1012_and_ends_streams(data_dir: Any, enter: Enter) -> None:
    with run_server(data_dir, "--no-runner") as server, ThreadPoolExecutor() as pool:
        api = enter(server)
        judge = make_judge(api)
        with (
            open_socket(api) as live,
            open_stream(api, EVENTS, "FeedbackSummaryChanged", judgeId=judge["id"]) as answer,
        ):
            live.subscribe("FeedbackSummaryChanged", judgeId=judge["id"])
            live.next()
            pieces = answer.iter_text()
            next(pieces)
            ended = pool.submit(server.terminate)
            assert live.close_code() == 1012
            with contextlib.suppress(httpx.HTTPError):
                list(pieces)
            ended.result(timeout=STALLED_SECONDS)


def test_slow_subscriber_gets_pending_events_in_one_piece(api: Api) -> None:
    judge = make_judge(api)
    add_corrected_evaluations(api, judge, range(1))
    with open_stream(api, EVENTS, "FeedbackSummaryChanged", judgeId=judge["id"]) as answer:
        pieces = answer.iter_text()
        next(pieces)
        submit_feedback(api, judge, [make_feedback(0, "COMMENT", externalId="more", comment="Still there?")])
        kind, data = parse_events(next(pieces))[0]
        assert (kind, data["data"]["feedbackSummaryChanged"]["totalFeedbackCount"]) == ("next", 2)
