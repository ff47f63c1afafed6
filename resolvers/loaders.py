"""Batched loaders: keys requested in one iteration of the event loop are read in one query."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy import Connection

from models.access import User
from models.evaluation import Evaluation
from models.job import TrainingJob
from models.judge import Criterion, Judge, JudgeVersion
from store import judges
from store.database.rows import rows_by_key
from store.database.store import Store

K = TypeVar("K")
V = TypeVar("V")

# Waiters resumed per iteration of the event loop. Each may run for a while, and other requests must not be starved.
MAX_RESUMED_PER_TURN = 4


class Loader(Generic[K, V]):
    """Loader of values by key. It caches nothing beyond a batch, so that long streams see changes."""

    def __init__(self, store: Store, read: Callable[[Connection, list[K]], dict[K, V]]) -> None:
        self._store = store
        self._read = read
        self._waiting: dict[K, list[asyncio.Future[V | None]]] = {}

    async def load(self, key: K) -> V | None:
        """Return the value of a key; None if there is none."""
        if not self._waiting:
            self._batch = asyncio.create_task(self._run())
        future: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(future)
        return await future

    async def _run(self) -> None:
        await asyncio.sleep(0)  # collects all keys of this iteration
        asked, self._waiting = self._waiting, {}
        found: dict[K, V] = {}
        problem: Exception | None = None
        try:
            found = await self._store.read(lambda connection: self._read(connection, list(asked)))
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


class Loaders:
    """Loaders of one request. Keys come from rows that the viewer may see and are not checked again."""

    def __init__(self, store: Store) -> None:
        self.judges: RequiredLoader[int, Judge] = RequiredLoader(Loader(store, rows_by_key(Judge, Judge.pk)))
        self.criteria: RequiredLoader[int, tuple[Criterion, ...]] = RequiredLoader(
            Loader(store, judges.list_criteria_by_judge)
        )
        self.users: RequiredLoader[str, User] = RequiredLoader(Loader(store, rows_by_key(User, User.id)))
        self.versions: Loader[str, JudgeVersion] = Loader(store, rows_by_key(JudgeVersion, JudgeVersion.id))
        self.jobs: RequiredLoader[str, TrainingJob] = RequiredLoader(
            Loader(store, rows_by_key(TrainingJob, TrainingJob.id))
        )
        self.evaluations: RequiredLoader[str, Evaluation] = RequiredLoader(
            Loader(store, rows_by_key(Evaluation, Evaluation.id))
        )
