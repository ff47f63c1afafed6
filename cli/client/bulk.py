"""Sending lines to the bulk endpoints, as often as it takes.

A file goes out in requests of some megabytes, one after another. Each line is known by its external id, or by a digest
of what it says, so nothing goes in twice: after a lost connection the same request goes out again, without the lines
that the server has acknowledged.
"""

import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import orjson

from cli.client.client import Client
from cli.errors import ApiError
from models.bulk.line_splitter import MAX_LINE_BYTES, Line, LineSplitter

Answer = dict[str, Any]

REQUEST_BYTES = 32 * 2**20
REQUEST_LINES = 50_000
PAUSES = (0.5, 1, 2, 4, 8, 15, 30)  # seconds before another try; an acknowledgement begins them anew
_BLOCK = 2**18
_TRY_AGAIN = {429, 502, 503, 504}


@dataclass
class Count:
    """What became of the lines of a file."""

    new: int = 0
    already_there: int = 0
    refused: int = 0

    @property
    def lines(self) -> int:
        """All lines seen so far."""
        return self.new + self.already_there + self.refused


@dataclass
class _Sent:
    """The lines of one request, kept until they are acknowledged."""

    lines: list[tuple[int, bytes]] = field(default_factory=list)
    size: int = 0
    closed: bool = False  # no more lines go into it


@dataclass
class Sender:
    """Sends lines of one kind to one judge.

    Attributes:
        path: the endpoint's.
        refuse: is told of each refused line: its number, its text if it is not far too long, the errors. It says
            whether the line counts as refused; a dry run knows better at times.
        progress: is told now and then how many lines went out so far.
        retrying: is told of each new try: the reason, the pause in seconds.
    """

    client: Client
    path: str
    dry_run: bool
    count: Count
    refuse: Callable[[int, bytes | None, list[Answer]], bool]
    progress: Callable[[int], None]
    retrying: Callable[[str, float], None]
    _gone: int = 0

    def send(self, lines: Iterator[Line]) -> None:
        """Send all lines.

        Raises:
            ApiError: the server refused to take any, can't be reached any more, or the file is not whole.
        """
        reading = _Reading(lines)
        while not reading.over:
            sent = _Sent()
            tries = 0
            while not sent.closed or sent.lines:
                problem, some = self._once(sent, reading)
                if problem is None:
                    continue
                tries = 0 if some else tries
                if tries == len(PAUSES):
                    raise ApiError(problem)
                self.retrying(problem, PAUSES[tries])
                time.sleep(PAUSES[tries])
                tries += 1
            for number in reading.take_too_long():
                self.count.refused += self.refuse(number, None, [{"message": _TOO_LONG}])
        if reading.problem is not None:
            raise reading.problem

    def _once(self, sent: _Sent, reading: "_Reading") -> tuple[str | None, bool]:
        """Send a request once and strike off the lines that are acknowledged.

        Returns:
            The reason to try again, if any, and whether any lines were acknowledged.
        """
        params = {"idempotent": "true"} | ({"dry_run": "true"} if self.dry_run else {})
        base = replace(self.count)
        pending: dict[int, list[Answer]] = {}
        acknowledged = 0
        problem: str | None = "The connection broke off."
        try:
            with self.client.stream(
                "POST", self.path, params, self._content(sent, reading), packed=not self.client.is_local
            ) as response:
                if response.status_code in _TRY_AGAIN:
                    return f"The server answered with status {response.status_code}.", False
                if response.status_code != httpx.codes.OK:
                    raise self.client.refusal(response)
                for answer in _answers(response):
                    if "code" in answer:
                        pending.setdefault(answer["line"], []).append(answer)
                        continue
                    done = answer.get("done", False)
                    upto = len(sent.lines) if done and answer["complete"] else answer.get("line", acknowledged)
                    self._acknowledge(sent, base, answer, acknowledged, upto, pending)
                    acknowledged = upto
                    if done:
                        problem = None if answer["complete"] else _reason(pending)
        except (httpx.TransportError, orjson.JSONDecodeError) as error:
            problem = f"The connection to {self.client.url} broke off ({type(error).__name__})."
        del sent.lines[:acknowledged]
        return problem, acknowledged > 0

    def _acknowledge(
        self,
        sent: _Sent,
        base: Count,
        answer: Answer,
        after: int,
        upto: int,
        pending: dict[int, list[Answer]],
    ) -> None:
        for place in [place for place in pending if after < place <= upto]:
            number, text = sent.lines[place - 1]
            if not self.refuse(number, text, pending.pop(place)):
                base.new += 1
                base.refused -= 1
        self.count.new = base.new + answer["new"]
        self.count.already_there = base.already_there + answer["already_there"]
        self.count.refused = base.refused + answer["refused"]
        self.progress(self._gone)

    def _content(self, sent: _Sent, reading: "_Reading") -> Iterator[bytes]:
        """What goes over the wire: what was sent before and not acknowledged, then more."""
        packer = None if self.client.is_local else zlib.compressobj(1, wbits=31)
        for block in self._blocks(sent, reading):
            packed = block if packer is None else packer.compress(block)
            if packed:
                yield packed
        if packer is not None:
            yield packer.flush()

    def _blocks(self, sent: _Sent, reading: "_Reading") -> Iterator[bytes]:
        block = bytearray()
        for _, text in [*sent.lines]:
            block += text
            block += b"\n"
            if len(block) >= _BLOCK:
                yield bytes(block)
                block.clear()
        while not sent.closed:
            line = reading.next()
            if line is None:
                sent.closed = True
                break
            self._gone += 1
            sent.lines.append(line)
            sent.size += len(line[1])
            block += line[1]
            block += b"\n"
            if len(block) >= _BLOCK:
                yield bytes(block)
                block.clear()
                self.progress(self._gone)
            sent.closed = sent.size >= REQUEST_BYTES or len(sent.lines) >= REQUEST_LINES
        yield bytes(block)


class _Reading:
    """The lines of a file on their way out; what is wrong with the file is told once those before it are in."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._too_long: list[int] = []
        self.problem: ApiError | None = None
        self.over = False

    def next(self) -> tuple[int, bytes] | None:
        """The next line that can be sent; None at the end."""
        try:
            for number, text in self._lines:
                if text is not None:
                    return number, text
                self._too_long.append(number)
        except ApiError as problem:
            self.problem = problem
        self.over = True
        return None

    def take_too_long(self) -> list[int]:
        """The numbers of lines that were not even sent, once each."""
        numbers, self._too_long = self._too_long, []
        return numbers


def _answers(response: httpx.Response) -> Iterator[Answer]:
    """By line feeds only: texts may hold other characters that end lines elsewhere."""
    splitter = LineSplitter()
    for block in response.iter_bytes():
        for _, line in splitter.feed(block):
            yield orjson.loads(line or b"")


_TOO_LONG = f"The line is longer than {MAX_LINE_BYTES // 2**20} MiB, so it was skipped."


def _reason(pending: dict[int, list[Answer]]) -> str:
    """Why the server stopped in the middle: the last error it told.

    Raises:
        ApiError: trying again is of no use.
    """
    last = max(pending.items(), default=(0, [{"message": "The server stopped in the middle."}]))[1][-1]
    message = str(last["message"])
    if last.get("code") == "UNAUTHENTICATED":
        raise ApiError(f"{message} Check --key or JUDGESMITH_API_KEY.", "UNAUTHENTICATED")
    return message
