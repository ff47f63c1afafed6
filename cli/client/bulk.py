"""Sender of JSON Lines to the bulk endpoints that repeats a request until all its lines are acknowledged.

A file goes out in requests of some megabytes, one after another. The server identifies each line by its external id or
by a digest of its content, so no line is loaded twice. After a lost connection the same request is sent again without
the lines that the server has acknowledged.
"""

import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

import httpx
import msgspec
import orjson

from cli.client.client import Client
from cli.errors import CHECK_KEY_HINT, ApiError
from models.bulk.line_splitter import MAX_LINE_BYTES, Line, LineSplitter

MAX_REQUEST_BYTES = 32 * 2**20
MAX_REQUEST_LINES = 50_000
RETRY_PAUSES_SECONDS = (0.5, 1, 2, 4, 8, 15, 30)  # before each retry; an acknowledgement starts them again
_BLOCK_BYTES = 2**18
_RETRYABLE_STATUSES = {429, 502, 503, 504}
_LINE_TOO_LONG = f"The line is longer than {MAX_LINE_BYTES // 2**20} MiB, so it was skipped."


class LineError(msgspec.Struct):
    """An error of one line.

    Attributes:
        message: the reason for people.
        line: the line's position in the request, from 1.
        code: an error code of the API.
        field: the path of the field that is wrong.
        external_id: the line's external id, as far as the server could read it.
    """

    message: str
    line: int = 0
    code: str | None = None
    field: list[str] | None = None
    external_id: str | None = None


class Acknowledgement(msgspec.Struct):
    """A response line that acknowledges the lines of a request up to a position.

    Attributes:
        new: lines of this request that were loaded.
        already_there: lines that had been loaded before.
        refused: lines that were rejected.
        updated: those of the new lines that replaced older ones.
        line: the position up to which lines are acknowledged; None leaves it where it is.
        done: this is the last line of the response.
        complete: with `done`, the server took the whole request.
    """

    new: int
    already_there: int
    refused: int
    updated: int = 0
    line: int | None = None
    done: bool = False
    complete: bool = False


class LineResult(StrEnum):
    """The count to which a line belongs that the server rejected."""

    REFUSED = "refused"
    NEW = "new"  # in a dry run, because an import would have loaded it
    WAITING = "waiting"  # for its evaluation


#: Handles the errors of a line: its number, its text unless it is far too long, and the errors.
RejectHandler = Callable[[int, bytes | None, list[LineError]], LineResult]


@dataclass
class LineCounts:
    """The numbers of a file's lines by result. The names are those of the command's JSON output."""

    new: int = 0
    already_there: int = 0
    refused: int = 0
    skipped: int = 0
    updated: int = 0
    waiting: int = 0

    def add(self, result: LineResult) -> None:
        """Count a line that the server rejected."""
        setattr(self, result.value, getattr(self, result.value) + 1)

    @property
    def lines(self) -> int:
        """The number of all lines so far."""
        return self.new + self.already_there + self.refused + self.skipped + self.waiting


@dataclass
class _Batch:
    """The lines of one request, kept until they are acknowledged."""

    lines: list[tuple[int, bytes]] = field(default_factory=list)
    size_bytes: int = 0
    is_closed: bool = False  # takes no more lines

    def add(self, line: tuple[int, bytes]) -> None:
        self.lines.append(line)
        self.size_bytes += len(line[1])
        self.is_closed = self.size_bytes >= MAX_REQUEST_BYTES or len(self.lines) >= MAX_REQUEST_LINES


@dataclass
class _Attempt:
    """One sending of a batch.

    Attributes:
        base: the file's counts before this attempt.
        acknowledged: the number of the batch's lines that the server has acknowledged.
        errors: the errors of lines that are not acknowledged yet, by position.
        problem: the reason to try again; None once the server took the whole batch.
    """

    base: LineCounts
    acknowledged: int = 0
    errors: dict[int, list[LineError]] = field(default_factory=dict)
    problem: str | None = "The connection broke off."


