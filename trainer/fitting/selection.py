"""What proved itself out of fold: how much residual, which point estimate, how wide an interval, per criterion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.arrays import Bools, Floats
from trainer.evidence.metrics import quadratic_weighted_kappa, spearman
from trainer.model import decode
from trainer.model.label_table import Table
from trainer.model.version import MEAN, MEDIAN, RAW, readings
from trainer.scales import span, to_grid

STEPS = (0.0, 0.5, 1.0)
"""Shares of the joint model to choose from (a linear opinion pool with the calibrator)."""
CAUTION = 1.64
"""Standard errors by which the residual's worth must exceed zero: by chance it does in one run of twenty."""
WORTH = 0.1
"""Log Bayes factor of the features above which the residual only needs to look useful."""
TIED, BORROWED = 0.03, 100.0
"""Tied share of the judge's ranks above which the residual must rank better out of fold; weight of the common gain."""
ENOUGH_TO_ORDER = 400
"""Labels from which a residual that lessens the error can be trusted to order tied items, too."""
FEWEST_FOR_RESIDUAL = 40
"""Labels below which nothing can be said about the residual."""
FEWEST_FOR_POINT = 8
"""Items below which the mean stays a criterion's point estimate."""
CLEARLY = 0.05
"""Share of its error by which the median must beat the mean, the best guess of what several people agree on."""
STRETCHES = tuple(float(x) for x in np.arange(10, 31) / 10)
"""Factors to choose from."""
WORTHWHILE = 0.01
"""Kappa by which a larger factor must be better than a smaller one."""
COVERAGE = 0.9
FEWEST = 2
"""A criterion with fewer labels passes its raw score through."""
ENOUGH = 100
"""Labels from which a criterion's interval is calibrated by itself."""


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """P(label >= level) of each pair by models that saw nothing of its group, (P, W)."""

    calibrator: Floats
    joint: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Per criterion: learned at all, share of the joint model, point estimate, mass of the 90 % interval.

    `stretch`, `centre`: how far, and from where, points are spread before they become verdicts.
    """

    learned: Bools
    gate: Floats
    point: NDArray[np.int8]
    reach: Floats
    stretch: Floats
    centre: Floats


def choose(table: Table, out: OutOfFold, use: Bools, worth: float, old: Choice | None = None) -> Choice:
    """Choose on the pairs in `use`; `worth`: log Bayes factor of the features against none, on other labels or these.

    After a warm start the `old` choices stand unless these pairs speak clearly against them.
    """
    count = len(table.scales)
    labels = np.bincount(table.rows.criterion[use[table.pair]], minlength=count)
    learned = labels >= FEWEST
    gate, harmful = _gates(table, out, use, worth)
    if old is not None:
        gate = np.where(old.learned & (old.gate > 0), np.where(harmful, 0.0, old.gate), gate)
        learned = learned | old.learned
    pooled = pool(table, out, gate)
    point = np.array([_point(table, pooled, use & (table.pairs.criterion == c), c) for c in range(count)], np.int8)
    reach = _reach(table, pooled, use)
    if old is not None:
        point = np.where(old.learned & (labels < FEWEST_FOR_POINT), old.point, point)
        reach = np.where(old.learned & (labels.sum() < ENOUGH), old.reach, reach)
    stretch, centre = _stretches(table, pooled, point, use)
    return Choice(learned, gate, point, reach, stretch, centre)


def pool(table: Table, out: OutOfFold, gate: Floats) -> Floats:
    """The pooled distribution of each pair under the gates."""
    share = gate[table.pairs.criterion][:, None]
    return np.asarray((1.0 - share) * out.calibrator + share * out.joint)


def _gates(table: Table, out: OutOfFold, use: Bools, worth: float) -> tuple[Floats, Bools]:
    """The share of the joint model per criterion, and where it does harm: a stacking regression (Breiman 1996).

    What people's scores exceed the calibrator's mean by is regressed on what the joint model's mean exceeds it by; the
    coefficients are pooled partially over criteria. The residual is used where one is clearly above 0, or above 0 and
    the labels speak for the features as a whole. A judge of few different scores ties many items, and any residual,
    however small, orders them; disorder costs it rank correlation, so with few labels it must be seen to order them
    well. With many, the ranking gain is the noisier judge of the two: it closed gates that should have stayed open.
    """
    pairs, count = table.pairs, len(table.scales)
    at = np.flatnonzero(use)
    criterion = pairs.criterion[at]
    range_ = np.array([span(scale) for scale in table.scales])[criterion]
    low = np.array([scale.minimum for scale in table.scales])[criterion]
    plain, joint = _means(table, out.calibrator)[at], _means(table, out.joint)[at]
    residual, wanted = joint - plain, (pairs.target[at] - low) / range_ - plain
    square: Floats = np.bincount(criterion, residual**2, count).astype(np.float64)
    labels = np.count_nonzero(use[table.pair])
    if labels < FEWEST_FOR_RESIDUAL or square.max() <= 1e-9:
        return np.zeros(count), np.zeros(count, np.bool_)
    has = square > 1e-9
    slope: Floats = np.where(has, np.bincount(criterion, residual * wanted, count) / np.maximum(square, 1e-9), 0.0)
    left = wanted - slope[criterion] * residual
    variance = float(left @ left) / max(1, len(at) - int(np.count_nonzero(has)))
    _, group = np.unique(pairs.group[at], return_inverse=True)
    groups = int(group.max()) + 1
    shares = np.bincount(group * count + criterion, residual * left, groups * count).reshape(groups, count)
    influence: Floats = shares / np.maximum(square, 1e-9)
    error = np.where(has, np.maximum(variance / np.maximum(square, 1e-9), (influence**2).sum(0)), np.inf)
    centre, deviation = partially_pooled(slope, error, influence)
    share = np.select([centre >= (STEPS[1] + STEPS[2]) / 2, centre > 0], [STEPS[2], STEPS[1]], STEPS[0])
    useful = (centre > CAUTION * deviation) | ((worth > WORTH) & (centre > 0))
    if labels < ENOUGH_TO_ORDER and _tied(table, at) > TIED:
        useful &= _ranking_gain(table, at, plain, residual) > 0
    return np.where(useful, share, 0.0), centre < -deviation


def _ranking_gain(table: Table, at: NDArray[Any], plain: Floats, residual: Floats) -> Floats:
    """What the residual adds to Spearman out of fold, per criterion, shrunk to the mean over criteria.

    The calibrator's means are averaged over the items of a raw score, so that folds' levels don't blur its ranking.
    """
    pairs, count = table.pairs, len(table.scales)
    gain, size = np.zeros(count), np.zeros(count)
    for c in range(count):
        mine = pairs.criterion[at] == c
        raw, target = pairs.raw[at][mine], pairs.target[at][mine]
        _, place, members = np.unique(raw, return_inverse=True, return_counts=True)
        level = np.bincount(place, plain[mine], len(members)) / members
        old, new = spearman(raw, target), spearman(level[place] + residual[mine], target)
        if old is not None and new is not None:
            gain[c], size[c] = new - old, len(raw)
    common = float(size @ gain) / max(1.0, float(size.sum()))
    return np.asarray((size * gain + BORROWED * common) / (size + BORROWED))


def _tied(table: Table, at: NDArray[Any]) -> float:
    """Share of the variance of ranks hidden by the judge's ties: how often three scores of a criterion are equal."""
    equal = trials = 0.0
    for c in range(len(table.scales)):
        raw = table.pairs.raw[at][table.pairs.criterion[at] == c]
        n, members = len(raw), np.unique(raw, return_counts=True)[1].astype(np.float64)
        equal += float(np.sum(members * (members - 1) * (members - 2))) / max(1, (n - 1) * (n - 2))
        trials += n
    return equal / max(1.0, trials)


