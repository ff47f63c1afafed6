"""Tests that raw frames get the same responses from this server and from the protocol's reference server."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.server.api import PROTOCOL, SOCKET_OPTIONS, Api
from tests.server.conftest import make_key
from tests.server.graphql.node import require_node, script_command
from tests.server.processes import PROJECT_ROOT, run_server
from tests.server.scenarios import make_judge

SDL = PROJECT_ROOT / "schema" / "schema.graphql"
# Seconds of silence after which a response counts as complete, for each try. On a busy machine more may follow, so the
# cases that differ are tried again with a longer silence.
SILENCE_SECONDS = (0.4, 0.8, 1.6, 3.2, 6.4, 12.8)
INIT_TIMEOUT_SECONDS = 3.5  # a little longer than both servers wait for `connection_init`
MAX_CONCURRENT = 20
VIEWER = {"query": "{ viewer { name } }"}
STREAM = {"query": "subscription ($id: ID!) { feedbackSummaryChanged(judgeId: $id) { totalFeedbackCount } }"}
INIT = object()  # stands for a connection_init with a valid key
WAIT = object()  # stands for a pause of INIT_TIMEOUT_SECONDS


def subscribe(id_: Any = "1", payload: Any = VIEWER) -> dict[str, Any]:
    return {"type": "subscribe", "id": id_, "payload": payload}


FOLLOW = subscribe("s", STREAM)
CASES: dict[str, list[Any]] = {
    "hello": [INIT],
    "hello without a payload": [{"type": "connection_init"}],
    "hello with a wrong key": [{"type": "connection_init", "payload": {"Authorization": "Bearer jsk_wrong"}}],
    "hello with null": [{"type": "connection_init", "payload": None}],
    "hello with a list": [{"type": "connection_init", "payload": []}],
    "hello with a text": [{"type": "connection_init", "payload": "x"}],
    "hello with a number": [{"type": "connection_init", "payload": 5}],
    "hello twice": [INIT, INIT],
    "no hello": [WAIT],
    "ping before hello": [{"type": "ping"}],
    "pong before hello": [{"type": "pong"}],
    "subscribe before hello": [subscribe()],
    "complete before hello": [{"type": "complete", "id": "1"}],
    "no JSON": ["{"],
    "nothing": [""],
    "null": ["null"],
    "a list": ["[]"],
    "a number": ["5"],
    "a text": ['"ping"'],
    "true": ["true"],
    "no type": ["{}"],
    "a type that is null": [{"type": None}],
    "a type that is a number": [{"type": 5}],
    "an unknown type": [{"type": "start"}],
    "ping": [INIT, {"type": "ping"}],
    "ping with a payload": [INIT, {"type": "ping", "payload": {"a": [1]}}],
    "ping with null": [INIT, {"type": "ping", "payload": None}],
    "ping with a text": [INIT, {"type": "ping", "payload": "x"}],
    "ping with a list": [INIT, {"type": "ping", "payload": []}],
    "pong": [INIT, {"type": "pong", "payload": {"a": 1}}],
    "pong with a number": [INIT, {"type": "pong", "payload": 5}],
    "a query": [INIT, subscribe()],
    "a query with its name": [INIT, subscribe(payload={"query": "query A { viewer { name } }", "operationName": "A"})],
    "nulls": [INIT, subscribe(payload=VIEWER | {"variables": None, "operationName": None, "extensions": None})],
    "no id": [INIT, {"type": "subscribe", "payload": VIEWER}],
    "an empty id": [INIT, subscribe("")],
    "an id that is a number": [INIT, subscribe(1)],
    "an id that is null": [INIT, subscribe(None)],
    "an id that is a list": [INIT, subscribe(["1"])],
    "no payload": [INIT, {"type": "subscribe", "id": "1"}],
    "a payload that is null": [INIT, subscribe(payload=None)],
    "a payload that is a text": [INIT, subscribe(payload="{ viewer { name } }")],
    "a payload that is a list": [INIT, subscribe(payload=[VIEWER])],
    "no query": [INIT, subscribe(payload={})],
    "a query that is null": [INIT, subscribe(payload={"query": None})],
    "a query that is a number": [INIT, subscribe(payload={"query": 5})],
    "a query that is a list": [INIT, subscribe(payload={"query": [VIEWER["query"]]})],
    "variables that are a list": [INIT, subscribe(payload=VIEWER | {"variables": []})],
    "variables that are a text": [INIT, subscribe(payload=VIEWER | {"variables": "{}"})],
    "extensions that are a list": [INIT, subscribe(payload=VIEWER | {"extensions": []})],
    "a name that is a number": [INIT, subscribe(payload=VIEWER | {"operationName": 5})],
    "an unknown field": [INIT, subscribe(payload={"query": "{ secret }"}), subscribe("2")],
    "an unknown operation": [INIT, subscribe(payload=VIEWER | {"operationName": "Other"}), subscribe("2")],
    "a variable too few": [INIT, subscribe("s", STREAM), subscribe("2")],
    "a stream": [INIT, FOLLOW],
    "a stream that is ended": [INIT, FOLLOW, {"type": "complete", "id": "s"}],
    "a stream and a query": [INIT, FOLLOW, subscribe("2")],
    "an id in use": [INIT, FOLLOW, FOLLOW],
    "an id that is free again": [INIT, FOLLOW, {"type": "complete", "id": "s"}, FOLLOW],
    "an end of nothing": [INIT, {"type": "complete", "id": "x"}, subscribe()],
    "an end without an id": [INIT, {"type": "complete"}],
    "an end with a number": [INIT, {"type": "complete", "id": 1}],
    "fields nobody knows": [INIT, subscribe() | {"more": 1}, {"type": "ping", "more": 1}],
}
# If its parser raises, the reference server closes with an internal error (4500) without a reason.
ALONE = [("error", "1"), ("next", "2"), ("complete", "2")]
OURS: dict[str, tuple[list[Any], list[Any]]] = {
    "a syntax error": ([INIT, subscribe(payload={"query": "{ viewer"}), subscribe("2")], ALONE),
    "an empty query": ([INIT, subscribe(payload={"query": ""}), subscribe("2")], ALONE),
    "a message only servers send": ([INIT, {"type": "next", "id": "1", "payload": {"data": {}}}], [4400]),
    "an ack": ([INIT, {"type": "connection_ack"}], [4400]),
    "bytes": ([INIT, b'{"type": "ping"}'], [4400]),
    "NaN": ([INIT, '{"type": "ping", "payload": {"a": NaN}}'], [4400]),
}  # fmt: skip


class Peer(NamedTuple):
    """A server under test, a key and a judge."""

    url: str
    key: str
    judge: str


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """Run this server. Yield the address of its socket, a key and the id of a judge."""
    with run_server(tmp_path_factory.mktemp("frames"), "--no-runner", init_seconds="2") as server:
        key = make_key(server, workspace="frames")
        api = Api(server.url, key)
        with api.http:
            yield Peer(api.socket_url, key, make_judge(api)["id"])


@pytest.fixture(scope="module")
def reference(here: Peer) -> Iterator[str]:
    """Run the reference server and yield the address of its socket."""
    require_node()
    with subprocess.Popen(
        script_command("reference.mjs", str(SDL), here.key), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


async def collect_responses(peer: Peer, frames: list[Any], silence_seconds: float) -> list[Any]:
    """Return a server's responses to frames, and the code if it closes the connection.

    Args:
        peer: the server.
        frames: frames to send, each after the responses to the one before.
        silence_seconds: seconds without a message after which a response counts as complete.
    """
    received: list[Any] = []
    async with connect(peer.url, subprotocols=[PROTOCOL], **SOCKET_OPTIONS, close_timeout=1) as socket:
        try:
            for frame in frames:
                await _send(socket, frame, peer)
                silence = max(silence_seconds, INIT_TIMEOUT_SECONDS) if frame is WAIT else silence_seconds
                with suppress(TimeoutError):
                    while True:
                        received.append(_normalize(json.loads(await asyncio.wait_for(socket.recv(), silence))))
        except ConnectionClosed as closed:
            received.append(closed.rcvd.code if closed.rcvd else None)
    return received


async def collect_all_responses(
    peer: Peer, cases: dict[str, list[Any]], silence_seconds: float
) -> dict[str, list[Any]]:
    """Return the responses to all cases by name, each on a separate connection, several at a time.

    Args:
        peer: the server.
        cases: frames by name of the case.
        silence_seconds: seconds without a message after which a response counts as complete.
    """
    slots = asyncio.Semaphore(MAX_CONCURRENT)

    async def collect(frames: list[Any]) -> list[Any]:
        async with slots:
            return await collect_responses(peer, frames, silence_seconds)

    responses = await asyncio.gather(*map(collect, cases.values()))
    return dict(zip(cases, responses, strict=True))


async def _send(socket: Any, frame: Any, peer: Peer) -> None:
    if frame is INIT:
        frame = {"type": "connection_init", "payload": {"Authorization": f"Bearer {peer.key}"}}
    if isinstance(frame, dict) and frame.get("payload") is STREAM:
        frame = frame | {"payload": STREAM | {"variables": {"id": peer.judge}}}
    if frame is not WAIT:
        await socket.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))


def _normalize(message: dict[str, Any]) -> Any:
    match message:
        case {"type": "error", "id": id_, "payload": [*errors]} if errors and all("message" in e for e in errors):
            return ("error", id_)
        case {"type": "error"}:
            raise AssertionError(message)
    return json.dumps(message, sort_keys=True)


async def test_responses_equal_those_of_the_reference_server(here: Peer, reference: str) -> None:
    cases, codes = CASES, set[int]()
    ours: dict[str, list[Any]] = {}
    theirs: dict[str, list[Any]] = {}
    for silence_seconds in SILENCE_SECONDS:
        ours, theirs = await asyncio.gather(
            collect_all_responses(here, cases, silence_seconds),
            collect_all_responses(here._replace(url=reference), cases, silence_seconds),
        )
        codes |= {code for received in ours.values() for code in received if isinstance(code, int)}
        cases = {name: cases[name] for name in cases if ours[name] != theirs[name]}
        if not cases:
            break
    assert {name: ours[name] for name in cases} == {name: theirs[name] for name in cases}
    assert codes == {4400, 4401, 4403, 4408, 4409, 4429}


async def test_invalid_message_is_described_where_the_reference_server_fails(here: Peer) -> None:
    expected = {name: responses for name, (_, responses) in OURS.items()}
    cases = {name: frames for name, (frames, _) in OURS.items()}
    actual: dict[str, list[Any]] = {}
    for silence_seconds in SILENCE_SECONDS:
        responses = await collect_all_responses(here, cases, silence_seconds)
        actual = {name: [_type_and_id(one) for one in received if one != ACK] for name, received in responses.items()}
        if actual == expected:
            break
    assert actual == expected


ACK = '{"type": "connection_ack"}'


def _type_and_id(response: Any) -> Any:
    if isinstance(response, str):
        message = json.loads(response)
        return (message["type"], message["id"])
    return response
