"""Read batch: reading units that resolvers of one request start in the same turn share one hop and one transaction.

Key objects:
    ``ReadBatch.read``: adds a unit to the batch and returns its result.
    ``ReadBatch.schedule``: adds a function that returns the unit when the batch starts, for loaders that collect keys.

Protocol:
    1. The first unit schedules the start of the batch for the next turn of the event loop.
    2. The start is put off for a turn as long as the last turn added units, so that fields at different depths of the
       answer are read together.
    3. All units run one after another on one connection. An exception of a unit belongs to its caller alone.
    4. An error of the database ends the transaction. The units that did not run yet are read in another one.
    5. Callers are resumed a few per turn, because each may run for a while.

Invariants:
    - A unit whose caller was cancelled before the batch starts does not run.
    - If all callers of a batch are cancelled, so is the read.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from store.database.shared_transaction import Outcome, run_units
from store.database.store import Store, Unit

T = TypeVar("T")

# Callers resumed per turn of the event loop, so that other requests are not starved.
MAX_RESUMED_PER_TURN = 4


class ReadBatch:
    """Reading units of one request that wait for the next transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[tuple[Callable[[], Unit[Any]], asyncio.Future[Any]]] = []
        self._seen = 0
        self._running: set[asyncio.Task[None]] = set()

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads, together with the others of this turn."""
        return await self.schedule(lambda: unit)

    def schedule(self, make_unit: Callable[[], Unit[T]]) -> asyncio.Future[T]:
        """Run the unit that the function returns when the batch starts, and return its future result."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if not self._waiting:
            self._seen = 0
            loop.call_soon(self._start)
        self._waiting.append((make_unit, future))
        return future

    def _start(self) -> None:
        if len(self._waiting) > self._seen:  # more may follow in the next turn
            self._seen = len(self._waiting)
            asyncio.get_running_loop().call_soon(self._start)
            return
        waiting = [(make_unit(), future) for make_unit, future in self._waiting if not future.done()]
        self._waiting = []
        task = asyncio.create_task(self._run(waiting), name="read batch")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

        def cancel_if_unwanted(_: asyncio.Future[Any]) -> None:
            if all(future.cancelled() for _, future in waiting):
                task.cancel()

        for _, future in waiting:
            future.add_done_callback(cancel_if_unwanted)

    async def _run(self, waiting: list[tuple[Unit[Any], asyncio.Future[Any]]]) -> None:
        resumed = 0
        while waiting:
            outcomes = await self._read([unit for unit, _ in waiting])
            for (_, future), (result, error) in zip(waiting, outcomes, strict=False):
                if future.done():  # the caller was cancelled
                    continue
                if error is not None:
                    future.set_exception(error)
                else:
                    future.set_result(result)
                resumed += 1
                if resumed % MAX_RESUMED_PER_TURN == 0:
                    await asyncio.sleep(0)
            waiting = waiting[len(outcomes) :]

    async def _read(self, units: Sequence[Unit[Any]]) -> list[Outcome]:
        """Return the outcomes of the units in order, up to and including the first error of the database."""
        try:
            return await self._store.read(lambda connection: run_units(connection, units))
        except Exception as error:  # no connection, or the transaction failed as a whole
            return [(None, error)] * len(units)
