"""Conversions between a scale's scores and the ordered levels that the trainer learns."""

from __future__ import annotations

import numpy as np

from trainer.arrays import Floats
from trainer.data import Scale

MAX_STEPS = 20
"""Steps on which a scale is learned at most; labels of a finer scale are spread over the two nearest levels."""


def span(scale: Scale) -> float:
    """Return maximum minus minimum, in points."""
    return scale.maximum - scale.minimum


def step_count(scale: Scale) -> int:
    """Return the number of steps of the scale's own grid, at least 1."""
    return max(1, int(np.floor(span(scale) / scale.step + 1e-9)))


def is_fine(scale: Scale) -> bool:
    """Return whether the scale is finer than the levels it is learned on."""
    return step_count(scale) > MAX_STEPS


def level_steps(scale: Scale) -> int:
    """Return the number of steps between the learned levels; there is one threshold a step."""
    return min(step_count(scale), MAX_STEPS)


def to_unit(scale: Scale, score: Floats) -> Floats:
    """Return scores in points as shares of the range, 0..1."""
    return (np.clip(score, scale.minimum, scale.maximum) - scale.minimum) / span(scale)


def to_grid(scale: Scale, score: Floats) -> Floats:
    """Return the nearest scores `minimum + k * step` of the scale, in points; NaN stays NaN."""
    steps = np.clip(np.rint((score - scale.minimum) / scale.step), 0, step_count(scale))
    return scale.minimum + steps * scale.step


def soft_targets(scale: Scale, score: Floats, width: int) -> Floats:
    """Return P(label >= level k), k = 1..steps, for labels that may lie between two levels.

    A score on a level gives ones and zeros; one between two levels is split over both in proportion.

    Args:
        scale: scale of the criterion.
        score: labels in points, (n,).
        width: number of columns, at least the scale's steps.

    Returns:
        Probabilities, (n, width), zero beyond the scale's own steps.
    """
    steps = level_steps(scale)
    reached = to_unit(scale, score)[:, None] * steps - np.arange(width)
    return np.where(np.arange(width) < steps, np.clip(reached, 0.0, 1.0), 0.0)
