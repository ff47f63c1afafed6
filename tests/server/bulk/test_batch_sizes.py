"""Bulk loads are cut so that others who write need not wait long."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from models.bulk.line_splitter import Line
from models.bulk.reader import ParsedBatch
from resolvers.bulk import BatchOutcome, BulkLoad, PreparedBatch
from server.bulk.loader import (
    FEWEST_LINES,
    MOST_LINES,
    UNIT_SECONDS,
    UNIT_SECONDS_ELSEWHERE,
    BatchSizer,
    BulkLoader,
    KeyRecheck,
    ResponseWriter,
)


@pytest.mark.parametrize(("embedded", "seconds"), [(True, UNIT_SECONDS), (False, UNIT_SECONDS_ELSEWHERE)])
@pytest.mark.parametrize(("a_unit", "a_line"), [(0.002, 0.00005), (0.01, 0.0003), (0.0, 1e-9), (0.2, 0.01)])
def test_units_come_to_take_the_time_they_may(a_unit: float, a_line: float, embedded: bool, seconds: float) -> None:
    pace = BatchSizer(embedded=embedded)
    for _ in range(30):
        pace.learn(pace.lines, a_unit + a_line * pace.lines)
    fitting = (seconds - a_unit) / a_line
    assert pace.lines == pytest.approx(min(max(fitting, FEWEST_LINES), MOST_LINES), rel=0.02)


def test_a_unit_that_was_small_because_the_sender_paused_changes_nothing() -> None:
    pace = BatchSizer(embedded=True)
    before = pace.lines
    pace.learn(1, 0.02)
    assert pace.lines == before


class _Patient:
    """A load whose first unit is kept once the second is prepared."""

    def __init__(self) -> None:
        self.ctx = SimpleNamespace(store=SimpleNamespace(embedded=True))
        self.prepared = self.kept = self.most_waiting = 0
        self._second = asyncio.Event()

    def read(self, lines: list[Line]) -> ParsedBatch[Any]:
        return ParsedBatch()

    async def prepare(self, unit: ParsedBatch[Any]) -> PreparedBatch[Any]:
        self.prepared += 1
        self.most_waiting = max(self.most_waiting, self.prepared - self.kept)
        if self.prepared > 1:
            self._second.set()
        return PreparedBatch(refusals=unit.refusals)

    async def keep(self, prepared: PreparedBatch[Any]) -> BatchOutcome:
        async with asyncio.timeout(5):
            await self._second.wait()
        self.kept += 1
        return BatchOutcome(0, 0, prepared.refusals)


async def test_a_unit_is_prepared_while_the_one_before_is_kept_and_no_more_than_that() -> None:
    load = _Patient()
    body = b"{}\n" * 250 * 5
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    answers = ResponseWriter(send)
    key = cast("KeyRecheck", SimpleNamespace(check=lambda: asyncio.sleep(0)))
    try:
        await BulkLoader(cast("BulkLoad[Any, Any]", load), key, answers).run(receive)
        await answers.finish()
    finally:
        await answers.close()
    assert b'"complete":true' in b"".join(message["body"] for message in sent)
    assert load.kept == load.prepared >= 2
    assert load.most_waiting == 2  # the one being kept, and the next
