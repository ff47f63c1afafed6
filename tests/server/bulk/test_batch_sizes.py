"""Tests of the batch size of bulk loads, which keeps transactions short for other writers."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from models.bulk.line_splitter import Line
from models.bulk.reader import ParsedBatch
from resolvers.bulk import BatchOutcome, BulkLoad, PreparedBatch
from server.bulk.batches import EMBEDDED_BATCH_SECONDS, MAX_LINES, MIN_LINES, POSTGRES_BATCH_SECONDS, BatchSizer
from server.bulk.key_recheck import KeyRecheck
from server.bulk.loader import BulkLoader
from server.bulk.response_writer import ResponseWriter
from tests.waiting import finish


@pytest.mark.parametrize(("embedded", "seconds"), [(True, EMBEDDED_BATCH_SECONDS), (False, POSTGRES_BATCH_SECONDS)])
@pytest.mark.parametrize(
    ("batch_cost", "line_cost"), [(0.002, 0.00005), (0.01, 0.0003), (0.0, 1e-9), (0.2, 0.01)], ids=str
)
def test_batch_size_converges_to_the_target_time(
    batch_cost: float, line_cost: float, embedded: bool, seconds: float
) -> None:
    sizer = BatchSizer(embedded=embedded)
    for _ in range(30):
        sizer.learn(sizer.lines, batch_cost + line_cost * sizer.lines)
    fitting = (seconds - batch_cost) / line_cost
    assert sizer.lines == pytest.approx(min(max(fitting, MIN_LINES), MAX_LINES), rel=0.02)


def test_small_batch_after_a_pause_of_the_sender_does_not_change_the_size() -> None:
    sizer = BatchSizer(embedded=True)
    before = sizer.lines
    sizer.learn(1, 0.02)
    assert sizer.lines == before


class _OverlappingLoad:
    """Load that stores its first batch only after the second one is prepared."""

    def __init__(self) -> None:
        self.ctx = SimpleNamespace(store=SimpleNamespace(embedded=True))
        self.prepared = self.kept = self.max_waiting = 0
        self._second = asyncio.Event()

    def read(self, lines: list[Line]) -> ParsedBatch[Any]:
        return ParsedBatch()

    async def prepare(self, unit: ParsedBatch[Any]) -> PreparedBatch[Any]:
        self.prepared += 1
        self.max_waiting = max(self.max_waiting, self.prepared - self.kept)
        if self.prepared > 1:
            self._second.set()
        return PreparedBatch(rejected=unit.rejected)

    async def keep(self, prepared: PreparedBatch[Any]) -> BatchOutcome:
        await self._second.wait()
        self.kept += 1
        return BatchOutcome(0, 0, prepared.rejected)


async def test_next_batch_is_prepared_while_one_is_stored() -> None:
    load = _OverlappingLoad()
    body = b"{}\n" * 250 * 5
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    responses = ResponseWriter(send)
    key = cast("KeyRecheck", SimpleNamespace(check=lambda: asyncio.sleep(0)))
    try:
        await finish(BulkLoader(cast("BulkLoad[Any, Any]", load), key, responses).run(receive), "the load")
        await responses.finish()
    finally:
        await responses.close()
    assert b'"complete":true' in b"".join(message["body"] for message in sent)
    assert load.kept == load.prepared >= 2
    assert load.max_waiting == 2  # the one being stored and the next one
