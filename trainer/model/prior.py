"""Empirical Bayes estimate of the prior of the weights: how much the features may matter.

Texts inform much, a little or nothing about people's scores, depending on the judge. The standard deviations of the
weights' priors are therefore scaled, by one factor for each block of features, to the values that make the labels most
probable with all weights integrated out (the evidence framework: MacKay, Bayesian interpolation, Neural Computation 4,
1992). Scaling whole blocks has few degrees of freedom, and log-normal hyperpriors around the standard values keep the
factors near 1 where there is little data. The same evidence, compared with that of a model without features, gives
their log Bayes factor.

The labels enter by a Gaussian approximation around the calibrator: label i with gradient g_i and Fisher information h_i
about its latent score counts as a residual g_i / h_i with variance phi / h_i. The dispersion phi lets labels of one
criterion err more, or less, than the model assumes (quasi-likelihood: Wedderburn, Biometrika 61, 1974).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypedDict

import numpy as np

from trainer.arrays import Floats, Floats32, Ints
from trainer.model.ordinal import COMMON_PRECISION, DEVIATION_PRECISION, OFFSET_PRECISION, Coefficients, Objective

MAX_LABELS = 300
"""Labels that the estimate uses at most, drawn at random; a handful of factors needs no more."""
MAX_ITERATIONS = 15
"""Iterations of the optimiser at most."""
FACTOR_DEVIATION = 0.8
"""Standard deviation of the hyperprior of a block's log factor."""
DISPERSION = 1.5
"""Median of the hyperprior of phi."""
DISPERSION_DEVIATION = 0.5
"""Standard deviation of the hyperprior of log phi."""


class PriorRecord(TypedDict):
    """Prior as version files and checkpoints keep it; these keys must never change."""

    precision: list[float]
    apart: float
    worth: float
    offset: float


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """Prior precisions of the weights, as multiples of the standard ones.

    `block_precision` (B,): factor of each block of features. `deviation_precision`: further factor of the deviations of
    a criterion's weights from the common ones. `log_bayes_factor`: evidence of the features against none.
    `offset_precision`: precision of the raters' offsets, not a multiple.
    """

    block_precision: Floats
    deviation_precision: float
    log_bayes_factor: float
    offset_precision: float = OFFSET_PRECISION

    @classmethod
    def standard(cls, blocks: int) -> Prior:
        """Return the prior for when there are no labels to estimate it from."""
        return cls(np.ones(blocks), 1.0, 0.0)

    def to_record(self) -> PriorRecord:
        """Return plain values for a checkpoint or a version's header."""
        return {
            "precision": self.block_precision.tolist(),
            "apart": self.deviation_precision,
            "worth": self.log_bayes_factor,
            "offset": self.offset_precision,
        }

    @classmethod
    def from_record(cls, values: Mapping[str, Any]) -> Prior:
        """Return the prior that `to_record` stored; versions made before offsets were estimated lack `offset`.

        The values are not typed, because a version file from elsewhere may hold anything.

        Raises:
            KeyError: a value is missing.
            TypeError: a value is not a number.
            ValueError: a value is not a number.
        """
        precision = np.asarray(values["precision"], np.float64)
        offset = float(values.get("offset", OFFSET_PRECISION))
        return cls(precision, float(values["apart"]), float(values["worth"]), offset)


def estimate_prior(objective: Objective, features: Floats32, calibrator: Coefficients, block: Ints, seed: int) -> Prior:
    """Return the prior under which the labels are most probable.

    Args:
        objective: loss of the calibrator, which names the labels.
        features: of all items, (n, D).
        calibrator: fitted calibrator.
        block: block of each feature, (D,).
        seed: of the random choice of labels.
    """
    from scipy.optimize import minimize, minimize_scalar  # only training needs scipy

    blocks = int(block.max(initial=-1)) + 1
    if not blocks:
        return replace(Prior.standard(0), offset_precision=objective.offset_precision)
    evidence = _NegativeLogEvidence(objective, features, calibrator, block, seed)
    center = np.append(np.zeros(blocks + 1), np.log(DISPERSION))
    found = minimize(
        evidence,
        center,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-7.0, 7.0)] * len(center),
        options={"maxiter": MAX_ITERATIONS, "ftol": 1e-5},
    )
    without = minimize_scalar(evidence.without_features, bounds=(-2.0, 3.0), method="bounded", options={"xatol": 0.05})
    factor = np.exp(np.asarray(found.x, np.float64))
    return Prior(
        factor[-1] / factor[:blocks],
        1.0 / float(factor[blocks]),
        float(without.fun - found.fun),
        objective.offset_precision,
    )


