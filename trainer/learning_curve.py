"""Learning curve: agreement with people after learning from growing parts of the feedback."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from trainer.arrays import Floats, Ints
from trainer.evidence.bootstrap import Interval, mean_changes, spearman_means
from trainer.evidence.report import Predictions
from trainer.fitting.cross_fit import cross_fit, predict_out_of_fold
from trainer.fitting.fit import Recipe
from trainer.fitting.setup import TrainingSetup, prepare
from trainer.scales import span
from trainer.task import Progress, Task, TrainingConfig

MAX_LABELS = 4000
"""Labels used at most, on items drawn at random; it bounds the time, features included, to some seconds."""
FIRST_SIZE = 25
"""Smallest number of labels of a curve whose sizes were not given."""
MAX_ORDERS = 4
"""Random orders averaged at a size at most."""
LABELS_PER_SIZE = 1000
"""Labels learned from at a size, over all its orders; from a quarter of it on, there are fewer orders."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Agreement with people after learning from `labels` labels, with 95 % intervals.

    `mae`: mean over criteria of the mean absolute error, as a share of the range. `spearman`: mean over criteria, None
    if it is undefined. With 0 labels: of the judge's own scores.
    """

    labels: int
    mae: Interval
    spearman: Interval | None


def learning_curve(task: Task, sizes: Sequence[int] | None = None) -> list[CurvePoint]:
    """Return the out-of-fold agreement of full retrains on growing random parts of a task's labels.

    The items are put in a random order. At each size the recipe learns from the first items only, and predicts all
    labelled items by folds of whole groups (each by models without its group, selections included). Every point is
    therefore about the same items, and the last one is the evidence that a full retrain would leave. Small sizes are
    averaged over several orders. Intervals are a bootstrap over groups. They give the uncertainty of a point for items
    like these; neighbouring points share the items, so that differences between them are more certain than overlapping
    intervals suggest.

    Source of the method: Perlich, Provost, Simonoff, Tree induction vs. logistic regression: a learning-curve
    analysis, JMLR 4 (2003); of the intervals: `trainer.evidence.bootstrap`.

    Args:
        task: labels and items; its base version and its settings other than the seed are ignored.
        sizes: numbers of labels. None: 25, doubling, then all. Sizes beyond the number of labels are ignored.

    Returns:
        Points by rising size, the first of 0 labels.

    Raises:
        ValueError: there are no labels.
    """
    seed = task.config.seed
    task = replace(_sample_items(task, seed), base=None, config=TrainingConfig("full_retrain", seed=seed))
    setup = prepare(task, None, None, _ignore_progress)
    total = len(setup.table.rows)
    points = [_measure_point(setup, 0, [setup.predict_points(setup.table.pairs.raw)])]
    for size in _choose_sizes(sizes, total):
        if setup.folds > 1:
            orders = 1 if size == total else int(np.clip(LABELS_PER_SIZE // size, 1, MAX_ORDERS))
            points.append(_measure_point(setup, size, [_predict_at_size(setup, size, k) for k in range(orders)]))
    return points


def _ignore_progress(_: Progress) -> None:
    """Ignore the progress: a curve reports none."""


def _choose_sizes(requested: Sequence[int] | None, total: int) -> list[int]:
    if requested is not None:
        return sorted({size for size in requested if 0 < size <= total})
    doubling = (FIRST_SIZE * 2**k for k in range(32))
    return [*(size for size in doubling if size < 0.75 * total), total]


def _sample_items(task: Task, seed: int) -> Task:
    """Return the task on random items that have about MAX_LABELS labels at most."""
    if len(task.labels) <= MAX_LABELS:
        return task
    labelled = np.unique(task.labels.item)
    counts = np.bincount(task.labels.item, minlength=len(task.items))
    order = np.random.default_rng([seed, 5]).permutation(labelled)
    kept = np.sort(_first_items(order, counts, MAX_LABELS))
    place = np.full(len(task.items), -1, np.int32)
    place[kept] = np.arange(len(kept))
    labels, doubts = task.labels.take(place[task.labels.item] >= 0), place[task.doubts.item] >= 0
    return replace(
        task,
        items=task.items.take(kept),
        labels=replace(labels, item=place[labels.item]),
        doubts=replace(task.doubts, item=place[task.doubts.item[doubts]], rater=task.doubts.rater[doubts]),
    )


def _first_items(order: np.ndarray, counts: np.ndarray, max_labels: int) -> np.ndarray:
    """Return the first items of an order that have at most so many labels together, but at least one item.

    Args:
        order: positions of items.
        counts: labels of each item, (n,).
        max_labels: of the returned items together.
    """
    return order[: max(1, int(np.searchsorted(np.cumsum(counts[order]), max_labels, "right")))]


def _predict_at_size(setup: TrainingSetup, size: int, order: int) -> Predictions:
    """Return out-of-fold scores of all pairs by models that learned from the first items of a random order.

    Args:
        setup: of the full retrain.
        size: labels to learn from.
        order: number of the random order.
    """
    table, seed = setup.table, setup.task.config.seed
    counts = np.bincount(table.rows.item, minlength=len(table.rows.features))
    labelled = np.random.default_rng([seed, 6, order]).permutation(np.flatnonzero(counts))
    learn = np.isin(table.rows.item, _first_items(labelled, counts, size))
    crossed = cross_fit(setup, Recipe(None, seed), f"{size} labels, order {order}", learn)
    return predict_out_of_fold(table, crossed, among=setup.pairs_of(learn))


def _measure_point(setup: TrainingSetup, size: int, orders: list[Predictions]) -> CurvePoint:
    """Return the agreement of several predictions of the same pairs, averaged.

    Args:
        setup: of the full retrain.
        size: labels that the predictions learned from.
        orders: predictions of each random order.
    """
    pairs, scales, seed = setup.table.pairs, setup.table.scales, setup.task.config.seed
    own = [at for c in range(len(scales)) if len(at := np.flatnonzero(pairs.criterion == c))]
    ranges = np.array([span(scales[pairs.criterion[at[0]]]) for at in own])
    groups: list[Ints] = [pairs.group[at] for at in own]
    errors: list[Floats] = [np.mean([np.abs(p.point[at] - pairs.target[at]) for p in orders], axis=0) for at in own]
    ranked = [([p.ranking[at] for p in orders], pairs.target[at]) for at in own]
    mae = mean_changes(errors, groups, ranges, seed).overall
    return CurvePoint(size, replace(mae, lower=max(0.0, mae.lower)), spearman_means(ranked, groups, seed))
