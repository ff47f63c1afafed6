"""A change of variables that makes the joint model's loss round, so that L-BFGS needs tens of steps, not hundreds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainer.arrays import Floats, Floats32
from trainer.model.ordinal import OWN, Coefficients

INFORMATION = 0.25
"""What a label tells about its latent score, roughly: at most 1/3 for one ordinal label."""
LINE = 3.0
"""Mean square of 8 (r - 1/2), roughly."""


def second_moments(features: Floats32) -> Floats:
    """Second moments (D, D) of features (n, D)."""
    return np.asarray((features.T @ features).astype(np.float64) / max(1, len(features)))


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """The model's parameters are the optimiser's times these: numbers, and a triangular matrix for the weights.

    `root` (D, D) is the Cholesky factor of the weights' expected curvature, `inverse` its inverse.
    """

    like: Coefficients
    slope: float
    shift: float
    bend: float
    root: Floats
    inverse: Floats
    offsets: float

    @classmethod
    def of(cls, moments: Floats, precision: Floats, offset: float, like: Coefficients, labels: float) -> Whitening:
        """For criteria with so many labels each, and prior precisions of the weights (D,) and of an offset."""
        known = INFORMATION * labels
        wanted = like.weights.size > 0
        root = np.asarray(np.linalg.cholesky(known * moments + np.diag(precision)) if wanted else np.zeros((0, 0)))
        inverse = np.asarray(np.linalg.inv(root), np.float64)
        voices = known * len(like.slope) / max(1, like.offsets.size)
        return cls(
            like,
            1.0 / np.sqrt(LINE * known + OWN["slope"]),
            1.0 / np.sqrt(known + OWN["shift"]),
            1.0 / np.sqrt(known / like.bend.shape[1] + OWN["bend"]),
            root,
            inverse,
            1.0 / np.sqrt(voices + offset),
        )

    def forward(self, theta: Floats) -> Floats:
        """From the optimiser's parameters to the model's."""
        return self._scaled(theta, self.inverse)

    def pull(self, gradient: Floats) -> Floats:
        """From the model's gradient to the optimiser's: the transposed map."""
        return self._scaled(gradient, self.inverse.T)

    def _scaled(self, theta: Floats, matrix: Floats) -> Floats:
        c = Coefficients.unpack(theta, self.like)
        return Coefficients(
            c.slope * self.slope, c.shift * self.shift, c.bend * self.bend, c.weights @ matrix, c.offsets * self.offsets
        ).pack()

    def backward(self, theta: Floats) -> Floats:
        """From the model's parameters to the optimiser's."""
        c = Coefficients.unpack(theta, self.like)
        return Coefficients(
            c.slope / self.slope, c.shift / self.shift, c.bend / self.bend, c.weights @ self.root,
            c.offsets / self.offsets,
        ).pack()  # fmt: skip
