"""Agreement of scores with people's on one criterion; all arrays are (n,), of the same items, in points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainer.arrays import Floats
from trainer.data import Scale
from trainer.scales import is_fine, level_steps, span, to_grid, to_unit

MAX_BINS = 10
"""Bins of a calibration curve at most."""


def ranks(values: Floats) -> Floats:
    """Return ranks from 0; ties share their mean rank."""
    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[index]


def spearman(a: Floats, b: Floats) -> float | None:
    """Return Spearman's rank correlation, -1..1; None if either side is constant."""
    x, y = ranks(a), ranks(b)
    x, y = x - x.mean(), y - y.mean()
    size = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / size if size > 0 else None


def quadratic_weighted_kappa(scale: Scale, a: Floats, b: Floats) -> float | None:
    """Return Cohen's kappa with quadratic weights (Cohen, Weighted kappa, 1968) on the learned levels.

    Args:
        scale: scale of the criterion.
        a: scores of one side.
        b: scores of the other side.

    Returns:
        Kappa, at most 1; None if both sides are constant and equal.
    """
    steps = level_steps(scale)
    x, y = np.rint(to_unit(scale, a) * steps), np.rint(to_unit(scale, b) * steps)
    expected = float(np.mean(x**2) + np.mean(y**2) - 2 * np.mean(x) * np.mean(y))
    return 1.0 - float(np.mean((x - y) ** 2)) / expected if expected > 0 else None


def exact_agreement(scale: Scale, verdict: Floats, label: Floats) -> float:
    """Return the share of items with the same score after rounding to the grid.

    Args:
        scale: scale of the criterion.
        verdict: scores to compare.
        label: people's scores.
    """
    return float(np.mean(np.abs(to_grid(scale, verdict) - to_grid(scale, label)) < scale.step / 2))


def within_one_agreement(scale: Scale, verdict: Floats, label: Floats) -> float:
    """Return the share of items whose scores differ little after rounding to the grid.

    The difference may be one step, or a tenth of the range on a scale finer than its learned levels.

    Args:
        scale: scale of the criterion.
        verdict: scores to compare.
        label: people's scores.
    """
    tolerance = span(scale) / 10 if is_fine(scale) else scale.step
    return float(np.mean(np.abs(to_grid(scale, verdict) - to_grid(scale, label)) <= tolerance * (1 + 1e-9)))


def calibration_error(predicted: Floats, label: Floats) -> float:
    """Return the expected calibration error, in points.

    Items are sorted by their predicted score into up to 10 bins of equal count (equal predictions stay together). The
    error is the mean over bins, weighted by count, of |mean prediction - mean label|.
    """
    return float(np.abs(np.bincount(_assign_bins(predicted), predicted - label)).sum() / len(label))


def _assign_bins(predicted: Floats) -> np.ndarray:
    edges = np.quantile(predicted, np.arange(1, MAX_BINS) / MAX_BINS)
    return np.searchsorted(np.unique(edges), predicted, side="left")


@dataclass(frozen=True, slots=True)
class CalibrationPoint:
    """Bin of similar predictions: their mean, the mean of people's scores, both in points, and the number of items."""

    score: float
    people: float
    count: int


def calibration_curve(predicted: Floats, label: Floats) -> tuple[CalibrationPoint, ...]:
    """Return the non-empty bins of `calibration_error` by rising score, at most 10."""
    bins = _assign_bins(predicted)
    counts = np.bincount(bins)
    scores, people = np.bincount(bins, predicted), np.bincount(bins, label)
    return tuple(
        CalibrationPoint(float(scores[k] / n), float(people[k] / n), int(n)) for k, n in enumerate(counts) if n
    )


@dataclass(frozen=True, slots=True)
class Confusion:
    """Confusion matrix: how often people gave `levels[row]` (points) and the verdict was `levels[column]`."""

    levels: tuple[float, ...]
    counts: tuple[tuple[int, ...], ...]


def confusion(scale: Scale, verdict: Floats, label: Floats) -> Confusion:
    """Return the confusion matrix on the learned levels, at most 21.

    Args:
        scale: scale of the criterion.
        verdict: scores of the columns.
        label: people's scores, of the rows.
    """
    steps = level_steps(scale)
    size = steps + 1
    row, column = (np.rint(to_unit(scale, score) * steps).astype(np.int64) for score in (label, verdict))
    counts = np.bincount(row * size + column, minlength=size * size).reshape(size, size)
    levels = scale.minimum + np.arange(size) * span(scale) / steps
    return Confusion(tuple(levels.tolist()), tuple(tuple(line) for line in counts.tolist()))