def _means(table: Table, exceed: Floats) -> Floats:
    """Expected score of each pair, 0..1."""
    return np.asarray(exceed.sum(1) / table.steps[table.pairs.criterion])


def partially_pooled(estimate: Floats, error: Floats, influence: Floats) -> tuple[Floats, Floats]:
    """Means and standard deviations of C estimates shrunk towards their common mean.

    `error` (C,): their variances; an infinite one borrows everything. `influence` (G, C): what each group adds to each
    estimate, because criteria of one item err together. The spread between estimates is the method of moments'
    (DerSimonian & Laird 1986).
    """
    weight = 1.0 / error
    total = float(weight.sum())
    common = float(weight @ estimate) / total
    excess = float(weight @ (estimate - common) ** 2) - (np.count_nonzero(weight) - 1)
    scale = total - float((weight**2).sum()) / total
    between = max(0.0, excess / scale) if scale > 1e-12 else 0.0
    weight = 1.0 / (error + between)
    total = float(weight.sum())
    common = float(weight @ estimate) / total
    common_error = max(1.0 / total, float(np.sum((influence @ weight) ** 2)) / total**2)
    trust = between * weight
    centre = trust * estimate + (1.0 - trust) * common
    deviation = np.sqrt(np.where(trust > 0, trust * np.minimum(error, 1e12), 0.0) + (1.0 - trust) ** 2 * common_error)
    return centre, deviation


