"""Tests of sending lines over connections that break: each line is acknowledged exactly once."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cli.client import bulk
from cli.client.bulk import BulkSender, LineCounts, LineError, LineResult
from cli.client.client import Client
from cli.errors import ApiError


class Server:
    """Server that handles each request by the next step of a script and records the request's lines.

    A step is an exception to raise, a response, `"take"` to accept all lines, or a pair: the number of lines to
    acknowledge and what follows, an exception or a last error line.
    """

    def __init__(self, *steps: Any) -> None:
        self.steps = list(steps)
        self.requests: list[list[int]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.SyncByteStream)
        sent = [int(line) for line in b"".join(request.stream).split()]
        self.requests.append(sent)
        step = self.steps.pop(0) if self.steps else "take"
        if isinstance(step, Exception):
            raise step
        if isinstance(step, httpx.Response):
            return step
        return httpx.Response(200, content=self._response_lines(step, len(sent)))

    def _response_lines(self, step: Any, size: int) -> Iterator[bytes]:
        if step == "take":
            yield _line(accepted=size, new=size, line=size) + _line(accepted=size, new=size, done=True, complete=True)
            return
        upto, then = step
        yield _line(line=1, code="INVALID", message="Bad.", field=["a"], external_id="x")
        yield _line(new=upto - 1, refused=1, line=upto)
        yield _line(line=upto + 1, code="INVALID", message="Not final.", field=None, external_id=None)
        if isinstance(then, Exception):
            raise then
        yield _line(line=size, **then) + _line(new=upto - 1, refused=1, done=True, complete=False)


def _line(**values: Any) -> bytes:
    totals = {} if "code" in values else {"accepted": 0, "new": 0, "already_there": 0, "refused": 0}
    return json.dumps(totals | values).encode() + b"\n"


class Upload:
    """A sender with a record of the lines it rejected and of its retries."""

    def __init__(self, server: Server) -> None:
        self.counts = LineCounts()
        self.rejected: list[tuple[int, str]] = []
        self.retries: list[str] = []
        self.sender = BulkSender(
            Client("http://localhost:1", "key", httpx.MockTransport(server)),
            "/judges/j/evaluations",
            dry_run=False,
            counts=self.counts,
            on_rejected=self._reject,
            on_progress=lambda _: None,
            on_retry=lambda problem, _: self.retries.append(problem),
        )

    def _reject(self, number: int, _text: bytes | None, errors: list[LineError]) -> LineResult:
        self.rejected += ((number, error.message) for error in errors)
        return LineResult.REFUSED

    def send(self, numbers: range) -> None:
        self.sender.send((number + 100, str(number).encode()) for number in numbers)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "RETRY_PAUSES_SECONDS", (0.0, 0.0))


def test_after_a_lost_connection_only_unacknowledged_lines_are_sent_again() -> None:
    server = Server((3, httpx.ReadError("reset")), httpx.ConnectError("refused"), "take")
    upload = Upload(server)
    upload.send(range(1, 8))
    assert server.requests == [[1, 2, 3, 4, 5, 6, 7], [4, 5, 6, 7], [4, 5, 6, 7]]
    assert (upload.counts.new, upload.counts.refused) == (2 + 4, 1)
    assert upload.rejected == [(101, "Bad.")]
    assert len(upload.retries) == 2


def test_a_request_is_retried_if_the_server_is_busy_or_stops_in_the_middle() -> None:
    stopped = {"code": "INTERNAL", "message": "Something went wrong.", "field": None, "external_id": None}
    server = Server(httpx.Response(503), (3, stopped), "take")
    upload = Upload(server)
    upload.send(range(1, 6))
    assert server.requests == [[1, 2, 3, 4, 5], [1, 2, 3, 4, 5], [4, 5]]
    assert "503" in upload.retries[0]
    assert upload.retries[1] == "Something went wrong."
    assert upload.counts.lines == 5


def test_a_connection_that_stays_lost_fails_the_import(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(*[httpx.ReadError("reset")] * 3)
    with pytest.raises(ApiError, match="broke off"):
        Upload(server).send(range(3))
    assert len(server.requests) == 3


def test_each_acknowledgement_resets_the_number_of_retries() -> None:
    server = Server(*[(2, httpx.ReadError("reset"))] * 5, "take")
    upload = Upload(server)
    upload.send(range(12))
    assert [request[0] for request in server.requests] == [0, 2, 4, 6, 8, 10]
    assert upload.counts.lines == 12


def test_a_key_that_is_revoked_during_the_import_fails_it_at_once() -> None:
    revoked = {"code": "UNAUTHENTICATED", "message": "Revoked.", "field": None, "external_id": None}
    server = Server((2, revoked))
    with pytest.raises(ApiError, match="Check --key"):
        Upload(server).send(range(5))
    assert len(server.requests) == 1


def test_a_rejected_request_fails_with_the_servers_message() -> None:
    rejection = httpx.Response(403, json={"error": {"code": "FORBIDDEN", "message": "Not you.", "details": None}})
    with pytest.raises(ApiError, match="Not you"):
        Upload(Server(rejection)).send(range(5))


def test_requests_have_bounded_size_and_lines_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MAX_REQUEST_LINES", 4)
    server = Server()
    Upload(server).send(range(10))
    assert server.requests == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
