"""Client of a test server over HTTP and WebSockets. It sends exactly what a test passes to it."""

import json
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from cli.client import documents
from tests.server.processes import PROJECT_ROOT
from tests.waiting import STALLED_SECONDS

Data = dict[str, Any]
PROJECT_PATH = str(PROJECT_ROOT)
PROTOCOL = Subprotocol("graphql-transport-ws")
# Options of WebSocket clients: no proxy, and time limits that also hold on a busy machine.
SOCKET_OPTIONS: dict[str, Any] = {"proxy": None, "open_timeout": STALLED_SECONDS, "ping_timeout": STALLED_SECONDS}


class Api:
    """Client with one key for one server."""

    def __init__(self, url: str, key: str | None) -> None:
        self.url = url
        self.socket_url = url.replace("http://", "ws://") + "/graphql"
        self.key = key
        headers = {"authorization": f"Bearer {key}"} if key is not None else {}
        self.http = httpx.Client(base_url=url, headers=headers, timeout=STALLED_SECONDS, trust_env=False)
        weakref.finalize(self, self.http.close)

    def post(self, query: str, variables: Data | None = None, **more: Any) -> httpx.Response:
        """Send a GraphQL document.

        Args:
            query: text of the document.
            variables: values of its variables.
            more: further members of the request body.
        """
        answer = self.http.post("/graphql", json={"query": query, "variables": variables or {}} | more)
        assert_nothing_leaks(answer)
        return answer

    def send(self, name: str, **variables: Any) -> httpx.Response:
        """Send an operation of `frontend-queries/`."""
        return self.post(documents.load(name), variables, operationName=name)

    def run(self, name: str, **variables: Any) -> Any:
        """Return the value of an operation's only field. Fail on errors and user errors."""
        found = self.payload(name, **variables)
        if isinstance(found, dict):
            assert found.get("userErrors", []) == []
        return found

    def payload(self, name: str, **variables: Any) -> Any:
        """Return the value of an operation's only field, which may hold user errors. Fail on errors."""
        body = self.send(name, **variables).json()
        assert "errors" not in body, body["errors"]
        (found,) = body["data"].values()
        return found

    def user_errors(self, name: str, **variables: Any) -> list[Data]:
        """Return the user errors of a mutation that rejects its input."""
        errors: list[Data] = self.payload(name, **variables)["userErrors"]
        assert errors
        return errors

    def errors(self, name: str, **variables: Any) -> list[Data]:
        """Return the errors of an operation that is rejected as a whole."""
        return get_errors(self.send(name, **variables))

    def query(self, document: str, **variables: Any) -> Data:
        """Send a GraphQL document and return its data. Fail on errors."""
        body = self.post(document, variables).json()
        assert "errors" not in body, body["errors"]
        data: Data = body["data"]
        return data


def fetch(url: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """Send a GET request without a key."""
    return httpx.get(url, headers=headers, trust_env=False, timeout=STALLED_SECONDS)


def fetch_all_pages(fetch: Callable[[str | None], Data]) -> list[Data]:
    """Return all pages of a connection, fetched one after the other."""
    pages = [fetch(None)]
    while pages[-1]["pageInfo"]["hasNextPage"]:
        pages.append(fetch(pages[-1]["pageInfo"]["endCursor"]))
    return pages


def assert_nothing_leaks(answer: httpx.Response) -> None:
    """Assert that a response holds no traceback, SQL, object representation or path of the server."""
    for word in (
        "Traceback",
        "SELECT ",
        "INSERT ",
        "sqlalchemy",
        "sqlite",
        "asyncpg",
        "object at 0x",
        ".py",
        PROJECT_PATH,
    ):
        assert word not in answer.text


def get_errors(answer: httpx.Response) -> list[Data]:
    """Return the errors of a GraphQL response and assert that each has a code."""
    errors: list[Data] = answer.json()["errors"]
    assert errors
    assert all(error["extensions"]["code"] for error in errors)
    return errors


class Socket:
    """Connection of the protocol `graphql-transport-ws`."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def send(self, frame: Any) -> None:
        """Send a frame: text unchanged, anything else as JSON."""
        self.connection.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    def receive(self) -> Data:
        frame = self.connection.recv(timeout=STALLED_SECONDS)
        assert isinstance(frame, str)  # clients in browsers cannot read binary frames
        message: Data = json.loads(frame)
        return message

    def init(self, key: str | None) -> None:
        """Authenticate and wait for the acknowledgement."""
        self.send({"type": "connection_init", "payload": {"Authorization": f"Bearer {key}"} if key else {}})
        assert self.receive() == {"type": "connection_ack"}

    def subscribe(self, name: str, id_: str = "1", **variables: Any) -> None:
        payload = {"query": documents.load(name), "operationName": name, "variables": variables}
        self.send({"id": id_, "type": "subscribe", "payload": payload})

    def next(self, id_: str = "1") -> Data:
        """Return the next value of a subscription's only field."""
        message = self.receive()
        assert (message["id"], message["type"]) == (id_, "next"), message
        return _field(message)

    def results(self, id_: str = "1") -> Iterator[Data]:
        """Yield the values of a subscription's only field until the server completes it."""
        while (message := self.receive())["type"] == "next":
            assert message["id"] == id_
            yield _field(message)
        assert message == {"id": id_, "type": "complete"}

    def close_code(self) -> int:
        """Discard all messages and return the code with which the server closes the connection."""
        with pytest.raises(ConnectionClosed) as closed:
            self._drain()
        assert closed.value.rcvd is not None
        return closed.value.rcvd.code

    def _drain(self) -> None:
        while True:
            self.connection.recv(timeout=STALLED_SECONDS)


def _field(message: Data) -> Data:
    assert "errors" not in message["payload"]
    (found,) = message["payload"]["data"].values()
    assert isinstance(found, dict)
    return found


@contextmanager
def open_socket(api: Api, *, init: bool = True) -> Iterator[Socket]:
    """Open a connection, which is authenticated unless ``init`` is false."""
    with connect(api.socket_url, subprotocols=[PROTOCOL], **SOCKET_OPTIONS, max_size=2**24) as connection:
        live = Socket(connection)
        if init:
            live.init(api.key)
        yield live
