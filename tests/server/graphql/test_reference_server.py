"""The same raw frames to this server and to the protocol's reference server get the same answers."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.server.api import PROTOCOL, Api
from tests.server.conftest import make_key
from tests.server.graphql.node import require_node, script_command
from tests.server.processes import PROJECT_ROOT, run_server
from tests.server.scenarios import make_judge

SDL = PROJECT_ROOT / "schema" / "schema.graphql"
SILENCE = 0.4  # seconds after which a server is taken to have said all
TRIES = 4  # on a busy machine it may not have; what then differs is asked again, with less around it
AT_ONCE = 20
VIEWER = {"query": "{ viewer { name } }"}
STREAM = {"query": "subscription ($id: ID!) { feedbackSummaryChanged(judgeId: $id) { totalFeedbackCount } }"}
INIT = object()  # stands for a connection_init with a valid key
WAIT = object()  # stands for a moment longer than the time there is for it


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
# What the reference server's own parser throws at is an internal error there (4500), which tells a client nothing.
ALONE = [("error", "1"), ("next", "2"), ("complete", "2")]
OURS: dict[str, tuple[list[Any], list[Any]]] = {
    "a syntax error": ([INIT, subscribe(payload={"query": "{ viewer"}), subscribe("2")], ALONE),
    "an empty query": ([INIT, subscribe(payload={"query": ""}), subscribe("2")], ALONE),
    "a message only servers send": ([INIT, {"type": "next", "id": "1", "payload": {"data": {}}}], [4400]),
    "an ack": ([INIT, {"type": "connection_ack"}], [4400]),
    "bytes": ([INIT, b'{"type": "ping"}'], [4400]),
    "NaN": ([INIT, '{"type": "ping", "payload": {"a": NaN}}'], [4400]),
}  # fmt: skip


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, str]]:
    """This server's socket, a key and a judge."""
    with run_server(tmp_path_factory.mktemp("frames"), "--no-runner", init_seconds="2") as server:
        key = make_key(server, workspace="frames")
        api = Api(server.url, key)
        with api.http:
            yield api.socket_url, key, make_judge(api)["id"]


@pytest.fixture(scope="module")
def reference(here: tuple[str, str, str]) -> Iterator[str]:
    """The reference server's socket."""
    require_node()
    with subprocess.Popen(
        script_command("reference.mjs", str(SDL), here[1]), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


async def answers(url: str, key: str, judge: str, frames: list[Any]) -> list[Any]:
    """What a server answers to frames, each sent when it has no more to say; in the end the code it closes with."""
    heard: list[Any] = []
    async with connect(url, subprotocols=[PROTOCOL], proxy=None, close_timeout=1) as socket:
        try:
            for frame in frames:
                await _send(socket, frame, key, judge)
                with suppress(TimeoutError):
                    while True:
                        silence = 3.5 if frame is WAIT else SILENCE
                        heard.append(_shown(json.loads(await asyncio.wait_for(socket.recv(), silence))))
        except ConnectionClosed as closed:
            heard.append(closed.rcvd.code if closed.rcvd else None)
    return heard


async def all_answers(url: str, key: str, judge: str, cases: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The answers of all cases, each on a connection of its own, side by side."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(frames: list[Any]) -> list[Any]:
        async with room:
            return await answers(url, key, judge, frames)

    found = await asyncio.gather(*map(one, cases.values()))
    return dict(zip(cases, found, strict=True))


async def _send(socket: Any, frame: Any, key: str, judge: str) -> None:
    if frame is INIT:
        frame = {"type": "connection_init", "payload": {"Authorization": f"Bearer {key}"}}
    if isinstance(frame, dict) and frame.get("payload") is STREAM:
        frame = frame | {"payload": STREAM | {"variables": {"id": judge}}}
    if frame is not WAIT:
        await socket.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))


def _shown(message: dict[str, Any]) -> Any:
    match message:
        case {"type": "error", "id": id_, "payload": [*errors]} if errors and all("message" in e for e in errors):
            return ("error", id_)
        case {"type": "error"}:
            raise AssertionError(message)
    return json.dumps(message, sort_keys=True)


async def test_responses_equal_those_of_the_reference_server(here: tuple[str, str, str], reference: str) -> None:
    url, key, judge = here
    cases, codes = CASES, set[int]()
    for _ in range(TRIES):
        ours, theirs = await asyncio.gather(
            all_answers(url, key, judge, cases), all_answers(reference, key, judge, cases)
        )
        codes |= {said for heard in ours.values() for said in heard if isinstance(said, int)}
        cases = {name: cases[name] for name in cases if ours[name] != theirs[name]}
        if not cases:
            break
    assert {name: ours[name] for name in cases} == {name: theirs[name] for name in cases}
    assert codes == {4400, 4401, 4403, 4408, 4409, 4429}


async def test_invalid_message_is_described_where_the_reference_server_fails(here: tuple[str, str, str]) -> None:
    url, key, judge = here
    expected = {name: heard for name, (_, heard) in OURS.items()}
    seen: dict[str, list[Any]] = {}
    for _ in range(TRIES):
        found = await all_answers(url, key, judge, {name: frames for name, (frames, _) in OURS.items()})
        seen = {name: [_kind(said) for said in heard if said != ACK] for name, heard in found.items()}
        if seen == expected:
            break
    assert seen == expected


ACK = '{"type": "connection_ack"}'


def _kind(said: Any) -> Any:
    if isinstance(said, str):
        message = json.loads(said)
        return (message["type"], message["id"])
    return said
