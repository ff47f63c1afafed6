"""Tests that invalid GraphQL requests are rejected with a code and reveal no internals."""

import json

import httpx
import pytest

from tests.server.api import Api, assert_nothing_leaks, fetch, get_errors
from tests.server.processes import Server

JSON = {"content-type": "application/json"}
VIEWER = "{ viewer { id } }"


def post_raw(api: Api, body: str | bytes, **headers: str) -> httpx.Response:
    return api.http.post("/graphql", content=body, headers=JSON | headers)


def get_code(answer: httpx.Response) -> str:
    (error,) = get_errors(answer)
    assert_nothing_leaks(answer)
    return str(error["extensions"]["code"])


def nest(opening: str, inner: str, closing: str, levels: int) -> str:
    return opening * levels + inner + closing * levels


TOO_LARGE = {
    "levels": "{ trainingJob(id: 1) " + nest("{ retryOf ", "{ id }", "}", 20) + "}",
    "a thousand levels": nest("{ a ", "{ id }", "}", 900),
    "levels through fragments": "{ trainingJob(id: 1) { ...A } } fragment A on TrainingJob "
    + nest("{ retryOf ", "{ ...B }", "}", 8)
    + " fragment B on TrainingJob "
    + nest("{ retryOf ", "{ id }", "}", 8),
    "aliases": "{" + " ".join(f"a{n}: viewer {{ id }}" for n in range(40)) + "}",
    "tokens": "{" + " __typename" * 2100 + "}",
    "a million tokens": "{" + " __typename" * 1_000_000 + "}",
    "lists in lists": "{ judges(first: " + nest("[", "1", "]", 950) + ") { totalCount } }",
    "objects in objects": "{ judges(first: " + nest("{a: ", "1", "}", 480) + ") { totalCount } }",
    "types in types": "query ($a: " + nest("[", "Int", "]", 950) + ") { viewer { id } }",
    "directives": "{ viewer { id" + " @skip(if: false)" * 20 + "} }",
    "objects asked for": "{ judges(first: 100) { nodes { trainingJobs(first: 100) { nodes { judge { id } } } } } }",
    "digits": "{ judges(first: " + "1" * 5000 + ") { totalCount } }",
}


@pytest.mark.parametrize("document", TOO_LARGE.values(), ids=TOO_LARGE)
def test_document_over_a_limit_is_rejected(api: Api, document: str) -> None:
    answer = api.post(document)
    assert answer.json().get("data") is None
    assert get_code(answer) == "LIMIT_EXCEEDED"


def test_largest_page_may_be_requested(api: Api) -> None:
    api.query("{ judges(first: 100) { nodes { id versions { nodes { id } } } } }")


BAD_DOCUMENTS = {
    "a word": "viewer",
    "nothing": "",
    "blanks": " \n ",
    "an open brace": "{ viewer { id }",
    "an unknown field": "{ secret }",
    "an unknown argument": "{ judges(last: 5) { totalCount } }",
    "no selection": "{ viewer }",
    "a missing argument": "{ judge { id } }",
    "an unknown fragment": "{ ...Gone }",
    "a circle of fragments": "{ ...A } fragment A on Query { ...A }",
    "an unknown type of a variable": "query ($a: Nothing) { viewer { id } }",
    "only a fragment": "fragment A on Query { viewer { id } }",
    "a type definition": "type Query { a: Int }",
    "a mutation that is none": "mutation { dropEverything }",
    "an int beyond 32 bits": "{ judges(first: 99999999999) { totalCount } }",
    "a NUL": "{ viewer { id } }\x00",
}


@pytest.mark.parametrize("document", BAD_DOCUMENTS.values(), ids=BAD_DOCUMENTS)
def test_invalid_document_is_rejected(api: Api, document: str) -> None:
    answer = api.post(document)
    assert {error["extensions"]["code"] for error in get_errors(answer)} == {"BAD_REQUEST"}


