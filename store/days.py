"""Feedback day by day, by the midnights of any time zone, exact also where clocks change."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, select

from models.base import microseconds, moment_of
from models.counters import DAY, QUARTER, USABLE, CriterionCounter, FeedbackCounter
from models.criteria_set import holding
from models.errors import Invalid
from models.feedback import Bounds, Day, Feedback, FeedbackType
from models.judge import Criterion
from models.standing import touches, word
from models.tally import Scales, Shifts, Tally
from store.cover import Run, cover
from store.period import rows_between
from store.summary import shifts_of

MAX_DAYS = 4000


def by_day(
    connection: Connection, judge_pk: int, criteria: Sequence[Criterion], bounds: Bounds, zone: tzinfo
) -> list[Day]:
    """Each day on which feedback within bounds of time was given, in order.

    A day that the bounds cut is counted in part. Whole days of UTC come from their counters; a zone whose days begin at
    other quarters of an hour is put together from those; what is finer is read from the rows.

    Raises:
        Invalid: more days than can be told at once.
    """
    starts = _starts(connection, judge_pk, bounds, zone)
    if not starts:
        return []
    scales = Scales({criterion.ordinal: criterion for criterion in criteria})
    days: defaultdict[int, Tally] = defaultdict(Tally)

    def of(place: int) -> Tally:
        return days[bisect_right(starts, place) - 1]

    runs: list[Run] = []
    for start, end in pairwise(starts):
        covered = cover(start, end, (QUARTER, DAY))
        runs += covered.runs
        for first, last in covered.edges:
            for row in rows_between(connection, judge_pk, first, last):
                of(first).add(row, row.raw, scales)
    for run in _joined(runs):
        for row in _buckets(connection, FeedbackCounter, judge_pk, run):
            of(row.start).counts[row.kind, row.criteria] += row.value
        for row in _buckets(connection, CriterionCounter, judge_pk, run):
            sums = Shifts(*(getattr(row, name) for name in Shifts.__slots__))
            of(row.start).shifts.setdefault(row.ordinal, Shifts()).add(sums)
    found = (_day(_date(starts[place], zone), tally, criteria, bounds) for place, tally in sorted(days.items()))
    return [day for day in found if day.total]


def _starts(connection: Connection, judge_pk: int, bounds: Bounds, zone: tzinfo) -> list[int]:
    """Where the bounds begin, all midnights between, and where they end: no further than feedback goes."""
    moments = select(Feedback.submitted_at).where(Feedback.judge_pk == judge_pk).limit(1)
    earliest = connection.execute(moments.order_by(Feedback.submitted_at)).scalar_one_or_none()
    latest = connection.execute(moments.order_by(Feedback.submitted_at.desc())).scalar_one_or_none()
    if earliest is None or latest is None:
        return []
    first, last = microseconds(earliest), microseconds(latest) + 1
    if bounds.since is not None:
        first = max(first, microseconds(bounds.since))
    if bounds.until is not None:
        last = min(last, microseconds(bounds.until))
    if first >= last:
        return []
    if (last - first) // DAY > MAX_DAYS:
        raise Invalid(
            f"These are more than {MAX_DAYS:,} days, from {moment_of(first).date()} to {moment_of(last - 1).date()}: "
            "ask for fewer with since and until.",
            ("since",),
        )
    starts = [first]
    day = _date(first, zone)
    while day < date.max:
        day += timedelta(days=1)
        midnight = _midnight(day, zone)
        if midnight >= last:
            break
        if midnight > starts[-1]:  # a day that a zone skipped has no length
            starts.append(midnight)
    return [*starts, last]


def _date(place: int, zone: tzinfo) -> date:
    """The date in the zone; at the ends of the calendar that of UTC."""
    try:
        return moment_of(place).astimezone(zone).date()
    except OverflowError:
        return moment_of(place).date()


def _midnight(day: date, zone: tzinfo) -> int:
    """When a day begins in a zone: the first moment that has this date there."""
    try:
        local = datetime(day.year, day.month, day.day, tzinfo=zone)
        place = microseconds(local.astimezone(UTC))
    except OverflowError:
        return microseconds(datetime(day.year, day.month, day.day, tzinfo=UTC))
    return place


def _joined(runs: Sequence[Run]) -> Iterator[Run]:
    """The same buckets in as few runs as can be."""
    open_run: dict[int, Run] = {}
    for run in runs:
        before = open_run.get(run.width)
        if before is not None and before.end == run.start:
            open_run[run.width] = Run(run.width, before.start, run.end)
        else:
            if before is not None:
                yield before
            open_run[run.width] = run
    yield from open_run.values()


def _buckets(connection: Connection, table: Any, judge_pk: int, run: Run) -> Iterator[Any]:
    yield from connection.execute(
        select(table.__table__).where(
            table.judge_pk == judge_pk, table.width == run.width, table.start >= run.start, table.start < run.end
        )
    )


def _day(day: date, tally: Tally, criteria: Sequence[Criterion], bounds: Bounds) -> Day:
    meant = holding(bounds.criteria)
    counts: dict[FeedbackType, int] = dict.fromkeys(FeedbackType, 0)
    usable = 0
    for (kind, key), number in tally.counts.items():
        if kind == USABLE:
            stands = word(key)
            usable += number if stands is None or stands.counts(meant) else 0
        elif kind in counts:
            every = bounds.criteria is None or kind != FeedbackType.CORRECTION
            counts[FeedbackType(kind)] += number if every or touches(key, meant) else 0
    wanted = [c.ordinal for c in criteria] if bounds.criteria is None else bounds.criteria
    shifts = {ordinal: tally.shifts.get(ordinal, Shifts()) for ordinal in wanted}
    return Day(
        date=day,
        corrections=counts[FeedbackType.CORRECTION],
        ratings=counts[FeedbackType.RATING],
        approvals=counts[FeedbackType.APPROVAL],
        comments=counts[FeedbackType.COMMENT],
        usable=usable,
        criteria=shifts_of(criteria, shifts),
    )
