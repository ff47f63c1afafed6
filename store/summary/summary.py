"""The feedback summary: what there is to learn from within bounds.

What is kept in counters costs the same whatever the number of rows: all figures without bounds, and with bounds of time
all of ``FeedbackTotals``. The rest is read from the rows within bounds, by index. See decisions 21 and 22.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from models.agreement import alpha_from_coincidences
from models.base import to_microseconds
from models.counters.criteria_set import set_of_ordinals, text_to_set
from models.counters.effective_feedback import concerns_any, parse_effect
from models.counters.tables import (
    ALL_TIME,
    CONFLICT,
    DOUBT,
    EVALUATION,
    ORDER_WIDTH,
    SQUARES,
    UNGROUPED,
    USABLE,
    Coincidence,
    FeedbackCounter,
)
from models.counters.tally import CriterionScales, ShiftSums, classify_feedback
from models.feedback import (
    Agreement,
    CriterionShift,
    Feedback,
    FeedbackBounds,
    FeedbackTotals,
    FeedbackType,
    GroupSpread,
    RaterCount,
    Summary,
)
from models.judge import Criterion, Judge
from store import feedback, judges
from store.counters.buckets import split_into_buckets
from store.counters.period import PeriodCounters, find_effective_in_period, select_counted
from store.database.rows import without_index
from store.summary.full_scan import scan_agreement, scan_feedback
from store.summary.groups import count_all_groups, count_groups_within
from store.summary.raters import count_raters

MAX_NEW_READ = 10_000  # items since a version are read, whenever they were given

Criteria = Sequence[Criterion]
Counts = Mapping[tuple[str, str], int]


def summarise(connection: Connection, judge_pk: int, criteria: Criteria, bounds: FeedbackBounds) -> Summary:
    """Sum up a judge's feedback within bounds, exactly."""
    view = _FeedbackView(connection, judge_pk, criteria, bounds)
    if not view.by_time_only:
        return scan_feedback(connection, judge_pk, criteria, bounds)
    figures = view.figures()
    values = {name: getattr(figures, name) for name in FeedbackTotals.__slots__}
    return Summary(
        **values,
        new_since_last_training=view.new(),
        evaluations=view.evaluations(),
        agreement=view.agreement(),
        spread=view.spread(),
    )


def compute_figures(
    connection: Connection, judge_pk: int, criteria: Criteria, bounds: FeedbackBounds
) -> FeedbackTotals:
    """Those figures that can be told without reading all rows within bounds of time."""
    view = _FeedbackView(connection, judge_pk, criteria, bounds)
    return view.figures() if view.by_time_only else scan_feedback(connection, judge_pk, criteria, bounds)


def count_new(connection: Connection, judge_pk: int, criteria: Criteria, bounds: FeedbackBounds) -> int:
    """How many usable items within bounds of time came in after the newest version's watermark."""
    return _FeedbackView(connection, judge_pk, criteria, bounds).new()


def count_evaluations(connection: Connection, judge_pk: int, criteria: Criteria, bounds: FeedbackBounds) -> int:
    """How many different evaluations the feedback within bounds of time is about."""
    return _FeedbackView(connection, judge_pk, criteria, bounds).evaluations()


def compute_agreement(connection: Connection, judge_pk: int, criteria: Criteria, bounds: FeedbackBounds) -> Agreement:
    """How far raters agree within bounds of time."""
    return _FeedbackView(connection, judge_pk, criteria, bounds).agreement()


def list_raters(
    connection: Connection, judge_pk: int, criteria: Criteria, bounds: FeedbackBounds, first: int
) -> list[RaterCount]:
    """Who gave most feedback within bounds, with how much; most first, and at most ``first`` of them."""
    return _FeedbackView(connection, judge_pk, criteria, bounds).most_active(first)


