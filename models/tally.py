"""What items of feedback add to counters, one by one.

The same for writing, for recounting, and for the edges of a period that no whole bucket covers.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from models.counters import DOUBT, USABLE, Grain
from models.criteria_set import as_bits, ordinals_of
from models.evaluation import Scores, score_at
from models.feedback import CONFIRMING_RATING, DOUBTING_RATING, FeedbackType
from models.judge import Criterion


class Verdict(Protocol):
    """What an item is worth depends on these columns."""

    type: FeedbackType
    rating: int | None
    approved: bool | None
    standing: str


class Item(Verdict, Protocol):
    """The columns of feedback that count."""

    scores: Scores | None
    criteria: str
    submitted_by: str


@dataclass(slots=True)
class Shifts:
    """Sums over the corrections of one criterion, in grains; see ``models.counters.CriterionCounter``."""

    corrections: int = 0
    compared: int = 0
    agreeing: int = 0
    shift: int = 0
    absolute: int = 0
    square: int = 0

    def add(self, other: "Shifts") -> None:
        """Add other sums."""
        self.corrections += other.corrections
        self.compared += other.compared
        self.agreeing += other.agreeing
        self.shift += other.shift
        self.absolute += other.absolute
        self.square += other.square


class Scales:
    """What counting must know of a judge's criteria."""

    def __init__(self, criteria: Mapping[int, Criterion]) -> None:
        self.steps = {ordinal: criterion.step for ordinal, criterion in criteria.items()}
        self.grains = {ordinal: Grain.of(criterion) for ordinal, criterion in criteria.items()}


@dataclass(slots=True)
class Tally:
    """Sums of items: by kind and set of criteria, by criterion, and by rater and set of criteria."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    shifts: dict[int, Shifts] = field(default_factory=dict)
    raters: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, item: Item, raw: Scores, scales: Scales, sign: int = 1) -> None:
        """Add an item about an evaluation with these raw scores, or with ``sign`` -1 take it off."""
        self.counts[item.type.value, item.criteria] += sign
        self.raters[item.submitted_by, item.criteria] += sign
        verdict = verdict_of(item)
        if verdict is not None:
            self.counts[verdict] += sign
        if item.scores is not None and item.type is FeedbackType.CORRECTION:
            for ordinal in ordinals_of(as_bits(item.criteria)):
                score = item.scores[ordinal]
                assert score is not None
                self._shift(ordinal, score, score_at(raw, ordinal), scales, sign)

    def _shift(self, ordinal: int, score: float, raw: float | None, scales: Scales, sign: int) -> None:
        sums = self.shifts.setdefault(ordinal, Shifts())
        sums.corrections += sign
        if raw is None:
            return
        grain, shift = scales.grains[ordinal], score - raw
        grains = grain.grains(shift)
        sums.compared += sign
        sums.agreeing += sign * (abs(shift) <= scales.steps[ordinal] / 2)
        sums.shift += sign * grains
        sums.absolute += sign * abs(grains)
        sums.square += sign * grain.squares(shift)


def verdict_of(item: Verdict) -> tuple[str, str] | None:
    """The counter of what an item is worth: usable, with what it stands for, or doubt; None: neither."""
    if item.type is FeedbackType.CORRECTION:
        return (USABLE, item.standing) if item.standing else None
    if (item.rating or 0) >= CONFIRMING_RATING or item.approved is True:
        return (USABLE, "")
    if (item.rating is not None and item.rating <= DOUBTING_RATING) or item.approved is False:
        return (DOUBT, "")
    return None
