"""Drift of people's strictness since an older version learned: how much of its precision a warm start keeps.

A warm start is held to the old parameters with the precision that the old labels gave them. That is right as long as
people judge as they did. The new labels are therefore tested first:

1. For each criterion, one Fisher-scoring step from the old calibrator estimates how far the new labels move the
   intercept, d, and the variance v that chance gives it: what the new labels, and what the old ones, leave uncertain.
2. The amount by which the d exceed chance, over all criteria, is the variance t of the drift (the method of moments:
   DerSimonian & Laird, Meta-analysis in clinical trials, 1986).
3. A step of drift with variance t turns a precision P into P / (1 + P t), as in a random walk (Kalman 1960).

The strictness of people may so change from one version to the next, while the weights, which describe what they look
at, keep their precision.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trainer.arrays import Floats
from trainer.model.ordinal import Anchor, Coefficients, Objective
from trainer.model.prior import DISPERSION

CHANCE_DEVIATIONS = 1.0
"""Standard deviations of chance, beyond its mean, that are not taken for drift."""


def compute_retained_share(objective: Objective, old: Anchor) -> Floats:
    """Return the share of each criterion's old precision that remains valid in the light of new labels.

    Args:
        objective: loss of the calibrator on the new labels.
        old: anchor of the calibrator.

    Returns:
        Shares, 0..1, (C,).
    """
    start = old.center.pack()
    score = -Coefficients.unpack(objective.data_loss(start, objective.rows)[1], old.center).intercept
    information, known = objective.fisher_information(start).intercept, old.precision.intercept
    usable = (information > 1e-9) & (known > 1e-9)
    if not usable.any():
        return np.ones(len(known))
    chance = DISPERSION / information[usable] + 1.0 / known[usable]
    excess = float(np.sum((score[usable] / information[usable]) ** 2 / chance))
    count = int(np.count_nonzero(usable))
    drift = max(0.0, excess - count - CHANCE_DEVIATIONS * np.sqrt(2 * count)) / float(np.sum(1.0 / chance))
    return np.asarray(1.0 / (1.0 + known * drift))


def scale_line_precision(anchor: Anchor, share: Floats) -> Anchor:
    """Return the anchor with `share` (C,) of the precision of each criterion's line; that of weights is unchanged."""
    p = anchor.precision
    line = replace(
        p, slope=p.slope * share, intercept=p.intercept * share, threshold_deltas=p.threshold_deltas * share[:, None]
    )
    return replace(anchor, precision=line)
