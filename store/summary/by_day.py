"""Feedback by day, for the days of any time zone, exact also on days when clocks change.

A day of a time zone is the whole days of UTC between the midnights of UTC that are nearest to its ends, plus or minus
the boundary between each end and its nearest midnight. Whole days and whole quarters of an hour come from the counters,
and the rest of a boundary comes from the rows.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, func, or_, select, true

from models.base import from_microseconds, to_microseconds
from models.counters.criteria_set import set_of_ordinals
from models.counters.effective_feedback import concerns_any, parse_effect
from models.counters.tables import DAY, QUARTER_HOUR, USABLE, CriterionCounter, FeedbackCounter
from models.counters.tally import CriterionScales, ShiftSums, Tally
from models.errors import Invalid
from models.feedback import DayFigures, Feedback, FeedbackBounds, FeedbackType
from models.judge import Criterion
from store.counters.buckets import split_into_buckets
from store.counters.period import in_all_time, read_between
from store.database.rows import in_values, values_table
from store.summary.shifts import to_criterion_shifts

MAX_DAYS = 4000


def count_by_day(
    connection: Connection, judge_pk: int, criteria: Sequence[Criterion], bounds: FeedbackBounds, zone: tzinfo
) -> list[DayFigures]:
    """Return the figures of each day on which feedback within bounds of time was given, in order.

    A day that the bounds cut is counted in part.

    Args:
        connection: the connection to read from, within a snapshot.
        judge_pk: the judge.
        criteria: the judge's criteria, in order.
        bounds: which feedback is counted.
        zone: the time zone of the days.

    Raises:
        Invalid: there are more than ``MAX_DAYS`` days.
    """
    period = _find_period(connection, judge_pk, bounds)
    if period is None:
        return []
    starts = _day_starts(*period, zone)
    counters = _DayCounters(connection, judge_pk, criteria, bounds)
    days = [Tally() for _ in starts[1:]]
    nearest = [(start + DAY // 2) // DAY * DAY for start in starts]  # midnights of UTC
    whole = [_DayPart(at, first, last) for at, (first, last) in enumerate(pairwise(nearest)) if first < last]
    for at, tally in counters.sum_buckets(DAY, whole).items():
        days[at].merge(tally)
    for at, tally in _sum_boundaries(counters, starts, nearest):
        sign = 1 if nearest[at] < starts[at] else -1
        if at > 0:
            days[at - 1].merge(tally, sign)
        if at < len(days):
            days[at].merge(tally, -sign)
    found = (counters.to_figures(_date_in_zone(start, zone), day) for start, day in zip(starts, days, strict=False))
    return [day for day in found if day.total]


class _DayPart(NamedTuple):
    """The buckets from ``first`` to before ``last``, for the day or the boundary with the index ``at``."""

    at: int
    first: int
    last: int


class _DayCounters:
    """Sums of a judge's counters and rows: items by kind and shifts by criterion, for the selected criteria.

    The matching sets of criteria are determined first, so that the database sums up and returns few rows.
    """

    def __init__(
        self, connection: Connection, judge_pk: int, criteria: Sequence[Criterion], bounds: FeedbackBounds
    ) -> None:
        self.connection = connection
        self.judge_pk = judge_pk
        self.scales = CriterionScales({criterion.ordinal: criterion for criterion in criteria})
        self.ordinals = [c.ordinal for c in criteria] if bounds.criteria is None else bounds.criteria
        self.selects_all = bounds.criteria is None
        self.selected = set_of_ordinals(bounds.criteria)

    def sum_buckets(self, width: int, parts: Sequence[_DayPart]) -> dict[int, Tally]:
        """Return the sums of the buckets of a width, for each part by its index."""
        found: defaultdict[int, Tally] = defaultdict(Tally)
        if not parts:
            return found
        columns = dict(zip(_DayPart._fields, zip(*parts, strict=True), strict=True))
        part_table = values_table(self.connection, "parts", **columns)
        matching = (FeedbackCounter.judge_pk == self.judge_pk, FeedbackCounter.width == width, self._matches())
        counts = self._select_sums(FeedbackCounter, part_table, matching, FeedbackCounter.kind, FeedbackCounter.value)
        for at, kind, value in self.connection.execute(counts):
            found[at].counts[kind, ""] = int(value)
        all_criteria = (CriterionCounter.judge_pk == self.judge_pk, CriterionCounter.width == width)
        columns_of_sums = (getattr(CriterionCounter, name) for name in ShiftSums.__slots__)
        shifts = self._select_sums(
            CriterionCounter, part_table, all_criteria, CriterionCounter.ordinal, *columns_of_sums
        )
        for at, ordinal, *values in self.connection.execute(shifts):
            found[at].shifts[ordinal] = ShiftSums(*map(int, values))
        return found

    def _select_sums(
        self, table: Any, parts: FromClause, conditions: Sequence[ColumnElement[bool]], key: Any, *values: Any
    ) -> Select[Any]:
        """Return a select of (part, key, sums of the values).

        Args:
            table: the table of counters.
            parts: the parts as a table.
            conditions: conditions on the counters.
            key: the column by which to group.
            values: the columns to sum up.
        """
        within = (*conditions, table.start >= parts.c.first, table.start < parts.c.last)
        totals = [func.sum(value).label(value.key) for value in values]
        if self.connection.dialect.name != "postgresql":
            return select(parts.c.at, key, *totals).where(*within).group_by(parts.c.at, key)
        # The lateral join looks up each part by index. Otherwise PostgreSQL scans all buckets for each part.
        each = select(key, *totals).where(*within).group_by(key).correlate(parts).lateral()
        return select(parts.c.at, *each.c).select_from(parts.join(each, true()))

    def sum_rows(self, first: int, last: int) -> Tally:
        """Return the sums of the rows between two microseconds."""
        tally = Tally()
        for row in read_between(self.connection, self.judge_pk, first, last):
            tally.add(row, row.raw)
        tally.finalize(self.scales)
        counts: Counter[tuple[str, str]] = Counter()
        for (kind, criteria), number in tally.counts.items():
            counts[kind, ""] += number if self._is_counted(kind, criteria) else 0
        return Tally(counts=counts, shifts=tally.shifts)

    def to_figures(self, day: date, tally: Tally) -> DayFigures:
        """Return a day's sums as figures."""
        shifts = {ordinal: tally.shifts.get(ordinal, ShiftSums()) for ordinal in self.ordinals}
        return DayFigures(
            date=day,
            corrections=tally.counts[FeedbackType.CORRECTION.value, ""],
            ratings=tally.counts[FeedbackType.RATING.value, ""],
            approvals=tally.counts[FeedbackType.APPROVAL.value, ""],
            comments=tally.counts[FeedbackType.COMMENT.value, ""],
            usable=tally.counts[USABLE, ""],
            criteria=to_criterion_shifts(self.scales, shifts),
        )

    def _is_counted(self, kind: str, criteria: str) -> bool:
        """Return whether a counter counts, given its kind and its set of criteria or effect."""
        if kind == USABLE:
            effect = parse_effect(criteria)
            return effect is None or effect.counts_for(self.selected)
        return self.selects_all or kind != FeedbackType.CORRECTION or concerns_any(criteria, self.selected)

    def _matches(self) -> ColumnElement[bool]:
        """Return the same as a condition. The counters of all time have every set that exists."""
        existing = select(FeedbackCounter.kind, FeedbackCounter.criteria)
        sets: dict[str, list[str]] = {kind: [] for kind in (*FeedbackType, USABLE)}
        for kind, criteria in self.connection.execute(existing.where(*in_all_time(FeedbackCounter, self.judge_pk))):
            if kind in sets and self._is_counted(kind, criteria):
                sets[kind].append(criteria)
        conditions = (
            and_(FeedbackCounter.kind == kind, in_values(self.connection, FeedbackCounter.criteria, of_kind))
            for kind, of_kind in sets.items()
        )
        return or_(*conditions)


