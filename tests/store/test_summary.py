"""The feedback summary: the same figures as a plain recount, and the rules of what is usable."""

import random
from collections.abc import Callable
from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.errors import Conflict
from models.feedback import FeedbackBounds
from store.counters import recount as counting
from store.database.store import Store
from store.summary import summary
from store.summary.full_scan import scan_feedback
from tests.factories import add_evaluations, make_world, new_feedback, retract, submit
from tests.store.recounting import (
    CRITERIA,
    START,
    TICK,
    gave_most,
    put_version,
    random_feedback,
    raters_of,
    recount,
    short_of,
    summary_of,
    told,
)


@pytest.mark.parametrize(
    ("seed", "apart"),
    [(0, TICK), (1, timedelta(minutes=2)), (2, timedelta(hours=3)), (3, timedelta(days=5, microseconds=1))],
    ids=["microseconds", "minutes", "hours", "days"],
)
async def test_it_says_what_a_plain_recount_says(store: Store, seed: int, apart: timedelta) -> None:
    rng = random.Random(seed)
    world = await make_world(store, criteria=CRITERIA)
    other = await make_world(store, criteria=CRITERIA)
    rows = await random_feedback(world, rng, 240, apart)
    await random_feedback(other, rng, 20)
    watermark = rng.randint(1, 240)
    await put_version(world, watermark)

    def somewhen() -> datetime | None:
        return rng.choice([None, rng.choice(rows).at + rng.randint(-1, 1) * TICK, START + rng.random() * 240 * apart])

    def some_criteria() -> tuple[int, ...]:
        return tuple(sorted(rng.sample(range(3), rng.randint(1, 3))))

    by_time: list[Callable[[], FeedbackBounds]] = [
        FeedbackBounds,
        lambda: FeedbackBounds(criteria=some_criteria()),
        lambda: FeedbackBounds(since=somewhen(), until=somewhen()),
        lambda: FeedbackBounds(since=somewhen(), criteria=some_criteria()),
        lambda: FeedbackBounds(since=somewhen(), until=somewhen(), criteria=some_criteria()),
    ]
    for bounds in [choice() for choice in by_time for _ in range(6)]:
        expected = recount(rows, bounds, watermark)
        assert await short_of(world, bounds) == expected, bounds
        assert told(await summary_of(world, bounds)) == expected, bounds
        most = gave_most(rows, bounds)
        assert await raters_of(world, bounds, 100) == most, bounds
        assert [rater.total for rater in await raters_of(world, bounds, 2)] == [rater.total for rater in most[:2]]
    for _ in range(5):
        bounds = FeedbackBounds(after_seq=rng.randint(0, 240), upto_seq=rng.randint(0, 240), until=somewhen())
        assert told(await summary_of(world, bounds)) == recount(rows, bounds, watermark), bounds
        assert await raters_of(world, bounds, 100) == gave_most(rows, bounds), bounds
    assert await store.read(counting.find_mismatches) == []


@pytest.mark.parametrize("criteria", [None, (0,), (1, 2)], ids=str)
async def test_what_could_be_proven_is_the_same_from_counters_as_from_rows(
    store: Store, criteria: tuple[int, ...] | None
) -> None:
    world = await make_world(store, criteria=CRITERIA)
    await random_feedback(world, random.Random(5), 80)
    for bounds in (
        FeedbackBounds(),
        FeedbackBounds(since=START),
        FeedbackBounds(since=START + 9 * TICK, until=START + 55 * TICK),
    ):
        asked = replace(bounds, criteria=criteria)
        kept = await summary_of(world, asked)
        read = await store.read(lambda c, asked=asked: scan_feedback(c, world.judge.pk, world.criteria, asked))
        assert kept.spread is not None
        assert read.spread is not None
        assert astuple(kept.spread) == pytest.approx(astuple(read.spread))


