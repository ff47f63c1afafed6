"""Feedback summary by a full scan of the rows within bounds, for bounds that counters do not cover.

The tests also compare the counters with it, because it follows the definitions of the figures literally.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from math import fsum
from operator import itemgetter, mul
from typing import Any

from sqlalchemy import Connection, select

from models.agreement import alpha_from_coincidences, count_coincidences, equal_share
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
from store.counters.delta import is_conflict
from store.database.rows import stream_rows


def scan_feedback(
    connection: Connection, judge_pk: int, criteria: Sequence[Criterion], bounds: FeedbackBounds
) -> Summary:
    """Return all figures of a judge's feedback within bounds.

    Args:
        connection: the connection to read from, within a snapshot.
        judge_pk: the judge.
        criteria: the judge's criteria, in order.
        bounds: which feedback is counted.
    """
    watermark = judges.read_watermark(connection, judge_pk)
    columns = (*feedback.JUDGMENT_COLUMNS, Feedback.submitted_at, Evaluation.group, Evaluation.scores.label("raw"))
    rows = select(*columns).join(Evaluation, Evaluation.id == Feedback.evaluation_id)
    statement = feedback.within_bounds(rows, judge_pk, bounds).order_by(None)
    statement = statement.order_by(Feedback.submitted_at, Feedback.seq)  # a rater's latest correction comes last
    selected = criteria if bounds.criteria is None else [criteria[ordinal] for ordinal in bounds.criteria]
    tally = _FeedbackTally(selected, watermark, only=bounds.criteria is not None)
    for row in stream_rows(connection, statement):
        tally.add(row)
    return tally.to_summary(scan_agreement(connection, judge_pk, selected, bounds))


def scan_agreement(
    connection: Connection, judge_pk: int, criteria: Sequence[Criterion], bounds: FeedbackBounds
) -> Agreement:
    """Return the agreement of raters within bounds, from the corrections, evaluation by evaluation.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        criteria: the criteria whose scores are compared.
        bounds: which feedback is counted.
    """
    corrections = select(Feedback.about_seq, Feedback.submitted_by, Feedback.scores).where(
        Feedback.type == FeedbackType.CORRECTION
    )
    statement = feedback.within_bounds(corrections, judge_pk, bounds).order_by(None)
    ordered = statement.order_by(Feedback.about_seq, Feedback.submitted_at, Feedback.seq)
    steps = {criterion.ordinal: criterion.step for criterion in criteria}
    score_sets: Counter[tuple[int, tuple[float, ...]]] = Counter()
    for _, rows in groupby(stream_rows(connection, ordered), key=itemgetter(0)):
        given = [(rater, scores) for _, rater, scores in rows]
        if len(given) > 1:
            score_sets.update(_latest_scores(given, steps))
    pairs: dict[int, Counter[tuple[int, float, float]]] = {ordinal: Counter() for ordinal in steps}
    conflicts = 0
    for (ordinal, scores), number in score_sets.items():
        conflicts += number if is_conflict(scores, steps[ordinal]) else 0
        for pair, count in count_coincidences(scores).items():
            pairs[ordinal][pair] += number * count
    alphas = tuple((ordinal, alpha_from_coincidences(counts)) for ordinal, counts in pairs.items())
    return Agreement(alphas, conflicts, equal_share(pairs.values()))


def _latest_scores(
    given: Sequence[tuple[str, Any]], ordinals: Iterable[int]
) -> Iterator[tuple[int, tuple[float, ...]]]:
    """Yield each criterion that several raters scored, with each rater's latest score, sorted."""
    for ordinal in ordinals:
        latest = {rater: score for rater, scores in given if (score := score_at(scores, ordinal)) is not None}
        if len(latest) > 1:
            yield ordinal, tuple(sorted(latest.values()))


class _FeedbackTally:
    """Figures of the rows added so far, which come in the order in which the feedback was given."""

    def __init__(self, criteria: Sequence[Criterion], watermark: int, *, only: bool) -> None:
        self.criteria = {criterion.ordinal: criterion for criterion in criteria}
        self.watermark = watermark
        self.only = only  # whether corrections of other criteria are excluded
        self.counts: dict[FeedbackType, int] = dict.fromkeys(FeedbackType, 0)
        self.earliest: Any = None
        self.latest: Any = None
        self.evaluations: set[str] = set()
        self.raters: set[str] = set()
        self.usable = 0  # without corrections
        self.usable_new = 0
        self.corrected: dict[tuple[str, str], int] = {}  # seq of the latest usable correction, by evaluation and rater
        self.corrections: dict[int, int] = defaultdict(int)
        self.shifts: dict[int, list[float]] = defaultdict(list)
        self.agreeing = 0
        self.doubts = 0
        self.groups: set[str] = set()

    def add(self, row: Any) -> None:
        """Add an item of feedback."""
        touched = [ordinal for ordinal in self.criteria if score_at(row.scores, ordinal) is not None]
        if row.type is FeedbackType.CORRECTION and self.only and not touched:
            return
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
        is_usable = False
        for ordinal in touched:
            score = row.scores[ordinal]
            self.corrections[ordinal] += 1
            raw = score_at(row.raw, ordinal)
            if raw is not None:
                self.shifts[ordinal].append(score - raw)
                self.agreeing += abs(score - raw) <= self.criteria[ordinal].step / 2
                is_usable = True
        if is_usable:
            self.groups.add(row.group or row.evaluation_id)
            self.corrected[row.evaluation_id, row.submitted_by] = row.seq

    def to_summary(self, agreement: Agreement) -> Summary:
        """Return the figures, together with the agreement of raters."""
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
            criteria=tuple(self._shift(ordinal) for ordinal in self.criteria),
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
