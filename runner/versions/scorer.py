"""Score items with judge versions; versions are kept loaded, since they never change."""

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


class Scorer:
    """Loads versions once and scores in a thread, so that the event loop stays free."""

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
        """Scores of items, (n, C) arrays with a column a criterion; ``raw`` are the judge's own."""
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
