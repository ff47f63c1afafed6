"""Tests of `graphql-transport-ws`: frames that close the connection, and those that fail one operation only."""

from itertools import count
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from models.access import Role
from tests.server.api import PROTOCOL, SOCKET_OPTIONS, Api, open_socket
from tests.server.conftest import Enter, make_key, update_key
from tests.server.processes import Server, run_server
from tests.server.scenarios import add_corrected_evaluations, create_job, make_feedback, make_judge, submit_feedback
from tests.waiting import STALLED_SECONDS

VIEWER = {"query": "{ viewer { name } }"}
INIT = {"type": "connection_init"}


def make_init(key: str | None) -> dict[str, Any]:
    return INIT | {"payload": {"Authorization": f"Bearer {key}"}}


@pytest.mark.parametrize(
    "payload",
    [None, {}, {"Authorization": "Bearer jsk_wrong"}, {"Authorization": 5}, {"Authorization": ["Bearer x"]}],
    ids=["none", "empty", "wrong", "a number", "a list"],
)
def test_socket_without_a_valid_key_is_closed_with_4403(api: Api, payload: Any) -> None:
    with open_socket(api, init=False) as live:
        live.send(INIT if payload is None else INIT | {"payload": payload})
        assert live.close_code() == 4403


def test_key_is_accepted_in_the_handshake_and_in_lower_case(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.key}"}
    with connect(api.socket_url, subprotocols=[PROTOCOL], additional_headers=headers, **SOCKET_OPTIONS) as handshake:
        handshake.send('{"type": "connection_init"}')
        assert handshake.recv(timeout=STALLED_SECONDS) == '{"type":"connection_ack"}'
    with open_socket(api, init=False) as live:
        live.send(INIT | {"payload": {"authorization": f"bearer {api.key}"}})
        assert live.receive() == {"type": "connection_ack"}


BAD_FRAMES = {
    "no JSON": "{",
    "nothing": "",
    "NaN": '{"type": "ping", "payload": NaN}',
    "bytes": b'{"type": "ping"}',
    "null": "null",
    "a list": "[]",
    "a number": "5",
    "a text": '"ping"',
    "no type": "{}",
    "a type that is a number": {"type": 5},
    "an unknown type": {"type": "start"},
    "a subscription without an id": {"type": "subscribe", "payload": VIEWER},
    "a subscription with an empty id": {"type": "subscribe", "id": "", "payload": VIEWER},
    "a subscription with a number as id": {"type": "subscribe", "id": 1, "payload": VIEWER},
    "a subscription without a payload": {"type": "subscribe", "id": "1"},
    "a payload that is a text": {"type": "subscribe", "id": "1", "payload": "{ viewer { name } }"},
    "a payload without a query": {"type": "subscribe", "id": "1", "payload": {}},
    "a query that is a number": {"type": "subscribe", "id": "1", "payload": {"query": 5}},
    "variables that are a list": {"type": "subscribe", "id": "1", "payload": VIEWER | {"variables": []}},
    "an operation's name that is a number": {"type": "subscribe", "id": "1", "payload": VIEWER | {"operationName": 5}},
    "a completion without an id": {"type": "complete"},
}


@pytest.mark.parametrize("frame", BAD_FRAMES.values(), ids=BAD_FRAMES)
def test_frame_that_is_no_message_closes_with_4400(api: Api, frame: Any) -> None:
    with open_socket(api) as live:
        live.send(frame)
        assert live.close_code() == 4400


@pytest.mark.parametrize("payload", ["x", 5, [], True])
def test_init_payload_that_is_no_object_closes_with_4400(api: Api, payload: Any) -> None:
    with open_socket(api, init=False) as live:
        live.send(INIT | {"payload": payload})
        assert live.close_code() == 4400


def test_operation_before_connection_init_closes_with_4401(api: Api) -> None:
    with open_socket(api, init=False) as live:
        live.send({"type": "subscribe", "id": "1", "payload": VIEWER})
        assert live.close_code() == 4401


def test_second_connection_init_closes_with_4429(api: Api) -> None:
    with open_socket(api) as live:
        live.send(make_init(api.key))
        assert live.close_code() == 4429


def test_operation_id_in_use_closes_with_4409(api: Api) -> None:
    judge = make_judge(api)
    with open_socket(api) as live:
        live.subscribe("FeedbackSummaryChanged", judgeId=judge["id"])
        live.next()
        live.subscribe("FeedbackSummaryChanged", judgeId=judge["id"])
        assert live.close_code() == 4409


def test_other_subprotocol_is_rejected(api: Api) -> None:
    with connect(api.socket_url, **SOCKET_OPTIONS) as connection:
        with pytest.raises(ConnectionClosed) as closed:
            connection.recv(timeout=STALLED_SECONDS)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4406


def test_page_of_another_origin_cannot_open_a_socket(api: Api) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(api.socket_url, subprotocols=[PROTOCOL], origin=Origin("https://evil.example"), **SOCKET_OPTIONS),
    ):
        pass
    assert refused.value.response.status_code == 403


