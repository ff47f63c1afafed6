"""Decoding of a distribution over levels into numbers: mean, variance, quantiles, cumulative probability.

A distribution is given by its exceedances P(label >= level k), k = 1..K-1, of one criterion, shape (n, K-1). Between
levels, the mass of each level is spread evenly half a step to both sides, which makes quantiles continuous.
"""

from __future__ import annotations

import numpy as np

from trainer.arrays import Floats
from trainer.data import Scale
from trainer.scales import level_steps, span


def mean(scale: Scale, exceed: Floats) -> Floats:
    """Return the expected score, in points, (n,)."""
    steps = level_steps(scale)
    return np.asarray(scale.minimum + span(scale) / steps * exceed[:, :steps].sum(1))


def variance(scale: Scale, exceed: Floats) -> Floats:
    """Return the variance of one person's score, in points squared, (n,)."""
    steps = level_steps(scale)
    p, k = exceed[:, :steps], np.arange(1, steps + 1)
    first, second = p.sum(1), p @ (2 * k - 1.0)  # E[K] and E[K^2] of the level's number K
    return np.asarray((span(scale) / steps) ** 2 * np.maximum(second - first**2, 0.0))


def quantile(scale: Scale, exceed: Floats, share: Floats | float) -> Floats:
    """Return the score below which a share of the mass lies.

    Args:
        scale: scale of the criterion.
        exceed: exceedances, (n, K-1).
        share: of the mass, 0..1, a number or (n,).

    Returns:
        Scores in points, within the scale, (n,).
    """
    edges, steps = _cumulative_edges(scale, exceed), level_steps(scale)
    wanted = np.broadcast_to(np.asarray(share, np.float64), (len(exceed),))
    cell = np.clip((edges <= wanted[:, None]).sum(1) - 1, 0, steps)
    row = np.arange(len(exceed))
    below, mass = edges[row, cell], edges[row, cell + 1] - edges[row, cell]
    inside = np.clip((wanted - below) / np.maximum(mass, 1e-12), 0.0, 1.0)
    unit = np.clip((cell + inside - 0.5) / steps, 0.0, 1.0)
    return np.asarray(scale.minimum + span(scale) * unit)


def cumulative_probability(scale: Scale, exceed: Floats, score: Floats) -> Floats:
    """Return the share of the mass below a score; it is the inverse of `quantile`.

    Args:
        scale: scale of the criterion.
        exceed: exceedances, (n, K-1).
        score: in points, (n,).

    Returns:
        Shares, 0..1, (n,).
    """
    edges, steps = _cumulative_edges(scale, exceed), level_steps(scale)
    at = np.clip((score - scale.minimum) / span(scale), 0.0, 1.0) * steps + 0.5
    cell = np.minimum(at.astype(np.int64), steps)
    row = np.arange(len(exceed))
    return np.asarray(edges[row, cell] + (at - cell) * (edges[row, cell + 1] - edges[row, cell]))


def _cumulative_edges(scale: Scale, exceed: Floats) -> Floats:
    """Return the cumulative probability at the edges of the levels' cells, (n, K + 1), from 0 to 1."""
    n, steps = len(exceed), level_steps(scale)
    return np.concatenate([np.zeros((n, 1)), 1.0 - exceed[:, :steps], np.ones((n, 1))], axis=1)
