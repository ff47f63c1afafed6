"""Ordinal model."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.model.ordinal import Coefficients, LabelRows, Objective


def test_the_error_of_an_epoch_equals_a_computation_by_hand() -> None:
    """It is the distance of the expected level from the label's, as a share of the scale's steps."""
    steps = np.array([4])
    target = np.array([[1, 1, 0, 0], [1, 1, 1, 0]], np.float32)  # people's scores of 3 and 4 on 1 to 5
    rows = LabelRows(
        np.zeros((2, 0), np.float32), np.arange(2), np.zeros(2, int), np.zeros(2, int),
        8 * (np.array([0.0, 0.75]) - 0.5), target, np.ones((2, 4), np.float32),
    )  # fmt: skip
    start = Coefficients.identity(1, 4, 0, 0)
    objective = Objective(rows, start, steps)
    error = objective.mean_absolute_error(start.pack(), rows)
    exceed = 1 / (1 + np.exp(-(rows.raw_logit[:, None] - objective.identity)))
    assert error == pytest.approx(float(np.mean(np.abs(exceed.sum(1) - [2, 3]) / 4)), rel=1e-5)
