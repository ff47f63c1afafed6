"""Comparison of two versions' verdicts on the newest evaluations: the effect that a deployment would have."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import partial

import numpy as np

from runner.analysis.reading import load_version, read_newest_blocks
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
"""Newest evaluations that are compared."""
MAX_CHARACTERS = 50_000_000
"""Characters of text after which no more evaluations are read; it bounds the time if texts are long."""


async def compare_versions(store: Store, request: CompareRequest) -> Comparison:
    """Score the newest evaluations with both versions and return how their verdicts differ."""
    criteria = await store.read(lambda connection: judges.list_criteria(connection, request.judge_pk))
    scales = to_scales(criteria)
    old, new = [await load_version(store, version_id) for version_id in (request.old, request.new)]
    tally = _Tally(scales, request.first)
    read = partial(list_newest, judge_pk=request.judge_pk)
    async for rows in read_newest_blocks(store, read, MAX_EVALUATIONS, MAX_CHARACTERS):
        items = to_items(rows, len(scales))
        tally.add(items, _score(old, items, scales), _score(new, items, scales))
    return tally.to_comparison()


def _score(version: Version | None, items: Items, scales: Sequence[Scale]) -> Scores:
    """Return a version's scores of items.

    Args:
        version: None stands for the judge's raw scores, rounded to the scale's grid for a verdict.
        items: n items.
        scales: C scales; the scores are (n, C) arrays.
    """
    if version is not None:
        return version.score(items, scales)
    verdict = np.stack([to_grid(scale, items.raw[:, c]) for c, scale in enumerate(scales)], axis=1)
    unknown = np.full(items.raw.shape, np.nan)
    return Scores(items.raw, items.raw, verdict, unknown, unknown)


class _Tally:
    """Running totals of the verdicts that differ, and the items that differ most.

    Two verdicts differ if they are more than half a step of the scale apart. Items are ordered by the weighted sum of
    their changes, each as a share of the scale's range.
    """

    def __init__(self, scales: Sequence[Scale], first: int) -> None:
        self._scales, self._first = scales, first
        self._steps = np.array([scale.step for scale in scales])
        weights = np.array([scale.weight for scale in scales])
        ranges = np.array([span(scale) for scale in scales])
        self._importance = (weights if weights.any() else np.ones(len(scales))) / ranges
        self._evaluations = self._flipped = 0
        # Rows: compared, raised, lowered, sum of changes, sum of absolute changes.
        self._columns = np.zeros((5, len(scales)))
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
        self._most.sort(key=lambda one: one[:2], reverse=True)  # a stable sort, so that newer items come first
        del self._most[self._first :]

    def to_comparison(self) -> Comparison:
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
