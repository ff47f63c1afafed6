"""Tests of security headers, the Host check, CORS, and the masking of internal errors."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from server import errors
from server.http.headers import HostCheckMiddleware
from tests.server.api import PROTOCOL, SOCKET_OPTIONS, Api, assert_nothing_leaks, open_socket
from tests.server.processes import PROJECT_ROOT, Server, run_command, run_server
from tests.server.scenarios import make_judge
from tests.waiting import STALLED_SECONDS

PATHS = (
    "/",
    "/graphiql",
    "/graphql",
    "/static/none.js",
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/training/jobs/x",
    "/nothing",
)
FRIEND, FOE = "https://app.example.com", "https://evil.example"


def send_request(server: Server, path: str, method: str = "GET", **more: object) -> httpx.Response:
    return httpx.request(method, server.url + path, trust_env=False, timeout=STALLED_SECONDS, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", PATHS)
def test_every_response_has_the_security_headers(quiet_server: Server, path: str) -> None:
    headers = send_request(quiet_server, path).headers
    policy = dict(rule.partition(" ")[::2] for rule in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert "'unsafe-inline'" not in policy.get("script-src", "")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == ("no-cache" if path in ("/", "/graphiql") else "no-store")
    assert "server" not in headers
    assert not [name for name in headers if name.startswith("access-control-")]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/graphql", "/training/jobs", "/metrics"])
def test_request_for_an_unknown_host_is_rejected(quiet_server: Server, method: str, path: str) -> None:
    for name in ("evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example", "a b", "@"):
        answer = send_request(quiet_server, path, method, headers={"host": name})
        assert answer.status_code == 400, name
        assert answer.json()["error"]["code"] == "UNKNOWN_HOST"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_socket_for_an_unknown_host_is_rejected(quiet_server: Server) -> None:
    handshake = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-key": "MDEyMzQ1Njc4OWFiY2RlZg==",
        "sec-websocket-version": "13",
        "sec-websocket-protocol": PROTOCOL,
    }
    answer = send_request(quiet_server, "/graphql", headers={"host": "evil.example", **handshake})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "UNKNOWN_HOST")


def test_accepted_host_names() -> None:
    hosts = HostCheckMiddleware(lambda *_: None, ("judge.example.com", "*.internal.example"))  # type: ignore[arg-type, return-value]
    for name in (
        "127.0.0.1",
        "10.1.2.3:8000",
        "[::1]:8000",
        "localhost",
        "LOCALHOST:80",
        "judgesmith.localhost:1",
        "judge.example.com",
        "Judge.Example.com.:443",
        "a.internal.example",
    ):
        assert hosts.is_known_host(name), name
    for name in (
        "",
        "example.com",
        "x.judge.example.com",
        "internal.example",
        "judge.example.com@evil.example",
        "judge.example.com/x",
        "judge.example.com:x",
        "[::1",
        "1.2.3.4.evil.example",
        "localhostx",
    ):
        assert not hosts.is_known_host(name), name
    assert HostCheckMiddleware(lambda *_: None, ("*",)).is_known_host("any.example")  # type: ignore[arg-type, return-value]


def send_preflight(server: Server, origin: str, path: str = "/graphql") -> httpx.Response:
    preflight = {
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    return send_request(server, path, "OPTIONS", headers={"origin": origin} | preflight)


def test_cors_allows_only_the_configured_origins(quiet_server: Server, open_server: Server) -> None:
    for server, origin in ((quiet_server, FRIEND), (quiet_server, FOE), (open_server, FOE)):
        for path in ("/graphql", "/training/jobs"):
            response = send_preflight(server, origin, path)
            assert response.status_code >= 400
            assert "access-control-allow-origin" not in response.headers
        answer = send_request(server, "/healthz", headers={"origin": origin})
        assert "access-control-allow-origin" not in answer.headers
    friendly = send_preflight(open_server, FRIEND)
    assert friendly.status_code == 200
    assert friendly.headers["access-control-allow-origin"] == FRIEND
    assert "authorization" in friendly.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in friendly.headers
    answer = send_request(open_server, "/healthz", headers={"origin": FRIEND})
    assert answer.headers["access-control-allow-origin"] == FRIEND
    assert "Origin" in answer.headers["vary"]
    exposed = {name.strip().lower() for name in answer.headers["access-control-expose-headers"].split(",")}
    assert exposed >= {"location", "ratelimit", "ratelimit-policy", "retry-after"}


def test_sockets_open_for_configured_origins_and_the_own_origin(open_server: Server) -> None:
    address = open_server.url.replace("http", "ws") + "/graphql"
    for origin in (FRIEND, open_server.url):
        with connect(address, subprotocols=[PROTOCOL], origin=Origin(origin), **SOCKET_OPTIONS):
            pass
    for origin in (FOE, "null", "https://app.example.com.evil.example", "http://app.example.com"):
        with (
            pytest.raises(InvalidStatus) as refused,
            connect(address, subprotocols=[PROTOCOL], origin=Origin(origin), **SOCKET_OPTIONS),
        ):
            pass
        assert refused.value.response.status_code == 403, origin


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
@pytest.mark.parametrize("path", ["/graphql", "/training/jobs"])
def test_simple_cors_request_is_rejected(api: Api, path: str, media: str) -> None:
    body = json.dumps({"query": "mutation { __typename }", "judge_id": "jdg_x"})
    answer = api.http.post(path, content=body, headers={"content-type": media})
    assert answer.status_code in (400, 415)


def test_mutation_by_get_is_rejected(api: Api) -> None:
    make = 'mutation { createJudge(input: {name: "J", criteria: [{name: "C"}]}) { judge { id } } }'
    answer = api.http.get("/graphql", params={"query": make})
    assert answer.json()["errors"]
    assert "data" not in answer.json()
    assert api.run("Judges")["totalCount"] == 0


def test_invalid_origin_or_setting_is_reported_at_startup(tmp_path: Path) -> None:
    done = run_command("serve", "--data-dir", str(tmp_path), allowed_origins='["app.example.com/page"]')
    assert done.returncode == 2
    assert "JUDGESMITH_ALLOWED_ORIGINS" in done.stderr
    assert "no web origin" in done.stderr


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server that allows a web origin and a host name."""
    folder = tmp_path_factory.mktemp("open")
    with run_server(folder, "--no-runner", allowed_origins=json.dumps([FRIEND]), log_json="true") as started:
        yield started


