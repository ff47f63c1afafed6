"""Reader that splits a request body into batches of lines, each of which is stored in one transaction."""

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from models.bulk.gzip_stream import CorruptGzipError, Gunzip
from models.bulk.line_splitter import Line, LineSplitter

# On the embedded database all other writers wait for the transaction of a batch. On PostgreSQL only writers to the same
# judge wait, and the round trips of small batches cost more.
EMBEDDED_BATCH_SECONDS, POSTGRES_BATCH_SECONDS = 0.05, 0.075
MIN_LINES, MAX_LINES = 200, 2_000
_INITIAL_LINES = 250
_MAX_BATCH_BYTES = 2 * 2**20
_IDLE_SECONDS = 0.5  # longest time that lines wait for more lines of their batch


class BatchSizer:
    """Number of lines per batch, adapted so that storing a batch takes a given time."""

    def __init__(self, *, embedded: bool) -> None:
        self.seconds = EMBEDDED_BATCH_SECONDS if embedded else POSTGRES_BATCH_SECONDS
        self.lines = _INITIAL_LINES

    def learn(self, lines: int, seconds: float) -> None:
        """Move the size half-way to the one that a stored batch suggests.

        Args:
            lines: number of lines of the batch. A batch below half the size is ignored, because its time predicts
                little about larger ones.
            seconds: time that storing it took.
        """
        if lines >= self.lines // 2:
            target = (self.lines + lines * self.seconds / max(seconds, 1e-6)) / 2
            self.lines = round(min(max(target, MIN_LINES), MAX_LINES))


class BatchReader:
    """Reader of one request body, plain or gzipped."""

    def __init__(self, receive: Receive, sizer: BatchSizer) -> None:
        self._receive = receive
        self._sizer = sizer
        self._gunzip = Gunzip()
        self._splitter = LineSplitter()
        self._batch: list[Line] = []
        self._bytes = 0

    @property
    def line_number(self) -> int:
        """Number of lines read so far."""
        return self._splitter.number

    async def read_batches(self) -> AsyncIterator[list[Line]]:
        """Yield the lines of the body in batches.

        Raises:
            ClientDisconnect: the client closed the connection before the end of the body.
            CorruptGzipError: the gzip data is damaged. The lines before the damage were yielded, except one that may
                be cut.
        """
        try:
            more = True
            while more:
                message = await self._receive_next()
                if message is None:
                    yield self._take()
                    continue
                more = message.get("more_body", False)
                for piece in self._gunzip.feed(message.get("body", b"")):
                    for line in self._splitter.feed(piece):
                        self._add(line)
                        if self._is_full():
                            yield self._take()
                    await asyncio.sleep(0)  # a small gzip body can expand to much text
            self._batch += self._splitter.feed(self._gunzip.finish())
        except CorruptGzipError:
            if self._batch:
                yield self._take()
            raise
        self._batch += self._splitter.finish()
        if self._batch:
            yield self._take()

    async def _receive_next(self) -> Message | None:
        """Return the next message, or None if the lines of the current batch have waited long enough."""
        try:
            async with asyncio.timeout(_IDLE_SECONDS if self._batch else None):
                message = await self._receive()
        except TimeoutError:
            return None
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        return message

    def _add(self, line: Line) -> None:
        self._batch.append(line)
        self._bytes += len(line[1] or b"")

    def _is_full(self) -> bool:
        return len(self._batch) >= self._sizer.lines or self._bytes >= _MAX_BATCH_BYTES

    def _take(self) -> list[Line]:
        batch, self._batch, self._bytes = self._batch, [], 0
        return batch