def _point(table: Table, exceed: Floats, mine: Bools, c: int) -> int:
    """The point estimate that errs least on the pairs in `mine`.

    Raw scores between two of the scale's that were found right don't count: the raw score would err by 0 on them,
    though nobody gave it.
    """
    scale, pairs = table.scales[c], table.pairs
    mine = mine & pairs.exact
    if not mine.any():
        return MEAN
    target = pairs.target[mine]

    def error(points: Floats) -> Floats:
        return np.abs(points - target)

    chosen, best = MEAN, error(decode.mean(scale, exceed[mine]))
    median = error(decode.quantile(scale, exceed[mine], 0.5))
    if _surely(best - median, CLEARLY * float(best.mean())):
        chosen, best = MEDIAN, median
    return RAW if _surely(best - error(pairs.raw[mine]), 0.0) else chosen


def _stretches(table: Table, exceed: Floats, point: NDArray[np.int8], use: Bools) -> tuple[Floats, Floats]:
    """How far to spread each criterion's points from their mean for the highest quadratic weighted kappa out of fold.

    The best estimates vary less than people's scores do, and kappa punishes that as if it were disagreement. Criteria
    with few labels share one factor. Unless verdicts are to agree: 1.
    """
    count, pairs = len(table.scales), table.pairs
    stretch, centre = np.ones(count), np.zeros(count)
    kappas, sizes = np.full((count, len(STRETCHES)), np.nan), np.zeros(count)
    for c, scale in enumerate(table.scales):
        at = np.flatnonzero(use & (pairs.criterion == c))
        if not table.agreement or not len(at):
            continue
        points = readings(scale, exceed[at], pairs.raw[at], int(point[c]), float("nan"))[1]
        centre[c], sizes[c] = points.mean(), len(at)
        for k, factor in enumerate(STRETCHES):
            verdict = to_grid(scale, centre[c] + factor * (points - centre[c]))
            kappas[c, k] = quadratic_weighted_kappa(scale, verdict, pairs.target[at]) or 0.0
    if sizes.any():
        common = np.nanmean(kappas[sizes > 0], axis=0)
        known = np.where((sizes >= ENOUGH)[:, None], np.nan_to_num(kappas), common)
        least = (known >= known.max(1, keepdims=True) - WORTHWHILE).argmax(1)
        stretch = np.where(sizes > 0, np.array(STRETCHES)[least], 1.0)
    return stretch, centre


def _surely(gain: Floats, least: float) -> bool:
    """Whether a mean gain exceeds `least`, and zero by more than chance would have it."""
    n = len(gain)
    return n >= FEWEST_FOR_POINT and bool(gain.mean() > max(least, CAUTION * float(gain.std(ddof=1)) / np.sqrt(n)))


def _reach(table: Table, exceed: Floats, use: Bools) -> Floats:
    """Mass of the central interval that holds 90 % of the labels out of fold (split conformal, Vovk et al. 2005).

    A label's nonconformity is the mass between the median and it, doubled. Criteria with few labels share one figure.
    """
    count = len(table.scales)
    rows = np.flatnonzero(use[table.pair])
    nonconformity = np.zeros(len(rows))
    criterion = table.rows.criterion[rows]
    for c, scale in enumerate(table.scales):
        mine = criterion == c
        at = rows[mine]
        nonconformity[mine] = np.abs(2 * decode.place(scale, exceed[table.pair[at]], table.score[at]) - 1)
    pooled = _conformal(nonconformity)
    each = [nonconformity[criterion == c] for c in range(count)]
    return np.array([_conformal(own) if len(own) >= ENOUGH else pooled for own in each])


def _conformal(nonconformity: Floats) -> float:
    n = len(nonconformity)
    rank = int(np.ceil((n + 1) * COVERAGE))
    return float(np.partition(nonconformity, rank - 1)[rank - 1]) if 0 < rank <= n else 1.0
