"""One bulk load on its way: lines out of a body, units into the database, answers back."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Send

from models.bulk.gzip_stream import CorruptGzipError, Gunzip
from models.bulk.line_splitter import Line, LineSplitter
from models.errors import Unauthenticated
from resolvers.bulk import BulkLoad, PreparedBatch
from server.auth import authenticate
from server.bulk.spool import SpooledQueue
from server.errors import log_and_mask
from store.database.store import Store

# A unit is one transaction. On the embedded database all others who write wait for it; elsewhere nobody but those who
# write to the same judge does, and what small units cost in round trips counts more.
UNIT_SECONDS, UNIT_SECONDS_ELSEWHERE = 0.05, 0.075
FEWEST_LINES, MOST_LINES = 200, 2_000
UNIT_BYTES = 2 * 2**20
IDLE_SECONDS = 0.5  # lines that wait for more wait no longer than this
KEY_RECHECK_SECONDS = 2.0  # seconds for which a key is believed in before it is looked at again


class KeyRecheck:
    """The key that a load was begun with."""

    def __init__(self, store: Store, header: str | None) -> None:
        self._store = store
        self._header = header
        self._seen = time.monotonic()

    async def check(self) -> None:
        """Go on only if the key still holds.

        Raises:
            Unauthenticated: it was revoked, or has expired.
        """
        if time.monotonic() - self._seen > KEY_RECHECK_SECONDS:
            await authenticate(self._store, self._header)
            self._seen = time.monotonic()


class ResponseWriter:
    """Lines of answers on their way to the client."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._backlog = SpooledQueue()
        self._news = asyncio.Event()
        self._over = False
        self._pump = asyncio.create_task(self._pass_on())

    def say(self, **values: Any) -> None:
        """One line."""
        self._backlog.put(orjson.dumps(values) + b"\n")
        self._news.set()

    async def finish(self) -> None:
        """Wait until the client was told everything."""
        self._over = True
        self._news.set()
        await self._pump

    async def close(self) -> None:
        """Let go of what was not told."""
        self._pump.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._pump
        self._backlog.close()

    async def _pass_on(self) -> None:
        while True:
            while data := self._backlog.take():
                await self._send({"type": "http.response.body", "body": data, "more_body": True})
            if self._over:
                await self._send({"type": "http.response.body", "body": b""})
                return
            await self._news.wait()
            self._news.clear()


class BatchSizer:
    """How many lines a unit holds: as many as can be kept in the time a unit may take, here and now, within limits."""

    def __init__(self, *, embedded: bool) -> None:
        self.seconds = UNIT_SECONDS if embedded else UNIT_SECONDS_ELSEWHERE
        self.lines = 250

    def learn(self, lines: int, seconds: float) -> None:
        """A unit of so many lines was kept in so many seconds; the next ones are half-way to what that suggests."""
        if lines >= self.lines // 2:  # the time of a small one says little about large ones
            wanted = (self.lines + lines * self.seconds / max(seconds, 1e-6)) / 2
            self.lines = round(min(max(wanted, FEWEST_LINES), MOST_LINES))


class BulkLoader:
    """One request's load: a unit is read and prepared, mostly in threads, while the one before it is kept."""

    def __init__(self, load: BulkLoad[Any, Any], key: KeyRecheck, answers: ResponseWriter) -> None:
        self._load = load
        self._key = key
        self._answers = answers
        self._lines = LineSplitter()
        self._pace = BatchSizer(embedded=load.ctx.store.embedded)
        self._new = self._already_there = self._refused = 0
        self._pending: asyncio.Task[None] | None = None

    async def run(self, receive: Receive) -> None:
        """Load all of a body.

        Raises:
            ClientDisconnect: it never came to its end.
        """
        try:
            complete = await self._run(receive)
        finally:
            if self._pending is not None:
                self._pending.cancel()
                await asyncio.gather(self._pending, return_exceptions=True)
        self._say_totals(done=True, complete=complete)

    async def _run(self, receive: Receive) -> bool:
        try:
            async for unit in _units(receive, self._lines, self._pace):
                await self._key.check()
                prepared = await self._load.prepare(await asyncio.to_thread(self._load.read, unit))
                await self._settle()
                self._pending = asyncio.create_task(self._keep(prepared, len(unit), upto=unit[-1][0]))
            await self._settle()
        except ClientDisconnect:
            raise
        except CorruptGzipError as error:
            await self._settle()
            self._stop("INVALID", f"{error} after {self._lines.number:,} lines; those before are taken.")
        except Unauthenticated as error:
            await self._settle()
            self._stop("UNAUTHENTICATED", str(error))
        except Exception as error:
            with contextlib.suppress(Exception):  # the unit before may have been kept
                await self._settle()
            self._stop("INTERNAL", log_and_mask(error))
        else:
            return True
        return False

    async def _settle(self) -> None:
        """Wait for the unit that is being kept."""
        if self._pending is not None:
            pending, self._pending = self._pending, None
            await pending

    async def _keep(self, prepared: PreparedBatch[Any], lines: int, upto: int) -> None:
        """Keep a unit, and say what became of it and that all lines up to a number are settled."""
        began = time.perf_counter()
        outcome = await self._load.keep(prepared)
        self._pace.learn(lines, time.perf_counter() - began)
        self._new += outcome.new
        self._already_there += outcome.already_there
        self._refused += len({refusal.line for refusal in outcome.refusals})
        for refusal in outcome.refusals:
            error = refusal.error
            self._answers.say(
                line=refusal.line,
                code=error.code.value,
                message=error.message,
                field=list(error.field) or None,
                external_id=refusal.external_id,
            )
        self._say_totals(line=upto)

    def _say_totals(self, **more: Any) -> None:
        self._answers.say(
            accepted=self._new + self._already_there,
            new=self._new,
            already_there=self._already_there,
            refused=self._refused,
            **more,
        )

    def _stop(self, code: str, message: str) -> None:
        self._answers.say(line=self._lines.number + 1, code=code, message=message, field=None, external_id=None)


async def _units(receive: Receive, splitter: LineSplitter, pace: BatchSizer) -> AsyncIterator[list[Line]]:
    """The lines of a body in units.

    Raises:
        ClientDisconnect, DamagedError: the body is not whole; a line that may have been cut is not given out.
    """
    gunzip = Gunzip()
    unit: list[Line] = []
    size = 0
    more = True
    try:
        while more:
            try:
                async with asyncio.timeout(IDLE_SECONDS if unit else None):
                    message = await receive()
            except TimeoutError:
                yield unit
                unit, size = [], 0
                continue
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            more = message.get("more_body", False)
            for piece in gunzip.feed(message.get("body", b"")):
                for line in splitter.feed(piece):
                    unit.append(line)
                    size += len(line[1] or b"")
                    if len(unit) >= pace.lines or size >= UNIT_BYTES:
                        yield unit
                        unit, size = [], 0
                await asyncio.sleep(0)  # a little gzip can be a lot of text
        unit += splitter.feed(gunzip.finish())
    except CorruptGzipError:
        if unit:
            yield unit
        raise
    unit += splitter.finish()
    if unit:
        yield unit
