"""Tests of persisted documents, and of a server that executes no others."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import build_schema, parse, validate

from cli.client import documents
from server.persisted_documents import FORMER_MANIFEST, PersistedDocuments, digest, load_known_documents
from tests.server.api import Api, Data, assert_nothing_leaks, get_errors, open_socket
from tests.server.conftest import Enter
from tests.server.processes import Server, run_command, run_server

OWN = "query OfOurs { viewer { role } }"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server that executes known documents only, without introspection and suggestions."""
    folder = tmp_path_factory.mktemp("closed")
    more = folder / "more.json"
    more.write_text(json.dumps({digest(OWN): OWN}))
    settings = {"persisted_documents": str(more), "introspection": "false", "suggestions": "false"}
    with run_server(folder / "data", "--no-runner", "--only-persisted", **settings) as started:
        yield started


def send_hash(api: Api, hash_: Any, accept: str = "application/json", **more: Any) -> httpx.Response:
    """Send a document's hash in place of its text.

    Args:
        api: client to use.
        hash_: the hash.
        accept: Accept header.
        more: further members of the request.
    """
    body = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash_}}} | more
    answer = api.http.post("/graphql", json=body, headers={"accept": accept})
    assert_nothing_leaks(answer)
    return answer


def get_code(answer: httpx.Response | Data) -> str:
    (error,) = get_errors(answer) if isinstance(answer, httpx.Response) else answer["payload"]
    return str(error["extensions"]["code"])


def test_bundled_documents_are_known_by_hash(api: Api) -> None:
    answer = send_hash(api, digest(documents.load("Viewer")))
    assert answer.json()["data"]["viewer"]["name"] == "ann"


def test_hash_is_accepted_by_get(api: Api) -> None:
    extensions = json.dumps({"persistedQuery": {"version": 1, "sha256Hash": digest(documents.load("Viewer"))}})
    answer = api.http.get("/graphql", params={"operationName": "Viewer", "extensions": extensions})
    assert answer.json()["data"]["viewer"]["name"] == "ann"


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
def test_unknown_hash_is_learned_when_the_text_is_sent(api: Api, accept: str) -> None:
    query = f"query Only {{ viewer {{ name }} }} # {accept}"
    first = send_hash(api, digest(query), accept)
    assert (first.status_code, get_code(first)) == (200, "PERSISTED_QUERY_NOT_FOUND")
    assert get_errors(first)[0]["message"] == "PersistedQueryNotFound"  # clients recognize this message
    assert send_hash(api, digest(query), accept, query=query).json() == {"data": {"viewer": {"name": "ann"}}}
    assert send_hash(api, digest(query), accept).json() == {"data": {"viewer": {"name": "ann"}}}


def test_text_that_does_not_match_its_hash_is_rejected(api: Api) -> None:
    honest, other = "{ viewer { name } } # honest", "{ viewer { id } } # other"
    assert get_code(send_hash(api, digest(honest), query=other)) == "BAD_REQUEST"
    assert get_code(send_hash(api, digest(honest))) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize("hash_", [5, None, ["x"], {}])
def test_invalid_hash_is_a_request_without_a_document(api: Api, hash_: Any) -> None:
    answer = send_hash(api, hash_)
    assert (answer.status_code, get_code(answer)) == (400, "BAD_REQUEST")


def test_socket_accepts_hashes(api: Api) -> None:
    with open_socket(api) as live:
        for hash_ in (digest(documents.load("Viewer")), digest("never seen")):
            extensions = {"persistedQuery": {"version": 1, "sha256Hash": hash_}}
            payload = {"query": "", "operationName": "Viewer", "extensions": extensions}
            live.send({"type": "subscribe", "id": "1", "payload": payload})
            message = live.receive()
            if message["type"] == "error":
                break
            assert message["payload"]["data"]["viewer"]["name"] == "ann"
            assert live.receive() == {"type": "complete", "id": "1"}
        assert (message["id"], get_code(message)) == ("1", "PERSISTED_QUERY_NOT_FOUND")


def test_restricted_server_executes_known_documents(closed: Server, enter: Enter) -> None:
    api = enter(closed)
    assert api.run("Viewer")["name"] == "ann"
    assert send_hash(api, digest(OWN)).json() == {"data": {"viewer": {"role": "ADMIN"}}}
    assert api.query(OWN) == {"viewer": {"role": "ADMIN"}}
    with open_socket(api) as live:
        live.subscribe("Viewer")
        assert live.next()["name"] == "ann"


@pytest.mark.parametrize("query", ["{ viewer { name } }", "{ __typename }", "{ __schema { types { name } } }", "{"])
def test_restricted_server_rejects_other_documents(closed: Server, enter: Enter, query: str) -> None:
    api = enter(closed)
    assert get_code(api.post(query)) == "PERSISTED_QUERY_NOT_IN_LIST"
    assert get_code(send_hash(api, digest(query))) == "PERSISTED_QUERY_NOT_FOUND"
    assert get_code(send_hash(api, digest(query), query=query)) == "PERSISTED_QUERY_NOT_IN_LIST"
    assert get_code(send_hash(api, digest(query))) == "PERSISTED_QUERY_NOT_FOUND"
    assert send_hash(api, None, "application/graphql-response+json", query=query).status_code == 400
    answer = api.http.get("/graphql", params={"query": query})
    assert get_code(answer) == "PERSISTED_QUERY_NOT_IN_LIST"
    with open_socket(api) as live:
        live.send({"type": "subscribe", "id": "1", "payload": {"query": query}})
        assert get_code(live.receive()) == "PERSISTED_QUERY_NOT_IN_LIST"


def test_memory_of_learned_documents_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.persisted_documents.MAX_LEARNED_CHARACTERS", 1_000)
    persisted = PersistedDocuments({})
    texts = [f"{{ viewer {{ name }} }} # {number:0300}" for number in range(5)]
    for text in texts:
        persisted.resolve_text(text, {"persistedQuery": {"sha256Hash": digest(text)}})
    assert [persisted._learned.get(digest(text)) is not None for text in texts] == [False, False, True, True, True]


def test_document_list_is_checked_at_startup(tmp_path: Path) -> None:
    for text, why in (("[]", "is not a valid list of persisted documents"), ('{"ab": "{ a }"}', "is not the SHA-256")):
        path = tmp_path / "list.json"
        path.write_text(text)
        with pytest.raises(ValueError, match=why):
            load_known_documents(path)
        finished = run_command(
            "serve", "--port", "0", "--data-dir", str(tmp_path / "data"), persisted_documents=str(path)
        )
        assert finished.returncode != 0
        assert why in finished.stderr
        assert "Traceback" not in finished.stderr
    with pytest.raises(ValueError, match=r"gone\.json"):
        load_known_documents(tmp_path / "gone.json")


@pytest.mark.parametrize("text", json.loads(FORMER_MANIFEST.read_text(encoding="utf-8")).values())
def test_documents_of_earlier_releases_stay_valid(text: str) -> None:
    schema = build_schema((documents.FOLDER.parent / "schema" / "schema.graphql").read_text(encoding="utf-8"))
    assert validate(schema, parse(text)) == []


def test_documents_of_earlier_releases_are_known_by_hash() -> None:
    former = json.loads(FORMER_MANIFEST.read_text(encoding="utf-8"))
    known = load_known_documents()
    assert all(known[hash_] == text for hash_, text in former.items())
