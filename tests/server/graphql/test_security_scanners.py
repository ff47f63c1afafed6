"""Tests for the vulnerabilities that GraphQL scanners such as graphql-cop look for."""

import json
from typing import Any

import httpx
import pytest

from tests.server.api import Api, assert_nothing_leaks, fetch, get_errors
from tests.server.processes import Server

TYPENAME = "query { __typename }"
MUTATION = "mutation { __typename }"


def assert_rejected(answer: httpx.Response, *statuses: int) -> str:
    """Return the errors of a request and assert that nothing was executed."""
    assert_nothing_leaks(answer)
    assert answer.status_code in (statuses or (200,))
    assert answer.json().get("data") is None
    return str(get_errors(answer)[0]["message"])


OVERLOADED = {
    "aliases": "query { " + " ".join(f"alias{n}: __typename" for n in range(101)) + " }",
    "the same field": "query { " + "__typename \n" * 500 + "}",
    "directives": "query { __typename " + "@aa" * 10 + " }",
    "circles of fragments": "query { __schema { ...A } } fragment A on __Schema { __typename ...B } "
    "fragment B on __Schema { ...A }",
    "circles of introspection": "query { __schema { types { fields { type { fields { type { fields { type { fields "
    "{ type { name } } } } } } } } } } }",
}  # fmt: skip


@pytest.mark.parametrize("document", OVERLOADED.values(), ids=OVERLOADED)
def test_overloaded_document_is_rejected(api: Api, document: str) -> None:
    assert assert_rejected(api.post(document))


@pytest.mark.parametrize("count", [0, 1, 2, 10, 10_000])
def test_batched_operations_are_rejected(api: Api, count: int) -> None:
    message = assert_rejected(api.http.post("/graphql", json=[{"query": TYPENAME}] * count), 400)
    assert message == "Batching is not enabled"


@pytest.mark.parametrize(
    "media",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/graphql", ""],
)
def test_request_without_cors_preflight_is_rejected(api: Api, media: str) -> None:
    for body in (json.dumps({"query": TYPENAME}), f"query={TYPENAME}"):
        answer = api.http.post("/graphql", content=body, headers={"content-type": media})
        assert "application/json" in assert_rejected(answer, 415)
    if media not in ("application/graphql", ""):
        answer = api.http.get("/graphql", params={"query": TYPENAME}, headers={"content-type": media})
        assert "GET request" in assert_rejected(answer, 400)


def test_query_in_the_url_of_a_post_is_rejected(api: Api) -> None:
    assert assert_rejected(api.http.post("/graphql", params={"query": TYPENAME}), 415)


@pytest.mark.parametrize("more", [{}, {"operationName": "B"}])
def test_mutation_by_get_is_rejected_under_any_operation_name(api: Api, more: dict[str, str]) -> None:
    document = "query A { __typename } mutation B { __typename }" if more else MUTATION
    assert assert_rejected(api.http.get("/graphql", params={"query": document} | more), 400)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE"])
def test_other_methods_are_rejected_without_effect(api: Api, method: str) -> None:
    answer = api.http.request(method, "/graphql", params={"query": TYPENAME})
    assert answer.status_code == 405


@pytest.mark.parametrize("document", ["qwerty cop { abc }", TYPENAME, "query { secret }"])
def test_response_holds_no_trace_or_exception(api: Api, document: str) -> None:
    answer = api.post(document)
    text = answer.text.lower()
    assert not any(word in text for word in ("stack", "tracing", "exception", "debug", "site-packages"))
    assert set(answer.json()) <= {"data", "errors"}
    for error in answer.json().get("errors", ()):
        assert set(error) <= {"message", "locations", "path", "extensions"}
        assert set(error["extensions"]) <= {"code", "field", "id"}


@pytest.mark.parametrize("path", ["playground", "console", "altair", "voyager", "graphql/console", "v1/graphql"])
def test_only_our_graphiql_is_served(quiet_server: Server, path: str) -> None:
    assert fetch(f"{quiet_server.url}/{path}").status_code == 404


@pytest.mark.parametrize("accept", ["multipart/mixed;deferSpec=20220824, application/json", "multipart/mixed"])
def test_defer_is_not_supported(api: Api, accept: str) -> None:
    document = {"query": "{ ... @defer { viewer { name } } }"}
    answer = api.http.post("/graphql", json=document, headers={"accept": accept})
    assert "defer" in assert_rejected(answer)


HOSTILE: dict[str, Any] = {
    "SQL": "' OR 1=1; DROP TABLE judges; --",
    "a template": "{{7*7}}${7*7}#{7*7}",
    "a path": "../../../../etc/passwd",
    "a script": "<script>alert(1)</script>",
    "a NUL": "a\x00b",
    "a lone surrogate": "\ud800",
    "right to left": "\u202egpj.exe",
    "a format": "%s%s%n{0.__class__}",
    "a line end": "a\r\nSet-Cookie: x=1",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_are_stored_as_text(api: Api, text: str) -> None:
    document = "query ($id: ID!) { node(id: $id) { id } judge(id: $id) { id } }"
    body = json.dumps({"query": document, "variables": {"id": text}}).encode()
    answer = api.http.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert_nothing_leaks(answer)
    assert answer.status_code in (200, 400)
    assert answer.json().get("data") in (None, {"node": None, "judge": None})
