"""How much the features may matter: the priors of their weights, by empirical Bayes.

Whether texts tell much, a little or nothing about people's scores differs from judge to judge. So the standard
deviations of the weights' priors are not fixed but scaled, a factor for each block of features, to what makes the
labels most probable with all weights integrated out (the evidence framework: MacKay, Bayesian interpolation, Neural
Computation 4, 1992). Scaling whole blocks has few degrees of freedom; log-normal hyperpriors around the standard values
hold them where there is little to go by. The same evidence, against that of no features at all, tells whether they are
worth using: a log Bayes factor.

The labels enter by a Gaussian approximation around the calibrator: label i with gradient g_i and Fisher information h_i
about its latent score counts as a residual g_i / h_i with variance phi / h_i. The factor phi lets labels of one
criterion err more, or less, than the model believes (quasi-likelihood: Wedderburn, Biometrika 61, 1974).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from trainer.arrays import Floats, Floats32, Ints
from trainer.model.ordinal import OFFSET, OWN, SHARED, Coefficients, Objective

MOST = 300
"""Labels looked at; of more, a random part: a handful of factors needs no more."""
LIMIT = 15
"""Most iterations."""
WIDE, NOISE, NOISE_WIDE = 0.8, 1.5, 0.5
"""Hyperpriors, in logs: deviation of the factors, centre and deviation of phi."""


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """Priors of the weights as multiples of the standard ones.

    `block_precision` (B,): of each block of features. `deviation_precision`: of the deviations of a criterion's weights
    from the common ones, on top of it. `log_bayes_factor`: of the features against none. `offset_precision`: of raters'
    offsets, in full.
    """

    block_precision: Floats
    deviation_precision: float
    log_bayes_factor: float
    offset_precision: float = OFFSET

    @classmethod
    def standard(cls, blocks: int) -> Prior:
        """Where there is nothing to estimate it from."""
        return cls(np.ones(blocks), 1.0, 0.0)

    def arrays(self) -> dict[str, Any]:
        """Plain values, for a checkpoint or a header."""
        return {
            "precision": self.block_precision.tolist(),
            "apart": self.deviation_precision,
            "worth": self.log_bayes_factor,
            "offset": self.offset_precision,
        }

    @classmethod
    def restore(cls, values: dict[str, Any]) -> Prior:
        """The prior `arrays()` came from."""
        precision = np.asarray(values["precision"], np.float64)
        offset = float(values.get("offset", OFFSET))  # versions of before it was estimated have none
        return cls(precision, float(values["apart"]), float(values["worth"]), offset)


def estimate(objective: Objective, features: Floats32, calibrator: Coefficients, block: Ints, seed: int) -> Prior:
    """The prior that the labels of the calibrator's `objective` ask for, once it is fitted.

    `features` (n, D) are the items', `block` (D,) tells the block of each.
    """
    from scipy.optimize import minimize, minimize_scalar  # only training needs scipy

    blocks = int(block.max(initial=-1)) + 1
    if not blocks:
        return replace(Prior.standard(0), offset_precision=objective.offset)
    evidence = _Evidence(objective, features, calibrator, block, seed)
    centre = np.append(np.zeros(blocks + 1), np.log(NOISE))
    found = minimize(
        evidence, centre, jac=True, method="L-BFGS-B", bounds=[(-7.0, 7.0)] * len(centre),
        options={"maxiter": LIMIT, "ftol": 1e-5},
    )  # fmt: skip
    nothing = minimize_scalar(evidence.without, bounds=(-2.0, 3.0), method="bounded", options={"xatol": 0.05})
    factor = np.exp(np.asarray(found.x, np.float64))
    return Prior(
        factor[-1] / factor[:blocks], 1.0 / float(factor[blocks]), float(nothing.fun - found.fun), objective.offset
    )


class _Evidence:
    """Negative log evidence, hyperpriors included, of log factors: each block's variance, apartness, phi."""

    def __init__(
        self, objective: Objective, features: Floats32, calibrator: Coefficients, block: Ints, seed: int
    ) -> None:
        picked = np.sort(np.random.default_rng([seed, 9]).permutation(len(objective.rows))[:MOST])
        rows, c = objective.rows.take(picked), calibrator
        at = rows.criterion
        self.residual, information = objective.working(c, rows)
        self.noise = 1.0 / information
        self.same = (at[:, None] == at[None, :]).astype(np.float64)
        x = features[rows.item].astype(np.float64)
        parts = (x[:, block == b] for b in range(int(block.max()) + 1))
        self.kernels = [part @ part.T / SHARED["weights"] for part in parts]
        self.line = 1 / SHARED["shift"] + self.same / OWN["shift"]
        self.line += np.outer(rows.line, rows.line) * (1 / SHARED["slope"] + self.same / OWN["slope"])
        if c.offsets.size:
            self.line += (rows.rater[:, None] == rows.rater[None, :]) / objective.offset
        count = len(self.kernels)
        self.centre = np.append(np.zeros(count + 1), np.log(NOISE))
        self.width = np.append(np.full(count + 1, WIDE), NOISE_WIDE)

    def __call__(self, logs: Floats) -> tuple[float, Floats]:
        factor = np.exp(logs)
        weighted = [f * kernel for f, kernel in zip(factor, self.kernels, strict=False)]
        whole = np.sum(weighted, axis=0)
        ratio = factor[-2] * SHARED["weights"] / OWN["weights"]
        sharing = 1.0 + ratio * self.same
        value, pull = self._normal(whole * sharing, factor[-1])
        shared = pull * sharing
        gradient = [float(np.sum(shared * part)) for part in weighted]
        gradient += [float(np.sum(pull * whole * self.same)) * ratio, float(np.diag(pull) @ self.noise) * factor[-1]]
        away = (logs - self.centre) / self.width
        return value + 0.5 * float(away @ away), np.array(gradient) + away / self.width

    def without(self, log_phi: float) -> float:
        """The same for no features at all."""
        away = (log_phi - self.centre[-1]) / self.width[-1]
        return self._normal(np.zeros_like(self.same), float(np.exp(log_phi)))[0] + 0.5 * float(away**2)

    def _normal(self, kernel: Floats, phi: float) -> tuple[float, Floats]:
        """Negative log density of the residuals (up to a constant), and its derivative by their covariance."""
        covariance = kernel + self.line + np.diag(phi * self.noise)
        inverse = np.linalg.inv(covariance)
        solved = inverse @ self.residual
        value = 0.5 * float(self.residual @ solved) + float(np.log(np.diag(np.linalg.cholesky(covariance))).sum())
        return value, 0.5 * (inverse - np.outer(solved, solved))
