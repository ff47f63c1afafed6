"""Feedback by day: in any zone, each item is counted on the day of its moment there."""

import random
from collections import Counter
from dataclasses import astuple
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from models.feedback import DayFigures, FeedbackBounds
from store.database.store import Store
from store.summary.by_day import count_by_day
from tests.factories import World, add_evaluations, make_world, new_feedback, submit
from tests.store.counters.counter_oracle import CRITERIA, expected_figures, random_feedback, rows_within, usable_seqs

START = datetime(2026, 3, 20, tzinfo=UTC)


async def read_days(world: World, zone: str, **bounds: Any) -> list[DayFigures]:
    return await world.store.read(
        lambda c: count_by_day(c, world.judge.pk, world.criteria, FeedbackBounds(**bounds), ZoneInfo(zone))
    )


async def submit_at(world: World, moments: list[datetime]) -> None:
    evaluated = await add_evaluations(world, len(moments))
    contents: list[dict[str, Any]] = [{"scores": [4.0, None]}, {"rating": 5}, {"approved": True}]
    given = enumerate(zip(evaluated, moments, strict=True))
    await submit(world, *(new_feedback(e, submitted_at=at, **contents[n % 3]) for n, (e, at) in given))


@pytest.mark.parametrize(
    "zone",
    ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/New_York", "Pacific/Kiritimati", "Australia/Lord_Howe"],
)
async def test_items_are_counted_on_their_day_in_the_zone(store: Store, zone: str) -> None:
    rng = random.Random(3)
    world = await make_world(store)
    local = [datetime(2026, 3, 20 + n, tzinfo=ZoneInfo(zone)).astimezone(UTC) for n in range(12)]
    edges = [midnight + timedelta(microseconds=tick) for midnight in local for tick in (-1, 0)]
    moments = [*edges, *(START + timedelta(seconds=rng.random() * 12 * 86400) for _ in range(60))]
    await submit_at(world, moments)
    since, until = sorted(rng.sample(moments, 2))
    for bounds in ({}, {"since": since}, {"since": since, "until": until}):
        first, last = bounds.get("since", min(moments)), bounds.get("until", datetime(2027, 1, 1, tzinfo=UTC))
        counted: Counter[date] = Counter()
        corrected: Counter[date] = Counter()
        for number, moment in enumerate(moments):
            if first <= moment < last:
                day = moment.astimezone(ZoneInfo(zone)).date()
                counted[day] += 1
                corrected[day] += number % 3 == 0
        found = await read_days(world, zone, **bounds)
        assert [(day.date, day.total, day.corrections) for day in found] == [
            (day, counted[day], corrected[day]) for day in sorted(counted)
        ]
        for day in found:
            clarity, accuracy = day.criteria
            assert (clarity.correction_count, accuracy.correction_count) == (day.corrections, 0)
            assert clarity.mean_shift == (1.0 if day.corrections else None)
            assert day.usable == day.total


async def test_zone_with_midnights_between_quarter_hours_is_exact(store: Store) -> None:
    zone = "Europe/Amsterdam"  # until 1937, 19 minutes and 32 seconds before Greenwich
    world = await make_world(store)
    midnight = datetime(1920, 1, 5, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert midnight.minute % 15
    await submit_at(world, [midnight - timedelta(microseconds=1), midnight, midnight + timedelta(hours=3)])

    assert [(day.date, day.total) for day in await read_days(world, zone)] == [
        (date(1920, 1, 4), 1),
        (date(1920, 1, 5), 2),
    ]


async def test_day_that_a_zone_skipped_is_absent(store: Store) -> None:
    world = await make_world(store)
    skipped = datetime(2011, 12, 30, 10, tzinfo=UTC)  # Samoa went from the 29th to the 31st at this moment
    await submit_at(world, [skipped - timedelta(microseconds=1), skipped])

    assert [day.date for day in await read_days(world, "Pacific/Apia")] == [date(2011, 12, 29), date(2011, 12, 31)]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "Pacific/Honolulu"])
@pytest.mark.parametrize("criteria", [None, (1,), (0, 2)], ids=str)
async def test_days_of_selected_criteria_equal_the_oracle(
    store: Store, zone: str, criteria: tuple[int, ...] | None
) -> None:
    rng = random.Random(11)
    world = await make_world(store, criteria=CRITERIA)
    rows = await random_feedback(world, rng, 160, timedelta(minutes=37, microseconds=1))
    since, until = sorted(rng.choice(rows).at for _ in range(2))
    bounds = FeedbackBounds(since=since, until=until, criteria=criteria)
    all_time = FeedbackBounds(criteria=criteria)
    usable = usable_seqs(rows, all_time)
    found = await read_days(world, zone, since=since, until=until, criteria=criteria)

    within = rows_within(rows, bounds, criteria or ())
    days = sorted({row.at.astimezone(ZoneInfo(zone)).date() for row in within})
    assert [day.date for day in found] == days
    for day in found:
        first, after = (datetime.combine(date, time(), ZoneInfo(zone)) for date in (day.date, day.date + timedelta(1)))
        expected = expected_figures(rows, FeedbackBounds(max(first, since), min(after, until), criteria), 0)
        numbers = (day.corrections, day.ratings, day.approvals, day.comments)
        assert numbers == tuple(expected[kind] for kind in ("corrections", "ratings", "approvals", "comments"))
        assert [astuple(shift) for shift in day.criteria] == expected["criteria"]
        assert day.usable == sum(max(first, since) <= row.at < min(after, until) for row in rows if row.seq in usable)


async def test_superseded_correction_is_usable_on_the_later_day_only(store: Store) -> None:
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1)
    await submit(
        world, *(new_feedback(evaluation, scores=[5.0, None], submitted_at=START + timedelta(days=n)) for n in range(3))
    )
    found = await read_days(world, "UTC")

    assert [(day.total, day.usable) for day in found] == [(1, 0), (1, 0), (1, 1)]
