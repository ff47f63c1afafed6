"""Metrics of agreement against values computed by hand and by scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from trainer.data import Scale
from trainer.evidence import metrics

FIVE = Scale("x", "x", 1, 5, 1)


HUNDRED = Scale("x", "x", 0, 100, 1)


def test_spearman_with_ties() -> None:
    """Ties share their mean rank; a constant has no correlation."""
    a, b = np.array([1.0, 2, 2, 4, 5, 5]), np.array([2.0, 1, 3, 3, 5, 4])
    assert metrics.spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic)
    assert metrics.spearman(a, np.ones(6)) is None


def test_kappa_equals_a_computation_by_hand() -> None:
    """It is 1 - sum of squared differences over its expectation under independence: 1 - 0.25 / 2."""
    a, b = np.array([1.0, 2, 4, 5]), np.array([1.0, 3, 4, 5])
    expected = np.mean([(x - y) ** 2 for x in a for y in b])
    assert metrics.quadratic_weighted_kappa(FIVE, a, b) == pytest.approx(1 - 0.25 / expected)
    assert metrics.quadratic_weighted_kappa(FIVE, np.ones(3), np.ones(3)) is None


def test_agreement_is_measured_after_rounding() -> None:
    """Labels are rounded to the grid; within one is a step, or a tenth of the range on fine scales."""
    verdict, label = np.array([1.0, 2, 3, 5]), np.array([1.3, 3.0, 5.0, 4.6])
    assert metrics.exact_agreement(FIVE, verdict, label) == 0.5
    assert metrics.within_one_agreement(FIVE, verdict, label) == 0.75
    assert metrics.within_one_agreement(HUNDRED, np.array([50.0, 50]), np.array([60.0, 61])) == 0.5


def test_calibration_error_equals_a_computation_by_hand() -> None:
    """Predictions 2 with labels of mean 3, and 4 with labels of mean 4: half of the items are off by one."""
    predicted, label = np.array([2.0, 2, 4, 4]), np.array([2.0, 4, 3, 5])
    assert metrics.calibration_error(predicted, label) == pytest.approx(0.5)
    point = metrics.CalibrationPoint
    assert metrics.calibration_curve(predicted, label) == (point(2.0, 3.0, 2), point(4.0, 4.0, 2))


def test_confusion_equals_a_computation_by_hand() -> None:
    """Rows are people's scores, rounded to the levels, and columns are verdicts."""
    verdict, label = np.array([1.0, 2, 2, 5]), np.array([1.2, 3.0, 2.0, 4.0])
    found = metrics.confusion(FIVE, verdict, label)
    assert found.levels == (1, 2, 3, 4, 5)
    assert found.counts == ((1, 0, 0, 0, 0), (0, 1, 0, 0, 0), (0, 1, 0, 0, 0), (0, 0, 0, 0, 1), (0, 0, 0, 0, 0))
    assert len(metrics.confusion(HUNDRED, verdict, label).levels) == 21


def test_the_calibration_curve_covers_all_items_and_gives_the_calibration_error() -> None:
    draw = np.random.default_rng(5)
    predicted, label = draw.uniform(1, 5, 500), draw.integers(1, 6, 500).astype(float)
    curve = metrics.calibration_curve(predicted, label)
    assert sum(point.count for point in curve) == 500
    error = sum(abs(point.score - point.people) * point.count for point in curve) / 500
    assert error == pytest.approx(metrics.calibration_error(predicted, label))
