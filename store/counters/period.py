"""Figures of a period: whole buckets are read from the counters, the edges from the rows by index."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Subquery,
    case,
    func,
    select,
    type_coerce,
    union_all,
)

from models.counters.criteria_set import ALL_CRITERIA, text_to_set
from models.counters.effective_feedback import parse_effect
from models.counters.tables import ALL_TIME, CriterionCounter, FeedbackCounter, RaterCounter
from models.counters.tally import CriterionScales, ShiftSums, Tally
from models.evaluation import Evaluation
from models.feedback import Feedback, RaterCount
from store.counters.buckets import BucketCover, BucketRange
from store.counters.delta import COUNTED_COLUMNS
from store.database.rows import in_period, in_values, without_index

CounterTable = type[FeedbackCounter] | type[CriterionCounter] | type[RaterCounter]


class PeriodCounters:
    """The counters of one judge in a period that buckets and edges cover."""

    def __init__(self, connection: Connection, judge_pk: int, scales: CriterionScales, cover: BucketCover) -> None:
        self.connection = connection
        self.judge_pk = judge_pk
        self.ranges = cover.ranges
        self.edges = Tally()
        for start, end in cover.edges:
            for row in read_between(connection, judge_pk, start, end):
                self.edges.add(row, row.raw)
        self.edges.finalize(scales)

    def counts(self) -> Counter[tuple[str, str]]:
        """Return the numbers of items by kind and set of criteria."""
        found = Counter(self.edges.counts)
        columns = (FeedbackCounter.kind, FeedbackCounter.criteria, func.sum(FeedbackCounter.value).label("n"))
        for kind, criteria, number in self._sum_ranges(FeedbackCounter, columns):
            found[kind, criteria] += int(number)
        return found

    def shifts(self, ordinals: Sequence[int]) -> dict[int, ShiftSums]:
        """Return the sums over corrections of some criteria, by ordinal."""
        found = {ordinal: ShiftSums() for ordinal in ordinals}
        for ordinal, shifts in self.edges.shifts.items():
            if ordinal in found:
                found[ordinal].add(shifts)
        sums = [func.sum(getattr(CriterionCounter, name)).label(name) for name in ShiftSums.__slots__]
        for ordinal, *values in self._sum_ranges(CriterionCounter, (CriterionCounter.ordinal, *sums)):
            if ordinal in found:
                found[ordinal].add(ShiftSums(*map(int, values)))
        return found

    def count_raters(self, sets: Sequence[str] | None, among: Sequence[str] | None = None) -> int:
        """Return the number of different raters.

        Args:
            sets: count raters of items about one of these sets of criteria; None for any set.
            among: count these raters only; None for all.
        """
        at_edges = {rater for (rater, criteria), n in self.edges.raters.items() if n and _is_in(criteria, sets)}
        if among is not None:
            at_edges &= set(among)
        in_ranges = self._rater_counters(sets, among)
        if in_ranges is None:
            return len(at_edges)
        number: int = self.connection.execute(select(func.count(in_ranges.c.rater.distinct()))).scalar_one()
        if at_edges:
            also = in_values(self.connection, in_ranges.c.rater, sorted(at_edges))
            at_edges -= set(self.connection.execute(select(in_ranges.c.rater).where(also).distinct()).scalars())
        return number + len(at_edges)

    def list_most_active(self, sets: Sequence[str] | None, first: int) -> list[RaterCount]:
        """Return the raters with the most items, most first.

        Args:
            sets: count items about one of these sets of criteria; None for any set.
            first: the largest number of raters.
        """
        totals: Counter[str] = Counter()
        corrections: Counter[str] = Counter()
        for (rater, criteria), number in self.edges.raters.items():
            if _is_in(criteria, sets):
                totals[rater] += number
                corrections[rater] += number if criteria else 0
        for rater, number, corrected_number in self._sum_most_active(sets, first, set(totals)):
            totals[rater] += int(number)
            corrections[rater] += int(corrected_number)
        ordered = sorted((-number, rater) for rater, number in totals.items() if number)[:first]
        return [RaterCount(rater, -negative, corrections[rater]) for negative, rater in ordered]

    def _sum_most_active(self, sets: Sequence[str] | None, first: int, at_edges: set[str]) -> list[Any]:
        """Return the sums within the buckets of all raters who can be among the first.

        A rater who is among the first of the whole period is among the first within the buckets, or has items at the
        edges.

        Args:
            sets: count items about one of these sets of criteria; None for any set.
            first: the largest number of raters.
            at_edges: the raters who have items at the edges.

        Returns:
            Rows of (rater, items, corrections).
        """
        in_ranges = self._rater_counters(sets)
        if in_ranges is None:
            return []
        total = func.sum(in_ranges.c.value)
        corrected = func.sum(case((in_ranges.c.criteria != "", in_ranges.c.value), else_=0))
        sums = select(in_ranges.c.rater, total, corrected).group_by(in_ranges.c.rater)
        most = sums.having(total > 0).order_by(total.desc(), in_ranges.c.rater).limit(first)
        rows = list(self.connection.execute(most))
        others = sorted(at_edges - {rater for rater, _, _ in rows})
        if others:
            rows += self.connection.execute(sums.where(in_values(self.connection, in_ranges.c.rater, others)))
        return rows

    def _rater_counters(self, sets: Sequence[str] | None, among: Sequence[str] | None = None) -> Subquery | None:
        """Return a select of the counters by rater in the whole buckets, or None if there are no whole buckets."""
        conditions: list[ColumnElement[bool]] = [] if sets is None else [RaterCounter.criteria.in_(sets)]
        if among is not None:
            conditions.append(in_values(self.connection, RaterCounter.rater, among))
        columns = (RaterCounter.rater, RaterCounter.criteria, RaterCounter.value)
        selects = [
            select(*columns).where(*_in_range(RaterCounter, self.judge_pk, buckets), *conditions)
            for buckets in self.ranges
        ]
        return union_all(*selects).subquery() if selects else None

    def _sum_ranges(self, table: CounterTable, columns: Sequence[Any]) -> Iterator[Any]:
        """Yield the sums of each range, grouped by the columns that are not sums."""
        keys = [column for column in columns if not hasattr(column, "element")]
        for buckets in self.ranges:
            conditions = _in_range(table, self.judge_pk, buckets)
            yield from self.connection.execute(select(*columns).where(*conditions).group_by(*keys))


def _is_in(criteria: str, sets: Sequence[str] | None) -> bool:
    return sets is None or criteria in sets


def _in_range(table: CounterTable, judge_pk: int, buckets: BucketRange) -> list[ColumnElement[bool]]:
    conditions = [table.judge_pk == judge_pk, table.width == buckets.width]
    if buckets.start is not None:
        conditions.append(table.start >= buckets.start)
    if buckets.end is not None:
        conditions.append(table.start < buckets.end)
    return conditions


def in_all_time(table: CounterTable, judge_pk: int) -> list[ColumnElement[bool]]:
    """Return the conditions of a judge's counters of all time."""
    return [table.judge_pk == judge_pk, table.width == ALL_TIME, table.start == 0]