FOLLOW = "subscription ($id: ID!) { trainingJobStatus(jobId: $id) { cursor } }"
BAD_OPERATIONS = {
    "a syntax error": ({"query": "{ viewer"}, "BAD_REQUEST"),
    "nothing": ({"query": ""}, "BAD_REQUEST"),
    "an unknown field": ({"query": "subscription { secret }"}, "BAD_REQUEST"),
    "an unknown operation": (VIEWER | {"operationName": "Other"}, "BAD_REQUEST"),
    "several operations": ({"query": "query A { viewer { id } } query B { viewer { id } }"}, "BAD_REQUEST"),
    "a missing variable": ({"query": FOLLOW}, "BAD_REQUEST"),
    "a wrong variable": ({"query": FOLLOW, "variables": {"id": [1]}}, "BAD_REQUEST"),
    "an unknown job": ({"query": 'subscription { trainingJobStatus(jobId: "job_x") { cursor } }'}, "NOT_FOUND"),
    "an unknown judge": ({"query": 'subscription { trainingJobActivity(judgeId: "jdg_x") { cursor } }'}, "NOT_FOUND"),
    "a broken cursor": ({"query": 'subscription { trainingJobActivity(after: "x") { cursor } }'}, "INVALID"),
    "too many tokens": ({"query": "{" + " __typename" * 3000 + "}"}, "LIMIT_EXCEEDED"),
    "too many aliases": ({"query": "{" + "".join(f" a{n}: __typename" for n in range(99)) + "}"}, "LIMIT_EXCEEDED"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_OPERATIONS.values(), ids=BAD_OPERATIONS)
def test_invalid_operation_fails_alone_and_the_socket_stays_open(api: Api, case: tuple[dict[str, Any], str]) -> None:
    payload, code = case
    with open_socket(api) as live:
        live.send({"type": "subscribe", "id": "bad", "payload": payload})
        message = live.receive()
        assert (message["id"], message["type"]) == ("bad", "error")
        assert [error["extensions"]["code"] for error in message["payload"]] == [code]
        live.send({"type": "subscribe", "id": "bad", "payload": VIEWER})  # the id is free again
        assert live.receive()["payload"] == {"data": {"viewer": {"name": "ann"}}}
        assert live.receive() == {"type": "complete", "id": "bad"}


@pytest.mark.parametrize("how", ["revoked_at = 1", "expires_at = 1", "role = 'viewer'"])
def test_key_that_becomes_invalid_closes_its_sockets_with_4401(quiet_server: Server, enter: Enter, how: str) -> None:
    admin = enter(quiet_server, workspace=f"revoked: {how}")
    viewer = enter(quiet_server, workspace=f"revoked: {how}", role=Role.ANNOTATOR, user="vic")
    judge = make_judge(admin)
    add_corrected_evaluations(admin, judge, range(1))
    with open_socket(viewer) as following, open_socket(viewer) as idle:
        following.subscribe("FeedbackSummaryChanged", judgeId=judge["id"])
        following.next()
        update_key(quiet_server, viewer.key, how)
        assert viewer.send("Viewer").status_code == (200 if "role" in how else 401)
        code = None
        for number in count(1):  # results may still be sent until the next check of the key
            submit_feedback(
                admin, judge, [make_feedback(0, "COMMENT", externalId=f"more {number}", comment="Still there?")]
            )
            try:
                following.receive()
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else None
                break
        assert code == 4401
        assert idle.close_code() == 4401


def test_socket_executes_queries_and_mutations_with_the_role_of_the_key(quiet_server: Server, enter: Enter) -> None:
    viewer = enter(quiet_server, role=Role.VIEWER)
    with open_socket(viewer) as live:
        live.subscribe("CreateJudge", input={"name": "J", "criteria": [{"name": "C"}]})
        message = live.receive()
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        assert [error["extensions"]["code"] for error in errors] == ["FORBIDDEN"]


def test_ping_gets_pong_and_unknown_completions_are_ignored(api: Api) -> None:
    with open_socket(api) as live:
        live.send({"type": "pong"})
        live.send({"type": "complete", "id": "never"})
        live.send({"type": "ping", "payload": {"any": "thing"}})
        assert live.receive()["type"] == "pong"


def test_socket_carries_concurrent_operations_up_to_its_limit(data_dir: Any) -> None:
    with run_server(data_dir, "--no-runner", max_subscriptions="3", max_frame_bytes="20000") as server:
        api = Api(server.url, make_key(server, workspace="small"))
        with api.http:
            judge = make_judge(api)
            with open_socket(api) as live:
                for id_ in "abc":
                    live.subscribe("FeedbackSummaryChanged", id_, judgeId=judge["id"])
                    live.next(id_)
                live.subscribe("FeedbackSummaryChanged", "d", judgeId=judge["id"])
                refused = live.receive()
                assert (refused["id"], refused["type"]) == ("d", "error")
                assert [error["extensions"]["code"] for error in refused["payload"]] == ["LIMIT_EXCEEDED"]
                live.send({"type": "complete", "id": "b"})
                live.subscribe("FeedbackSummaryChanged", "d", judgeId=judge["id"])
                live.next("d")
            with open_socket(api) as live:
                live.send({"type": "ping", "payload": {"text": "x" * 20_000}})
                assert live.close_code() == 1009


def test_finished_job_is_replayed_from_any_cursor_and_completes(api: Api) -> None:
    judge = make_judge(api)
    add_corrected_evaluations(api, judge, range(20))
    job = create_job(api, judge)
    api.run("CancelTrainingJob", input={"jobId": job["id"]})
    with open_socket(api) as live:
        live.subscribe("TrainingJobStatus", jobId=job["id"])
        updates = list(live.results())
        assert updates[-1]["trainingJob"]["status"] == "CANCELLED"
        live.subscribe("TrainingJobStatus", jobId=job["id"], after=updates[-1]["cursor"])
        assert list(live.results()) == []
