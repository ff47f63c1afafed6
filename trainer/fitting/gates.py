"""Gates: the share of the joint model in each criterion's pooled distribution, chosen on out-of-fold predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.arrays import Bools, Floats
from trainer.evidence.metrics import spearman
from trainer.model.label_table import LabelTable
from trainer.scales import span

GATES = (0.0, 0.5, 1.0)
"""Shares of the joint model to choose from (a linear opinion pool with the calibrator)."""
STANDARD_ERRORS = 1.64
"""Standard errors by which a gain must exceed zero; by chance it does in one run of twenty."""
MIN_LOG_BAYES_FACTOR = 0.1
"""Log Bayes factor of the features above which a gate opens for any positive coefficient."""
MIN_LABELS = 40
"""Labels below which nothing can be inferred about the residual; the gates stay closed."""
MAX_TIED_SHARE = 0.03
"""Tied share of the judge's ranks above which the residual must improve the ranking out of fold."""
MIN_LABELS_TO_RANK = 400
"""Labels from which a residual that lowers the error may also order tied items without proof of a better ranking."""
COMMON_GAIN_WEIGHT = 100.0
"""Pairs that the common ranking gain counts for in each criterion's gain."""
MIN_SQUARE = 1e-9
"""Sum of squared residuals below which a criterion has no residual."""


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """P(label >= level k) of each pair by models that learned nothing from its group, (P, W) each."""

    calibrator: Floats
    joint: Floats

    @classmethod
    def empty(cls, table: LabelTable) -> OutOfFold:
        """Return zeros for all pairs of a table, to be filled in."""
        shape = (len(table.pairs), table.width)
        return cls(np.zeros(shape), np.zeros(shape))

    def copy(self) -> OutOfFold:
        """Return a copy that may be written to."""
        return OutOfFold(self.calibrator.copy(), self.joint.copy())


def pool_distributions(table: LabelTable, out: OutOfFold, gate: Floats) -> Floats:
    """Return the pooled distribution of each pair.

    Args:
        table: label table.
        out: distributions of both models.
        gate: share of the joint model of each criterion, 0..1, (C,).

    Returns:
        Exceedances, (P, W).
    """
    share = gate[table.pairs.criterion][:, None]
    return np.asarray((1.0 - share) * out.calibrator + share * out.joint)


def select_gates(table: LabelTable, out: OutOfFold, use: Bools, log_bayes_factor: float) -> tuple[Floats, Bools]:
    """Return the gate of each criterion, (C,), and a mask of the criteria whose residual does harm, (C,).

    This is a stacking regression (Breiman, Stacked regressions, 1996). The difference of people's scores from the
    calibrator's mean is regressed on the difference of the joint model's mean from it; the coefficients are partially
    pooled over criteria. A gate opens if its coefficient is clearly above 0, or if it is above 0 and the labels favour
    the features as a whole.

    A judge that gives few different scores ties many items, and any residual, however small, orders them. A wrong order
    costs rank correlation, so that with few labels the residual must also be shown to order tied items well. With many
    labels the ranking gain is the noisier of the two criteria: it closed gates that should have stayed open.

    Args:
        table: label table.
        out: out-of-fold distributions.
        use: mask of the pairs to choose on, (P,).
        log_bayes_factor: of the features against none.
    """
    count, at = len(table.scales), np.flatnonzero(use)
    criterion = table.pairs.criterion[at]
    calibrator_means, residual, response = _unit_differences(table, out, at)
    square: Floats = np.bincount(criterion, residual**2, count).astype(np.float64)
    labels = np.count_nonzero(use[table.pair])
    if labels < MIN_LABELS or square.max() <= MIN_SQUARE:
        return np.zeros(count), np.zeros(count, np.bool_)
    center, deviation = _stacking_coefficients(table, at, residual, response, square)
    share = np.select([center >= (GATES[1] + GATES[2]) / 2, center > 0], [GATES[2], GATES[1]], GATES[0])
    favoured = log_bayes_factor > MIN_LOG_BAYES_FACTOR
    useful = (center > STANDARD_ERRORS * deviation) | (favoured & (center > 0))
    if labels < MIN_LABELS_TO_RANK and _tied_share(table, at) > MAX_TIED_SHARE:
        useful &= _ranking_gain(table, at, calibrator_means, residual) > 0
    return np.where(useful, share, 0.0), center < -deviation


def _unit_differences(table: LabelTable, out: OutOfFold, at: NDArray[Any]) -> tuple[Floats, Floats, Floats]:
    """Return the calibrator's means, and the joint model's means and people's scores minus them.

    Args:
        table: label table.
        out: out-of-fold distributions.
        at: positions of the pairs.

    Returns:
        Three arrays of shares of the range, (pairs,) each.
    """
    criterion = table.pairs.criterion[at]
    ranges = np.array([span(scale) for scale in table.scales])[criterion]
    low = np.array([scale.minimum for scale in table.scales])[criterion]
    calibrator_means, joint = _unit_means(table, out.calibrator)[at], _unit_means(table, out.joint)[at]
    return calibrator_means, joint - calibrator_means, (table.pairs.target[at] - low) / ranges - calibrator_means