def select_counted(judge_pk: int, *columns: Any) -> Select[Any]:
    """Return a select of columns of the judge's items that are not retracted."""
    return select(*columns).where(Feedback.judge_pk == judge_pk, Feedback.retracted_at.is_(None))


def read_between(connection: Connection, judge_pk: int, start: int, end: int) -> Iterator[Any]:
    """Yield the items that were given in a stretch of time, each with the raw scores of its evaluation as ``raw``.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        start: the first microsecond since 1970.
        end: the microsecond after the last one.
    """
    statement = select_counted(judge_pk, *COUNTED_COLUMNS, Evaluation.scores.label("raw")).join(
        Evaluation, Evaluation.id == Feedback.evaluation_id
    )
    given = type_coerce(Feedback.submitted_at, BigInteger)  # the end of the last bucket is beyond the last datetime
    yield from connection.execute(statement.where(given >= start, given < end))


def find_effective_in_period(
    connection: Connection, judge_pk: int, criteria: int, since: datetime | None, until: datetime
) -> list[int]:
    """Return the usable corrections that count within a period because their successors come after it.

    Of a rater's corrections of an evaluation, the last one of the selected criteria counts. If it comes after the
    period, the last one within the period counts there instead. Each such rater has one correction within the period
    that was superseded after the period's end, which an index finds.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        criteria: the selected criteria, as a set of bits.
        since: the first moment of the period; None for no beginning.
        until: the first moment after the period.

    Returns:
        The ``seq`` of each correction.
    """
    columns = (Feedback.evaluation_id, Feedback.submitted_by, Feedback.submitted_at, Feedback.seq)
    within = in_period(Feedback.submitted_at, since, until)
    across = select_counted(judge_pk, *columns).where(*within, Feedback.overtaken_at >= until)
    found = {(row.evaluation_id, row.submitted_by): row.seq for row in connection.execute(across)}
    if criteria == ALL_CRITERIA:
        return list(found.values())
    last: dict[tuple[str, str], tuple[datetime, int]] = {}
    counted: set[tuple[str, str]] = set()
    about = in_values(connection, Feedback.evaluation_id, sorted({evaluation_id for evaluation_id, _ in found}))
    within = in_period(without_index(Feedback.submitted_at), since, until)
    usable = select(*columns, Feedback.compared, Feedback.standing).where(
        about, *within, Feedback.standing != "", Feedback.retracted_at.is_(None)
    )
    for row in connection.execute(usable):
        key = (row.evaluation_id, row.submitted_by)
        if key in found and text_to_set(row.compared) & criteria:
            last[key] = max(last.get(key, (row.submitted_at, row.seq)), (row.submitted_at, row.seq))
            effect = parse_effect(row.standing)
            if effect is not None and effect.counts_for(criteria):
                counted.add(key)
    return [seq for key, (_, seq) in last.items() if key not in counted]
