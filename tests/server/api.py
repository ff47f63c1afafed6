"""A client that speaks to a server as frontends do, and hides nothing: what a test sends is what goes over the wire."""

import json
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from cli.client import documents
from tests.server.processes import HOME as FOLDER

Data = dict[str, Any]
HOME = str(FOLDER)
PROTOCOL = Subprotocol("graphql-transport-ws")
PATIENCE = 60  # seconds after which a stream that says nothing is a failure, not slowness


class Api:
    """One key at one server."""

    def __init__(self, url: str, key: str | None) -> None:
        self.url = url
        self.socket_url = url.replace("http://", "ws://") + "/graphql"
        self.key = key
        headers = {"authorization": f"Bearer {key}"} if key is not None else {}
        self.http = httpx.Client(base_url=url, headers=headers, timeout=PATIENCE, trust_env=False)
        weakref.finalize(self, self.http.close)

    def post(self, query: str, variables: Data | None = None, **more: Any) -> httpx.Response:
        """Send a document of the test's own."""
        answer = self.http.post("/graphql", json={"query": query, "variables": variables or {}} | more)
        assert_nothing_leaks(answer)
        return answer

    def send(self, name: str, **variables: Any) -> httpx.Response:
        """Send an operation of `frontend-queries/`."""
        return self.post(documents.load(name), variables, operationName=name)

    def run(self, name: str, **variables: Any) -> Any:
        """What an operation's one field gives; there must be no errors and no user errors."""
        found = self.payload(name, **variables)
        if isinstance(found, dict):
            assert found.get("userErrors", []) == []
        return found

    def payload(self, name: str, **variables: Any) -> Any:
        """What an operation's one field gives, user errors and all; there must be no errors."""
        body = self.send(name, **variables).json()
        assert "errors" not in body, body["errors"]
        (found,) = body["data"].values()
        return found

    def user_errors(self, name: str, **variables: Any) -> list[Data]:
        """Why a mutation refused something."""
        errors: list[Data] = self.payload(name, **variables)["userErrors"]
        assert errors
        return errors

    def errors(self, name: str, **variables: Any) -> list[Data]:
        """Why an operation was refused as a whole; each error has a code."""
        return errors_of(self.send(name, **variables))

    def ask(self, query: str, **variables: Any) -> Data:
        """The data of a document of the test's own; there must be no errors."""
        body = self.post(query, variables).json()
        assert "errors" not in body, body["errors"]
        data: Data = body["data"]
        return data


def paged(fetch: Callable[[str | None], Data]) -> list[Data]:
    """All pages of a connection, each fetched after the end of the one before."""
    pages = [fetch(None)]
    while pages[-1]["pageInfo"]["hasNextPage"]:
        pages.append(fetch(pages[-1]["pageInfo"]["endCursor"]))
    return pages


def assert_nothing_leaks(answer: httpx.Response) -> None:
    """No stack, no SQL, no object and no path of the server's in what a client is told."""
    for word in ("Traceback", "SELECT ", "INSERT ", "sqlalchemy", "sqlite", "asyncpg", "object at 0x", ".py", HOME):
        assert word not in answer.text


def errors_of(answer: httpx.Response) -> list[Data]:
    """The errors of a GraphQL answer; each has a code."""
    errors: list[Data] = answer.json()["errors"]
    assert errors
    assert all(error["extensions"]["code"] for error in errors)
    return errors


class Socket:
    """A connection that speaks `graphql-transport-ws`."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def send(self, frame: Any) -> None:
        """A frame: text as it is, anything else as JSON."""
        self.connection.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    def receive(self) -> Data:
        frame = self.connection.recv(timeout=PATIENCE)
        assert isinstance(frame, str)  # binary frames are unreadable to browsers' clients
        message: Data = json.loads(frame)
        return message

    def init(self, key: str | None) -> None:
        """Say who asks, and be let in."""
        self.send({"type": "connection_init", "payload": {"Authorization": f"Bearer {key}"} if key else {}})
        assert self.receive() == {"type": "connection_ack"}

    def subscribe(self, name: str, id_: str = "1", **variables: Any) -> None:
        payload = {"query": documents.load(name), "operationName": name, "variables": variables}
        self.send({"id": id_, "type": "subscribe", "payload": payload})

    def next(self, id_: str = "1") -> Data:
        """What a subscription's one field gives next."""
        message = self.receive()
        assert (message["id"], message["type"]) == (id_, "next"), message
        return _field(message)

    def results(self, id_: str = "1") -> Iterator[Data]:
        """What a subscription's one field gives, until the server completes it."""
        while (message := self.receive())["type"] == "next":
            assert message["id"] == id_
            yield _field(message)
        assert message == {"id": id_, "type": "complete"}

    def close_code(self) -> int:
        """The code with which the server closes the connection, whatever it says before."""
        with pytest.raises(ConnectionClosed) as closed:
            self._drain()
        assert closed.value.rcvd is not None
        return closed.value.rcvd.code

    def _drain(self) -> None:
        while True:
            self.connection.recv(timeout=PATIENCE)


def _field(message: Data) -> Data:
    assert "errors" not in message["payload"]
    (found,) = message["payload"]["data"].values()
    assert isinstance(found, dict)
    return found


@contextmanager
def socket(api: Api, *, init: bool = True) -> Iterator[Socket]:
    """A connection, that has been let in unless a test wants to do that itself."""
    with connect(api.socket_url, subprotocols=[PROTOCOL], proxy=None, max_size=2**24) as connection:
        opened = Socket(connection)
        if init:
            opened.init(api.key)
        yield opened
