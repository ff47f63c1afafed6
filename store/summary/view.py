"""A judge's feedback within bounds, counted from the counters where they suffice and from the rows elsewhere."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Select, case, func, or_, select

from models.agreement import alpha_from_coincidences, equal_share
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
    Feedback,
    FeedbackBounds,
    FeedbackTotals,
    FeedbackType,
    Figure,
    GroupSpread,
    RaterCount,
    Summary,
)
from models.judge import Criterion, Judge
from store import feedback, judges
from store.counters.buckets import split_into_buckets
from store.counters.period import PeriodCounters, find_effective_in_period, select_counted
from store.database.rows import in_period, without_index
from store.summary.full_scan import scan_agreement
from store.summary.groups import count_all_groups, count_groups_within
from store.summary.raters import count_raters
from store.summary.shifts import to_criterion_shifts

MAX_NEW_READ = 10_000  # items since a version that are read from the rows, whenever they were given

TOTALS = frozenset(Figure) - {Figure.NEW, Figure.EVALUATIONS, Figure.AGREEMENT}

Counts = Mapping[tuple[str, str], int]  # by kind and set of criteria


def read_all_time(connection: Connection, judge_pks: Sequence[int]) -> dict[int, Counts]:
    """Return the counters of all time of several judges."""
    columns = (FeedbackCounter.judge_pk, FeedbackCounter.kind, FeedbackCounter.criteria, FeedbackCounter.value)
    here = (FeedbackCounter.judge_pk.in_(judge_pks), FeedbackCounter.width == ALL_TIME, FeedbackCounter.start == 0)
    found: dict[int, dict[tuple[str, str], int]] = {judge_pk: {} for judge_pk in judge_pks}
    for judge_pk, kind, criteria, value in connection.execute(select(*columns).where(*here)):
        found[judge_pk][kind, criteria] = value
    return dict(found)


class FeedbackView:
    """A judge's feedback within bounds. Only what a figure needs is read, and only once."""

    def __init__(
        self, connection: Connection, judge_pk: int, criteria: Sequence[Criterion], bounds: FeedbackBounds
    ) -> None:
        self.connection = connection
        self.judge_pk = judge_pk
        self.bounds = bounds
        self.scales = CriterionScales({criterion.ordinal: criterion for criterion in criteria})
        self.criteria = list(criteria) if bounds.criteria is None else [criteria[n] for n in bounds.criteria]
        self.selected = set_of_ordinals(bounds.criteria)

    @cached_property
    def last_seq(self) -> int:
        """The place of the judge's last item in the order of ingestion."""
        seq = select(Judge.feedback_seq).where(Judge.pk == self.judge_pk)
        return int(self.connection.execute(seq).scalar_one())

    @cached_property
    def watermark(self) -> int:
        """The place of the last item that the judge's newest version knew."""
        return judges.read_watermark(self.connection, self.judge_pk)

    @cached_property
    def by_time_only(self) -> bool:
        """True if the bounds are bounds of time, so that counters cover them."""
        bounds = self.bounds
        if bounds.after_seq or bounds.as_of is not None:
            return False
        return bounds.upto_seq is None or bounds.upto_seq >= self.last_seq

    @cached_property
    def unbounded(self) -> bool:
        """True if there are no bounds of time either, so that the counters of all time hold the figures."""
        return self.by_time_only and self.bounds.since is None and self.bounds.until is None

    @cached_property
    def all_time(self) -> Counts:
        """The judge's counters of all time."""
        return read_all_time(self.connection, [self.judge_pk])[self.judge_pk]

    @cached_property
    def _period_of_bounds(self) -> PeriodCounters:
        return self._period()

    @cached_property
    def _counts(self) -> Counts:
        return self.all_time if self.unbounded else self._period_of_bounds.counts()

    @cached_property
    def items(self) -> dict[FeedbackType, int]:
        """The number of items by type."""
        return {kind: self._count_items(self._counts, kind) for kind in FeedbackType}

    @cached_property
    def shifts(self) -> dict[int, ShiftSums]:
        """The sums over corrections by criterion."""
        return self._period_of_bounds.shifts([criterion.ordinal for criterion in self.criteria])

    @cached_property
    def ends(self) -> tuple[datetime | None, datetime | None]:
        """The moments of the first and the last item, each at the end of an index for each matching set of criteria."""
        given = select_counted(self.judge_pk, Feedback.submitted_at).where(*self._in_bounds())
        if self.bounds.criteria is None:
            return self._find_both(given)
        found = [
            self._find_both(given.where(Feedback.type == kind, Feedback.criteria == criteria))
            for kind in FeedbackType
            for criteria in self._matching_sets(kind)
        ]
        earliest = min((first for first, _ in found if first is not None), default=None)
        return earliest, max((last for _, last in found if last is not None), default=None)

    def figures(self, selected: Collection[Figure]) -> Summary:
        """Return some figures within bounds of time. The others are no attributes of the result."""
        return cast("Summary", SimpleNamespace(**{figure.value: _READERS[figure](self) for figure in selected}))

    def totals(self) -> FeedbackTotals:
        """Return the figures within bounds of time that need no scan of the rows."""
        return FeedbackTotals(
            **vars(self.figures(TOTALS)),
            agreeing=sum(sums.agreeing for sums in self.shifts.values()),
            doubts=self._counts.get((DOUBT, ""), 0),
        )

    def list_raters(self, first: int) -> list[RaterCount]:
        """Return the ``first`` raters with the most items, most first.

        Within bounds of time they come from the counters by rater, within bounds of ingestion from the rows.
        """
        sets = self._counted_sets()
        if self.by_time_only:
            return self._period_of_bounds.list_most_active(sets, first)
        total, corrected = func.count(), func.count(case((Feedback.type == FeedbackType.CORRECTION, 1)))
        given = feedback.within_bounds(select(Feedback.submitted_by, total, corrected), self.judge_pk, self.bounds)
        if sets is not None:
            given = given.where(Feedback.criteria.in_(sets))
        most = given.order_by(None).group_by(Feedback.submitted_by).order_by(total.desc(), Feedback.submitted_by)
        return [RaterCount(*row) for row in self.connection.execute(most.limit(first))]

    def count_evaluations(self) -> int:
        """Return the number of different evaluations: from a counter of all time, or by index within bounds."""
        if self.unbounded:
            evaluations = {key: n for (kind, key), n in self.all_time.items() if kind == EVALUATION}
            return sum(n for key, n in evaluations.items() if self._concerns_selected(key))
        number = func.count(Feedback.about_seq.distinct())
        statement = select_counted(self.judge_pk, number).where(*self._in_bounds())
        if self.bounds.criteria is not None:
            selected = Feedback.criteria.in_(self._matching_sets(FeedbackType.CORRECTION))
            statement = statement.where(or_(Feedback.type != FeedbackType.CORRECTION, selected))
        return int(self.connection.execute(statement).scalar_one())

    def agreement(self) -> Agreement:
        """Return the raters' agreement: from the coincidences of all time, or from the corrections within bounds."""
        if not self.unbounded:
            return scan_agreement(self.connection, self.judge_pk, self.criteria, self.bounds)
        pairs: dict[int, Counter[tuple[int, float, float]]] = {c.ordinal: Counter() for c in self.criteria}
        columns = (Coincidence.ordinal, Coincidence.raters, Coincidence.low, Coincidence.high, Coincidence.value)
        statement = select(*columns).where(Coincidence.judge_pk == self.judge_pk)
        for ordinal, raters, low, high, value in self.connection.execute(statement):
            if ordinal in pairs:
                pairs[ordinal][raters, low, high] = value
        conflicts = sum(self.all_time.get((CONFLICT, str(ordinal)), 0) for ordinal in pairs)
        alphas = tuple((ordinal, alpha_from_coincidences(counts)) for ordinal, counts in pairs.items())
        return Agreement(alphas, conflicts, equal_share(pairs.values()))

    def spread(self) -> GroupSpread | None:
        """Return the variance of the judge's absolute errors, or None below two errors."""
        shifts = self.shifts
        number = sum(sums.compared for sums in shifts.values())
        if number < 2:
            return None
        total = square = 0.0
        for ordinal, sums in shifts.items():
            units = self.scales.units[ordinal]
            total += units.mean_points(sums.absolute, 1) / units.range
            square += sums.square / SQUARES
        variance = (square - total * total / number) / (number - 1)
        return GroupSpread(number, self._count_groups(), max(0.0, variance))

    def count_new(self) -> int:
        """Return the number of usable items that were ingested after the newest version's watermark.

        Without bounds of time the counters in order of ingestion hold it. Within bounds, up to ``MAX_NEW_READ`` items
        are read from the rows; of more items see ``_count_many_new``.
        """
        watermark = self.watermark
        if watermark >= self.last_seq:
            return 0
        if self.unbounded:
            cover = split_into_buckets(watermark + 1, None, (ORDER_WIDTH,))
            counts = PeriodCounters(self.connection, self.judge_pk, self.scales, cover.without_edges()).counts()
            for start, end in cover.edges:
                counts.update(self._classify_rows([Feedback.seq >= start, Feedback.seq < end]))
            return self._count_usable(counts)
        if self.last_seq - watermark <= MAX_NEW_READ:
            within = self._in_bounds(without_index(Feedback.submitted_at))
            counts = self._classify_rows([Feedback.seq > watermark, *within])
        else:
            counts = self._count_many_new(watermark)
        return self._count_usable(counts) + sum(seq > watermark for seq in self._find_effective_in_period())

    def _count_many_new(self, watermark: int) -> Counter[tuple[str, str]]:
        """Return the new items by verdict, of more items than should be read.

        Items that were given after everything that the version knew come from the counters in order of time. Only the
        items that were given before that moment are read from the rows.
        """
        first_new = self._find_end(Feedback.seq > watermark, latest=False)
        if first_new is None:
            return Counter()
        last_known = self._find_end(Feedback.seq <= watermark, latest=True)
        if last_known is None or last_known < first_new:
            return self._period(to_microseconds(first_new)).counts()
        among_known = [Feedback.submitted_at >= first_new, Feedback.submitted_at <= last_known]
        counts = self._classify_rows([Feedback.seq > watermark, *among_known])
        counts.update(self._period(to_microseconds(last_known) + 1).counts())
        return counts

    def _period(self, since: int | None = None) -> PeriodCounters:
        """Return the counters of the bounds' period, or of the part that begins at a later microsecond."""
        bounds = (self.bounds.since, self.bounds.until)
        start, end = (None if moment is None else to_microseconds(moment) for moment in bounds)
        cover = split_into_buckets(start if since is None else since, end)
        return PeriodCounters(self.connection, self.judge_pk, self.scales, cover)

    def _in_bounds(self, moment: Any = Feedback.submitted_at) -> list[ColumnElement[bool]]:
        return in_period(moment, self.bounds.since, self.bounds.until)

    def _counted_sets(self) -> list[str] | None:
        """Return the sets of criteria of counted items, "" for items that are no corrections; None means any set."""
        return None if self.bounds.criteria is None else [*self._matching_sets(FeedbackType.CORRECTION), ""]

    def count_usable(self) -> int:
        """Return the number of items that yield a label."""
        return self._count_usable(self._counts) + len(self._find_effective_in_period())

    def count_raters(self) -> int:
        """Return the number of different raters."""
        sets, period = self._counted_sets(), self._period_of_bounds
        if self.unbounded:
            return period.count_raters(sets)
        return count_raters(self.connection, self.judge_pk, period, self._in_bounds(), sets)

    def _count_groups(self) -> int:
        if not self.unbounded:
            return count_groups_within(self.connection, self.judge_pk, self.bounds.criteria, self._in_bounds())
        ungrouped = {key: n for (kind, key), n in self.all_time.items() if kind == UNGROUPED}
        alone = sum(n for key, n in ungrouped.items() if text_to_set(key) & self.selected)
        return count_all_groups(self.connection, self.judge_pk, self.bounds.criteria) + alone

    def _count_items(self, counts: Counts, kind: FeedbackType) -> int:
        return sum(n for (k, criteria), n in counts.items() if k == kind.value and self._is_counted(kind, criteria))

    def _is_counted(self, kind: FeedbackType, criteria: str) -> bool:
        """Return whether items of a kind and a set of criteria count. Only corrections depend on the criteria."""
        return kind is not FeedbackType.CORRECTION or self._concerns_selected(criteria)

    def _concerns_selected(self, criteria: str) -> bool:
        return self.bounds.criteria is None or concerns_any(criteria, self.selected)

    def _matching_sets(self, kind: FeedbackType) -> list[str]:
        """Return the existing sets of criteria whose items of a kind count."""
        return [criteria for k, criteria in self.all_time if k == kind.value and self._is_counted(kind, criteria)]

    def _count_usable(self, counts: Counts) -> int:
        """Return the number of confirming verdicts, and of corrections that are their rater's latest."""
        found = counts.get((USABLE, ""), 0)
        for (kind, text), number in counts.items():
            effect = parse_effect(text) if kind == USABLE else None
            found += number if effect is not None and effect.counts_for(self.selected) else 0
        return found

    def _find_effective_in_period(self) -> list[int]:
        until = self.bounds.until
        if until is None:
            return []  # no correction comes after the period
        return find_effective_in_period(self.connection, self.judge_pk, self.selected, self.bounds.since, until)

    def _find_end(self, condition: ColumnElement[bool], *, latest: bool) -> datetime | None:
        """Return when the first or last item within bounds that meets a condition was given, retracted or not."""
        order = Feedback.submitted_at.desc() if latest else Feedback.submitted_at.asc()
        given = select(Feedback.submitted_at).where(Feedback.judge_pk == self.judge_pk, condition, *self._in_bounds())
        return self.connection.execute(given.order_by(order).limit(1)).scalar_one_or_none()

    def _classify_rows(self, conditions: list[Any]) -> Counter[tuple[str, str]]:
        """Return the number of rows that meet conditions, by verdict."""
        columns = (Feedback.type, Feedback.rating, Feedback.approved, Feedback.standing)
        number = func.count().label("number")
        statement = select_counted(self.judge_pk, *columns, number).where(*conditions).group_by(*columns)
        found: Counter[tuple[str, str]] = Counter()
        for row in self.connection.execute(statement):
            verdict = classify_feedback(row)
            if verdict is not None:
                found[verdict] += row.number
        return found

    def _find_both(self, given: Select[Any]) -> tuple[datetime | None, datetime | None]:
        moment = Feedback.submitted_at
        first, last = (given.order_by(order).limit(1).scalar_subquery() for order in (moment.asc(), moment.desc()))
        row = self.connection.execute(select(first, last)).one()
        return row[0], row[1]


_READERS: dict[Figure, Callable[[FeedbackView], Any]] = {
    Figure.TOTAL: lambda view: sum(view.items.values()),
    Figure.CORRECTIONS: lambda view: view.items[FeedbackType.CORRECTION],
    Figure.RATINGS: lambda view: view.items[FeedbackType.RATING],
    Figure.APPROVALS: lambda view: view.items[FeedbackType.APPROVAL],
    Figure.COMMENTS: lambda view: view.items[FeedbackType.COMMENT],
    Figure.USABLE: FeedbackView.count_usable,
    Figure.EARLIEST: lambda view: view.ends[0],
    Figure.LATEST: lambda view: view.ends[1],
    Figure.RATERS: FeedbackView.count_raters,
    Figure.CRITERIA: lambda view: to_criterion_shifts(view.scales, view.shifts),
    Figure.NEW: FeedbackView.count_new,
    Figure.EVALUATIONS: FeedbackView.count_evaluations,
    Figure.AGREEMENT: FeedbackView.agreement,
}
