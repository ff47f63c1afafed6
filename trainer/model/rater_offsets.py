"""Empirical Bayes estimate of the prior of raters' offsets: how much raters differ in strictness.

With the working response e_i = offset + g_i / h_i of a label (gradient g_i, Fisher information h_i, as in
`trainer.model.prior`), the mean of rater r's responses, weighted by h, is normal about 0 with variance
1 / tau + v_r, where tau is the precision of the offsets' prior and v_r the variance of that mean given the offset.
tau is the value that makes those means most probable (Efron & Morris, Data analysis using Stein's estimator and its
generalizations, JASA 70, 1975), under a log-normal hyperprior around the standard precision.
"""

from __future__ import annotations

import numpy as np

from trainer.model.ordinal import OFFSET_PRECISION, Coefficients, Objective, sum_by_index

LOG_PRECISION_DEVIATION = 1.0
"""Standard deviation of the hyperprior of log tau."""
MIN_SPARE_ITEMS = 20
"""Items beyond the first of each rater below which the chance variation of their scores is not known well enough."""


def estimate_offset_precision(objective: Objective, calibrator: Coefficients) -> float:
    """Return the precision of raters' offsets under which the labels are most probable.

    Args:
        objective: loss of the calibrator, which names the labels.
        calibrator: fitted calibrator.

    Returns:
        tau, or the standard precision if there are too few raters or labels to estimate it.
    """
    from scipy.optimize import minimize_scalar  # only training needs scipy

    rows, count = objective.rows, calibrator.offsets.size
    if count < 2:
        return OFFSET_PRECISION
    residual, information = objective.working_residuals(calibrator, rows)
    response = residual + calibrator.offsets[rows.rater]
    known = sum_by_index(rows.rater, information, count)
    has_labels = known > 0
    mean = sum_by_index(rows.rater, information * response, count) / np.maximum(known, 1e-9)
    # Scores that one person gives one item err together, so the variance of a mean adds up by item, not by score.
    _, cluster = np.unique(rows.rater * np.int64(rows.item.max() + 1) + rows.item, return_inverse=True)
    error = np.bincount(cluster, information * (response - mean[rows.rater]))
    spare = len(error) - np.count_nonzero(has_labels)
    if spare < MIN_SPARE_ITEMS:
        return OFFSET_PRECISION
    noise = float(np.sum(error**2)) / float(known.sum()) * len(error) / spare
    mean, chance = mean[has_labels], noise / known[has_labels]

    def negative_log_density(log_precision: float) -> float:
        """Return twice the negative log density of the means, hyperprior included, up to a constant."""
        variance = np.exp(-log_precision) + chance
        away = (log_precision - float(np.log(OFFSET_PRECISION))) / LOG_PRECISION_DEVIATION
        return float(np.sum(np.log(variance) + mean**2 / variance)) + away**2

    found = minimize_scalar(negative_log_density, bounds=(-3.0, 6.0), method="bounded")
    return float(np.exp(found.x))
