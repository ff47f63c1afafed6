"""How much raters differ in strictness: the prior of their offsets, by empirical Bayes.

With the working response e_i = offset + g_i / h_i of a label (gradient g_i, Fisher information h_i, as in
`trainer.model.prior`), the mean of rater r's responses, weighted by h, is normal about 0 with variance
1 / tau + v_r, where tau is the precision of the offsets' prior and v_r the variance of that mean given the offset.
tau is what makes those means most probable (Efron & Morris, Data analysis using Stein's estimator and its
generalizations, JASA 70, 1975), held by a log-normal hyperprior around the standard one.
"""

from __future__ import annotations

import numpy as np

from trainer.model.ordinal import OFFSET, Coefficients, Objective, sums

WIDE = 1.0
"""Deviation of the hyperprior of the log of the precision."""
FEWEST = 20
"""With fewer items beyond the first of each rater, how much their scores vary by chance is not known well enough."""


def offset_precision(objective: Objective, calibrator: Coefficients) -> float:
    """The precision of raters' offsets that the labels of the calibrator's `objective` ask for, once it is fitted."""
    from scipy.optimize import minimize_scalar  # only training needs scipy

    rows, count = objective.rows, calibrator.offsets.size
    if count < 2:
        return OFFSET
    residual, information = objective.working(calibrator, rows)
    response = residual + calibrator.offsets[rows.rater]
    known = sums(rows.rater, information, count)
    heard = known > 0
    mean = sums(rows.rater, information * response, count) / np.maximum(known, 1e-9)
    # The scores one person gives one item err together: the variance of a mean adds up by item, not by score.
    _, cluster = np.unique(rows.rater * np.int64(rows.item.max() + 1) + rows.item, return_inverse=True)
    error = np.bincount(cluster, information * (response - mean[rows.rater]))
    spare = len(error) - np.count_nonzero(heard)
    if spare < FEWEST:
        return OFFSET
    noise = float(np.sum(error**2)) / float(known.sum()) * len(error) / spare
    mean, chance = mean[heard], noise / known[heard]

    def surprise(log: float) -> float:
        variance = np.exp(-log) + chance
        away = (log - float(np.log(OFFSET))) / WIDE
        return float(np.sum(np.log(variance) + mean**2 / variance)) + away**2

    found = minimize_scalar(surprise, bounds=(-3.0, 6.0), method="bounded")
    return float(np.exp(found.x))
