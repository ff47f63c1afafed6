"""The feedback summary within any bounds, by reading every row within them: for bounds that no counters are kept for.

Also what the counters are compared with, since it takes the definitions at their word.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from math import fsum
from operator import itemgetter, mul
from typing import Any

from sqlalchemy import Connection, select

from models.agreement import alpha_from_coincidences, count_coincidences
from models.evaluation import Evaluation, score_at
from models.feedback import (
    MAX_DOUBTING_RATING,
    MIN_CONFIRMING_RATING,
    Agreement,
    CriterionShift,
    Feedback,
    FeedbackBounds,
    FeedbackType,
    GroupSpread,
    Summary,
)
from models.judge import Criterion
from store import feedback, judges
from store.database.rows import stream_rows


def scan_feedback(
    connection: Connection, judge_pk: int, criteria: Sequence[Criterion], bounds: FeedbackBounds
) -> Summary:
    """Sum up a judge's feedback within bounds, row by row."""
    watermark = judges.read_watermark(connection, judge_pk)
    statement = (
        feedback.within_bounds(
            select(
                *feedback.JUDGMENT_COLUMNS,
                Feedback.submitted_at,
                Evaluation.group,
                Evaluation.scores.label("raw"),
            ).join(Evaluation, Evaluation.id == Feedback.evaluation_id),
            judge_pk,
            bounds,
        )
        .order_by(None)
        .order_by(Feedback.submitted_at, Feedback.seq)
    )  # so the latest opinion comes last
    meant = criteria if bounds.criteria is None else [criteria[ordinal] for ordinal in bounds.criteria]
    tally = _FeedbackTally(meant, watermark, only=bounds.criteria is not None)
    tally.add_all(stream_rows(connection, statement))
    return tally.summary(scan_agreement(connection, judge_pk, meant, bounds))


def scan_agreement(
    connection: Connection, judge_pk: int, criteria: Sequence[Criterion], bounds: FeedbackBounds
) -> Agreement:
    """How far raters agree on some criteria within bounds, from the corrections within them, item by item."""
    statement = feedback.within_bounds(
        select(Feedback.about_seq, Feedback.submitted_by, Feedback.scores).where(
            Feedback.type == FeedbackType.CORRECTION
        ),
        judge_pk,
        bounds,
    )
    ordered = statement.order_by(None).order_by(Feedback.about_seq, Feedback.submitted_at, Feedback.seq)
    steps = {criterion.ordinal: criterion.step for criterion in criteria}
    opinions: Counter[tuple[int, tuple[float, ...]]] = Counter()
    for _, rows in groupby(stream_rows(connection, ordered), key=itemgetter(0)):
        said = [(rater, scores) for _, rater, scores in rows]
        if len(said) > 1:
            opinions.update(_latest_scores(said, steps))
    pairs: dict[int, Counter[tuple[int, float, float]]] = {ordinal: Counter() for ordinal in steps}
    conflicts = 0
    for (ordinal, scores), number in opinions.items():
        if scores[-1] - scores[0] > steps[ordinal] * (1 + 1e-9):
            conflicts += number
        for pair, count in count_coincidences(scores).items():
            pairs[ordinal][pair] += number * count
    return Agreement(tuple((ordinal, alpha_from_coincidences(counts)) for ordinal, counts in pairs.items()), conflicts)


def _latest_scores(said: Sequence[tuple[str, Any]], ordinals: Iterable[int]) -> Iterator[tuple[int, tuple[float, ...]]]:
    """What people think of one item, where they are several: by ordinal, each one's latest score, in order."""
    for ordinal in ordinals:
        latest = {rater: score for rater, scores in said if (score := score_at(scores, ordinal)) is not None}
        if len(latest) > 1:
            yield ordinal, tuple(sorted(latest.values()))


