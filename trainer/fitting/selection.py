"""Selection, per criterion, of what out-of-fold predictions support: gate, point estimator, interval and spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.arrays import Bools, Floats
from trainer.evidence.metrics import quadratic_weighted_kappa
from trainer.fitting.gates import STANDARD_ERRORS, OutOfFold, pool_distributions, select_gates
from trainer.model import decode
from trainer.model.label_table import LabelTable
from trainer.model.version import MEAN, MEDIAN, RAW, point_estimates
from trainer.scales import level_steps, to_grid

MIN_LABELS_TO_LEARN = 2
"""Labels below which a criterion passes its raw score through."""
MIN_PAIRS_FOR_ESTIMATOR = 8
"""Pairs below which the mean stays a criterion's point estimator."""
MIN_MEDIAN_GAIN = 0.05
"""Share of the mean's error by which the median must beat it; the mean best predicts several people's mean score."""
SPREAD_FACTORS = tuple(float(x) for x in np.arange(10, 31) / 10)
"""Spread factors to choose from."""
MIN_KAPPA_GAIN = 0.01
"""Kappa by which a larger spread factor must beat a smaller one."""
COVERAGE = 0.9
"""Share of people's scores that an interval covers."""
MIN_LABELS_PER_CRITERION = 100
"""Labels (pairs for the spread) from which a criterion is calibrated by itself; below, all criteria are pooled."""


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Selected settings of each criterion, all (C,).

    `learned`: False passes the raw score through. `gate`: share of the joint model, 0..1. `estimator`: RAW, MEAN or
    MEDIAN. `interval_mass`: mass of the 90 % interval. `spread_factor`, `spread_center`: how far points are spread
    before they become verdicts, and from where (in points).
    """

    learned: Bools
    gate: Floats
    estimator: NDArray[np.int8]
    interval_mass: Floats
    spread_factor: Floats
    spread_center: Floats


def select(
    table: LabelTable, out: OutOfFold, use: Bools, log_bayes_factor: float, old: Selection | None = None
) -> Selection:
    """Select the settings of each criterion.

    Args:
        table: label table.
        out: out-of-fold distributions.
        use: mask of the pairs to select on, (P,).
        log_bayes_factor: of the features against none, on these labels or on others.
        old: selection of the version that a warm start comes from; it is kept unless the pairs clearly contradict it.
    """
    count = len(table.scales)
    labels = np.bincount(table.rows.criterion[use[table.pair]], minlength=count)
    learned = labels >= MIN_LABELS_TO_LEARN
    gate, harmful = select_gates(table, out, use, log_bayes_factor)
    if old is not None:
        gate = np.where(old.learned & (old.gate > 0), np.where(harmful, 0.0, old.gate), gate)
        learned = learned | old.learned
    pooled = pool_distributions(table, out, gate)
    estimator = np.array(
        [_select_estimator(table, pooled, use & (table.pairs.criterion == c), c) for c in range(count)], np.int8
    )
    interval_mass = _calibrate_interval_mass(table, pooled, use)
    if old is not None:
        estimator = np.where(old.learned & (labels < MIN_PAIRS_FOR_ESTIMATOR), old.estimator, estimator)
        few = labels.sum() < MIN_LABELS_PER_CRITERION
        interval_mass = np.where(old.learned & few, old.interval_mass, interval_mass)
    spread_factor, spread_center = _select_spread(table, pooled, estimator, use)
    return Selection(learned, gate, estimator, interval_mass, spread_factor, spread_center)


def _select_estimator(table: LabelTable, exceed: Floats, mine: Bools, c: int) -> int:
    """Return the point estimator with the smallest error on the pairs in `mine`; on two levels always the mean.

    A share between yes and no is the better score there, although a hard guess has the smaller absolute error.

    Confirmed raw scores between two of the scale's are not counted: the raw score would have an error of 0 on them,
    although no person could have given it.

    Args:
        table: label table.
        exceed: pooled distributions, (P, W).
        mine: mask of the criterion's pairs, (P,).
        c: criterion.
    """
    scale, pairs = table.scales[c], table.pairs
    mine = mine & pairs.exact
    if level_steps(scale) == 1 or not mine.any():
        return MEAN
    target = pairs.target[mine]

    def error(points: Floats) -> Floats:
        return np.abs(points - target)

    chosen, best = MEAN, error(decode.mean(scale, exceed[mine]))
    median = error(decode.quantile(scale, exceed[mine], 0.5))
    if _exceeds_chance(best - median, MIN_MEDIAN_GAIN * float(best.mean())):
        chosen, best = MEDIAN, median
    return RAW if _exceeds_chance(best - error(pairs.raw[mine]), 0.0) else chosen


def _exceeds_chance(gain: Floats, least: float) -> bool:
    """Return whether a mean gain exceeds `least`, and zero by more than chance would explain."""
    n = len(gain)
    chance = STANDARD_ERRORS * float(gain.std(ddof=1)) / np.sqrt(n) if n >= MIN_PAIRS_FOR_ESTIMATOR else np.inf
    return bool(gain.mean() > max(least, chance))


def _select_spread(table: LabelTable, exceed: Floats, estimator: NDArray[np.int8], use: Bools) -> tuple[Floats, Floats]:
    """Return the spread factor and center of each criterion with the highest quadratic weighted kappa out of fold.

    The best estimates vary less than people's scores do, and kappa penalises that as if it were disagreement. Criteria
    with few labels share one factor. The factors are 1 unless verdicts are to maximise agreement.

    Args:
        table: label table.
        exceed: pooled distributions, (P, W).
        estimator: point estimator of each criterion, (C,).
        use: mask of the pairs to select on, (P,).
    """
    count, pairs = len(table.scales), table.pairs
    factor, center = np.ones(count), np.zeros(count)
    kappas, sizes = np.full((count, len(SPREAD_FACTORS)), np.nan), np.zeros(count)
    for c, scale in enumerate(table.scales):
        at = np.flatnonzero(use & (pairs.criterion == c))
        if not table.maximize_agreement or not len(at):
            continue
        points = point_estimates(scale, exceed[at], pairs.raw[at], int(estimator[c]), float("nan")).point
        center[c], sizes[c] = points.mean(), len(at)
        for k, candidate in enumerate(SPREAD_FACTORS):
            verdict = to_grid(scale, center[c] + candidate * (points - center[c]))
            kappas[c, k] = quadratic_weighted_kappa(scale, verdict, pairs.target[at]) or 0.0
    if sizes.any():
        common = np.nanmean(kappas[sizes > 0], axis=0)
        known = np.where((sizes >= MIN_LABELS_PER_CRITERION)[:, None], np.nan_to_num(kappas), common)
        smallest = (known >= known.max(1, keepdims=True) - MIN_KAPPA_GAIN).argmax(1)
        factor = np.where(sizes > 0, np.array(SPREAD_FACTORS)[smallest], 1.0)
    return factor, center


def _calibrate_interval_mass(table: LabelTable, exceed: Floats, use: Bools) -> Floats:
    """Return the mass of the central interval that holds 90 % of the labels out of fold, 0..1, (C,).

    This is split conformal prediction (Vovk, Gammerman & Shafer, Algorithmic learning in a random world, 2005). The
    nonconformity of a label is twice the mass between the median and it. Criteria with few labels are pooled.

    Args:
        table: label table.
        exceed: pooled distributions, (P, W).
        use: mask of the pairs to calibrate on, (P,).
    """
    rows = np.flatnonzero(use[table.pair])
    nonconformity = np.zeros(len(rows))
    criterion = table.rows.criterion[rows]
    for c, scale in enumerate(table.scales):
        mine = criterion == c
        at = rows[mine]
        below = decode.cumulative_probability(scale, exceed[table.pair[at]], table.score[at])
        nonconformity[mine] = np.abs(2 * below - 1)
    pooled = _conformal_quantile(nonconformity)
    each = [nonconformity[criterion == c] for c in range(len(table.scales))]
    return np.array([_conformal_quantile(own) if len(own) >= MIN_LABELS_PER_CRITERION else pooled for own in each])


def _conformal_quantile(nonconformity: Floats) -> float:
    """Return the COVERAGE quantile, corrected for the sample size; 1 if there are too few labels."""
    n = len(nonconformity)
    rank = int(np.ceil((n + 1) * COVERAGE))
    return float(np.partition(nonconformity, rank - 1)[rank - 1]) if 0 < rank <= n else 1.0
