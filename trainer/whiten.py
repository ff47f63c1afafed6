"""A change of variables that makes the joint model's loss round, so that L-BFGS needs tens of steps, not hundreds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainer.base import Floats, Floats32
from trainer.ordinal import OFFSET, OWN, Coefficients

INFORMATION = 0.25
"""What a label tells about its latent score, roughly: at most 1/3 for one ordinal label."""
LINE = 3.0
"""Mean square of 8 (r - 1/2), roughly."""


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Eigenvalues (D,) and eigenvectors (D, D) of the features' second moments."""

    values: Floats
    vectors: Floats

    @classmethod
    def of(cls, features: Floats32) -> Spectrum:
        """The spectrum of features (n, D)."""
        moments = (features.T @ features).astype(np.float64) / max(1, len(features))
        values, vectors = np.linalg.eigh(moments)
        return cls(np.maximum(values, 0.0), vectors)

    def whitening(self, like: Coefficients, labels: float) -> Whitening:
        """The change of variables for criteria with so many labels each."""
        known = INFORMATION * labels
        scale = 1.0 / np.sqrt(known * self.values + OWN["weights"])
        root = (self.vectors * scale) @ self.vectors.T if like.weights.size else np.zeros((0, 0))
        voices = known * len(like.slope) / max(1, like.offsets.size)
        return Whitening(
            like,
            1.0 / np.sqrt(LINE * known + OWN["slope"]),
            1.0 / np.sqrt(known + OWN["shift"]),
            1.0 / np.sqrt(known / like.bend.shape[1] + OWN["bend"]),
            np.asarray(root),
            1.0 / np.sqrt(voices + OFFSET),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """The model's parameters are the optimiser's times these: numbers, and a symmetric matrix for the weights."""

    like: Coefficients
    slope: float
    shift: float
    bend: float
    weights: Floats
    offsets: float

    def forward(self, theta: Floats) -> Floats:
        """From the optimiser's parameters to the model's; also from the model's gradient to the optimiser's."""
        c = Coefficients.unpack(theta, self.like)
        weights = c.weights @ self.weights
        return Coefficients(
            c.slope * self.slope, c.shift * self.shift, c.bend * self.bend, weights, c.offsets * self.offsets
        ).pack()

    def backward(self, theta: Floats) -> Floats:
        """From the model's parameters to the optimiser's."""
        c = Coefficients.unpack(theta, self.like)
        weights = np.asarray(np.linalg.solve(self.weights, c.weights.T).T, np.float64) if c.weights.size else c.weights
        return Coefficients(
            c.slope / self.slope, c.shift / self.shift, c.bend / self.bend, weights, c.offsets / self.offsets
        ).pack()
