"""The learning curve: how good a version would be with less feedback, and so what more of it may bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from trainer.arrays import Floats, Ints
from trainer.evidence.bootstrap import Interval, mae_changes, spearman_means
from trainer.evidence.report import Predictions
from trainer.fitting.cross_fit import cross_fit, honest_scores
from trainer.fitting.fit import Recipe
from trainer.fitting.setup import Study, prepare
from trainer.scales import span
from trainer.task import Progress, Task, TrainingConfig

MOST = 4000
"""Labels looked at; of more, a random part. It bounds the time, features included, to some seconds."""
FIRST = 25
ORDERS, WORK = 4, 1000
"""Random orders averaged at a size: four where it has few labels, fewer from `WORK` / 4 on."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Agreement with people after learning from `labels` labels, with 95 % intervals.

    `mae`: mean over criteria of the mean absolute error, as a share of the range. `spearman`: mean over criteria,
    None where it is not defined. With 0 labels: the judge's own scores.
    """

    labels: int
    mae: Interval
    spearman: Interval | None


def learning_curve(task: Task, sizes: Sequence[int] | None = None) -> list[CurvePoint]:
    """Out-of-fold agreement of full retrains on growing random parts of a task's labels.

    The items come in a random order. At each size the recipe learns from the first items only, and predicts all
    labelled items by folds of whole groups (each by models without its group, choices included), so that every point
    is about the same items and the last one is the proof a full retrain would leave. Small sizes are averaged over
    several orders. Intervals are a bootstrap over groups: they tell how sure a point is about items like these;
    neighbouring points share the items, so differences between them are surer than overlapping intervals suggest.

    Args:
        task: labels and items; its base version and settings other than the seed play no part.
        sizes: numbers of labels; left out, 25 and on by doubling, then all. Those beyond what there is are left out.

    Raises:
        ValueError: there are no labels.

    Source of the method: Perlich, Provost, Simonoff, Tree induction vs. logistic regression: a learning-curve
    analysis, JMLR 4 (2003); of the intervals, `trainer.evidence.bootstrap`.
    """
    seed = task.config.seed
    task = replace(_at_most(task, MOST, seed), base=None, config=TrainingConfig("full_retrain", seed=seed))
    study = prepare(task, None, None, _unheard)
    total = len(study.table.rows)
    points = [_point(study, 0, [study.unchanged(study.table.pairs.raw)])]
    for size in _sizes(sizes, total):
        if study.folds > 1:
            orders = 1 if size == total else int(np.clip(WORK // size, 1, ORDERS))
            points.append(_point(study, size, [_learned_from(study, size, order) for order in range(orders)]))
    return points


def _unheard(_: Progress) -> None:
    """Nobody follows a curve's progress."""


def _sizes(wanted: Sequence[int] | None, total: int) -> list[int]:
    if wanted is not None:
        return sorted({size for size in wanted if 0 < size <= total})
    doubling = (FIRST * 2**k for k in range(32))
    return [*(size for size in doubling if size < 0.75 * total), total]


def _at_most(task: Task, most: int, seed: int) -> Task:
    """The task on random items with at most about `most` labels."""
    if len(task.labels) <= most:
        return task
    used = np.unique(task.labels.item)
    counts = np.bincount(task.labels.item, minlength=len(task.items))
    order = np.random.default_rng([seed, 5]).permutation(used)
    kept = np.sort(order[: max(1, int(np.searchsorted(np.cumsum(counts[order]), most, "right")))])
    place = np.full(len(task.items), -1, np.int32)
    place[kept] = np.arange(len(kept))
    labels, doubts = task.labels.take(place[task.labels.item] >= 0), place[task.doubts.item] >= 0
    return replace(
        task,
        items=task.items.take(kept),
        labels=replace(labels, item=place[labels.item]),
        doubts=replace(task.doubts, item=place[task.doubts.item[doubts]], rater=task.doubts.rater[doubts]),
    )


def _learned_from(study: Study, size: int, order: int) -> Predictions:
    """Out-of-fold scores of all pairs by models that learned from the first items of a random order."""
    table = study.table
    counts = np.bincount(table.rows.item, minlength=len(table.rows.features))
    used = np.random.default_rng([study.task.config.seed, 6, order]).permutation(np.flatnonzero(counts))
    items = used[: max(1, int(np.searchsorted(np.cumsum(counts[used]), size, "right")))]
    learn = np.isin(table.rows.item, items)
    crossed = cross_fit(
        table, study.fold, study.folds, learn, Recipe(None, study.task.config.seed), study.journal,
        f"{size} labels, order {order}", study.track,
    )  # fmt: skip
    return honest_scores(table, crossed, among=study.pairs_of(learn))


def _point(study: Study, size: int, orders: list[Predictions]) -> CurvePoint:
    pairs, scales = study.table.pairs, study.table.scales
    own = [at for c in range(len(scales)) if len(at := np.flatnonzero(pairs.criterion == c))]
    ranges = np.array([span(scales[pairs.criterion[at[0]]]) for at in own])
    groups: list[Ints] = [pairs.group[at] for at in own]
    errors: list[Floats] = [np.mean([np.abs(p.point[at] - pairs.target[at]) for p in orders], axis=0) for at in own]
    seed = study.task.config.seed
    ranked = [([p.ranking[at] for p in orders], pairs.target[at]) for at in own]
    mae = mae_changes(errors, groups, ranges, seed).overall
    return CurvePoint(size, replace(mae, lower=max(0.0, mae.lower)), spearman_means(ranked, groups, seed))
