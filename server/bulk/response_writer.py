"""Writer of the response lines of a bulk load."""

import asyncio
import contextlib
from dataclasses import asdict, dataclass

import orjson
from starlette.types import Send

from server.bulk.spooled_queue import SpooledQueue


@dataclass(frozen=True, slots=True)
class RejectionLine:
    """Response line for a rejected line, or for the line at which a load stopped."""

    line: int
    code: str
    message: str
    field: list[str] | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class TotalsLine:
    """Response line with the number of lines so far, by result; ``updated`` new ones replaced older items, if any."""

    accepted: int
    new: int
    already_there: int
    refused: int
    updated: int | None


@dataclass(frozen=True, slots=True)
class ProgressLine(TotalsLine):
    """Response line after a batch: all lines up to ``line`` are processed."""

    line: int


@dataclass(frozen=True, slots=True)
class FinalLine(TotalsLine):
    """Last response line; ``complete`` is false if the load stopped before the end of the body."""

    done: bool
    complete: bool


class ResponseWriter:
    """Sends response lines in a background task, so that a slow client does not delay the load."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._queue = SpooledQueue()
        self._changed = asyncio.Event()
        self._finished = False
        self._task = asyncio.create_task(self._send_queue())

    def write(self, line: RejectionLine | ProgressLine | FinalLine) -> None:
        """Append a line to the response."""
        data: object = line
        if isinstance(line, TotalsLine) and line.updated is None:
            data = {name: value for name, value in asdict(line).items() if name != "updated"}
        self._queue.put(orjson.dumps(data) + b"\n")
        self._changed.set()

    async def finish(self) -> None:
        """End the response and wait until all of it is sent."""
        self._finished = True
        self._changed.set()
        await self._task

    async def close(self) -> None:
        """Discard the lines that are not sent yet."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._queue.close()

    async def _send_queue(self) -> None:
        while True:
            while data := self._queue.take():
                await self._send({"type": "http.response.body", "body": data, "more_body": True})
            if self._finished:
                await self._send({"type": "http.response.body", "body": b""})
                return
            await self._changed.wait()
            self._changed.clear()
