"""Batched loaders: keys requested in one iteration of the event loop are read in one query."""

import asyncio
from collections.abc import Callable, Hashable
from types import SimpleNamespace
from typing import Generic, TypeVar, cast

from sqlalchemy import Connection

from models.access import User
from models.base import Column
from models.evaluation import Evaluation
from models.feedback import FeedbackBounds, Figure, Summary
from models.job import TrainingJob
from models.judge import Criterion, Judge, JudgeVersion
from resolvers.read_batch import MAX_RESUMED_PER_TURN, ReadBatch
from store import judges
from store.database.rows import Columns, rows_by_key
from store.database.snapshot import snapshot
from store.database.store import Unit
from store.summary.summary import read_figures

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Loader(Generic[K, V]):
    """Loader of values by key. It caches nothing beyond a batch, so that long streams see changes."""

    def __init__(
        self, batch: ReadBatch, read: Callable[[Connection, list[K]], dict[K, V]], *, in_snapshot: bool = False
    ) -> None:
        """Create the loader.

        Args:
            batch: The batch that reads.
            read: Returns the values of keys; keys without a value are missing.
            in_snapshot: Whether ``read`` has several statements that must see the same state.
        """
        self._batch = batch
        self._in_snapshot = in_snapshot
        self._read = read
        self._waiting: dict[K, list[asyncio.Future[V | None]]] = {}

    async def load(self, key: K) -> V | None:
        """Return the value of a key; None if there is none."""
        if not self._waiting:
            self._delivery = asyncio.create_task(self._deliver(self._waiting, self._batch.schedule(self._take)))
        future: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(future)
        return await future

    def _take(self) -> Unit[dict[K, V]]:
        """Return the unit that reads all keys requested so far."""
        keys, self._waiting = list(self._waiting), {}

        def unit(connection: Connection) -> dict[K, V]:
            return self._read(connection, keys)

        return snapshot(unit) if self._in_snapshot else unit

    async def _deliver(
        self, asked: dict[K, list[asyncio.Future[V | None]]], reading: asyncio.Future[dict[K, V]]
    ) -> None:
        found: dict[K, V] = {}
        problem: Exception | None = None
        try:
            found = await reading
        except Exception as error:
            problem = error
        woken = 0
        for key, futures in asked.items():
            for future in futures:
                if future.done():  # the waiter was cancelled
                    continue
                if problem is not None:
                    future.set_exception(problem)
                else:
                    future.set_result(found.get(key))
                woken += 1
                if woken % MAX_RESUMED_PER_TURN == 0:
                    await asyncio.sleep(0)


class RequiredLoader(Generic[K, V]):
    """Loader of values that exist because another row refers to them."""

    def __init__(self, loader: Loader[K, V]) -> None:
        self._loader = loader

    async def load(self, key: K) -> V:
        """Return the value of a key."""
        value = await self._loader.load(key)
        assert value is not None
        return value


class RecordLoader(Generic[K, V]):
    """Loader of records to which another row refers. A record has only the columns that the caller selects."""

    def __init__(self, batch: ReadBatch, record: type[V], key: Column) -> None:
        self._batch = batch
        self._record = record
        self._key = key
        self._loaders: dict[Columns, Loader[K, V]] = {}

    async def find(self, key: K, columns: Columns = None) -> V | None:
        """Return the record of a key; None if it no longer exists.

        Args:
            key: The key.
            columns: The columns to read; None for all. The key alone needs no read.
        """
        if columns is not None and all(column is self._key for column in columns):
            return cast("V", SimpleNamespace(**{self._key.key: key}))
        loader = self._loaders.get(columns)
        if loader is None:
            loader = self._loaders[columns] = Loader(self._batch, rows_by_key(self._record, self._key, columns))
        return await loader.load(key)

    async def load(self, key: K, columns: Columns = None) -> V:
        """Return the record of a key that is known to exist.

        Args:
            key: The key.
            columns: The columns to read; None for all.
        """
        value = await self.find(key, columns)
        assert value is not None
        return value


class Loaders:
    """Loaders of one request. Keys come from rows that the viewer may see and are not checked again."""

    def __init__(self, batch: ReadBatch) -> None:
        self._batch = batch
        self._summaries: dict[tuple[FeedbackBounds, tuple[Figure, ...]], Loader[int, Summary]] = {}
        self.criteria: RequiredLoader[int, tuple[Criterion, ...]] = RequiredLoader(
            Loader(batch, judges.list_criteria_by_judge)
        )
        self.judges: RecordLoader[int, Judge] = RecordLoader(batch, Judge, Judge.pk)
        self.users: RecordLoader[str, User] = RecordLoader(batch, User, User.id)
        self.versions: RecordLoader[str, JudgeVersion] = RecordLoader(batch, JudgeVersion, JudgeVersion.id)
        self.jobs: RecordLoader[str, TrainingJob] = RecordLoader(batch, TrainingJob, TrainingJob.id)
        self.evaluations: RecordLoader[str, Evaluation] = RecordLoader(batch, Evaluation, Evaluation.id)

    async def load_summary(self, judge_pk: int, bounds: FeedbackBounds, selected: tuple[Figure, ...]) -> Summary:
        """Return some figures of a judge's feedback.

        Args:
            judge_pk: The judge.
            bounds: The bounds of the feedback, which are bounds of time.
            selected: The figures to read.
        """
        loader = self._summaries.get((bounds, selected))
        if loader is None:

            def read(connection: Connection, judge_pks: list[int]) -> dict[int, Summary]:
                return read_figures(connection, judge_pks, bounds, selected)

            loader = self._summaries[bounds, selected] = Loader(self._batch, read, in_snapshot=True)
        found = await loader.load(judge_pk)
        assert found is not None
        return found