class _FeedbackView:
    """A judge's feedback within bounds."""

    def __init__(self, connection: Connection, judge_pk: int, criteria: Criteria, bounds: FeedbackBounds) -> None:
        self.connection = connection
        self.judge_pk = judge_pk
        self.bounds = bounds
        self.scales = CriterionScales({criterion.ordinal: criterion for criterion in criteria})
        self.criteria = list(criteria) if bounds.criteria is None else [criteria[n] for n in bounds.criteria]
        self.meant = set_of_ordinals(bounds.criteria)
        self.last_seq: int = connection.execute(select(Judge.feedback_seq).where(Judge.pk == judge_pk)).scalar_one()
        whole = bounds.upto_seq is None or bounds.upto_seq >= self.last_seq
        self.by_time_only = not bounds.after_seq and whole and bounds.as_of is None
        self.everything = self.by_time_only and bounds.since is None and bounds.until is None
        ever = select(FeedbackCounter.kind, FeedbackCounter.criteria, FeedbackCounter.value).where(
            FeedbackCounter.judge_pk == judge_pk, FeedbackCounter.width == ALL_TIME, FeedbackCounter.start == 0
        )
        self.ever: Counts = {(kind, key): value for kind, key, value in connection.execute(ever)}

    def figures(self) -> FeedbackTotals:
        """The figures within bounds of time."""
        period = self._period()
        counts: Counts = self.ever if self.everything else period.counts()
        items = {kind: self._items(counts, kind) for kind in FeedbackType}
        shifts = period.shifts([criterion.ordinal for criterion in self.criteria])
        return FeedbackTotals(
            total=sum(items.values()),
            corrections=items[FeedbackType.CORRECTION],
            ratings=items[FeedbackType.RATING],
            approvals=items[FeedbackType.APPROVAL],
            comments=items[FeedbackType.COMMENT],
            usable=self._usable(counts) + len(self._overtaken()),
            earliest=self._extreme(latest=False),
            latest=self._extreme(latest=True),
            raters=self._raters(period),
            criteria=to_criterion_shifts(self.scales, shifts),
            agreeing=sum(sums.agreeing for sums in shifts.values()),
            doubts=counts.get((DOUBT, ""), 0),
        )

    def most_active(self, first: int) -> list[RaterCount]:
        """From the counters by rater; for bounds of ingestion read from the rows within them."""
        sets = self._counted_sets()
        if self.by_time_only:
            return self._period().most_active(sets, first)
        total, corrected = func.count(), func.count(case((Feedback.type == FeedbackType.CORRECTION, 1)))
        given = feedback.within_bounds(select(Feedback.submitted_by, total, corrected), self.judge_pk, self.bounds)
        if sets is not None:
            given = given.where(Feedback.criteria.in_(sets))
        most = given.order_by(None).group_by(Feedback.submitted_by).order_by(total.desc(), Feedback.submitted_by)
        return [RaterCount(*row) for row in self.connection.execute(most.limit(first))]

    def _period(self, since: int | None = None) -> PeriodCounters:
        """The period that is asked for, or what of it begins at a later place in time."""
        start, end = (None if m is None else to_microseconds(m) for m in (self.bounds.since, self.bounds.until))
        return PeriodCounters(
            self.connection, self.judge_pk, self.scales, split_into_buckets(start if since is None else since, end)
        )

    def _counted_sets(self) -> list[str] | None:
        """The sets of criteria that counted items have, none at all among them; None: any."""
        return None if self.bounds.criteria is None else [*self._sets(FeedbackType.CORRECTION), ""]

    def _raters(self, period: PeriodCounters) -> int:
        sets = self._counted_sets()
        if self.everything:
            return period.raters(sets)
        return count_raters(self.connection, self.judge_pk, period, self._inside(), sets)

    def evaluations(self) -> int:
        """How many different evaluations: kept for all time, counted by index within bounds."""
        if self.everything:
            return sum(n for (kind, key), n in self.ever.items() if kind == EVALUATION and self._is_meant(key))
        statement = select_counted(self.judge_pk, func.count(Feedback.about_seq.distinct())).where(*self._inside())
        if self.bounds.criteria is not None:
            meant = Feedback.criteria.in_(self._sets(FeedbackType.CORRECTION))
            statement = statement.where(or_(Feedback.type != FeedbackType.CORRECTION, meant))
        return int(self.connection.execute(statement).scalar_one())

    def agreement(self) -> Agreement:
        """From the coincidences that are kept for all time; read from the corrections within bounds."""
        if not self.everything:
            return scan_agreement(self.connection, self.judge_pk, self.criteria, self.bounds)
        pairs: dict[int, Counter[tuple[int, float, float]]] = {c.ordinal: Counter() for c in self.criteria}
        kept = select(
            Coincidence.ordinal, Coincidence.raters, Coincidence.low, Coincidence.high, Coincidence.value
        ).where(Coincidence.judge_pk == self.judge_pk)
        for ordinal, raters, low, high, value in self.connection.execute(kept):
            if ordinal in pairs:
                pairs[ordinal][raters, low, high] = value
        conflicts = sum(self.ever.get((CONFLICT, str(ordinal)), 0) for ordinal in pairs)
        return Agreement(
            tuple((ordinal, alpha_from_coincidences(counts)) for ordinal, counts in pairs.items()), conflicts
        )

    def spread(self) -> GroupSpread | None:
        """How much the judge's absolute errors vary."""
        shifts = self._period().shifts([criterion.ordinal for criterion in self.criteria])
        number = sum(sums.compared for sums in shifts.values())
        if number < 2:
            return None
        total = square = 0.0
        for ordinal, sums in shifts.items():
            grain = self.scales.units[ordinal]
            total += grain.mean_points(sums.absolute, 1) / grain.range
            square += sums.square / SQUARES
        variance = (square - total * total / number) / (number - 1)
        return GroupSpread(number, self._groups(), max(0.0, variance))

    def _groups(self) -> int:
        if not self.everything:
            return count_groups_within(self.connection, self.judge_pk, self.bounds.criteria, self._inside())
        alone = sum(n for (kind, key), n in self.ever.items() if kind == UNGROUPED and text_to_set(key) & self.meant)
        return count_all_groups(self.connection, self.judge_pk, self.bounds.criteria) + alone

    def _items(self, counts: Counts, kind: FeedbackType) -> int:
        return sum(n for (k, criteria), n in counts.items() if k == kind.value and self._is_about(kind, criteria))

    def _is_about(self, kind: FeedbackType, criteria: str) -> bool:
        """Whether items of a kind and a set are meant; all but corrections are, whatever the criteria."""
        return self.bounds.criteria is None or kind is not FeedbackType.CORRECTION or concerns_any(criteria, self.meant)

    def _is_meant(self, key: str) -> bool:
        return self.bounds.criteria is None or concerns_any(key, self.meant)

    def _sets(self, kind: FeedbackType) -> list[str]:
        """The sets of criteria, of those there are, that are meant."""
        return [criteria for k, criteria in self.ever if k == kind.value and self._is_about(kind, criteria)]

    def _usable(self, counts: Counts) -> int:
        """Verdicts that confirm, and corrections that are their rater's last word."""
        found = counts.get((USABLE, ""), 0)
        for (kind, text), number in counts.items():
            stands = parse_effect(text) if kind == USABLE else None
            found += number if stands is not None and stands.counts_for(self.meant) else 0
        return found

    def _inside(self, moment: Any = Feedback.submitted_at) -> list[Any]:
        found: list[Any] = []
        if self.bounds.since is not None:
            found.append(moment >= self.bounds.since)
        if self.bounds.until is not None:
            found.append(moment < self.bounds.until)
        return found

    def _overtaken(self) -> list[int]:
        until = self.bounds.until
        if until is None:
            return []  # nothing lies after it
        return find_effective_in_period(self.connection, self.judge_pk, self.meant, self.bounds.since, until)

    def new(self) -> int:
        """Usable items that came in after the newest version's watermark.

        Without bounds from the counters in order of ingestion. Within them few are read. Of more, those that were given
        after all that the version knew come from the counters in order of time, and only those among it are read.
        """
        watermark = judges.read_watermark(self.connection, self.judge_pk)
        if watermark >= self.last_seq:
            return 0
        if self.everything:
            covered = split_into_buckets(watermark + 1, None, (ORDER_WIDTH,))
            later = PeriodCounters(self.connection, self.judge_pk, self.scales, covered.whole()).counts()
            for start, end in covered.edges:
                later.update(self._verdicts([Feedback.seq >= start, Feedback.seq < end]))
            return self._usable(later)
        if self.last_seq - watermark <= MAX_NEW_READ:
            counts = self._verdicts([Feedback.seq > watermark, *self._inside(without_index(Feedback.submitted_at))])
        else:
            counts = self._many_new(watermark)
        return self._usable(counts) + sum(seq > watermark for seq in self._overtaken())

    def _many_new(self, watermark: int) -> Counter[tuple[str, str]]:
        first = self._end(Feedback.seq > watermark, latest=False)
        if first is None:
            return Counter()
        last = self._end(Feedback.seq <= watermark, latest=True)
        if last is None or last < first:
            return self._period(to_microseconds(first)).counts()
        among_known = [Feedback.submitted_at >= first, Feedback.submitted_at <= last]
        counts = self._verdicts([Feedback.seq > watermark, *among_known])
        counts.update(self._period(to_microseconds(last) + 1).counts())
        return counts

    def _end(self, which: ColumnElement[bool], *, latest: bool) -> datetime | None:
        """When the first or last of some items within was given, retracted or not: by one index, from that end."""
        order = Feedback.submitted_at.desc() if latest else Feedback.submitted_at.asc()
        given = select(Feedback.submitted_at).where(Feedback.judge_pk == self.judge_pk, which, *self._inside())
        return self.connection.execute(given.order_by(order).limit(1)).scalar_one_or_none()

    def _verdicts(self, within: list[Any]) -> Counter[tuple[str, str]]:
        """What rows are worth, by index."""
        columns = (Feedback.type, Feedback.rating, Feedback.approved, Feedback.standing)
        statement = (
            select_counted(self.judge_pk, *columns, func.count().label("number")).where(*within).group_by(*columns)
        )
        found: Counter[tuple[str, str]] = Counter()
        for row in self.connection.execute(statement):
            verdict = classify_feedback(row)
            if verdict is not None:
                found[verdict] += row.number
        return found

    def _extreme(self, *, latest: bool) -> datetime | None:
        """When the first or last item was given: the end of an index, for each set of criteria that is meant."""
        moment = Feedback.submitted_at
        order = moment.desc() if latest else moment.asc()
        statement = select_counted(self.judge_pk, moment).where(*self._inside()).order_by(order).limit(1)
        if self.bounds.criteria is None:
            return self.connection.execute(statement).scalar_one_or_none()
        ends = []
        for kind in FeedbackType:
            for criteria in self._sets(kind):
                here = and_(Feedback.type == kind, Feedback.criteria == criteria)
                ends.append(self.connection.execute(statement.where(here)).scalar_one_or_none())
        known = [end for end in ends if end is not None]
        return (max if latest else min)(known, default=None)


def to_criterion_shifts(scales: CriterionScales, shifts: Mapping[int, ShiftSums]) -> tuple[CriterionShift, ...]:
    """Sums as people read them, in points."""
    found = []
    for ordinal, sums in sorted(shifts.items()):
        grain, number = scales.units[ordinal], sums.compared
        mean = grain.mean_points(sums.shift, number) if number else None
        absolute = grain.mean_points(sums.absolute, number) if number else None
        found.append(CriterionShift(ordinal, sums.corrections, mean, absolute))
    return tuple(found)