SECRETS = ("SELECT", "INSERT", "Traceback", 'File "', "/site-packages", str(PROJECT_ROOT), "sqlalche.me", "[SQL:")


def find_log_line(server: Server, id_: str) -> str:
    """Return the only log line with an id."""
    lines = [line for line in server.log().splitlines() if id_ in line]
    assert len(lines) == 1, server.log()
    return lines[0]


@pytest.mark.parametrize("as_json", ["true", "false"])
def test_internal_error_reveals_only_its_log_id(data_dir: Path, as_json: str) -> None:
    with run_server(data_dir, "--no-runner", log_json=as_json) as server:
        api = Api(server.url, server.admin_key)
        with api.http:
            judge = make_judge(api)
            with closing(sqlite3.connect(data_dir / "judgesmith.sqlite")) as database:
                database.execute("ALTER TABLE judges RENAME TO gone")
            body = {"judge_id": judge["id"], "training_type": "validation", "training_config": {}}
            answers = [
                api.send("Judge", id=judge["id"]),
                api.send(
                    "CreateTrainingJob", input={"judgeId": "jdg_x", "trainingType": "VALIDATION", "trainingConfig": {}}
                ),
                api.http.post("/training/jobs", json=body),
            ]
            with open_socket(api) as live:
                live.subscribe("FeedbackSummaryChanged", judgeId=judge["id"])
                frames = [json.dumps(live.receive())]
            for answer in answers:
                assert_nothing_leaks(answer)
                assert answer.headers["x-content-type-options"] == "nosniff"
            assert answers[2].status_code == 500
            assert answers[2].json()["error"]["code"] == "INTERNAL"
            for text in [answer.text for answer in answers] + frames:
                ids = set(re.findall(r"err_[0-9a-z]{26}", text))
                assert len(ids) == 1, text
                line = find_log_line(server, ids.pop())
                assert "OperationalError" in line
                assert re.search(r"(store|resolvers|runner)\.\w+\.\w+:\d+", line), line
            with closing(sqlite3.connect(data_dir / "judgesmith.sqlite")) as database:
                database.execute("ALTER TABLE workspaces RENAME TO gone_too")
            assert send_request(server, "/readyz").status_code == 503
        log = server.log()
        for word in (*SECRETS, server.admin_key, str(data_dir)):
            assert word not in log, word


async def test_405_lists_all_allowed_methods() -> None:
    def answer(_: Request) -> Response:
        return Response()

    routes = [Route("/x/{id}", answer, methods=["POST"]), Route("/x/{id}", answer, methods=["GET"])]
    app = Starlette(routes=routes, exception_handlers={HTTPException: errors.handle_http_exception})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        refused = await client.delete("/x/1")
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, POST")
        assert refused.json()["error"]["code"] == "METHOD_NOT_ALLOWED"
        assert (await client.get("/x/1")).status_code == 200


@pytest.mark.parametrize(
    ("kind", "first", "last"),
    [
        ("http", None, "http.response.body"),
        ("http", "http.response.start", "http.response.start"),
        ("websocket", "websocket.accept", "websocket.close"),
    ],
    ids=["nothing was sent yet", "an answer had begun", "a socket was open"],
)
async def test_unexpected_exception_is_masked_everywhere(kind: str, first: str | None, last: str) -> None:
    sent: list[Message] = []

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        if first is not None:
            await send({"type": first})
        raise LookupError("SELECT secret")

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    await errors.ErrorMaskingMiddleware(app)({"type": kind}, receive, send)
    assert sent[-1]["type"] == last
    assert "secret" not in str(sent)
    if first is None:
        assert sent[0]["status"] == 500
        assert b"err_" in sent[1]["body"]
    if kind == "websocket":
        assert sent[-1]["code"] == 1011