class _FeedbackTally:
    """Adds feedback up, row by row in the order in which it was given."""

    def __init__(self, criteria: Sequence[Criterion], watermark: int, *, only: bool) -> None:
        self.criteria = {criterion.ordinal: criterion for criterion in criteria}
        self.ordinals = tuple(self.criteria)
        self.watermark = watermark
        self.only = only
        self.counts: dict[FeedbackType, int] = dict.fromkeys(FeedbackType, 0)
        self.earliest: Any = None
        self.latest: Any = None  # rows come in the order in which they were given
        self.evaluations: set[str] = set()
        self.raters: set[str] = set()
        self.usable = 0
        self.usable_new = 0
        self.corrected: dict[tuple[str, str], int] = {}  # (evaluation, rater): place of the latest usable correction
        self.corrections: dict[int, int] = defaultdict(int)
        self.shifts: dict[int, list[float]] = defaultdict(list)
        self.agreeing = 0
        self.doubts = 0
        self.groups: set[str] = set()

    def add_all(self, rows: Iterable[Any]) -> None:
        for row in rows:
            touched = [n for n in self.ordinals if score_at(row.scores, n) is not None]
            if row.type is FeedbackType.CORRECTION and self.only and not touched:
                continue
            self.counts[row.type] += 1
            self.latest = row.submitted_at
            self.earliest = self.earliest or self.latest
            self.evaluations.add(row.evaluation_id)
            self.raters.add(row.submitted_by)
            if row.type is FeedbackType.CORRECTION:
                self._add_correction(row, touched)
            elif (row.rating or 0) >= MIN_CONFIRMING_RATING or row.approved is True:
                self.usable += 1
                self.usable_new += row.seq > self.watermark
            elif (row.rating is not None and row.rating <= MAX_DOUBTING_RATING) or row.approved is False:
                self.doubts += 1

    def _add_correction(self, row: Any, touched: list[int]) -> None:
        yields = False
        for ordinal in touched:
            score = row.scores[ordinal]
            self.corrections[ordinal] += 1
            raw = score_at(row.raw, ordinal)
            if raw is not None:
                self.shifts[ordinal].append(score - raw)
                self.agreeing += abs(score - raw) <= self.criteria[ordinal].step / 2
                yields = True
        if yields:
            self.groups.add(row.group or row.evaluation_id)
            self.corrected[row.evaluation_id, row.submitted_by] = row.seq

    def summary(self, agreement: Agreement) -> Summary:
        """The figures of what was added, with how far raters agree."""
        return Summary(
            total=sum(self.counts.values()),
            corrections=self.counts[FeedbackType.CORRECTION],
            ratings=self.counts[FeedbackType.RATING],
            approvals=self.counts[FeedbackType.APPROVAL],
            comments=self.counts[FeedbackType.COMMENT],
            usable=self.usable + len(self.corrected),
            earliest=self.earliest,
            latest=self.latest,
            evaluations=len(self.evaluations),
            raters=len(self.raters),
            new_since_last_training=self.usable_new + sum(seq > self.watermark for seq in self.corrected.values()),
            criteria=tuple(self._shift(ordinal) for ordinal in self.ordinals),
            agreement=agreement,
            agreeing=self.agreeing,
            doubts=self.doubts,
            spread=self._spread(),
        )

    def _shift(self, ordinal: int) -> CriterionShift:
        shifts, corrections = self.shifts[ordinal], self.corrections[ordinal]
        if not shifts:
            return CriterionShift(ordinal, corrections, None, None)
        return CriterionShift(ordinal, corrections, fsum(shifts) / len(shifts), fsum(map(abs, shifts)) / len(shifts))

    def _spread(self) -> GroupSpread | None:
        ranges = {n: criterion.maximum - criterion.minimum for n, criterion in self.criteria.items()}
        count = sum(map(len, self.shifts.values()))
        if count < 2:
            return None
        mean = fsum(fsum(map(abs, shifts)) / ranges[n] for n, shifts in self.shifts.items()) / count
        square = fsum(fsum(map(mul, shifts, shifts)) / ranges[n] ** 2 for n, shifts in self.shifts.items())
        return GroupSpread(count, len(self.groups), max(0.0, square - count * mean**2) / (count - 1))
