"""Feedback summary: its figures equal the oracle, and the rules of usable feedback."""

import random
from collections.abc import Callable
from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.errors import Conflict
from models.feedback import FeedbackBounds
from store.counters.recount import find_mismatches
from store.database.snapshot import snapshot
from store.database.store import Store
from store.summary import summary
from store.summary.full_scan import scan_feedback
from tests.factories import add_evaluations, make_world, new_feedback, retract, submit
from tests.store.counters.counter_oracle import (
    CRITERIA,
    START,
    TICK,
    add_version,
    expected_figures,
    expected_raters,
    random_feedback,
    read_counted_figures,
    read_raters,
    read_summary,
    to_comparable,
)


@pytest.mark.parametrize(
    ("seed", "apart"),
    [(0, TICK), (1, timedelta(minutes=2)), (2, timedelta(hours=3)), (3, timedelta(days=5, microseconds=1))],
    ids=["microseconds", "minutes", "hours", "days"],
)
async def test_summary_equals_the_oracle(store: Store, seed: int, apart: timedelta) -> None:
    rng = random.Random(seed)
    world = await make_world(store, criteria=CRITERIA)
    other = await make_world(store, criteria=CRITERIA)
    rows = await random_feedback(world, rng, 240, apart)
    await random_feedback(other, rng, 20)
    watermark = rng.randint(1, 240)
    await add_version(world, watermark)

    def random_moment() -> datetime | None:
        return rng.choice([None, rng.choice(rows).at + rng.randint(-1, 1) * TICK, START + rng.random() * 240 * apart])

    def random_criteria() -> tuple[int, ...]:
        return tuple(sorted(rng.sample(range(3), rng.randint(1, 3))))

    by_time: list[Callable[[], FeedbackBounds]] = [
        FeedbackBounds,
        lambda: FeedbackBounds(criteria=random_criteria()),
        lambda: FeedbackBounds(since=random_moment(), until=random_moment()),
        lambda: FeedbackBounds(since=random_moment(), criteria=random_criteria()),
        lambda: FeedbackBounds(since=random_moment(), until=random_moment(), criteria=random_criteria()),
    ]
    for bounds in [choice() for choice in by_time for _ in range(6)]:
        expected = expected_figures(rows, bounds, watermark)
        assert await read_counted_figures(world, bounds) == expected, bounds
        assert to_comparable(await read_summary(world, bounds)) == expected, bounds
        most = expected_raters(rows, bounds)
        assert await read_raters(world, bounds, 100) == most, bounds
        assert [rater.total for rater in await read_raters(world, bounds, 2)] == [rater.total for rater in most[:2]]
    for _ in range(5):
        bounds = FeedbackBounds(after_seq=rng.randint(0, 240), upto_seq=rng.randint(0, 240), until=random_moment())
        assert to_comparable(await read_summary(world, bounds)) == expected_figures(rows, bounds, watermark), bounds
        assert await read_raters(world, bounds, 100) == expected_raters(rows, bounds), bounds
    assert await store.read(find_mismatches) == []


@pytest.mark.parametrize("criteria", [None, (0,), (1, 2)], ids=str)
async def test_spread_from_counters_equals_spread_from_rows(store: Store, criteria: tuple[int, ...] | None) -> None:
    world = await make_world(store, criteria=CRITERIA)
    await random_feedback(world, random.Random(5), 80)
    for bounds in (
        FeedbackBounds(),
        FeedbackBounds(since=START),
        FeedbackBounds(since=START + 9 * TICK, until=START + 55 * TICK),
    ):
        asked = replace(bounds, criteria=criteria)
        kept = await read_summary(world, asked)
        read = await store.read(
            snapshot(lambda c, asked=asked: scan_feedback(c, world.judge.pk, world.criteria, asked))
        )
        assert kept.spread is not None
        assert read.spread is not None
        assert astuple(kept.spread) == pytest.approx(astuple(read.spread))


async def test_summary_of_a_judge_without_feedback_is_empty(store: Store) -> None:
    summary = await read_summary(await make_world(store))

    assert (summary.total, summary.usable, summary.evaluations, summary.raters) == (0, 0, 0, 0)
    assert (summary.earliest, summary.latest, summary.rater_agreement, summary.spread) == (None,) * 4
    assert [shift.mean_shift for shift in summary.criteria] == [None, None]