def _sum_boundaries(
    counters: _DayCounters, starts: Sequence[int], nearest: Sequence[int]
) -> Iterator[tuple[int, Tally]]:
    """Yield the sums between each start of a day and the midnight of UTC that is nearest to it.

    Args:
        counters: the judge's counters.
        starts: where each day starts, and where the last one ends.
        nearest: the nearest midnight of UTC of each.
    """
    parts: list[_DayPart] = []
    for at, ends in enumerate(zip(starts, nearest, strict=True)):
        cover = split_into_buckets(min(ends), max(ends), (QUARTER_HOUR,))
        for buckets in cover.ranges:
            assert buckets.start is not None
            assert buckets.end is not None
            parts.append(_DayPart(at, buckets.start, buckets.end))
        for first, last in cover.edges:
            yield at, counters.sum_rows(first, last)
    yield from counters.sum_buckets(QUARTER_HOUR, parts).items()


def _find_period(connection: Connection, judge_pk: int, bounds: FeedbackBounds) -> tuple[int, int] | None:
    """Return the first microsecond of the feedback within bounds and the one after the last, or None without feedback.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        bounds: which feedback is counted.

    Raises:
        Invalid: there are more than ``MAX_DAYS`` days.
    """
    moments = select(Feedback.submitted_at).where(Feedback.judge_pk == judge_pk).limit(1)
    earliest = connection.execute(moments.order_by(Feedback.submitted_at)).scalar_one_or_none()
    latest = connection.execute(moments.order_by(Feedback.submitted_at.desc())).scalar_one_or_none()
    if earliest is None or latest is None:
        return None
    first, last = to_microseconds(earliest), to_microseconds(latest) + 1
    if bounds.since is not None:
        first = max(first, to_microseconds(bounds.since))
    if bounds.until is not None:
        last = min(last, to_microseconds(bounds.until))
    if first >= last:
        return None
    if (last - first) // DAY > MAX_DAYS:
        begin, end = from_microseconds(first).date(), from_microseconds(last - 1).date()
        raise Invalid(
            f"These are more than {MAX_DAYS:,} days, from {begin} to {end}: ask for fewer with since and until.",
            ("since",),
        )
    return first, last


def _day_starts(first: int, last: int, zone: tzinfo) -> list[int]:
    """Return the start of a period, all midnights of a zone within it, and its end, in microseconds.

    Args:
        first: the first microsecond of the period.
        last: the microsecond after the last one.
        zone: the time zone.
    """
    starts = [first]
    day = _date_in_zone(first, zone)
    while day < date.max:
        day += timedelta(days=1)
        midnight = _midnight_in_zone(day, zone)
        if midnight >= last:
            break
        if midnight > starts[-1]:  # a day that the zone skipped has no length
            starts.append(midnight)
    return [*starts, last]


def _date_in_zone(place: int, zone: tzinfo) -> date:
    """Return the date of a microsecond in a zone, or in UTC at the limits of the calendar."""
    try:
        return from_microseconds(place).astimezone(zone).date()
    except OverflowError:
        return from_microseconds(place).date()


def _midnight_in_zone(day: date, zone: tzinfo) -> int:
    """Return the first microsecond that has a date in a zone, or in UTC at the limits of the calendar."""
    try:
        local = datetime(day.year, day.month, day.day, tzinfo=zone)
        return to_microseconds(local.astimezone(UTC))
    except OverflowError:
        return to_microseconds(datetime(day.year, day.month, day.day, tzinfo=UTC))
