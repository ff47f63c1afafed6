"""How much of an older version to hold on to: people may have become stricter since it learned.

A warm start is held to the old parameters as firmly as the old labels informed about them. That is right as long as
people judge as they did. So the new labels are asked first. For each criterion, one Fisher-scoring step from the old
calibrator tells how far they move its shift, d, against a variance v of chance: what the new labels, and what the old
ones, leave uncertain. What the d exceed chance by, over all criteria, is drift (the method of moments: DerSimonian &
Laird 1986); a step of drift with variance t turns a precision P into P / (1 + P t), as in a random walk (Kalman 1960).
How strict people are so may change from one version to the next, while what they look at, the weights, is kept.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trainer.arrays import Floats
from trainer.model.ordinal import Anchor, Coefficients, Objective
from trainer.model.prior import NOISE

CHANCE = 1.0
"""Standard deviations of chance that are not taken for drift either."""


def remembered(objective: Objective, old: Anchor) -> Floats:
    """The share (0..1) of each criterion's old precision, (C,), that stands after the new labels of an `objective`.

    `old`: the anchor of the calibrator.
    """
    start = old.center.pack()
    push = -Coefficients.unpack(objective.data(start, objective.rows)[1], old.center).shift
    information, known = objective.fisher(start).shift, old.precision.shift
    told = (information > 1e-9) & (known > 1e-9)
    if not told.any():
        return np.ones(len(known))
    chance = NOISE / information[told] + 1.0 / known[told]
    excess = float(np.sum((push[told] / information[told]) ** 2 / chance))
    count = int(np.count_nonzero(told))
    drift = max(0.0, excess - count - CHANCE * np.sqrt(2 * count)) / float(np.sum(1.0 / chance))
    return np.asarray(1.0 / (1.0 + known * drift))


def lessen(anchor: Anchor, share: Floats) -> Anchor:
    """The anchor with this share of its precision of each criterion's line; weights are held as before."""
    p = anchor.precision
    line = replace(p, slope=p.slope * share, shift=p.shift * share, bend=p.bend * share[:, None])
    return replace(anchor, precision=line)