async def test_since_is_inclusive_and_until_exclusive_to_the_microsecond(store: Store) -> None:
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1)
    await submit(world, new_feedback(evaluation, rating=5, submitted_at=START))

    async def total(**bounds: datetime) -> int:
        return (await read_summary(world, FeedbackBounds(**bounds))).total

    assert await total(since=START) == 1
    assert await total(since=START + TICK) == 0
    assert await total(until=START) == 0
    assert await total(until=START + TICK) == 1
    assert await total(since=START, until=START) == 0


async def test_bounds_may_be_the_last_representable_moments(store: Store) -> None:
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1)
    await submit(world, new_feedback(evaluation, rating=5, submitted_at=START))
    end = datetime.max.replace(tzinfo=UTC)

    for since in (end.replace(microsecond=0), end):
        assert (await read_summary(world, FeedbackBounds(since=since))).total == 0
        assert (await read_summary(world, FeedbackBounds(since=since, until=end))).total == 0
    assert (await read_summary(world, FeedbackBounds(until=end))).total == 1


@pytest.mark.parametrize(
    ("what", "usable", "doubts"),
    [
        ({"scores": [4.0, None]}, 1, 0),
        ({"scores": [None, 4.0]}, 0, 0),  # the judge gave no score to correct
        ({"rating": 5}, 1, 0),
        ({"rating": 4}, 1, 0),
        ({"rating": 3}, 0, 0),
        ({"rating": 2}, 0, 1),
        ({"rating": 1}, 0, 1),
        ({"approved": True}, 1, 0),
        ({"approved": False}, 0, 1),
        ({"comment": "Why?"}, 0, 0),
    ],
    ids=str,
)
async def test_usable_items_are_those_that_yield_a_label(
    store: Store, what: dict[str, Any], usable: int, doubts: int
) -> None:
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1, scores=(3.0, None))  # type: ignore[arg-type]
    await submit(world, new_feedback(evaluation, **what))
    summary = await read_summary(world)

    assert (summary.total, summary.usable, summary.doubts) == (1, usable, doubts)


async def test_latest_correction_of_a_rater_supersedes_earlier_ones(store: Store) -> None:
    world = await make_world(store)
    one, two = await add_evaluations(world, 2)
    await submit(
        world,
        new_feedback(one, scores=[5.0, None], submitted_at=START + TICK),
        new_feedback(one, scores=[1.0, None], submitted_at=START),
        new_feedback(one, scores=[2.0, None], by="cy"),
        new_feedback(two, scores=[2.0, None]),
    )
    summary = await read_summary(world)

    assert (summary.corrections, summary.usable) == (4, 3)
    assert summary.conflicts == 1  # 5 against 2; the 1 was superseded


async def test_target_criteria_exclude_only_corrections_of_other_criteria(store: Store) -> None:
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1)
    await submit(
        world,
        new_feedback(evaluation, scores=[5.0, None]),
        new_feedback(evaluation, scores=[None, 5.0], by="cy"),
        new_feedback(evaluation, rating=5, by="di"),
        new_feedback(evaluation, by="ed"),
    )
    summary = await read_summary(world, FeedbackBounds(criteria=(1,)))

    assert (summary.total, summary.corrections, summary.ratings, summary.comments) == (3, 1, 1, 1)
    assert (summary.usable, summary.raters) == (2, 3)
    assert [(shift.ordinal, shift.correction_count) for shift in summary.criteria] == [(1, 1)]


async def test_new_items_are_those_after_the_newest_versions_watermark(store: Store) -> None:
    world = await make_world(store)
    evaluated = await add_evaluations(world, 5)
    await submit(world, *(new_feedback(e, rating=5) for e in evaluated[:3]))
    await add_version(world, 3)
    before = await read_summary(world)
    await submit(
        world, *(new_feedback(e, rating=rating, by="cy") for e, rating in zip(evaluated, [5, 1, 4, 3, 5], strict=True))
    )

    assert before.new_since_last_training == 0
    assert (await read_summary(world)).new_since_last_training == 3


