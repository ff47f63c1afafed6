"""Bulk loader: reads batches of lines from a request body, stores them and writes response lines.

Key objects: `BatchReader` splits the body, `BulkLoad` (in `resolvers.bulk`) parses, resolves and stores a batch,
`BatchSizer` adapts the batch size, `ResponseWriter` sends the results.

Protocol of one batch:

1. Read its lines and check the API key.
2. Parse and resolve it (`BulkLoad.read`, `BulkLoad.prepare`), mostly in threads, while the batch before it is stored.
3. Wait until the batch before it is stored, then store this one in one transaction in a background task.
4. Write one response line for each rejected line, then one with the totals and the last processed line number.

At most two batches are in memory. A progress line is written only after its batch is durable, so a client can resume
after the last line number that it has received.
"""

import asyncio
import contextlib
import time
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from models.bulk.gzip_stream import CorruptGzipError
from models.errors import Unauthenticated
from resolvers.bulk import BatchOutcome, BulkLoad, PreparedBatch
from server.bulk.batches import BatchReader, BatchSizer
from server.bulk.key_recheck import KeyRecheck
from server.bulk.response_writer import FinalLine, ProgressLine, RejectionLine, ResponseWriter
from server.errors import log_and_mask


class BulkLoader:
    """Loader of one request's body."""

    def __init__(self, load: BulkLoad[Any, Any], key: KeyRecheck, responses: ResponseWriter) -> None:
        """Create the loader.

        Args:
            load: parses and stores the lines.
            key: API key of the request.
            responses: writer of the response lines.
        """
        self._load = load
        self._key = key
        self._responses = responses
        self._sizer = BatchSizer(embedded=load.ctx.store.embedded)
        self._new = self._already_there = self._refused = self._updated = 0
        self._storing: asyncio.Task[None] | None = None

    async def run(self, receive: Receive) -> None:
        """Load the whole body.

        Raises:
            ClientDisconnect: the client closed the connection before the end of the body.
        """
        try:
            complete = await self._load_batches(BatchReader(receive, self._sizer))
        finally:
            if self._storing is not None:
                self._storing.cancel()
                await asyncio.gather(self._storing, return_exceptions=True)
        self._responses.write(FinalLine(*self._totals(), done=True, complete=complete))

    async def _load_batches(self, reader: BatchReader) -> bool:
        """Load all batches. Return whether the load reached the end of the body."""
        try:
            async for batch in reader.read_batches():
                await self._key.check()
                prepared = await self._load.prepare(await asyncio.to_thread(self._load.read, batch))
                await self._wait_until_stored()
                self._storing = asyncio.create_task(self._store(prepared, len(batch), last_line=batch[-1][0]))
            await self._wait_until_stored()
        except ClientDisconnect:
            raise
        except CorruptGzipError as error:
            await self._wait_until_stored()
            message = f"{error} after {reader.line_number:,} lines. The lines before it are processed."
            self._write_stop(reader, "INVALID", message)
        except Unauthenticated as error:
            await self._wait_until_stored()
            self._write_stop(reader, "UNAUTHENTICATED", str(error))
        except Exception as error:
            with contextlib.suppress(Exception):  # the batch before may have been stored
                await self._wait_until_stored()
            self._write_stop(reader, "INTERNAL", log_and_mask(error))
        else:
            return True
        return False

    async def _wait_until_stored(self) -> None:
        """Wait for the batch that is being stored, if any."""
        if self._storing is not None:
            storing, self._storing = self._storing, None
            await storing

    async def _store(self, prepared: PreparedBatch[Any], lines: int, last_line: int) -> None:
        """Store a batch and write its response lines.

        Args:
            prepared: batch to store.
            lines: number of its lines.
            last_line: number of its last line.
        """
        started = time.perf_counter()
        outcome = await self._load.keep(prepared)
        self._sizer.learn(lines, time.perf_counter() - started)
        self._new += outcome.new
        self._updated += outcome.updated
        self._already_there += outcome.already_there
        self._refused += len({rejected.line for rejected in outcome.rejected})
        self._write_rejections(outcome)
        self._responses.write(ProgressLine(*self._totals(), line=last_line))

    def _totals(self) -> tuple[int, int, int, int, int | None]:
        accepted = self._new + self._already_there
        return accepted, self._new, self._already_there, self._refused, self._updated or None

    def _write_rejections(self, outcome: BatchOutcome) -> None:
        for rejected in outcome.rejected:
            error = rejected.error
            field = list(error.field) or None
            self._responses.write(
                RejectionLine(rejected.line, error.code.value, error.message, field, rejected.external_id)
            )

    def _write_stop(self, reader: BatchReader, code: str, message: str) -> None:
        """Write the response line for the line at which the load stopped.

        Args:
            reader: reader of the body, whose line number is that of the last line read.
            code: stable code for programs.
            message: reason for people.
        """
        self._responses.write(RejectionLine(reader.line_number + 1, code, message))
