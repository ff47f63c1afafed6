"""Feedback day by day, by the midnights of any time zone, exact also where clocks change."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, true

from models.base import from_microseconds, to_microseconds
from models.counters.criteria_set import set_of_ordinals
from models.counters.effective_feedback import concerns_any, parse_effect
from models.counters.tables import ALL_TIME, DAY, QUARTER_HOUR, USABLE, CriterionCounter, FeedbackCounter
from models.counters.tally import CriterionScales, ShiftSums, Tally
from models.errors import Invalid
from models.feedback import DayFigures, Feedback, FeedbackBounds, FeedbackType
from models.judge import Criterion
from store.counters.buckets import split_into_buckets
from store.counters.period import read_between
from store.database.rows import in_values, values_table
from store.summary.summary import to_criterion_shifts

MAX_DAYS = 4000


def count_by_day(
    connection: Connection, judge_pk: int, criteria: Sequence[Criterion], bounds: FeedbackBounds, zone: tzinfo
) -> list[DayFigures]:
    """Each day on which feedback within bounds of time was given, in order.

    A day that the bounds cut is counted in part. A day is made of the whole days of UTC between the midnights of UTC
    that are nearest to its ends, and of what lies between those and its ends, which is added or taken off: quarters of
    an hour from their counters, and what is finer from the rows.

    Raises:
        Invalid: more days than can be told at once.
    """
    starts = _day_starts(connection, judge_pk, bounds, zone)
    if not starts:
        return []
    asked = _DayCounters(connection, judge_pk, criteria, bounds)
    days = [Tally() for _ in starts[1:]]
    nearest = [(start + DAY // 2) // DAY * DAY for start in starts]
    whole = [_DayPart(at, first, last) for at, (first, last) in enumerate(pairwise(nearest)) if first < last]
    for at, tally in asked.sums(DAY, whole).items():
        days[at].merge(tally)
    for at, tally in _sum_boundaries(asked, starts, nearest):
        sign = 1 if nearest[at] < starts[at] else -1
        if at > 0:
            days[at - 1].merge(tally, sign)
        if at < len(days):
            days[at].merge(tally, -sign)
    found = (asked.day(_date_in_zone(start, zone), day) for start, day in zip(starts, days, strict=False))
    return [day for day in found if day.total]


class _DayPart(NamedTuple):
    """The buckets between two places, for the ``at``-th day, or for where it begins."""

    at: int
    first: int
    last: int


class _DayCounters:
    """What is asked of a judge's days: items of each kind, on the criteria that are meant, and shifts.

    Which sets of criteria are meant is settled first, so that the database adds up and few rows come out of it.
    """

    def __init__(
        self, connection: Connection, judge_pk: int, criteria: Sequence[Criterion], bounds: FeedbackBounds
    ) -> None:
        self.connection = connection
        self.judge_pk = judge_pk
        self.scales = CriterionScales({criterion.ordinal: criterion for criterion in criteria})
        self.ordinals = [c.ordinal for c in criteria] if bounds.criteria is None else bounds.criteria
        self.every = bounds.criteria is None
        self.meant = set_of_ordinals(bounds.criteria)

    def sums(self, width: int, parts: Sequence[_DayPart]) -> dict[int, Tally]:
        """What the counters of the buckets of a width add up to, for each part by its ``at``."""
        found: defaultdict[int, Tally] = defaultdict(Tally)
        if not parts:
            return found
        wanted = values_table(
            self.connection, "parts", **dict(zip(_DayPart._fields, zip(*parts, strict=True), strict=True))
        )

        def summed(table: Any, key: Any, *values: Any, meant: Sequence[ColumnElement[bool]] = ()) -> Select[Any]:
            here = (table.judge_pk == self.judge_pk, table.width == width)
            within = (*here, *meant, table.start >= wanted.c.first, table.start < wanted.c.last)
            totals = [func.sum(value).label(value.key) for value in values]
            if self.connection.dialect.name != "postgresql":
                return select(wanted.c.at, key, *totals).where(*within).group_by(wanted.c.at, key)
            # One part after the other by index: else it would go through all buckets for each.
            each = select(key, *totals).where(*within).group_by(key).correlate(wanted).lateral()
            return select(wanted.c.at, *each.c).select_from(wanted.join(each, true()))

        counts = summed(FeedbackCounter, FeedbackCounter.kind, FeedbackCounter.value, meant=[self._are_meant()])
        for at, kind, value in self.connection.execute(counts):
            found[at].counts[kind, ""] = int(value)
        sums = (getattr(CriterionCounter, name) for name in ShiftSums.__slots__)
        for at, ordinal, *values in self.connection.execute(summed(CriterionCounter, CriterionCounter.ordinal, *sums)):
            found[at].shifts[ordinal] = ShiftSums(*map(int, values))
        return found

    def rows(self, first: int, last: int) -> Tally:
        """What the rows between two places add up to."""
        tally = Tally()
        for row in read_between(self.connection, self.judge_pk, first, last):
            tally.add(row, row.raw)
        tally.finalize(self.scales)
        counts: Counter[tuple[str, str]] = Counter()
        for (kind, criteria), number in tally.counts.items():
            counts[kind, ""] += number if self._is_meant(kind, criteria) else 0
        return Tally(counts=counts, shifts=tally.shifts)

    def day(self, day: date, tally: Tally) -> DayFigures:
        """Sums as a day."""
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

    def _is_meant(self, kind: str, criteria: str) -> bool:
        """Whether items of a kind and a set of criteria, or of what they stand for, are counted."""
        if kind == USABLE:
            stands = parse_effect(criteria)
            return stands is None or stands.counts_for(self.meant)
        return self.every or kind != FeedbackType.CORRECTION or concerns_any(criteria, self.meant)

    def _are_meant(self) -> ColumnElement[bool]:
        """The same of counters: the counters of all time know all sets there are."""
        kept = select(FeedbackCounter.kind, FeedbackCounter.criteria).where(
            FeedbackCounter.judge_pk == self.judge_pk, FeedbackCounter.width == ALL_TIME, FeedbackCounter.start == 0
        )
        sets: dict[str, list[str]] = {kind: [] for kind in (*FeedbackType, USABLE)}
        for kind, criteria in self.connection.execute(kept):
            if kind in sets and self._is_meant(kind, criteria):
                sets[kind].append(criteria)
        return or_(
            *(
                and_(FeedbackCounter.kind == kind, in_values(self.connection, FeedbackCounter.criteria, of_kind))
                for kind, of_kind in sets.items()
            )
        )


def _sum_boundaries(asked: _DayCounters, starts: Sequence[int], nearest: Sequence[int]) -> Iterator[tuple[int, Tally]]:
    """What lies between each end of a day and the midnight of UTC that is nearest to it."""
    parts: list[_DayPart] = []
    for at, ends in enumerate(zip(starts, nearest, strict=True)):
        covered = split_into_buckets(min(ends), max(ends), (QUARTER_HOUR,))
        for run in covered.runs:
            assert run.start is not None
            assert run.end is not None
            parts.append(_DayPart(at, run.start, run.end))
        for first, last in covered.edges:
            yield at, asked.rows(first, last)
    yield from asked.sums(QUARTER_HOUR, parts).items()


def _day_starts(connection: Connection, judge_pk: int, bounds: FeedbackBounds, zone: tzinfo) -> list[int]:
    """Where the bounds begin, all midnights between, and where they end: no further than feedback goes."""
    moments = select(Feedback.submitted_at).where(Feedback.judge_pk == judge_pk).limit(1)
    earliest = connection.execute(moments.order_by(Feedback.submitted_at)).scalar_one_or_none()
    latest = connection.execute(moments.order_by(Feedback.submitted_at.desc())).scalar_one_or_none()
    if earliest is None or latest is None:
        return []
    first, last = to_microseconds(earliest), to_microseconds(latest) + 1
    if bounds.since is not None:
        first = max(first, to_microseconds(bounds.since))
    if bounds.until is not None:
        last = min(last, to_microseconds(bounds.until))
    if first >= last:
        return []
    if (last - first) // DAY > MAX_DAYS:
        begin, end = from_microseconds(first).date(), from_microseconds(last - 1).date()
        raise Invalid(
            f"These are more than {MAX_DAYS:,} days, from {begin} to {end}: ask for fewer with since and until.",
            ("since",),
        )
    starts = [first]
    day = _date_in_zone(first, zone)
    while day < date.max:
        day += timedelta(days=1)
        midnight = _midnight_in_zone(day, zone)
        if midnight >= last:
            break
        if midnight > starts[-1]:  # a day that a zone skipped has no length
            starts.append(midnight)
    return [*starts, last]


def _date_in_zone(place: int, zone: tzinfo) -> date:
    """The date in the zone; at the ends of the calendar that of UTC."""
    try:
        return from_microseconds(place).astimezone(zone).date()
    except OverflowError:
        return from_microseconds(place).date()


def _midnight_in_zone(day: date, zone: tzinfo) -> int:
    """When a day begins in a zone: the first moment that has this date there."""
    try:
        local = datetime(day.year, day.month, day.day, tzinfo=zone)
        place = to_microseconds(local.astimezone(UTC))
    except OverflowError:
        return to_microseconds(datetime(day.year, day.month, day.day, tzinfo=UTC))
    return place
