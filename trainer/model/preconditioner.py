"""Preconditioner: a linear change of variables that gives the joint model's loss a nearly spherical shape.

With it, L-BFGS needs tens of iterations instead of hundreds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainer.arrays import Floats, Floats32
from trainer.model.ordinal import DEVIATION_PRECISION, Coefficients

LABEL_INFORMATION = 0.25
"""Approximate Fisher information of a label about its latent score; that of one ordinal label is at most 1/3."""
RAW_LOGIT_SQUARE = 3.0
"""Approximate mean square of the raw score in logits, 8 (r - 1/2)."""


def compute_second_moments(features: Floats32) -> Floats:
    """Return the second moments (D, D) of features (n, D)."""
    return np.asarray((features.T @ features).astype(np.float64) / max(1, len(features)))


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """Linear map from the optimiser's parameters to the model's: a factor each, and a matrix for the weights.

    `root` (D, D) is the Cholesky factor of the weights' expected curvature, `inverse` (D, D) its inverse.
    """

    template: Coefficients
    slope: float
    intercept: float
    threshold_deltas: float
    root: Floats
    inverse: Floats
    offsets: float

    @classmethod
    def build(
        cls, moments: Floats, weight_precision: Floats, offset_precision: float, template: Coefficients, labels: float
    ) -> Whitening:
        """Return the map for an expected amount of labels.

        Args:
            moments: second moments of the features, (D, D).
            weight_precision: prior precisions of the weights, (D,).
            offset_precision: prior precision of a rater's offset.
            template: parameters of the shapes to map.
            labels: mean number of labels of a criterion.
        """
        information = LABEL_INFORMATION * labels
        has_weights = template.weights.size > 0
        curvature = information * moments + np.diag(weight_precision) if has_weights else None
        root = np.asarray(np.zeros((0, 0)) if curvature is None else np.linalg.cholesky(curvature))
        inverse = np.asarray(np.linalg.inv(root), np.float64)
        rater_information = information * len(template.slope) / max(1, template.offsets.size)
        width = template.threshold_deltas.shape[1]
        return cls(
            template,
            1.0 / np.sqrt(RAW_LOGIT_SQUARE * information + DEVIATION_PRECISION["slope"]),
            1.0 / np.sqrt(information + DEVIATION_PRECISION["intercept"]),
            1.0 / np.sqrt(information / width + DEVIATION_PRECISION["threshold_deltas"]),
            root,
            inverse,
            1.0 / np.sqrt(rater_information + offset_precision),
        )

    def to_model(self, theta: Floats) -> Floats:
        """Return the model's parameters, given the optimiser's."""
        return self._multiply(theta, self.inverse)

    def pull_back_gradient(self, gradient: Floats) -> Floats:
        """Return the gradient by the optimiser's parameters, given that by the model's (the transposed map)."""
        return self._multiply(gradient, self.inverse.T)

    def to_optimizer(self, theta: Floats) -> Floats:
        """Return the optimiser's parameters, given the model's."""
        c = Coefficients.unpack(theta, self.template)
        return Coefficients(
            c.slope / self.slope,
            c.intercept / self.intercept,
            c.threshold_deltas / self.threshold_deltas,
            c.weights @ self.root,
            c.offsets / self.offsets,
        ).pack()

    def _multiply(self, theta: Floats, matrix: Floats) -> Floats:
        c = Coefficients.unpack(theta, self.template)
        return Coefficients(
            c.slope * self.slope,
            c.intercept * self.intercept,
            c.threshold_deltas * self.threshold_deltas,
            c.weights @ matrix,
            c.offsets * self.offsets,
        ).pack()
