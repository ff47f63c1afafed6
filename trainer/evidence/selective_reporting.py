"""Test of whether people reported scores because the judge was wrong.

If people report a score that agrees with the judge only rho times as readily as one that does not, labels follow
p(y | r) rho^[y = r] / (1 - (1 - rho) p(r | r)). The derivative of their log likelihood by log rho at rho = 1 is the
observed minus the expected number of agreeing labels under a calibrator: Rao's score test (1948). A bad judge is no
reason to reject: the calibrator has learned how rarely it is right.

Two windows are tested, because people may report every error, or large ones only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from trainer.arrays import Bools, Floats, Ints
from trainer.data import Scale
from trainer.model import decode
from trainer.scales import level_steps, span, to_grid

Verdict = Literal["complete", "not_found", "uncertain", "biased"]

WINDOWS = (0.5, 1.5)
"""Steps around the judge's score within which a label agrees."""
MAX_Z = -3.0
"""z score below which fewer labels agree than chance explains; two windows at 0.5% each make 1% (Bonferroni)."""
MAX_AGREEING_SHARE = 0.6
"""Share of the expected agreeing labels below which feedback counts as selected, however many labels there are."""
MIN_EXPECTED = 9.0
"""Expected agreeing labels below which nothing can be concluded."""
COMPLETE_COVERAGE = 0.9
"""Share of the judge's scores with a label from which nothing can have been selected."""


@dataclass(frozen=True, slots=True)
class AgreementWindow:
    """Labels within `steps` of the shown score: their number, the number the calibrator expects, and the z score."""

    steps: float
    observed: float
    expected: float
    z: float

    @property
    def too_few(self) -> bool:
        """Return whether far fewer labels agree than expected."""
        return self.z < MAX_Z and self.observed < MAX_AGREEING_SHARE * self.expected


@dataclass(frozen=True, slots=True)
class SelectionTest:
    """Conclusion of the test; `coverage` is the share (0..1) of the judge's scores with a label, None if unknown."""

    verdict: Verdict
    label_count: int
    coverage: float | None
    windows: tuple[AgreementWindow, ...]


def conclude(windows: Sequence[AgreementWindow], label_count: int, coverage: float | None) -> SelectionTest:
    """Return the conclusion of the windows' counts.

    Args:
        windows: counts, the narrowest window first; none if nothing could be tested.
        label_count: number of labels.
        coverage: share of the judge's scores that have a label.
    """
    verdict: Verdict = "not_found"
    if coverage is not None and coverage >= COMPLETE_COVERAGE:
        verdict = "complete"
    elif any(window.too_few for window in windows):
        verdict = "biased"
    elif not windows or windows[0].expected < MIN_EXPECTED:
        verdict = "uncertain"
    return SelectionTest(verdict, label_count, coverage, tuple(windows))


def count_window(steps: float, agrees: Bools, probability: Floats, group: Ints) -> AgreementWindow:
    """Return the counts of one window.

    Args:
        steps: width of the window.
        agrees: mask of the labels within the window, (m,).
        probability: that a label is within it, by a calibrator that did not learn from the label's group, (m,).
        group: of each label, whose errors may be correlated, (m,).
    """
    difference = agrees - probability
    _, place = np.unique(group, return_inverse=True)
    by_group = np.bincount(place, difference)
    variance = max(float(by_group @ by_group), float(np.sum(probability * (1 - probability))), 1e-9)
    z = float(difference.sum()) / float(np.sqrt(variance))
    return AgreementWindow(steps, float(agrees.sum()), float(probability.sum()), z)


def agrees_within(scale: Scale, label: Floats, shown: Floats, steps: float) -> Bools:
    """Return a mask of the labels within some steps of the shown scores' levels, (n,).

    Args:
        scale: scale of the criterion.
        label: people's scores, in points, (n,).
        shown: scores that they were shown, in points, (n,).
        steps: width of the window, in learned steps.
    """
    reach = steps * span(scale) / level_steps(scale)
    return np.asarray(np.abs(label - to_grid(scale, shown)) <= reach * (1 + 1e-9))


def probability_within(scale: Scale, exceed: Floats, shown: Floats, steps: float) -> Floats:
    """Return the probability that a label is within some steps of the shown score's level, (n,).

    Args:
        scale: scale of the criterion.
        exceed: distribution of the label, (n, W).
        shown: scores that people were shown, in points, (n,).
        steps: width of the window, in learned steps.
    """
    reach = steps * span(scale) / level_steps(scale)
    level = to_grid(scale, shown)
    low, high = level - reach, level + reach
    below = decode.cumulative_probability(scale, exceed, np.maximum(low, scale.minimum))
    upto = decode.cumulative_probability(scale, exceed, np.minimum(high, scale.maximum))
    return np.where(high >= scale.maximum, 1.0, upto) - np.where(low <= scale.minimum, 0.0, below)
