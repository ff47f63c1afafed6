"""Contributions of items of feedback to the counters.

The same code serves updates, recounts, and the edges of a period that no whole bucket covers.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from models.counters.tables import DOUBT, USABLE, FixedPointScale
from models.evaluation import Scores
from models.feedback import MAX_DOUBTING_RATING, MIN_CONFIRMING_RATING, FeedbackType
from models.judge import Criterion


class VerdictColumns(Protocol):
    """The columns that decide whether an item is usable or a doubt."""

    type: FeedbackType
    rating: int | None
    approved: bool | None
    standing: str


class Tallyable(VerdictColumns, Protocol):
    """The columns of feedback that contribute to counters."""

    scores: Scores | None
    criteria: str
    submitted_by: str


@dataclass(slots=True)
class ShiftSums:
    """Sums over the corrections of one criterion; see ``models.counters.tables.CriterionCounter``."""

    corrections: int = 0
    compared: int = 0
    agreeing: int = 0
    shift: int = 0
    absolute: int = 0
    square: int = 0

    def add(self, other: "ShiftSums", times: int = 1) -> None:
        """Add other sums ``times`` times; -1 subtracts them."""
        self.corrections += times * other.corrections
        self.compared += times * other.compared
        self.agreeing += times * other.agreeing
        self.shift += times * other.shift
        self.absolute += times * other.absolute
        self.square += times * other.square


class CriterionScales:
    """The scales of a judge's criteria, as counting requires them."""

    def __init__(self, criteria: Mapping[int, Criterion]) -> None:
        self.steps = {ordinal: criterion.step for ordinal, criterion in criteria.items()}
        self.units = {ordinal: FixedPointScale.for_criterion(criterion) for ordinal, criterion in criteria.items()}
        self._known: dict[tuple[int, float, float], tuple[int, int, int]] = {}

    def shift(self, ordinal: int, score: float, raw: float) -> tuple[int, int, int]:
        """Return a shift in units, its square in ``SQUARES``, and 1 if it is within half a step, otherwise 0.

        Args:
            ordinal: the criterion.
            score: the person's score.
            raw: the judge's score.
        """
        key = (ordinal, score, raw)
        found = self._known.get(key)  # on a scale of a few points the same shifts recur
        if found is None:
            scale, shift = self.units[ordinal], score - raw
            agrees = int(abs(shift) <= self.steps[ordinal] / 2)
            found = self._known[key] = (scale.to_units(shift), scale.to_square_units(shift), agrees)
        return found


@dataclass(slots=True)
class Tally:
    """Sums over items: by kind and set of criteria, by criterion, and by rater and set of criteria."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    shifts: dict[int, ShiftSums] = field(default_factory=dict)
    raters: Counter[tuple[str, str]] = field(default_factory=Counter)
    # Corrected scores with the judge's own. ``finalize`` converts each distinct pair once, because most pairs recur.
    score_pairs: Counter[tuple[int, float, float | None]] = field(default_factory=Counter)

    def add(self, item: Tallyable, raw: Scores, sign: int = 1) -> None:
        """Add an item. The sums by criterion are complete only after ``finalize``.

        Args:
            item: the item of feedback.
            raw: the raw scores of its evaluation.
            sign: 1 to add the item, -1 to subtract it.
        """
        self.counts[item.type.value, item.criteria] += sign
        self.raters[item.submitted_by, item.criteria] += sign
        verdict = classify_feedback(item)
        if verdict is not None:
            self.counts[verdict] += sign
        if item.scores is not None and item.type is FeedbackType.CORRECTION:
            score_pairs, scored = self.score_pairs, len(raw)
            for ordinal, score in enumerate(item.scores):
                if score is not None:
                    score_pairs[ordinal, score, raw[ordinal] if ordinal < scored else None] += sign

    def finalize(self, scales: CriterionScales) -> None:
        """Add the collected score pairs to the sums by criterion."""
        for (ordinal, score, raw), count in self.score_pairs.items():
            sums = self.shifts.get(ordinal)
            if sums is None:
                sums = self.shifts[ordinal] = ShiftSums()
            sums.corrections += count
            if raw is not None:
                grains, square, agrees = scales.shift(ordinal, score, raw)
                sums.compared += count
                sums.agreeing += count * agrees
                sums.shift += count * grains
                sums.absolute += count * abs(grains)
                sums.square += count * square
        self.score_pairs.clear()

    def merge(self, other: "Tally", sign: int = 1) -> None:
        """Add another tally that is finalized; ``sign`` -1 subtracts it."""
        counts, raters = self.counts, self.raters
        for key, count in other.counts.items():
            counts[key] += sign * count
        for rater, count in other.raters.items():
            raters[rater] += sign * count
        for ordinal, shifts in other.shifts.items():
            if ordinal not in self.shifts:
                self.shifts[ordinal] = ShiftSums()
            self.shifts[ordinal].add(shifts, sign)


def classify_feedback(item: VerdictColumns) -> tuple[str, str] | None:
    """Return the key of the counter of usable items or of doubts to which an item belongs; None if to neither."""
    if item.type is FeedbackType.CORRECTION:
        return (USABLE, item.standing) if item.standing else None
    if (item.rating or 0) >= MIN_CONFIRMING_RATING or item.approved is True:
        return (USABLE, "")
    if (item.rating is not None and item.rating <= MAX_DOUBTING_RATING) or item.approved is False:
        return (DOUBT, "")
    return None
