"""Counter deltas: the numbers that a change of feedback adds to a judge's counters."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import Connection

from models.agreement import count_coincidences
from models.base import Base, to_microseconds
from models.counters.effective_feedback import CorrectionEffect, EffectiveFeedback
from models.counters.tables import (
    ALL_TIME,
    CONFLICT,
    ORDER_WIDTH,
    TIME_WIDTHS,
    USABLE,
    Coincidence,
    CriterionCounter,
    FeedbackCounter,
    GroupCounter,
    RaterCounter,
)
from models.counters.tally import CriterionScales, Tally, classify_feedback
from models.evaluation import Evaluation, Scores
from models.feedback import Feedback, FeedbackType
from store import judges
from store.database.upsert import add_to_counters

Rows = list[tuple[Any, ...]]


class EvaluationRef(NamedTuple):
    """The columns of an evaluation that counters depend on. A row of ``Evaluation`` has them, too."""

    id: str
    seq: int
    group: str | None
    scores: Scores
    created_at: datetime


@dataclass(slots=True)
class CountedFeedback:
    """The columns of an item of feedback that counters depend on."""

    seq: int
    evaluation_id: str
    type: FeedbackType
    scores: Scores | None
    rating: int | None
    approved: bool | None
    criteria: str
    compared: str
    standing: str
    overtaken_at: datetime | None
    submitted_by: str
    submitted_at: datetime

    def with_effect(self, effect: CorrectionEffect | None) -> "CountedFeedback":
        """Return the item with another effect, or itself if it has that effect already."""
        text = effect.to_text() if effect is not None else ""
        superseded_at = effect.superseded_at if effect is not None else None
        if (text, superseded_at) == (self.standing, self.overtaken_at):
            return self
        return replace(self, standing=text, overtaken_at=superseded_at)


COUNTED_COLUMNS = [getattr(Feedback, name) for name in CountedFeedback.__slots__]
EVALUATION_REF_COLUMNS = [getattr(Evaluation, name) for name in EvaluationRef._fields]


@dataclass(slots=True)
class CounterDelta:
    """The numbers to add to a judge's counters.

    Items and effective feedback are added in any order and any number of times. ``finalize`` then derives the wider
    buckets, the shifts, the conflicts and the coincidences.
    """

    buckets: defaultdict[tuple[int, int], Tally] = field(default_factory=lambda: defaultdict(Tally))
    groups: Counter[tuple[str, str]] = field(default_factory=Counter)
    score_sets: Counter[tuple[int, tuple[float, ...]]] = field(default_factory=Counter)
    coincidences: Counter[tuple[int, int, float, float]] = field(default_factory=Counter)

    def add(self, item: CountedFeedback, evaluation: EvaluationRef, sign: int = 1) -> None:
        """Add an item to its finest bucket of time and its bucket of order.

        Args:
            item: the item.
            evaluation: the evaluation that the item is about.
            sign: 1 to add the item, -1 to subtract it.
        """
        self.buckets[finest_bucket(item.submitted_at)].add(item, evaluation.scores, sign)
        verdict = classify_feedback(item)
        if verdict is not None:
            self._order_bucket(item.seq).counts[verdict] += sign
        if item.standing and evaluation.group is not None:
            self.groups[evaluation.group, item.compared] += sign

    def change_effect(self, item: CountedFeedback, standing: str) -> None:
        """Replace a correction's effect, given as the text of the column ``feedback.standing``."""
        if item.standing == standing:
            return
        for text, sign in ((item.standing, -1), (standing, 1)):
            self.buckets[finest_bucket(item.submitted_at)].counts[USABLE, text] += sign
            self._order_bucket(item.seq).counts[USABLE, text] += sign

    def add_effective(self, effective: EffectiveFeedback, sign: int = 1) -> None:
        """Add the effective feedback on one evaluation, or with ``sign`` -1 subtract it."""
        all_time = self.buckets[ALL_TIME, 0].counts
        for key in effective.counters:
            all_time[key] += sign
        for score_set in effective.score_sets:
            self.score_sets[score_set] += sign

    def finalize(self, scales: CriterionScales) -> None:
        """Sum up shifts, conflicts and coincidences, and add each bucket of time to the wider ones that contain it."""
        for tally in self.buckets.values():
            tally.finalize(scales)
        for narrow, wide in pairwise((*TIME_WIDTHS, ALL_TIME)):
            for (width, start), tally in list(self.buckets.items()):
                if width == narrow:
                    self.buckets[wide, start // wide * wide if wide else 0].merge(tally)
        all_time = self.buckets[ALL_TIME, 0].counts
        for (ordinal, scores), number in self.score_sets.items():
            if is_conflict(scores, scales.steps[ordinal]):
                all_time[CONFLICT, str(ordinal)] += number
            for (raters, low, high), count in count_coincidences(scores).items():
                self.coincidences[ordinal, raters, low, high] += number * count
        self.score_sets.clear()

    def rows(self, judge_pk: int) -> dict[type[Base], Rows]:
        """Return the numbers as rows of the tables of counters, in the order of the tables' columns."""
        counts: Rows = []
        raters: Rows = []
        criteria: Rows = []
        for (width, start), tally in sorted(self.buckets.items(), key=lambda entry: entry[0]):
            counts += [(judge_pk, width, start, *key, count) for key, count in tally.counts.items() if count]
            raters += [(judge_pk, width, start, *key, count) for key, count in tally.raters.items() if count]
            criteria += [
                (judge_pk, width, start, ordinal, s.corrections, s.compared, s.agreeing, s.shift, s.absolute, s.square)
                for ordinal, s in tally.shifts.items()
            ]
        return {
            FeedbackCounter: counts,
            RaterCounter: raters,
            CriterionCounter: criteria,
            GroupCounter: [(judge_pk, *key, count) for key, count in self.groups.items() if count],
            Coincidence: [(judge_pk, *key, count) for key, count in self.coincidences.items() if count],
        }

    def write(self, connection: Connection, judge_pk: int) -> None:
        """Add the numbers to the judge's counters in the database."""
        for table, rows in self.rows(judge_pk).items():
            add_to_counters(connection, table, rows)

    def _order_bucket(self, seq: int) -> Tally:
        return self.buckets[ORDER_WIDTH, seq // ORDER_WIDTH * ORDER_WIDTH]


def is_conflict(scores: Sequence[float], step: float) -> bool:
    """Return whether sorted scores of one item differ by more than a step of the scale."""
    return scores[-1] - scores[0] > step * (1 + 1e-9)


def finest_bucket(moment: datetime) -> tuple[int, int]:
    """Return the width and the start of the finest bucket of time that contains a moment."""
    width = TIME_WIDTHS[0]
    return width, to_microseconds(moment) // width * width


def load_scales(connection: Connection, judge_pk: int) -> CriterionScales:
    """Return the scales of a judge's criteria."""
    return CriterionScales({criterion.ordinal: criterion for criterion in judges.list_criteria(connection, judge_pk)})