class _NegativeLogEvidence:
    """Negative log evidence, hyperpriors included, as a function of B + 2 log factors.

    They are, in order: the variance of each block's weights, the variance of criteria's deviations, and phi.
    """

    def __init__(
        self, objective: Objective, features: Floats32, calibrator: Coefficients, block: Ints, seed: int
    ) -> None:
        picked = np.sort(np.random.default_rng([seed, 9]).permutation(len(objective.rows))[:MAX_LABELS])
        rows = objective.rows.take(picked)
        at = rows.criterion
        self.residual, information = objective.working_residuals(calibrator, rows)
        self.noise = 1.0 / information
        self.same_criterion = (at[:, None] == at[None, :]).astype(np.float64)
        x = features[rows.item].astype(np.float64)
        parts = (x[:, block == b] for b in range(int(block.max()) + 1))
        self.kernels = [part @ part.T / COMMON_PRECISION["weights"] for part in parts]
        intercepts = 1 / COMMON_PRECISION["intercept"] + self.same_criterion / DEVIATION_PRECISION["intercept"]
        slopes = 1 / COMMON_PRECISION["slope"] + self.same_criterion / DEVIATION_PRECISION["slope"]
        self.line_covariance = intercepts
        self.line_covariance += np.outer(rows.raw_logit, rows.raw_logit) * slopes
        if calibrator.offsets.size:
            self.line_covariance += (rows.rater[:, None] == rows.rater[None, :]) / objective.offset_precision
        count = len(self.kernels)
        self.center = np.append(np.zeros(count + 1), np.log(DISPERSION))
        self.deviation = np.append(np.full(count + 1, FACTOR_DEVIATION), DISPERSION_DEVIATION)

    def __call__(self, logs: Floats) -> tuple[float, Floats]:
        """Return the value and its gradient at the log factors `logs` (B + 2,)."""
        factor = np.exp(logs)
        weighted = [f * kernel for f, kernel in zip(factor, self.kernels, strict=False)]
        whole = np.sum(weighted, axis=0)
        ratio = factor[-2] * COMMON_PRECISION["weights"] / DEVIATION_PRECISION["weights"]
        sharing = 1.0 + ratio * self.same_criterion
        value, by_covariance = self._negative_log_density(whole * sharing, factor[-1])
        by_kernel = by_covariance * sharing
        gradient = [float(np.sum(by_kernel * part)) for part in weighted]
        gradient += [
            float(np.sum(by_covariance * whole * self.same_criterion)) * ratio,
            float(np.diag(by_covariance) @ self.noise) * factor[-1],
        ]
        away = (logs - self.center) / self.deviation
        return value + 0.5 * float(away @ away), np.array(gradient) + away / self.deviation

    def without_features(self, log_phi: float) -> float:
        """Return the value for a model without features."""
        away = (log_phi - self.center[-1]) / self.deviation[-1]
        nothing = np.zeros_like(self.same_criterion)
        return self._negative_log_density(nothing, float(np.exp(log_phi)))[0] + 0.5 * float(away**2)

    def _negative_log_density(self, kernel: Floats, phi: float) -> tuple[float, Floats]:
        """Return the negative log density of the residuals, up to a constant, and its derivative by the covariance."""
        covariance = kernel + self.line_covariance + np.diag(phi * self.noise)
        inverse = np.linalg.inv(covariance)
        solved = inverse @ self.residual
        value = 0.5 * float(self.residual @ solved) + float(np.log(np.diag(np.linalg.cholesky(covariance))).sum())
        return value, 0.5 * (inverse - np.outer(solved, solved))
