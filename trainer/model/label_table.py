"""Labels laid out for learning and for proof: one row a label, one pair for each (item, criterion) people scored."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from trainer.arrays import Bools, Floats, Floats32, Ints
from trainer.data import Doubts, Items, Labels, Scale
from trainer.folds import Grouping, group_items
from trainer.model.ordinal import LOGITS, Rows, threshold_weight
from trainer.model.preconditioner import second_moments
from trainer.scales import exceedance, level_steps, to_grid, to_unit


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """P (item, criterion) pairs with labels; `target`: the mean of people's scores, `raw`: the judge's, in points.

    `line`: 8 (r - 1/2) of the unit raw score. `seen`: the base version learned something of the pair's group. `exact`:
    somebody's own score is known, not only that a score between two of the scale's was found right.
    """

    item: Ints
    criterion: Ints
    target: Floats
    raw: Floats
    line: Floats
    group: Ints
    seen: Bools
    exact: Bools

    def __len__(self) -> int:
        return len(self.item)


@dataclass(frozen=True, eq=False)
class Table:
    """All that is fixed before the first fit.

    `pair` (m,): each row's pair; `score` (m,): its label in points; `confirmed` (m,): the label is a score somebody
    found right, not one they gave; `block` (D,): the block of each feature. `agreement`: verdicts are to have the
    highest kappa, not to err least.
    """

    scales: tuple[Scale, ...]
    steps: Ints
    rows: Rows
    score: Floats
    seen: Bools
    pair: Ints
    pairs: Pairs
    grouping: Grouping
    rater_count: int
    dropped: int
    block: Ints
    confirmed: Bools
    agreement: bool = False

    @cached_property
    def moments(self) -> Floats:
        """Second moments of the features of all items, (D, D)."""
        return second_moments(self.rows.features)

    @property
    def width(self) -> int:
        """W, the largest number of thresholds of a criterion."""
        return int(self.rows.target.shape[1])


def lay_out(
    scales: tuple[Scale, ...], items: Items, labels: Labels, doubts: Doubts, rater_count: int, features: Floats32,
    block: Ints,
) -> Table:  # fmt: skip
    """Lay out labels; those of criteria the judge gave no raw score for are dropped and counted."""
    usable = ~np.isnan(items.raw[labels.item, labels.criterion]) & ~np.isnan(labels.score)
    dropped = int(np.count_nonzero(~usable))
    if dropped:
        labels = labels.take(usable)
    steps = np.array([level_steps(scale) for scale in scales], np.int32)
    width = int(steps.max(initial=1))
    units = np.stack([to_unit(scale, items.raw[:, c]) for c, scale in enumerate(scales)], axis=1)
    lines = LOGITS * (units - 0.5)
    target = np.zeros((len(labels), width), np.float32)
    for c, scale in enumerate(scales):
        mine = labels.criterion == c
        target[mine] = exceedance(scale, labels.score[mine], width)
    each = threshold_weight(steps)[:, None] * (np.arange(width) < steps[:, None])
    trust = _trust(labels, doubts, len(items))
    importance = (each[labels.criterion] * trust[:, None]).astype(np.float32)
    rows = Rows(
        features, labels.item, labels.criterion, labels.rater,
        lines[labels.item, labels.criterion], target, importance,
    )  # fmt: skip
    grouping = group_items(items, np.unique(labels.item))
    pairs, pair = _pair_up(scales, items, labels, lines, grouping)
    raters = rater_count if len(np.unique(labels.rater)) > 1 else 0  # one voice's offset can't be told from the scale's
    return Table(
        scales, steps, rows, labels.score, labels.seen, pair, pairs, grouping, raters, dropped, block, labels.confirmed
    )


def _trust(labels: Labels, doubts: Doubts, count: int) -> Floats:
    """Weight of each label: a confirmation shares its item with the people who found the same scores wrong."""
    against = np.bincount(doubts.item, minlength=count)
    confirmed = labels.confirmed
    voices = np.unique(np.stack([labels.item[confirmed], labels.rater[confirmed]]), axis=1)[0]
    in_favour = np.bincount(voices, minlength=count)
    share = in_favour / np.maximum(in_favour + against, 1)
    return np.where(confirmed, share[labels.item], 1.0)


def _off_grid(scales: tuple[Scale, ...], labels: Labels) -> Bools:
    """Mask of confirmed scores that no person could have given: somebody's own score is one of the two next to it."""
    out = np.zeros(len(labels), np.bool_)
    for c, scale in enumerate(scales):
        mine = labels.confirmed & (labels.criterion == c)
        score = labels.score[mine]
        out[mine] = np.abs(score - to_grid(scale, score)) > 1e-6 * scale.step
    return out


def _pair_up(
    scales: tuple[Scale, ...], items: Items, labels: Labels, lines: Floats, grouping: Grouping
) -> tuple[Pairs, Ints]:
    key = labels.item.astype(np.int64) * len(scales) + labels.criterion
    unique, pair, counts = np.unique(key, return_inverse=True, return_counts=True)
    item, criterion = (unique // len(scales)).astype(np.int32), (unique % len(scales)).astype(np.int32)
    seen_rows = np.bincount(grouping.group[labels.item], labels.seen, int(grouping.group.max(initial=0)) + 1) > 0
    pairs = Pairs(
        item,
        criterion,
        np.bincount(pair, labels.score, len(unique)) / counts,
        items.raw[item, criterion],
        lines[item, criterion],
        grouping.group[item],
        seen_rows[grouping.group[item]],  # a pair counts as unseen only if nothing of its group was learned
        np.bincount(pair, ~_off_grid(scales, labels), len(unique)) > 0,
    )
    return pairs, pair.astype(np.int32)
