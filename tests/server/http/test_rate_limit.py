"""Tests of the rate limit per key and its response headers."""

import re
from collections.abc import Iterator

import httpx
import pytest

from models.access import Role
from server.http.rate_limit import check_rate
from tests.server.api import Api, fetch, get_errors, open_socket
from tests.server.conftest import Enter
from tests.server.processes import Server, run_command, run_server

QUOTA = 5
VIEWER = {"query": "{ viewer { name } }"}


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server that allows five requests per key and hour."""
    with run_server(tmp_path_factory.mktemp("limited"), "--no-runner", rate_limit=f"{QUOTA}/hour") as started:
        yield started


def get_remaining(answer: httpx.Response) -> int:
    """Return the number of remaining requests from the headers of the IETF draft."""
    assert answer.headers["ratelimit-policy"] == f'"key";q={QUOTA};w=3600'
    found = re.fullmatch(r'"key";r=(\d+);t=(\d+)', answer.headers["ratelimit"])
    assert found is not None
    assert 1 <= int(found[2]) <= 7200
    return int(found[1])


def test_response_reports_remaining_requests_until_429(limited: Server, enter: Enter) -> None:
    api = enter(limited)
    assert [get_remaining(api.post(VIEWER["query"])) for _ in range(QUOTA)] == [4, 3, 2, 1, 0]
    for accept, media in (("application/json", "application/json"), ("application/graphql-response+json",) * 2):
        refused = api.http.post("/graphql", json=VIEWER, headers={"accept": accept})
        assert (refused.status_code, get_remaining(refused)) == (429, 0)
        assert refused.headers["content-type"].startswith(media)
        assert int(refused.headers["retry-after"]) >= 1
        assert get_errors(refused)[0]["extensions"]["code"] == "LIMIT_EXCEEDED"
    rest = api.http.get("/training/jobs/job_x")
    assert (rest.status_code, rest.json()["error"]["code"], get_remaining(rest)) == (429, "LIMIT_EXCEEDED", 0)


def test_each_key_has_its_own_quota(limited: Server, enter: Enter) -> None:
    one = enter(limited, workspace="shared", role=Role.VIEWER)
    other = enter(limited, workspace="shared", role=Role.VIEWER)
    for _ in range(QUOTA + 1):
        refused = one.http.post("/graphql", json=VIEWER)
    assert refused.status_code == 429
    assert other.http.post("/graphql", json=VIEWER).status_code == 200


def test_socket_operation_counts_as_a_request(limited: Server, enter: Enter) -> None:
    api = enter(limited)
    with open_socket(api) as live:
        for number in range(QUOTA):
            live.send({"type": "subscribe", "id": str(number), "payload": VIEWER})
            assert [live.receive()["type"] for _ in range(2)] == ["next", "complete"]
        live.send({"type": "subscribe", "id": "more", "payload": VIEWER})
        refused = live.receive()
        assert (refused["id"], refused["type"]) == ("more", "error")
        assert refused["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
        live.send({"type": "ping"})
        assert live.receive() == {"type": "pong"}
    assert api.http.post("/graphql", json=VIEWER).status_code == 429


def test_invalid_key_gets_401_and_is_not_counted(limited: Server) -> None:
    wrong = Api(limited.url, "jsk_wrong")
    with wrong.http:
        assert {wrong.http.post("/graphql", json=VIEWER).status_code for _ in range(QUOTA + 3)} == {401}
    assert fetch(f"{limited.url}/healthz").headers.get("ratelimit") is None


def test_requests_are_not_limited_by_default(api: Api) -> None:
    answer = api.post(VIEWER["query"])
    assert not {"ratelimit", "ratelimit-policy"} & set(answer.headers)


def test_invalid_rate_is_reported_at_startup() -> None:
    finished = run_command("serve", rate_limit="often")
    assert finished.returncode == 2
    assert "rate_limit" in finished.stderr
    assert "600/minute" in finished.stderr
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize("text", ["", "5", "0/minute", "-1/minute", "5/fortnight", "5/second;50/minute"])
def test_rate_is_a_number_per_period(text: str) -> None:
    with pytest.raises(ValueError, match="600/minute"):
        check_rate(text)
    assert check_rate("5 per 2 hours") == "5 per 2 hours"