async def test_a_judge_without_feedback_has_a_summary_of_nothing(store: Store) -> None:
    summary = await summary_of(await make_world(store))

    assert (summary.total, summary.usable, summary.evaluations, summary.raters) == (0, 0, 0, 0)
    assert (summary.earliest, summary.latest, summary.rater_agreement, summary.spread) == (None,) * 4
    assert [shift.mean_shift for shift in summary.criteria] == [None, None]


async def test_since_is_inclusive_and_until_exclusive_to_the_microsecond(store: Store) -> None:
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1)
    await submit(world, new_feedback(evaluation, rating=5, submitted_at=START))

    async def total(**bounds: datetime) -> int:
        return (await summary_of(world, FeedbackBounds(**bounds))).total

    assert await total(since=START) == 1
    assert await total(since=START + TICK) == 0
    assert await total(until=START) == 0
    assert await total(until=START + TICK) == 1
    assert await total(since=START, until=START) == 0


async def test_the_last_moments_that_there_are_can_be_asked_for(store: Store) -> None:
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1)
    await submit(world, new_feedback(evaluation, rating=5, submitted_at=START))
    end = datetime.max.replace(tzinfo=UTC)

    for since in (end.replace(microsecond=0), end):
        assert (await summary_of(world, FeedbackBounds(since=since))).total == 0
        assert (await summary_of(world, FeedbackBounds(since=since, until=end))).total == 0
    assert (await summary_of(world, FeedbackBounds(until=end))).total == 1


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
async def test_usable_is_what_yields_a_label(store: Store, what: dict[str, Any], usable: int, doubts: int) -> None:
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1, scores=(3.0, None))  # type: ignore[arg-type]
    await submit(world, new_feedback(evaluation, **what))
    summary = await summary_of(world)

    assert (summary.total, summary.usable, summary.doubts) == (1, usable, doubts)


async def test_of_a_raters_corrections_of_one_evaluation_the_latest_counts(store: Store) -> None:
    world = await make_world(store)
    one, two = await add_evaluations(world, 2)
    await submit(
        world,
        new_feedback(one, scores=[5.0, None], submitted_at=START + TICK),
        new_feedback(one, scores=[1.0, None], submitted_at=START),
        new_feedback(one, scores=[2.0, None], by="cy"),
        new_feedback(two, scores=[2.0, None]),
    )
    summary = await summary_of(world)

    assert (summary.corrections, summary.usable) == (4, 3)
    assert summary.conflicts == 1  # 5 against 2: the 1 was taken back


async def test_with_target_criteria_corrections_that_touch_none_are_left_out_and_the_rest_stays(store: Store) -> None:
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1)
    await submit(
        world,
        new_feedback(evaluation, scores=[5.0, None]),
        new_feedback(evaluation, scores=[None, 5.0], by="cy"),
        new_feedback(evaluation, rating=5, by="di"),
        new_feedback(evaluation, by="ed"),
    )
    summary = await summary_of(world, FeedbackBounds(criteria=(1,)))

    assert (summary.total, summary.corrections, summary.ratings, summary.comments) == (3, 1, 1, 1)
    assert (summary.usable, summary.raters) == (2, 3)
    assert [(shift.ordinal, shift.correction_count) for shift in summary.criteria] == [(1, 1)]


async def test_new_is_what_came_in_after_the_newest_versions_watermark(store: Store) -> None:
    world = await make_world(store)
    evaluated = await add_evaluations(world, 5)
    await submit(world, *(new_feedback(e, rating=5) for e in evaluated[:3]))
    await put_version(world, 3)
    before = await summary_of(world)
    await submit(
        world, *(new_feedback(e, rating=rating, by="cy") for e, rating in zip(evaluated, [5, 1, 4, 3, 5], strict=True))
    )

    assert before.new_since_last_training == 0
    assert (await summary_of(world)).new_since_last_training == 3