@pytest.mark.parametrize("astray", [0.0, 0.02], ids=["in order", "some astray"])
async def test_new_items_of_a_period_equal_the_oracle(
    store: Store, astray: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(4)
    world = await make_world(store, criteria=CRITERIA)
    rows = await random_feedback(world, rng, 150, timedelta(hours=5, microseconds=1), astray)
    for watermark in (40, 90):  # the watermark of the newest version
        await add_version(world, watermark, number=watermark)
        known = [row.at for row in rows if row.seq in (watermark, watermark + 1)]
        for _ in range(12):
            ends = [rng.choice(known) + rng.randint(-1, 1) * TICK, rng.choice(rows).at + rng.randint(-1, 1) * TICK]
            since, until = sorted(ends)
            criteria = rng.choice([None, (1,)])
            for bounds in (
                FeedbackBounds(since, until, criteria),
                FeedbackBounds(since, None, criteria),
                FeedbackBounds(None, until, criteria),
            ):
                expected = expected_figures(rows, bounds, watermark)["new_since_last_training"]
                asked = (world.judge.pk, world.criteria, bounds)
                for limit in (0, 10_000):
                    monkeypatch.setattr("store.summary.view.MAX_NEW_READ", limit)
                    assert await store.read(lambda c, asked=asked: summary.count_new(c, *asked)) == expected, bounds


async def test_half_a_step_agrees_and_more_than_a_step_between_raters_conflicts(store: Store) -> None:
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1)
    await submit(
        world,
        new_feedback(evaluation, scores=[3.5, 3.6]),
        new_feedback(evaluation, scores=[2.5, 2.5], by="cy"),
    )
    summary = await read_summary(world)

    assert (summary.agreeing, summary.conflicts) == (3, 1)


async def test_rater_count_of_a_period_is_the_same_by_index_and_from_counters(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1)
    moments = [datetime(2026, 1, day, 12, 34, 56, tzinfo=UTC) for day in (1, 1, 2, 5, 9)]
    items = [
        new_feedback(evaluation, rating=4, by=f"person {n % 4}", submitted_at=moment)
        for n, moment in enumerate(moments)
    ]
    kept, _ = await submit(world, *items)
    assert not isinstance(kept[2], Conflict)
    await retract(world, kept[2].id)
    for since, until, raters in (
        (None, moments[3], 2),
        (moments[2], None, 2),
        (moments[1], moments[4], 3),
        (None, None, 3),
    ):
        bounds = FeedbackBounds(since=since, until=until)
        for limit in (2000, 1):
            monkeypatch.setattr("store.summary.raters.MAX_INDEXED_RATERS", limit)
            figures = await store.read(
                lambda c, b=bounds: summary.compute_figures(c, world.judge.pk, world.criteria, b)
            )
            assert figures.raters == raters, (bounds, limit)


async def test_rater_count_equals_the_oracle_for_every_way_of_counting(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Include raters whose first items within the period are about other criteria or retracted."""
    rng = random.Random(8)
    world = await make_world(store, criteria=CRITERIA)
    rows = await random_feedback(world, rng, 120, timedelta(hours=7))
    for _ in range(8):
        since, until = sorted(rng.choice(rows).at for _ in range(2))
        criteria = rng.choice([None, (0,), (1,), (0, 2)])
        bounds = FeedbackBounds(since=since, until=until, criteria=criteria)
        expected = expected_figures(rows, bounds, 0)["raters"]
        for raters, items in ((2000, 20), (2000, 2), (2000, 1), (1, 20)):
            monkeypatch.setattr("store.summary.raters.MAX_INDEXED_RATERS", raters)
            monkeypatch.setattr("store.summary.raters.MAX_ITEMS_READ", items)
            figures = await store.read(
                lambda c, b=bounds: summary.compute_figures(c, world.judge.pk, world.criteria, b)
            )
            assert figures.raters == expected, (bounds, raters, items)


async def test_rater_whose_first_items_are_about_other_criteria_is_counted(store: Store) -> None:
    world = await make_world(store)
    evaluated = await add_evaluations(world, 30)
    items = [new_feedback(e, scores=[4.0, None], submitted_at=START + n * TICK) for n, e in enumerate(evaluated)]
    items.append(new_feedback(evaluated[0], scores=[None, 2.0], submitted_at=START + timedelta(days=3)))
    items.append(new_feedback(evaluated[0], scores=[4.0, None], by="cy", submitted_at=START))
    await submit(world, *items)
    bounds = FeedbackBounds(since=START, until=START + timedelta(days=9), criteria=(1,))

    assert (await read_summary(world, bounds)).raters == 1
    figures = await store.read(lambda c: summary.compute_figures(c, world.judge.pk, world.criteria, bounds))
    assert figures.raters == 1
