"""Decoding of distributions."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.data import Scale
from trainer.model import decode


def test_decoding_equals_a_computation_by_hand() -> None:
    """Masses .2 .3 .5 on levels 1, 2, 3 have the mean 2.3 and the median at the border of 2 and 3."""
    three = Scale("x", "x", 1, 3, 1)
    exceed = np.array([[0.8, 0.5]])
    assert decode.mean(three, exceed)[0] == pytest.approx(2.3)
    assert decode.quantile(three, exceed, 0.5)[0] == pytest.approx(2.5)
    assert decode.quantile(three, exceed, 0.35)[0] == pytest.approx(2.0)
    assert decode.cumulative_probability(three, exceed, np.array([2.0]))[0] == pytest.approx(0.35)
    assert decode.quantile(three, exceed, 0.0)[0] == 1.0
    assert decode.quantile(three, exceed, 1.0)[0] == 3.0
