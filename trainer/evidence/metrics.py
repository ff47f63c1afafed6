"""How well scores agree with people's on one criterion; all arrays are (n,), of the same items, in points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainer.arrays import Floats
from trainer.data import Scale
from trainer.scales import is_fine, level_steps, span, to_grid, to_unit

BINS = 10


def ranks(values: Floats) -> Floats:
    """Ranks from 0, ties sharing their mean rank."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[place]


def spearman(a: Floats, b: Floats) -> float | None:
    """Spearman's rank correlation, -1..1; None where either side is constant."""
    x, y = ranks(a), ranks(b)
    x, y = x - x.mean(), y - y.mean()
    size = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / size if size > 0 else None


def quadratic_weighted_kappa(scale: Scale, a: Floats, b: Floats) -> float | None:
    """Cohen's kappa with quadratic weights (Cohen 1968) on the learned levels; None where nothing varies."""
    steps = level_steps(scale)
    x, y = np.rint(to_unit(scale, a) * steps), np.rint(to_unit(scale, b) * steps)
    expected = float(np.mean(x**2) + np.mean(y**2) - 2 * np.mean(x) * np.mean(y))
    return 1.0 - float(np.mean((x - y) ** 2)) / expected if expected > 0 else None


def exact_agreement(scale: Scale, verdict: Floats, label: Floats) -> float:
    """Share of items with the same score after rounding to the grid."""
    return float(np.mean(np.abs(to_grid(scale, verdict) - to_grid(scale, label)) < scale.step / 2))


def within_one_agreement(scale: Scale, verdict: Floats, label: Floats) -> float:
    """Share of items at most one step apart after rounding, on fine scales at most a tenth of the range."""
    reach = span(scale) / 10 if is_fine(scale) else scale.step
    return float(np.mean(np.abs(to_grid(scale, verdict) - to_grid(scale, label)) <= reach * (1 + 1e-9)))


def calibration_error(predicted: Floats, label: Floats) -> float:
    """Expected calibration error, in points.

    Items are sorted by their predicted score into up to 10 bins of equal count (equal predictions stay together);
    the error is the mean over bins, weighted by count, of |mean prediction - mean label|.
    """
    return float(np.abs(np.bincount(_bins(predicted), predicted - label)).sum() / len(label))


def _bins(predicted: Floats) -> np.ndarray:
    edges = np.quantile(predicted, np.arange(1, BINS) / BINS)
    return np.searchsorted(np.unique(edges), predicted, side="left")


@dataclass(frozen=True, slots=True)
class CalibrationPoint:
    """Scores that are about the same: their mean, what people gave on average (both in points), and how many."""

    score: float
    people: float
    count: int


def calibration_curve(predicted: Floats, label: Floats) -> tuple[CalibrationPoint, ...]:
    """The bins of `calibration_error` that hold anything, by rising score: at most 10."""
    bins = _bins(predicted)
    counts = np.bincount(bins)
    scores, people = np.bincount(bins, predicted), np.bincount(bins, label)
    return tuple(
        CalibrationPoint(float(scores[k] / n), float(people[k] / n), int(n)) for k, n in enumerate(counts) if n
    )


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often people gave `levels[row]` (points) where the verdict was `levels[column]`."""

    levels: tuple[float, ...]
    counts: tuple[tuple[int, ...], ...]


def confusion(scale: Scale, verdict: Floats, label: Floats) -> Confusion:
    """Counts on the learned levels, at most 21 of them: a row for each of people's scores, a column a verdict."""
    steps = level_steps(scale)
    size = steps + 1
    row, column = (np.rint(to_unit(scale, score) * steps).astype(np.int64) for score in (label, verdict))
    counts = np.bincount(row * size + column, minlength=size * size).reshape(size, size)
    levels = scale.minimum + np.arange(size) * span(scale) / steps
    return Confusion(tuple(levels.tolist()), tuple(tuple(line) for line in counts.tolist()))