def _unit_means(table: LabelTable, exceed: Floats) -> Floats:
    """Return the expected score of each pair, 0..1, (P,)."""
    return np.asarray(exceed.sum(1) / table.steps[table.pairs.criterion])


def _stacking_coefficients(
    table: LabelTable, at: NDArray[Any], residual: Floats, response: Floats, square: Floats
) -> tuple[Floats, Floats]:
    """Return the regression coefficients, partially pooled over criteria, and their standard deviations, (C,) each.

    Args:
        table: label table.
        at: positions of the pairs.
        residual: of the joint model's means from the calibrator's, (pairs,).
        response: differences of people's scores from the calibrator's means, (pairs,).
        square: sum of squared residuals of each criterion, (C,).
    """
    count, criterion = len(table.scales), table.pairs.criterion[at]
    has = square > MIN_SQUARE
    divisor = np.maximum(square, MIN_SQUARE)
    slope: Floats = np.where(has, np.bincount(criterion, residual * response, count) / divisor, 0.0)
    regression_error = response - slope[criterion] * residual
    variance = float(regression_error @ regression_error) / max(1, len(at) - int(np.count_nonzero(has)))
    _, group = np.unique(table.pairs.group[at], return_inverse=True)
    groups = int(group.max()) + 1
    shares = np.bincount(group * count + criterion, residual * regression_error, groups * count).reshape(groups, count)
    influence: Floats = shares / divisor
    variance_of_slope = np.where(has, np.maximum(variance / divisor, (influence**2).sum(0)), np.inf)
    return pool_partially(slope, variance_of_slope, influence)


def pool_partially(estimate: Floats, variance: Floats, influence: Floats) -> tuple[Floats, Floats]:
    """Return the means and standard deviations of C estimates shrunk towards their common mean.

    The variance between estimates is that of the method of moments (DerSimonian & Laird, Meta-analysis in clinical
    trials, 1986).

    Args:
        estimate: estimates, (C,).
        variance: variance of each estimate, (C,); if infinite, the estimate is replaced by the common mean.
        influence: contribution of each group to the error of each estimate, (G, C), because criteria of one item err
            together.
    """
    weight = 1.0 / variance
    total = float(weight.sum())
    common = float(weight @ estimate) / total
    excess = float(weight @ (estimate - common) ** 2) - (np.count_nonzero(weight) - 1)
    scale = total - float((weight**2).sum()) / total
    between = max(0.0, excess / scale) if scale > 1e-12 else 0.0
    weight = 1.0 / (variance + between)
    total = float(weight.sum())
    common = float(weight @ estimate) / total
    common_variance = max(1.0 / total, float(np.sum((influence @ weight) ** 2)) / total**2)
    trust = between * weight
    center = trust * estimate + (1.0 - trust) * common
    own = np.where(trust > 0, trust * np.minimum(variance, 1e12), 0.0)
    deviation = np.sqrt(own + (1.0 - trust) ** 2 * common_variance)
    return center, deviation


def _ranking_gain(table: LabelTable, at: NDArray[Any], calibrator_means: Floats, residual: Floats) -> Floats:
    """Return the out-of-fold gain in Spearman by the residual, shrunk to the mean over criteria, (C,).

    The calibrator's means are averaged over the items of a raw score, so that differences in level between folds do not
    blur its ranking.

    Args:
        table: label table.
        at: positions of the pairs.
        calibrator_means: calibrator's means, 0..1, (pairs,).
        residual: joint model's means minus those, (pairs,).
    """
    pairs, count = table.pairs, len(table.scales)
    gain, size = np.zeros(count), np.zeros(count)
    for c in range(count):
        mine = pairs.criterion[at] == c
        raw, target = pairs.raw[at][mine], pairs.target[at][mine]
        _, index, members = np.unique(raw, return_inverse=True, return_counts=True)
        level = np.bincount(index, calibrator_means[mine], len(members)) / members
        old, new = spearman(raw, target), spearman(level[index] + residual[mine], target)
        if old is not None and new is not None:
            gain[c], size[c] = new - old, len(raw)
    common = float(size @ gain) / max(1.0, float(size.sum()))
    return np.asarray((size * gain + COMMON_GAIN_WEIGHT * common) / (size + COMMON_GAIN_WEIGHT))


def _tied_share(table: LabelTable, at: NDArray[Any]) -> float:
    """Return the share of the variance of ranks hidden by the judge's ties.

    It is the frequency with which three scores of a criterion are equal.
    """
    equal = trials = 0.0
    for c in range(len(table.scales)):
        raw = table.pairs.raw[at][table.pairs.criterion[at] == c]
        n, members = len(raw), np.unique(raw, return_counts=True)[1].astype(np.float64)
        equal += float(np.sum(members * (members - 1) * (members - 2))) / max(1, (n - 1) * (n - 2))
        trials += n
    return equal / max(1.0, trials)
