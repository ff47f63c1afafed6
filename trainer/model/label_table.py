"""Label table: labels laid out for fitting, one row each, and for evidence, one pair per scored item and criterion."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from trainer.arrays import Bools, Floats, Floats32, Ints
from trainer.data import Doubts, Items, Labels, Scale
from trainer.folds import Grouping, group_items
from trainer.model.ordinal import LOGITS, LabelRows, threshold_weight
from trainer.model.preconditioner import compute_second_moments
from trainer.scales import level_steps, soft_targets, to_grid, to_unit


@dataclass(frozen=True, slots=True, eq=False)
class ScoredPairs:
    """P (item, criterion) pairs that people scored; all arrays are (P,).

    `item`, `criterion`: positions. `target`: mean of people's scores, `raw`: the judge's score, both in points.
    `raw_logit`: 8 (r - 1/2) of the unit raw score r. `group`: of the item. `seen`: the base version learned from a
    label of the pair's group. `exact`: the own score of at least one person is known, not only that somebody approved
    a score between two of the scale's.
    """

    item: Ints
    criterion: Ints
    target: Floats
    raw: Floats
    raw_logit: Floats
    group: Ints
    seen: Bools
    exact: Bools

    def __len__(self) -> int:
        return len(self.item)


@dataclass(frozen=True, eq=False)
class LabelTable:
    """Training data of a task, fixed before the first fit.

    `steps` (C,): learned steps of each scale. `rows`: the m labels. `score` (m,): each label in points. `seen` (m,):
    the base version learned from it. `pair` (m,): each label's position in `pairs`. `rater_count`: R, 0 if there is a
    single rater. `dropped_count`: labels left out because the judge gave no raw score. `feature_block` (D,): block of
    each feature. `confirmed` (m,): the label is a shown score that somebody approved, not one they gave.
    `shown` (m,): score that the rater was shown, in points. `maximize_agreement`: verdicts are to have the highest
    kappa, not the smallest error.
    """

    scales: tuple[Scale, ...]
    steps: Ints
    rows: LabelRows
    score: Floats
    seen: Bools
    pair: Ints
    pairs: ScoredPairs
    grouping: Grouping
    rater_count: int
    dropped_count: int
    feature_block: Ints
    confirmed: Bools
    shown: Floats
    maximize_agreement: bool = False

    @cached_property
    def second_moments(self) -> Floats:
        """Second moments of the features of all items, (D, D)."""
        return compute_second_moments(self.rows.features)

    @property
    def width(self) -> int:
        """W, the largest number of thresholds of a criterion."""
        return int(self.rows.target.shape[1])


def build_label_table(
    scales: tuple[Scale, ...],
    items: Items,
    labels: Labels,
    doubts: Doubts,
    rater_count: int,
    features: Floats32,
    feature_block: Ints,
    *,
    maximize_agreement: bool = False,
) -> LabelTable:
    """Lay out labels; those of criteria for which the judge gave no raw score are dropped and counted.

    Args:
        scales: C criteria, the columns of `items.raw`.
        items: n items.
        labels: people's scores.
        doubts: low ratings and rejections.
        rater_count: number of raters.
        features: of the items, (n, D).
        feature_block: block of each feature, (D,).
        maximize_agreement: verdicts are to have the highest kappa.
    """
    # Kept in one piece: the arguments and the fields of the table take most of its lines.
    all_labels, labels = labels, _drop_unusable(items, labels)
    steps = np.array([level_steps(scale) for scale in scales], np.int32)
    raw_logits = LOGITS * (np.stack([to_unit(s, items.raw[:, c]) for c, s in enumerate(scales)], axis=1) - 0.5)
    rows = _build_rows(scales, steps, labels, doubts, features, raw_logits)
    grouping = group_items(items, np.unique(labels.item))
    pairs, pair = _pair_labels(scales, items, labels, raw_logits, grouping)
    several_raters = len(np.unique(labels.rater)) > 1  # one rater's offset is not distinguishable from the intercept
    return LabelTable(
        scales=scales,
        steps=steps,
        rows=rows,
        score=labels.score,
        seen=labels.seen,
        pair=pair,
        pairs=pairs,
        grouping=grouping,
        rater_count=rater_count if several_raters else 0,
        dropped_count=len(all_labels) - len(labels),
        feature_block=feature_block,
        confirmed=labels.confirmed,
        shown=items.raw[labels.item, labels.criterion] if labels.shown is None else labels.shown,
        maximize_agreement=maximize_agreement,
    )


def _drop_unusable(items: Items, labels: Labels) -> Labels:
    """Return the labels of criteria for which the judge gave a raw score."""
    usable = ~np.isnan(items.raw[labels.item, labels.criterion]) & ~np.isnan(labels.score)
    return labels if usable.all() else labels.take(usable)


def _build_rows(
    scales: tuple[Scale, ...], steps: Ints, labels: Labels, doubts: Doubts, features: Floats32, raw_logits: Floats
) -> LabelRows:
    width = int(steps.max(initial=1))
    target = np.zeros((len(labels), width), np.float32)
    for c, scale in enumerate(scales):
        mine = labels.criterion == c
        target[mine] = soft_targets(scale, labels.score[mine], width)
    each = threshold_weight(steps)[:, None] * (np.arange(width) < steps[:, None])
    trust = _label_weights(labels, doubts, len(features))
    importance = (each[labels.criterion] * trust[:, None]).astype(np.float32)
    return LabelRows(
        features,
        labels.item,
        labels.criterion,
        labels.rater,
        raw_logits[labels.item, labels.criterion],
        target,
        importance,
    )


def _label_weights(labels: Labels, doubts: Doubts, item_count: int) -> Floats:
    """Return the weight of each label.

    A confirmation has the share of approving raters as its weight, among the raters of its item who approved and those
    who doubted the same shown scores. A correction has the weight 1.

    Args:
        labels: m labels.
        doubts: low ratings and rejections.
        item_count: n.

    Returns:
        Weights, 0..1, (m,).
    """
    against = np.bincount(doubts.item, minlength=item_count)
    confirmed = labels.confirmed
    approvals = np.unique(np.stack([labels.item[confirmed], labels.rater[confirmed]]), axis=1)[0]
    in_favour = np.bincount(approvals, minlength=item_count)
    share = in_favour / np.maximum(in_favour + against, 1)
    return np.where(confirmed, share[labels.item], 1.0)


def _pair_labels(
    scales: tuple[Scale, ...], items: Items, labels: Labels, raw_logits: Floats, grouping: Grouping
) -> tuple[ScoredPairs, Ints]:
    """Return the pairs that labels are about, and each label's pair, (m,).

    Args:
        scales: C criteria.
        items: n items.
        labels: m labels.
        raw_logits: the judge's scores in logits, (n, C).
        grouping: groups of the items.
    """
    key = labels.item.astype(np.int64) * len(scales) + labels.criterion
    unique, pair, counts = np.unique(key, return_inverse=True, return_counts=True)
    item, criterion = (unique // len(scales)).astype(np.int32), (unique % len(scales)).astype(np.int32)
    group_count = int(grouping.group.max(initial=0)) + 1
    seen_groups = np.bincount(grouping.group[labels.item], labels.seen, group_count) > 0
    pairs = ScoredPairs(
        item,
        criterion,
        np.bincount(pair, labels.score, len(unique)) / counts,
        items.raw[item, criterion],
        raw_logits[item, criterion],
        grouping.group[item],
        seen_groups[grouping.group[item]],  # a pair counts as unseen only if nothing of its group was learned
        np.bincount(pair, ~_is_off_grid(scales, labels), len(unique)) > 0,
    )
    return pairs, pair.astype(np.int32)


def _is_off_grid(scales: tuple[Scale, ...], labels: Labels) -> Bools:
    """Return a mask of the confirmed scores that no person could have given, (m,).

    The own score of a person who approved one is one of the two scores of the scale next to it.
    """
    out = np.zeros(len(labels), np.bool_)
    for c, scale in enumerate(scales):
        mine = labels.confirmed & (labels.criterion == c)
        score = labels.score[mine]
        out[mine] = np.abs(score - to_grid(scale, score)) > 1e-6 * scale.step
    return out
