"""Scores, levels and grids: how a scale's numbers become the ordered classes the trainer learns, and back."""

from __future__ import annotations

import numpy as np

from trainer.arrays import Floats
from trainer.data import Scale

MOST_STEPS = 20
"""Finer scales are learned on this many equal steps; their labels are spread over the two nearest levels."""


def span(scale: Scale) -> float:
    """Maximum minus minimum, in points."""
    return scale.maximum - scale.minimum


def step_count(scale: Scale) -> int:
    """Steps of the scale's own grid, at least 1."""
    return max(1, int(np.floor(span(scale) / scale.step + 1e-9)))


def is_fine(scale: Scale) -> bool:
    """Whether the scale is finer than the levels it is learned on."""
    return step_count(scale) > MOST_STEPS


def level_steps(scale: Scale) -> int:
    """Steps between the learned levels; there is one threshold a step."""
    return min(step_count(scale), MOST_STEPS)


def to_unit(scale: Scale, score: Floats) -> Floats:
    """Points to 0..1."""
    return (np.clip(score, scale.minimum, scale.maximum) - scale.minimum) / span(scale)


def to_grid(scale: Scale, score: Floats) -> Floats:
    """The nearest score `minimum + k * step` of the scale; NaN stays NaN."""
    steps = np.clip(np.rint((score - scale.minimum) / scale.step), 0, step_count(scale))
    return scale.minimum + steps * scale.step


def exceedance(scale: Scale, score: Floats, width: int) -> Floats:
    """P(label >= level k) for k = 1..steps as soft targets, shape (n, width), zero beyond the scale's own steps.

    A score on a level gives ones and zeros; one between two levels is split over both in proportion.
    """
    steps = level_steps(scale)
    reached = to_unit(scale, score)[:, None] * steps - np.arange(width)
    return np.where(np.arange(width) < steps, np.clip(reached, 0.0, 1.0), 0.0)