@pytest.mark.parametrize("astray", [0.0, 0.02], ids=["in order", "some astray"])
async def test_new_of_a_period_is_what_a_plain_recount_says_where_feedback_comes_in_order(
    store: Store, astray: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(4)
    world = await make_world(store, criteria=CRITERIA)
    rows = await random_feedback(world, rng, 150, timedelta(hours=5, microseconds=1), astray)
    for watermark in (40, 90):  # the newest version's counts
        await put_version(world, watermark, number=watermark)
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
                expected = recount(rows, bounds, watermark)["new_since_last_training"]
                asked = (world.judge.pk, world.criteria, bounds)
                for few in (0, 10_000):
                    monkeypatch.setattr("store.summary.view.MAX_NEW_READ", few)
                    assert await store.read(lambda c, asked=asked: summary.count_new(c, *asked)) == expected, bounds


async def test_half_a_step_is_agreement_and_more_than_a_step_between_people_a_conflict(store: Store) -> None:
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1)
    await submit(
        world,
        new_feedback(evaluation, scores=[3.5, 3.6]),
        new_feedback(evaluation, scores=[2.5, 2.5], by="cy"),
    )
    summary = await summary_of(world)

    assert (summary.agreeing, summary.conflicts) == (3, 1)


async def test_people_of_a_period_are_counted_alike_however_many_there_are(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1)
    moments = [datetime(2026, 1, day, 12, 34, 56, tzinfo=UTC) for day in (1, 1, 2, 5, 9)]
    said = [
        new_feedback(evaluation, rating=4, by=f"person {n % 4}", submitted_at=moment)
        for n, moment in enumerate(moments)
    ]
    kept, _ = await submit(world, *said)
    assert not isinstance(kept[2], Conflict)
    await retract(world, kept[2].id)
    for since, until, people in (
        (None, moments[3], 2),
        (moments[2], None, 2),
        (moments[1], moments[4], 3),
        (None, None, 3),
    ):
        bounds = FeedbackBounds(since=since, until=until)
        for few in (2000, 1):
            monkeypatch.setattr("store.summary.raters.MAX_INDEXED_RATERS", few)
            figures = await store.read(
                lambda c, b=bounds: summary.compute_figures(c, world.judge.pk, world.criteria, b)
            )
            assert figures.raters == people, (bounds, few)


async def test_people_are_counted_alike_whether_looked_for_or_found_in_the_counters(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also somebody whose first items within are about other criteria, or were retracted."""
    rng = random.Random(8)
    world = await make_world(store, criteria=CRITERIA)
    rows = await random_feedback(world, rng, 120, timedelta(hours=7))
    for _ in range(8):
        since, until = sorted(rng.choice(rows).at for _ in range(2))
        criteria = rng.choice([None, (0,), (1,), (0, 2)])
        bounds = FeedbackBounds(since=since, until=until, criteria=criteria)
        expected = recount(rows, bounds, 0)["raters"]
        for people, items in ((2000, 20), (2000, 2), (2000, 1), (1, 20)):
            monkeypatch.setattr("store.summary.raters.MAX_INDEXED_RATERS", people)
            monkeypatch.setattr("store.summary.raters.MAX_ITEMS_READ", items)
            figures = await store.read(
                lambda c, b=bounds: summary.compute_figures(c, world.judge.pk, world.criteria, b)
            )
            assert figures.raters == expected, (bounds, people, items)


async def test_somebody_who_speaks_late_of_a_criterion_is_among_its_people(store: Store) -> None:
    world = await make_world(store)
    evaluated = await add_evaluations(world, 30)
    said = [new_feedback(e, scores=[4.0, None], submitted_at=START + n * TICK) for n, e in enumerate(evaluated)]
    said.append(new_feedback(evaluated[0], scores=[None, 2.0], submitted_at=START + timedelta(days=3)))
    said.append(new_feedback(evaluated[0], scores=[4.0, None], by="cy", submitted_at=START))
    await submit(world, *said)
    bounds = FeedbackBounds(since=START, until=START + timedelta(days=9), criteria=(1,))

    assert (await summary_of(world, bounds)).raters == 1
    figures = await store.read(lambda c: summary.compute_figures(c, world.judge.pk, world.criteria, bounds))
    assert figures.raters == 1
