"""Tests of the batched loaders."""

import asyncio
import itertools
from typing import Any

import pytest

from resolvers.loaders import Loader
from resolvers.read_batch import MAX_RESUMED_PER_TURN, ReadBatch


class Reads:
    """Store that counts its reads."""

    def __init__(self, outcome: Any = None) -> None:
        self.outcome = outcome
        self.batches: list[list[int]] = []

    async def read(self, unit: Any) -> Any:
        await asyncio.sleep(0)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return unit(None)


def loader(reads: Reads) -> Loader[int, str]:
    def read(_: Any, keys: list[int]) -> dict[int, str]:
        reads.batches.append(keys)
        return {key: f"row {key}" for key in keys if key < 100}

    return Loader(ReadBatch(reads), read)  # type: ignore[arg-type]


async def test_keys_of_one_loop_iteration_are_read_in_one_batch() -> None:
    reads = Reads()
    rows = loader(reads)
    assert await asyncio.gather(*map(rows.load, [1, 2, 1, 100])) == ["row 1", "row 2", "row 1", None]
    assert await rows.load(1) == "row 1"
    assert reads.batches == [[1, 2, 100], [1]]


async def test_many_waiters_do_not_starve_other_tasks() -> None:
    rows = loader(Reads())
    done: list[int] = []  # how many had their row at each turn of somebody else

    async def bystander() -> None:
        while len(woken) < 10 * MAX_RESUMED_PER_TURN:
            done.append(len(woken))
            await asyncio.sleep(0)

    woken: list[str | None] = []

    async def wait() -> None:
        woken.append(await rows.load(1))

    await asyncio.gather(bystander(), *(wait() for _ in range(10 * MAX_RESUMED_PER_TURN)))
    assert max(after - before for before, after in itertools.pairwise(done)) <= MAX_RESUMED_PER_TURN


async def test_a_cancelled_waiter_does_not_affect_the_others() -> None:
    rows = loader(Reads())
    impatient, patient = asyncio.create_task(rows.load(1)), asyncio.create_task(rows.load(1))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient == "row 1"


async def test_a_failed_read_raises_for_every_waiter() -> None:
    rows = loader(Reads(ConnectionError("away")))
    waiting = [asyncio.create_task(rows.load(key)) for key in (1, 2)]
    for task in waiting:
        with pytest.raises(ConnectionError):
            await task
