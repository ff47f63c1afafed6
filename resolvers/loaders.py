"""Batched loading by key: what is asked for in one turn of the event loop is read in one query."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from sqlalchemy import Connection, select
from sqlalchemy.orm import InstrumentedAttribute

from models.access import User
from models.evaluation import Evaluation
from models.job import TrainingJob
from models.judge import Criterion, Judge, JudgeVersion
from store import judges
from store.store import Store, every

K = TypeVar("K")
V = TypeVar("V")


class Loader(Generic[K, V]):
    """Loads values by key and remembers them for as long as the request lasts."""

    def __init__(self, store: Store, read: Callable[[Connection, list[K]], dict[K, V]]) -> None:
        self._store = store
        self._read = read
        self._futures: dict[K, asyncio.Future[V | None]] = {}
        self._waiting: list[K] = []
        self._task: asyncio.Task[None] | None = None

    async def load(self, key: K) -> V | None:
        """The value of a key; None where there is none."""
        future = self._futures.get(key)
        if future is None:
            future = self._futures[key] = asyncio.get_running_loop().create_future()
            self._waiting.append(key)
            if self._task is None:
                self._task = asyncio.create_task(self._run())
        return await asyncio.shield(future)

    def clear(self) -> None:
        """Forget: what was loaded may have changed."""
        self._futures = {key: future for key, future in self._futures.items() if not future.done()}

    async def _run(self) -> None:
        await asyncio.sleep(0)  # let everybody of this turn ask
        keys, self._waiting, self._task = self._waiting, [], None
        futures = {key: self._futures[key] for key in keys}
        try:
            found = await self._store.read(lambda connection: self._read(connection, keys))
        except Exception as error:
            for future in futures.values():
                future.set_exception(error)
            return
        for key, future in futures.items():
            future.set_result(found.get(key))


class Certain(Generic[K, V]):
    """A loader of what is known to exist, because another row refers to it."""

    def __init__(self, loader: Loader[K, V]) -> None:
        self._loader = loader

    async def load(self, key: K) -> V:
        """The value of a key."""
        value = await self._loader.load(key)
        assert value is not None
        return value


def _by(record: type[V], column: InstrumentedAttribute[K]) -> Callable[[Connection, list[K]], dict[K, V]]:
    def read(connection: Connection, keys: Iterable[K]) -> dict[K, V]:
        rows = every(connection, select(record).where(column.in_(list(keys))), record)
        return {getattr(row, column.key): row for row in rows}

    return read


class Loaders:
    """The loaders of one request. Ids come from rows the viewer may see, so they are not checked again."""

    def __init__(self, store: Store) -> None:
        self.judges: Certain[int, Judge] = Certain(Loader(store, _by(Judge, Judge.pk)))
        self.criteria: Certain[int, tuple[Criterion, ...]] = Certain(Loader(store, judges.criteria_of))
        self.users: Certain[str, User] = Certain(Loader(store, _by(User, User.id)))
        self.versions: Loader[str, JudgeVersion] = Loader(store, _by(JudgeVersion, JudgeVersion.id))
        self.jobs: Certain[str, TrainingJob] = Certain(Loader(store, _by(TrainingJob, TrainingJob.id)))
        self.evaluations: Certain[str, Evaluation] = Certain(Loader(store, _by(Evaluation, Evaluation.id)))
