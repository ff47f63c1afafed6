"""Tests that each limit has a setting, on a server with small limits."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.server.api import Api, assert_nothing_leaks, get_errors, open_socket
from tests.server.conftest import Enter
from tests.server.processes import Server, run_server

SETTINGS = {
    "max_body_bytes": 5_000, "max_frame_bytes": 4_000, "max_values": 80, "max_list": 5, "max_batch": 2, "max_page": 150,
    "max_characters": 600, "max_tokens": 80, "max_depth": 4, "max_aliases": 2, "max_directives": 1, "max_cost": 500,
}  # fmt: skip
MAKE = 'mutation ($c: [CriterionInput!]!) { createJudge(input: {name: "J", criteria: $c}) { judge { id } } }'
SUBMIT = "mutation ($i: SubmitFeedbackInput!) { submitFeedback(input: $i) { userErrors { code message } } }"


@pytest.fixture(scope="module")
def tight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server with small limits."""
    settings = {name: str(value) for name, value in SETTINGS.items()}
    with run_server(tmp_path_factory.mktemp("tight"), "--no-runner", **settings) as started:
        yield started


@pytest.fixture
def api(tight: Server, enter: Enter) -> Api:
    return enter(tight)


CASES: dict[str, tuple[str, dict[str, Any], int, str]] = {
    "bytes": ("{ viewer { id } }", {"a": "x" * 5_000}, 413, "body is larger"),
    "values": ("{ viewer { id } }", {"a": [[]] * 50}, 413, "more than 80 values"),
    "items of a list": (MAKE, {"c": [{"name": "C"}] * 6}, 200, "a list of more than 5 items"),
    "characters": ("{ viewer { id } } #" + "x" * 600, {}, 200, "619 characters; the limit is 600"),
    "tokens": ("{" + " a" * 80 + "}", {}, 200, "more than 80 tokens"),
    "levels": ("{ trainingJob(id: 1) { retryOf { retryOf { retryOf { id } } } } }", {}, 200, "5 levels deep"),
    "aliases": ("{ a: __typename b: __typename c: __typename }", {}, 200, "3 aliases; the limit is 2"),
    "directives": ("{ viewer { id @skip(if: false) name @skip(if: false) } }", {}, 200, "2 directives; the limit is 1"),
    "objects": ("{ judges(first: 150) { nodes { criteria { id } } edges { node { id } } } }", {}, 200, "limit is 500"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_request_over_a_limit_is_rejected(api: Api, case: tuple[str, dict[str, Any], int, str]) -> None:
    query, variables, status, words = case
    answer = api.http.post("/graphql", json={"query": query, "variables": variables})
    assert_nothing_leaks(answer)
    assert answer.status_code == status
    (error,) = get_errors(answer)
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert words in error["message"]


def test_batch_over_the_limit_is_rejected(api: Api) -> None:
    items = [{"evaluationExternalId": "e", "type": "COMMENT", "comment": "c", "submittedBy": "b"}]
    found = api.query(SUBMIT, i={"judgeId": "jdg_x", "feedback": items * 3})["submitFeedback"]["userErrors"]
    assert [(error["code"], "at most 2" in error["message"]) for error in found] == [("LIMIT_EXCEEDED", True)]


@pytest.mark.parametrize(("first", "fine"), [(150, True), (151, False)])
def test_page_over_the_limit_is_rejected(api: Api, first: int, fine: bool) -> None:
    answer = api.post("query ($n: Int) { judges(first: $n) { totalCount } }", {"n": first})
    if fine:
        assert answer.json() == {"data": {"judges": {"totalCount": 0}}}
    else:
        (error,) = get_errors(answer)
        assert (error["message"], error["extensions"]["code"]) == ("first must be 1 to 150, not 151.", "INVALID")


def test_frame_with_too_many_bytes_or_values_is_rejected(api: Api) -> None:
    with open_socket(api) as live:
        live.send({"type": "ping", "payload": {"a": "x" * 4_000}})
        assert live.close_code() == 1009
    with open_socket(api) as live:
        live.send({"type": "ping", "payload": {"a": [[]] * 50}})
        assert live.close_code() == 4400
