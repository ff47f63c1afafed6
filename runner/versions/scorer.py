"""Scorer of items with judge versions. Loaded versions are cached, since they never change."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from models.evaluation import Scores as ScoreList
from models.judge import Criterion
from models.specs.evaluations import EvaluationSpec
from runner.dataset.dataset import to_scales
from store import judges
from store.database.store import Store
from trainer.data import Items
from trainer.model.version import Scores, Version

MAX_CACHED_VERSIONS = 32
"""Versions that are kept in memory; the least recently used one is evicted."""


class Scorer:
    """Scorer that loads each version once and computes in a thread, so that the event loop is not blocked."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._versions: OrderedDict[str, Version] = OrderedDict()

    async def score(
        self,
        version_id: str,
        specs: Sequence[EvaluationSpec],
        raw: Sequence[ScoreList],
        criteria: tuple[Criterion, ...],
    ) -> Scores:
        """Return a version's scores of n items.

        Args:
            version_id: the version.
            specs: the items.
            raw: raw score of each item by criterion; None for a missing score.
            criteria: the judge's C criteria.

        Returns:
            (n, C) arrays with one column per criterion.
        """
        version = await self._version(version_id)
        items = Items(
            ids=[str(number) for number in range(len(specs))],
            groups=[spec.group for spec in specs],
            sources=[spec.source for spec in specs],
            inputs=[spec.input for spec in specs],
            outputs=[spec.output for spec in specs],
            rationales=[spec.rationale for spec in specs],
            raw=np.array([[np.nan if s is None else s for s in row] for row in raw], np.float64),
        )
        return await asyncio.to_thread(version.score, items, to_scales(criteria))

    async def _version(self, version_id: str) -> Version:
        version = self._versions.get(version_id)
        if version is None:
            content = await self.store.read(lambda connection: judges.read_version_content(connection, version_id))
            version = await asyncio.to_thread(Version.loads, content)
            self._versions[version_id] = version
            while len(self._versions) > MAX_CACHED_VERSIONS:
                self._versions.popitem(last=False)
        else:
            self._versions.move_to_end(version_id)
        return version
