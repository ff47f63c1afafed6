"""Sending lines over connections that break: nothing is sent again that was acknowledged, nothing is left out."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cli.client import bulk
from cli.client.bulk import Answer, Count, Sender
from cli.client.client import Client
from cli.errors import ApiError

Data = dict[str, Any]


class Server:
    """Does with each request what the test says, and remembers its lines."""

    def __init__(self, *deeds: Any) -> None:
        self.deeds = list(deeds)
        self.requests: list[list[int]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.SyncByteStream)
        sent = [int(line) for line in b"".join(request.stream).split()]
        self.requests.append(sent)
        deed = self.deeds.pop(0) if self.deeds else "take"
        if isinstance(deed, Exception):
            raise deed
        if isinstance(deed, httpx.Response):
            return deed
        return httpx.Response(200, content=self._answers(deed, len(sent)))

    def _answers(self, deed: Any, size: int) -> Iterator[bytes]:
        if deed == "take":
            yield _line(accepted=size, new=size, line=size) + _line(accepted=size, new=size, done=True, complete=True)
            return
        upto, then = deed
        yield _line(line=1, code="INVALID", message="Bad.", field=["a"], external_id="x")
        yield _line(new=upto - 1, refused=1, line=upto)
        yield _line(line=upto + 1, code="INVALID", message="Not settled.", field=None, external_id=None)
        if isinstance(then, Exception):
            raise then
        yield _line(line=size, **then) + _line(new=upto - 1, refused=1, done=True, complete=False)


def _line(**values: Any) -> bytes:
    totals = {} if "code" in values else {"accepted": 0, "new": 0, "already_there": 0, "refused": 0}
    return json.dumps(totals | values).encode() + b"\n"


class Told:
    """What the sender told."""

    def __init__(self, server: Server) -> None:
        self.count = Count()
        self.refused: list[tuple[int, str]] = []
        self.retries: list[str] = []
        self.sender = Sender(
            Client("http://localhost:1", "key", httpx.MockTransport(server)),
            "/judges/j/evaluations",
            dry_run=False,
            count=self.count,
            refuse=self._refuse,
            progress=lambda _: None,
            retrying=lambda problem, _: self.retries.append(problem),
        )

    def _refuse(self, number: int, _text: bytes | None, errors: list[Answer]) -> bool:
        self.refused += ((number, error["message"]) for error in errors)
        return True

    def send(self, numbers: range) -> None:
        self.sender.send((number + 100, str(number).encode()) for number in numbers)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PAUSES", (0.0, 0.0))


def test_after_a_lost_connection_only_what_was_not_acknowledged_is_sent_again() -> None:
    server = Server((3, httpx.ReadError("reset")), httpx.ConnectError("refused"), "take")
    told = Told(server)
    told.send(range(1, 8))
    assert server.requests == [[1, 2, 3, 4, 5, 6, 7], [4, 5, 6, 7], [4, 5, 6, 7]]
    assert (told.count.new, told.count.refused) == (2 + 4, 1)
    assert told.refused == [(101, "Bad.")]
    assert len(told.retries) == 2


def test_a_server_that_is_busy_or_stops_in_the_middle_is_asked_again() -> None:
    trouble = {"code": "INTERNAL", "message": "Something went wrong.", "field": None, "external_id": None}
    server = Server(httpx.Response(503), (3, trouble), "take")
    told = Told(server)
    told.send(range(1, 6))
    assert server.requests == [[1, 2, 3, 4, 5], [1, 2, 3, 4, 5], [4, 5]]
    assert "503" in told.retries[0]
    assert told.retries[1] == "Something went wrong."
    assert told.count.lines == 5


def test_a_connection_that_stays_lost_ends_the_import(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(*[httpx.ReadError("reset")] * 3)
    with pytest.raises(ApiError, match="broke off"):
        Told(server).send(range(3))
    assert len(server.requests) == 3


def test_every_acknowledgement_gives_new_patience() -> None:
    server = Server(*[(2, httpx.ReadError("reset"))] * 5, "take")
    told = Told(server)
    told.send(range(12))
    assert [request[0] for request in server.requests] == [0, 2, 4, 6, 8, 10]
    assert told.count.lines == 12


def test_a_key_that_was_revoked_meanwhile_ends_the_import_at_once() -> None:
    revoked = {"code": "UNAUTHENTICATED", "message": "Revoked.", "field": None, "external_id": None}
    server = Server((2, revoked))
    with pytest.raises(ApiError, match="Check --key"):
        Told(server).send(range(5))
    assert len(server.requests) == 1


def test_what_the_server_refuses_as_a_whole_is_told_in_its_words() -> None:
    refusal = httpx.Response(403, json={"error": {"code": "FORBIDDEN", "message": "Not you.", "details": None}})
    with pytest.raises(ApiError, match="Not you"):
        Told(Server(refusal)).send(range(5))


def test_requests_are_of_bounded_size_and_lines_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "REQUEST_LINES", 4)
    server = Server()
    Told(server).send(range(10))
    assert server.requests == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
