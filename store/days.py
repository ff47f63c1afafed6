"""Feedback day by day, by the midnights of any time zone, exact also where clocks change."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Literal, NamedTuple

from sqlalchemy import BigInteger, Connection, Select, and_, column, func, select, values

from models.base import microseconds, moment_of
from models.counters import DAY, QUARTER, USABLE, CriterionCounter, FeedbackCounter
from models.criteria_set import holding
from models.errors import Invalid
from models.feedback import Bounds, Day, Feedback, FeedbackType
from models.judge import Criterion
from models.standing import touches, word
from models.tally import Scales, Shifts, Tally
from store.cover import cover
from store.period import rows_between
from store.summary import shifts_of

MAX_DAYS = 4000
AT_ONCE = 500  # parts in one statement


def by_day(
    connection: Connection, judge_pk: int, criteria: Sequence[Criterion], bounds: Bounds, zone: tzinfo
) -> list[Day]:
    """Each day on which feedback within bounds of time was given, in order.

    A day that the bounds cut is counted in part. A day is made of the whole days of UTC between the midnights of UTC
    that are nearest to its ends, and of what lies between those and its ends, which is added or taken off: quarters of
    an hour from their counters, and what is finer from the rows.

    Raises:
        Invalid: more days than can be told at once.
    """
    starts = _starts(connection, judge_pk, bounds, zone)
    if not starts:
        return []
    days = [Tally() for _ in starts[1:]]
    nearest = [(start + DAY // 2) // DAY * DAY for start in starts]
    whole = [_Part(0, DAY, nearest[0], nearest[-1])]
    for place, tally in _sums(connection, judge_pk, whole, by="start"):
        days[bisect_right(nearest, place) - 1].include(tally)
    scales = Scales({criterion.ordinal: criterion for criterion in criteria})
    for at, tally in _between(connection, judge_pk, scales, starts, nearest):
        sign = 1 if nearest[at] < starts[at] else -1
        if at > 0:
            days[at - 1].include(tally, sign)
        if at < len(days):
            days[at].include(tally, -sign)
    found = (_day(_date(start, zone), day, criteria, bounds) for start, day in zip(starts, days, strict=False))
    return [day for day in found if day.total]


class _Part(NamedTuple):
    """Buckets of a width between two places, for the end of a day that is the ``at``-th."""

    at: int
    width: int
    start: int
    end: int


def _between(
    connection: Connection, judge_pk: int, scales: Scales, starts: Sequence[int], nearest: Sequence[int]
) -> Iterator[tuple[int, Tally]]:
    """What lies between each end of a day and the midnight of UTC that is nearest to it."""
    parts: list[_Part] = []
    for at, ends in enumerate(zip(starts, nearest, strict=True)):
        covered = cover(min(ends), max(ends), (QUARTER,))
        for run in covered.runs:
            assert run.start is not None
            assert run.end is not None
            parts.append(_Part(at, run.width, run.start, run.end))
        for first, last in covered.edges:
            tally = Tally()
            for row in rows_between(connection, judge_pk, first, last):
                tally.add(row, row.raw)
            tally.settle(scales)
            yield at, tally
    for number in range(0, len(parts), AT_ONCE):
        yield from _sums(connection, judge_pk, parts[number : number + AT_ONCE], by="at")


def _sums(
    connection: Connection, judge_pk: int, parts: Sequence[_Part], *, by: Literal["at", "start"]
) -> Iterator[tuple[int, Tally]]:
    """What the counters of buckets add up to: for each part by its ``at``, or for where each bucket begins."""
    kinds = (FeedbackCounter.kind, FeedbackCounter.criteria)
    counts = _summed(FeedbackCounter, judge_pk, parts, by, kinds, [FeedbackCounter.value])
    for place, kind, criteria, value in connection.execute(counts):
        yield place, Tally(counts=Counter({(kind, criteria): int(value)}))
    ordinals, shifts = (CriterionCounter.ordinal,), [getattr(CriterionCounter, name) for name in Shifts.__slots__]
    for place, ordinal, *found in connection.execute(_summed(CriterionCounter, judge_pk, parts, by, ordinals, shifts)):
        yield place, Tally(shifts={ordinal: Shifts(*map(int, found))})


def _summed(
    table: Any, judge_pk: int, parts: Sequence[_Part], by: str, keys: Sequence[Any], sums: Sequence[Any]
) -> Select[Any]:
    wanted = values(
        column("at", BigInteger), column("width", BigInteger), column("first", BigInteger), column("last", BigInteger),
        name="parts", literal_binds=True,
    ).data(list(parts)).cte()  # fmt: skip
    within = and_(
        table.judge_pk == judge_pk,
        table.width == wanted.c.width,
        table.start >= wanted.c.first,
        table.start < wanted.c.last,
    )
    place = wanted.c.at if by == "at" else table.start
    totals = (func.sum(each) for each in sums)
    return select(place, *keys, *totals).select_from(wanted).join(table, within).group_by(place, *keys)


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