BAD_BODIES: dict[str, tuple[str | bytes, int]] = {
    "no JSON": (b"{", 400),
    "nothing": (b"", 400),
    "another encoding": ('{"query": "{ viewer { name } }"}'.encode("utf-16"), 400),
    "bytes that are no text": (b'{"query": "\xff\xfe"}', 400),
    "a text": (b'"{ viewer { id } }"', 400),
    "a number": (b"5", 400),
    "null": (b"null", 400),
    "a list": (json.dumps([{"query": VIEWER}]).encode(), 400),
    "an empty list": (b"[]", 400),
    "no query": (b"{}", 400),
    "a query that is null": (b'{"query": null}', 400),
    "a query that is a number": (b'{"query": 5}', 400),
    "a query that is a list": (b'{"query": ["{ viewer { id } }"]}', 400),
    "variables that are a list": (json.dumps({"query": VIEWER, "variables": [1]}).encode(), 400),
    "variables that are a text": (json.dumps({"query": VIEWER, "variables": "{}"}).encode(), 400),
    "extensions that are a text": (json.dumps({"query": VIEWER, "extensions": "x"}).encode(), 400),
    "an operation's name that is a number": (json.dumps({"query": VIEWER, "operationName": 5}).encode(), 400),
    "ten thousand brackets": (b'{"query": "{ viewer { id } }", "variables": {"a": ' + b"[" * 10_000, 400),
    "levels of variables": (
        b'{"query": "{ viewer { id } }", "variables": {"a": ' + b"[" * 2000 + b"]" * 2000 + b"}}",
        400,
    ),
}


@pytest.mark.parametrize("case", BAD_BODIES.values(), ids=BAD_BODIES)
def test_invalid_body_is_rejected(api: Api, case: tuple[bytes, int]) -> None:
    body, status = case
    answer = post_raw(api, body)
    assert answer.status_code == status
    assert get_code(answer) == "BAD_REQUEST"


@pytest.mark.parametrize("media", ["text/plain", "application/graphql", "application/x-www-form-urlencoded", ""])
def test_only_json_is_accepted(api: Api, media: str) -> None:
    answer = post_raw(api, json.dumps({"query": VIEWER}), **{"content-type": media})
    assert 400 <= answer.status_code < 500
    assert get_code(answer) == "BAD_REQUEST"


def test_multipart_form_is_rejected(api: Api) -> None:
    form = {"operations": json.dumps({"query": VIEWER, "variables": {"f": None}}), "map": '{"0": ["variables.f"]}'}
    answer = api.http.post("/graphql", data=form, files={"0": b"x"})
    assert 400 <= answer.status_code < 500
    assert get_code(answer) == "BAD_REQUEST"


def test_get_executes_queries_but_not_mutations(api: Api) -> None:
    answer = api.http.get("/graphql", params={"query": VIEWER})
    assert answer.json()["data"]["viewer"]["id"]
    mutation = 'mutation { createJudge(input: {name: "J", criteria: [{name: "C"}]}) { judge { id } } }'
    answer = api.http.get("/graphql", params={"query": mutation})
    assert 400 <= answer.status_code < 500
    assert get_code(answer) == "BAD_REQUEST"
    assert api.run("Judges")["totalCount"] == 0


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_rejected(api: Api, method: str) -> None:
    answer = api.http.request(method, "/graphql", json={"query": VIEWER})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"
    assert get_code(answer) == "BAD_REQUEST"


def test_operation_is_selected_by_name(api: Api) -> None:
    two = "query A { viewer { id } } query B { viewer { name } }"
    assert set(api.post(two, operationName="B").json()["data"]["viewer"]) == {"name"}
    for more in ({"operationName": "C"}, {}, {"operationName": None}):
        answer = api.post(two, **more)
        assert answer.json().get("data") is None
        assert get_code(answer) == "BAD_REQUEST"


def test_post_does_not_execute_subscriptions(api: Api) -> None:
    answer = api.post('subscription { trainingJobStatus(jobId: "job_x") { cursor } }')
    assert answer.json().get("data") is None
    assert get_code(answer) == "BAD_REQUEST"


NEWER = "application/graphql-response+json"


@pytest.mark.parametrize(
    ("accept", "media", "status"),
    [
        ("application/json", "application/json", 200),
        ("*/*", "application/json", 200),
        (NEWER, NEWER, 400),
        (f"{NEWER}, application/json;q=0.9", NEWER, 400),
        (f"application/json, {NEWER};q=0.5", "application/json", 200),
    ],
)
def test_invalid_document_gets_400_in_the_graphql_response_type(api: Api, accept: str, media: str, status: int) -> None:
    answer = post_raw(api, json.dumps({"query": "{ secret }"}), accept=accept)
    assert answer.status_code == status
    assert answer.headers["content-type"] == f"{media}; charset=utf-8"
    assert "data" not in answer.json()
    fine = post_raw(api, json.dumps({"query": VIEWER}), accept=accept)
    assert (fine.status_code, fine.headers["content-type"]) == (200, f"{media}; charset=utf-8")


def test_browser_is_redirected_to_graphiql(quiet_server: Server) -> None:
    answer = fetch(f"{quiet_server.url}/graphql", {"accept": "text/html"})
    assert answer.status_code == 307
    assert answer.headers["location"] == "graphiql"