@dataclass
class BulkSender:
    """Sends lines of one kind to one judge.

    Attributes:
        client: the connection to the server.
        path: the endpoint's path.
        dry_run: check the lines without loading them.
        counts: the file's counts, updated with each acknowledgement.
        on_rejected: handles each rejected line.
        on_progress: called from time to time with the number of lines sent so far.
        on_retry: called before each retry with the reason and the pause in seconds.
        edits: the rule for feedback whose external id exists with other content: `newer` replaces older items by items
            that were given later, `any` replaces all.
    """

    client: Client
    path: str
    dry_run: bool
    counts: LineCounts
    on_rejected: RejectHandler
    on_progress: Callable[[int], None]
    on_retry: Callable[[str, float], None]
    edits: str = "newer"
    _lines_sent: int = 0

    def send(self, lines: Iterator[Line]) -> None:
        """Send all lines.

        Raises:
            ApiError: the server rejected a request as a whole or stayed unreachable, or the file could not be read to
                its end. Lines before that are loaded.
        """
        source = _LineSource(lines)
        while not source.is_exhausted:
            self._send_batch(_Batch(), source)
            for number in source.pop_too_long():
                self.counts.add(self.on_rejected(number, None, [LineError(_LINE_TOO_LONG)]))
        if source.problem is not None:
            raise source.problem

    def _send_batch(self, batch: _Batch, source: "_LineSource") -> None:
        """Fill a batch from the source and send it until all its lines are acknowledged."""
        retries = 0
        while not batch.is_closed or batch.lines:
            attempt = self._send_once(batch, source)
            del batch.lines[: attempt.acknowledged]
            if attempt.problem is None:
                continue
            if attempt.acknowledged:
                retries = 0
            if retries == len(RETRY_PAUSES_SECONDS):
                raise ApiError(attempt.problem)
            self.on_retry(attempt.problem, RETRY_PAUSES_SECONDS[retries])
            time.sleep(RETRY_PAUSES_SECONDS[retries])
            retries += 1

    def _send_once(self, batch: _Batch, source: "_LineSource") -> _Attempt:
        """Send a batch once and read the server's acknowledgements."""
        attempt = _Attempt(replace(self.counts))
        params = {"idempotent": "true", "edits": self.edits} | ({"dry_run": "true"} if self.dry_run else {})
        content, gzipped = self._content(batch, source), not self.client.is_local
        try:
            with self.client.stream("POST", self.path, params, content, gzipped=gzipped) as response:
                if response.status_code in _RETRYABLE_STATUSES:
                    attempt.problem = f"The server answered with status {response.status_code}."
                    return attempt
                if response.status_code != httpx.codes.OK:
                    raise self.client.read_error(response)
                for line in _response_lines(response):
                    if isinstance(line, LineError):
                        attempt.errors.setdefault(line.line, []).append(line)
                    else:
                        self._acknowledge(batch, attempt, line)
        except (httpx.TransportError, orjson.JSONDecodeError) as error:
            attempt.problem = f"The connection to {self.client.url} broke off ({type(error).__name__})."
        return attempt

    def _acknowledge(self, batch: _Batch, attempt: _Attempt, line: Acknowledgement) -> None:
        """Count the lines that the server acknowledges and report the rejected ones among them.

        Args:
            batch: the lines of the request.
            attempt: the sending that the server acknowledges; updated.
            line: the acknowledgement.
        """
        if line.done and line.complete:
            acknowledged = len(batch.lines)
        else:
            acknowledged = attempt.acknowledged if line.line is None else line.line
        for position in [place for place in attempt.errors if attempt.acknowledged < place <= acknowledged]:
            number, text = batch.lines[position - 1]
            attempt.base.add(self.on_rejected(number, text, attempt.errors.pop(position)))
            attempt.base.refused -= 1  # the server counts it as refused
        self.counts.new = attempt.base.new + line.new
        self.counts.waiting = attempt.base.waiting
        self.counts.updated = attempt.base.updated + line.updated
        self.counts.already_there = attempt.base.already_there + line.already_there
        self.counts.refused = attempt.base.refused + line.refused
        self.on_progress(self._lines_sent)
        attempt.acknowledged = acknowledged
        if line.done:
            attempt.problem = None if line.complete else _describe_stop(attempt.errors)

    def _content(self, batch: _Batch, source: "_LineSource") -> Iterator[bytes]:
        """Yield the body of a request: the batch's unacknowledged lines, then more of the source's."""
        compressor = None if self.client.is_local else zlib.compressobj(1, wbits=31)
        for block in self._blocks(batch, source):
            content = block if compressor is None else compressor.compress(block)
            if content:
                yield content
        if compressor is not None:
            yield compressor.flush()

    def _blocks(self, batch: _Batch, source: "_LineSource") -> Iterator[bytes]:
        block = bytearray()
        for text in self._texts(batch, source):
            block += text
            block += b"\n"
            if len(block) >= _BLOCK_BYTES:
                yield bytes(block)
                block.clear()
                self.on_progress(self._lines_sent)
        yield bytes(block)

    def _texts(self, batch: _Batch, source: "_LineSource") -> Iterator[bytes]:
        for _, text in [*batch.lines]:
            yield text
        while not batch.is_closed:
            line = source.read()
            if line is None:
                batch.is_closed = True
                return
            self._lines_sent += 1
            batch.add(line)
            yield line[1]


class _LineSource:
    """The lines of a file that are still to be sent.

    An error of the file is kept in `problem` until the lines before it are sent.
    """

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._too_long: list[int] = []
        self.problem: ApiError | None = None
        self.is_exhausted = False

    def read(self) -> tuple[int, bytes] | None:
        """Return the next line that can be sent, or None at the end."""
        try:
            for number, text in self._lines:
                if text is not None:
                    return number, text
                self._too_long.append(number)
        except ApiError as problem:
            self.problem = problem
        self.is_exhausted = True
        return None

    def pop_too_long(self) -> list[int]:
        """Return the numbers of the lines that were skipped as too long, once each."""
        numbers, self._too_long = self._too_long, []
        return numbers


def _response_lines(response: httpx.Response) -> Iterator[LineError | Acknowledgement]:
    """Yield the lines of a response.

    Only line feeds end a line: texts may hold other characters that end lines elsewhere.
    """
    splitter = LineSplitter()
    for block in response.iter_bytes():
        for _, line in splitter.feed(block):
            decoded = orjson.loads(line or b"")
            if "code" in decoded:
                yield msgspec.convert(decoded, LineError)
            else:
                yield msgspec.convert(decoded, Acknowledgement)


def _describe_stop(errors: dict[int, list[LineError]]) -> str:
    """Return the reason for which the server stopped within a request: the last error that it reported.

    Raises:
        ApiError: another attempt cannot succeed.
    """
    last = max(errors.items(), default=(0, [LineError("The server stopped in the middle.")]))[1][-1]
    if last.code == "UNAUTHENTICATED":
        raise ApiError(f"{last.message} {CHECK_KEY_HINT}", "UNAUTHENTICATED")
    return last.message
