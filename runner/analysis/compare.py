"""How the verdicts of two versions differ on the evaluations there are: what a deployment would change."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import fields
from functools import partial

import numpy as np

from models.evaluation import Evaluation
from runner.analysis.requests import CompareRequest
from runner.analysis.results import ChangedItem, Comparison, VerdictChange, VersionScores
from runner.dataset.dataset import to_items, to_scales
from store import judges
from store.database.store import Store
from store.review_queue import list_newest
from trainer.data import Items, Scale
from trainer.model.version import Scores, Version
from trainer.scales import span, to_grid

MAX_EVALUATIONS = 5_000
"""Evaluations compared, the newest."""
MAX_CHARACTERS = 50_000_000
"""Characters of text looked at, after which no more evaluations are: it bounds the time where texts are long."""
ROWS_PER_READ = 200


async def compare_versions(store: Store, request: CompareRequest) -> Comparison:
    """Score the newest evaluations with both versions."""
    criteria = await store.read(lambda connection: judges.list_criteria(connection, request.judge_pk))
    scales = to_scales(criteria)
    old, new = [await _version(store, version_id) for version_id in (request.old, request.new)]
    tally = _Tally(scales, request.first)
    async for rows in _read_newest_blocks(store, request.judge_pk):
        items = to_items(rows, len(scales))
        tally.add(items, _score(old, items, scales), _score(new, items, scales))
    return tally.comparison()


async def _read_newest_blocks(store: Store, judge_pk: int) -> AsyncIterator[list[Evaluation]]:
    """The newest evaluations, a block at a time."""
    before: str | None = None
    count = characters = 0
    while count < MAX_EVALUATIONS and characters < MAX_CHARACTERS:
        rows = await store.read(
            partial(list_newest, judge_pk=judge_pk, before=before, size=min(ROWS_PER_READ, MAX_EVALUATIONS - count))
        )
        if not rows:
            return
        yield rows
        before, count, characters = rows[-1].id, count + len(rows), characters + sum(map(count_characters, rows))


def count_characters(evaluation: Evaluation) -> int:
    """Characters of an evaluation's texts."""
    return len(evaluation.output) + len(evaluation.input or "") + len(evaluation.rationale or "")


def _score(version: Version | None, items: Items, scales: Sequence[Scale]) -> Scores:
    """What a version says of items; None: the judge's raw scores, put on the grid for a verdict."""
    if version is not None:
        return version.score(items, scales)
    verdict = np.stack([to_grid(scale, items.raw[:, c]) for c, scale in enumerate(scales)], axis=1)
    nothing = np.full(items.raw.shape, np.nan)
    return Scores(items.raw, items.raw, verdict, nothing, nothing)


async def _version(store: Store, version_id: str | None) -> Version | None:
    if version_id is None:
        return None
    return Version.loads(await store.read(lambda connection: judges.read_version_content(connection, version_id)))


class _Tally:
    """Counts flips, and keeps the items that flip most."""

    def __init__(self, scales: Sequence[Scale], first: int) -> None:
        self._scales, self._first = scales, first
        self._steps = np.array([scale.step for scale in scales])
        weights = np.array([scale.weight for scale in scales])
        ranges = np.array([span(scale) for scale in scales])
        self._importance = (weights if weights.any() else np.ones(len(scales))) / ranges
        self._evaluations = self._flipped = 0
        self._columns = np.zeros((5, len(scales)))  # compared, raised, lowered, sum of changes, sum of their sizes
        self._most: list[tuple[float, int, str, Scores, Scores, int]] = []

    def add(self, items: Items, old: Scores, new: Scores) -> None:
        change = new.verdict - old.verdict
        known = ~np.isnan(change)
        change = np.where(known, change, 0.0)
        half = self._steps / 2
        raised, lowered = change > half, change < -half
        flips = (raised | lowered).sum(1)
        self._evaluations += len(items)
        self._flipped += int(np.count_nonzero(flips))
        self._columns += [part.sum(0) for part in (known, raised, lowered, change, np.abs(change))]
        size = (np.abs(change) * self._importance).sum(1)
        at = np.flatnonzero(flips)
        self._most += [(float(size[i]), int(flips[i]), items.ids[i], old, new, int(i)) for i in at]
        self._most.sort(key=lambda one: one[:2], reverse=True)  # stable: the newer first
        del self._most[self._first :]

    def comparison(self) -> Comparison:
        return Comparison(self._evaluations, self._flipped, list(self._differences()), list(self._items()))

    def _differences(self) -> Iterator[VerdictChange]:
        for ordinal, (compared, raised, lowered, change, size) in enumerate(self._columns.T.tolist()):
            if compared:
                yield VerdictChange(
                    ordinal, int(compared), int(raised), int(lowered), change / compared, size / compared
                )

    def _items(self) -> Iterator[ChangedItem]:
        for _, flips, evaluation_id, old, new, row in self._most:
            yield ChangedItem(evaluation_id, flips, _to_version_scores(old, row), _to_version_scores(new, row))


def _to_version_scores(scores: Scores, row: int) -> VersionScores:
    found = {field.name: getattr(scores, field.name)[row].tolist() for field in fields(Scores)}
    return VersionScores(
        **{name: [None if np.isnan(value) else value for value in values] for name, values in found.items()}
    )
