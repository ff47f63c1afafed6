"""What items of feedback add to counters, one by one.

The same for writing, for recounting, and for the edges of a period that no whole bucket covers.
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
    """What an item is worth depends on these columns."""

    type: FeedbackType
    rating: int | None
    approved: bool | None
    standing: str


class Tallyable(VerdictColumns, Protocol):
    """The columns of feedback that count."""

    scores: Scores | None
    criteria: str
    submitted_by: str


@dataclass(slots=True)
class ShiftSums:
    """Sums over the corrections of one criterion, in grains; see ``models.counters.tables.CriterionCounter``."""

    corrections: int = 0
    compared: int = 0
    agreeing: int = 0
    shift: int = 0
    absolute: int = 0
    square: int = 0

    def add(self, other: "ShiftSums", times: int = 1) -> None:
        """Add other sums, so many times; with ``times`` -1 take them off."""
        self.corrections += times * other.corrections
        self.compared += times * other.compared
        self.agreeing += times * other.agreeing
        self.shift += times * other.shift
        self.absolute += times * other.absolute
        self.square += times * other.square


class CriterionScales:
    """What counting must know of a judge's criteria."""

    def __init__(self, criteria: Mapping[int, Criterion]) -> None:
        self.steps = {ordinal: criterion.step for ordinal, criterion in criteria.items()}
        self.units = {ordinal: FixedPointScale.for_criterion(criterion) for ordinal, criterion in criteria.items()}
        self._known: dict[tuple[int, float, float], tuple[int, int, int]] = {}

    def shift(self, ordinal: int, score: float, raw: float) -> tuple[int, int, int]:
        """A shift in grains, its square, and 1 where it is within half a step, else 0."""
        key = (ordinal, score, raw)
        found = self._known.get(key)  # on a scale of a few points the same shifts come again and again
        if found is None:
            grain, shift = self.units[ordinal], score - raw
            agrees = int(abs(shift) <= self.steps[ordinal] / 2)
            found = self._known[key] = (grain.to_units(shift), grain.to_square_units(shift), agrees)
        return found


@dataclass(slots=True)
class Tally:
    """Sums of items: by kind and set of criteria, by criterion, and by rater and set of criteria."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    shifts: dict[int, ShiftSums] = field(default_factory=dict)
    raters: Counter[tuple[str, str]] = field(default_factory=Counter)
    # Corrected scores with the judge's own, which ``finalize`` makes shifts of: so few are different, so many the same.
    given: Counter[tuple[int, float, float | None]] = field(default_factory=Counter)

    def add(self, item: Tallyable, raw: Scores, sign: int = 1) -> None:
        """Add an item about an evaluation with these raw scores, or with ``sign`` -1 take it off; ``finalize`` then."""
        self.counts[item.type.value, item.criteria] += sign
        self.raters[item.submitted_by, item.criteria] += sign
        verdict = classify_feedback(item)
        if verdict is not None:
            self.counts[verdict] += sign
        if item.scores is not None and item.type is FeedbackType.CORRECTION:
            given, scored = self.given, len(raw)
            for ordinal, score in enumerate(item.scores):
                if score is not None:
                    given[ordinal, score, raw[ordinal] if ordinal < scored else None] += sign

    def finalize(self, scales: CriterionScales) -> None:
        """Sum up the shifts of what was added."""
        for (ordinal, score, raw), count in self.given.items():
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
        self.given.clear()

    def merge(self, other: "Tally", sign: int = 1) -> None:
        """Add all of another tally that is settled, or with ``sign`` -1 take it off."""
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
    """The counter of what an item is worth: usable, with what it stands for, or doubt; None: neither."""
    if item.type is FeedbackType.CORRECTION:
        return (USABLE, item.standing) if item.standing else None
    if (item.rating or 0) >= MIN_CONFIRMING_RATING or item.approved is True:
        return (USABLE, "")
    if (item.rating is not None and item.rating <= MAX_DOUBTING_RATING) or item.approved is False:
        return (DOUBT, "")
    return None
