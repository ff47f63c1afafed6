"""Conversion of feedback into labels, doubts and exclusions."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from models.errors import Conflict
from models.evaluation import Evaluation
from models.feedback import FeedbackBounds
from models.specs.evaluations import EvaluationSpec
from runner.dataset.dataset import Dataset, load_dataset, to_scales
from store.database.snapshot import snapshot
from store.database.store import Store
from store.evaluations import NewEvaluation
from store.feedback import NewFeedback
from tests.factories import (
    World,
    add_evaluations,
    make_version,
    make_world,
    new_feedback,
    record,
    submit,
    training_spec,
)
from tests.runner.preflight import preflight_plan

START = datetime(2026, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Label:
    """Readable label: rater, item, criterion and score."""

    item: str
    criterion: int
    score: float
    by: str
    confirmed: bool = False


async def dataset(world: World, bounds: FeedbackBounds | None = None, watermark: int = 0) -> Dataset:
    count = len(world.criteria)
    return await world.store.read(
        snapshot(lambda c: load_dataset(c, world.judge.pk, count, bounds or FeedbackBounds(), watermark))
    )


def labels(data: Dataset) -> list[Label]:
    columns = data.labels
    return [
        Label(data.items.outputs[item], int(criterion), float(score), data.raters[rater], bool(confirmed))
        for item, criterion, score, rater, confirmed in zip(
            columns.item, columns.criterion, columns.score, columns.rater, columns.confirmed, strict=True
        )
    ]


def doubts(data: Dataset) -> list[tuple[str, str]]:
    return [
        (data.items.outputs[item], data.raters[rater])
        for item, rater in zip(data.doubts.item, data.doubts.rater, strict=True)
    ]


async def item(world: World, output: str = "o", **values: Any) -> Evaluation:
    """Return an evaluation with raw scores of 2 and 4."""
    shown = values.pop("shown", None)
    scores = values.pop("scores", [2.0, 4.0])
    [row], _ = await record(world, NewEvaluation(EvaluationSpec(output, (), **values), scores, shown))
    assert not isinstance(row, Conflict)
    return row


async def said(world: World, *feedback: NewFeedback) -> Dataset:
    await submit(world, *feedback)
    return await dataset(world)


async def test_a_correction_is_a_label_for_each_criterion_it_touches(store: Store) -> None:
    world = await make_world(store)
    evaluation = await item(world)
    data = await said(
        world, new_feedback(evaluation, scores=[3.0, None]), new_feedback(evaluation, scores=[1, 5.0], by="cy")
    )

    assert labels(data) == [Label("o", 0, 3.0, "ben"), Label("o", 0, 1.0, "cy"), Label("o", 1, 5.0, "cy")]
    assert data.excluded == {}


@pytest.mark.parametrize("what", [{"rating": 4}, {"rating": 5}, {"approved": True}], ids=str)
async def test_a_high_rating_and_an_approval_confirm_every_score_that_was_shown(
    store: Store, what: dict[str, Any]
) -> None:
    world = await make_world(store)
    data = await said(world, new_feedback(await item(world), **what))

    assert labels(data) == [Label("o", 0, 2.0, "ben", confirmed=True), Label("o", 1, 4.0, "ben", confirmed=True)]


async def test_if_a_version_was_shown_its_scores_are_confirmed(store: Store) -> None:
    world = await make_world(store)
    version = await make_version(world)
    evaluation = await item(world, version_id=version.id, shown=[2.75, None])
    data = await said(world, new_feedback(evaluation, approved=True))

    assert [label.score for label in labels(data)] == [2.75, 4.0]
    assert data.items.raw.tolist() == [[2.0, 4.0]]  # raw scores stay the judge's own


@pytest.mark.parametrize("what", [{"rating": 1}, {"rating": 2}, {"approved": False}], ids=str)
async def test_a_low_rating_and_a_rejection_are_doubts_and_never_labels(store: Store, what: dict[str, Any]) -> None:
    world = await make_world(store)
    data = await said(world, new_feedback(await item(world), **what))

    assert labels(data) == []
    assert doubts(data) == [("o", "ben")]


async def test_a_rating_of_three_and_a_comment_are_excluded(store: Store) -> None:
    world = await make_world(store)
    evaluation = await item(world)
    data = await said(world, new_feedback(evaluation, rating=3), new_feedback(evaluation), new_feedback(evaluation))

    assert (labels(data), doubts(data)) == ([], [])
    assert data.excluded == {"neutral ratings of 3": 1, "comments": 2}


async def test_of_a_raters_corrections_of_a_criterion_the_latest_counts(store: Store) -> None:
    world = await make_world(store)
    evaluation = await item(world)
    data = await said(
        world,
        new_feedback(evaluation, scores=[5.0, None], submitted_at=START + TICK),
        new_feedback(evaluation, scores=[1.0, 1.0], submitted_at=START),
        new_feedback(evaluation, scores=[3.0, None], submitted_at=START, by="cy"),
    )

    assert labels(data) == [Label("o", 0, 5.0, "ben"), Label("o", 1, 1.0, "ben"), Label("o", 0, 3.0, "cy")]
    assert data.excluded == {"replaced by the same person's later correction": 1}


async def test_simultaneous_corrections_are_ordered_by_ingestion(store: Store) -> None:
    world = await make_world(store)
    evaluation = await item(world)
    data = await said(
        world, *(new_feedback(evaluation, scores=[score, None], submitted_at=START) for score in (1.0, 5.0, 2.0))
    )

    assert labels(data) == [Label("o", 0, 2.0, "ben")]


async def test_a_raters_later_verdict_replaces_the_earlier(store: Store) -> None:
    world = await make_world(store)
    first, second = await item(world, "first"), await item(world, "second")
    data = await said(
        world,
        new_feedback(first, rating=5, submitted_at=START),
        new_feedback(first, approved=False, submitted_at=START + TICK),
        new_feedback(second, rating=1, submitted_at=START),
        new_feedback(second, rating=5, submitted_at=START + TICK),
    )

    assert [label.item for label in labels(data)] == ["second", "second"]
    assert doubts(data) == [("first", "ben")]
    assert data.excluded == {"replaced by the same person's later verdict": 2}


async def test_a_corrected_score_is_not_also_confirmed(store: Store) -> None:
    world = await make_world(store)
    evaluation = await item(world)
    data = await said(
        world, new_feedback(evaluation, scores=[5.0, None]), new_feedback(evaluation, rating=4),
        new_feedback(evaluation, rating=4, by="cy"),
    )  # fmt: skip

    assert labels(data) == [
        Label("o", 0, 5.0, "ben"),
        Label("o", 1, 4.0, "ben", confirmed=True),
        Label("o", 0, 2.0, "cy", confirmed=True),
        Label("o", 1, 4.0, "cy", confirmed=True),
    ]
    assert data.excluded == {"confirmations of what the same person corrected": 1}


async def test_corrections_without_a_raw_score_are_excluded(store: Store) -> None:
    world = await make_world(store)
    evaluation = await item(world, scores=[None, 4.0])
    data = await said(world, new_feedback(evaluation, scores=[3.0, None]), new_feedback(evaluation, rating=5, by="cy"))

    assert labels(data) == [Label("o", 1, 4.0, "cy", confirmed=True)]
    assert data.excluded == {"corrections of a criterion that the judge did not score": 1}


async def test_all_feedback_is_a_label_a_doubt_or_excluded(store: Store) -> None:
    # The counts of the summary, of the preflight and of the dataset add up to all feedback.
    world = await make_world(store, criteria=("Clarity",))
    evaluated = await add_evaluations(world, 12, scores=(3.0,))
    dice = random.Random(4)
    kinds: list[Callable[[], dict[str, Any]]] = [
        lambda: {"scores": [float(dice.randint(1, 5))]},
        lambda: {"rating": dice.randint(1, 5)},
        lambda: {"approved": dice.random() < 0.5},
        lambda: {"comment": "hm"},
    ]
    for _ in range(200):
        by = dice.choice(["ann", "ben", "cy"])
        await submit(world, new_feedback(dice.choice(evaluated), by=by, **dice.choice(kinds)()))
    data = await dataset(world)
    plan = await preflight_plan(world, training_spec(world))

    assert len(data.labels) + len(data.doubts.item) + sum(data.excluded.values()) == plan.summary.total == 200
    assert plan.quality.excluded == data.excluded
    assert plan.quality.corrected + plan.quality.confirmed == len(data.labels)
    overtaken = data.excluded["replaced by the same person's later correction"]
    corrections = int(np.count_nonzero(~data.labels.confirmed))
    assert (corrections + overtaken, data.excluded["comments"]) == (plan.summary.corrections, plan.summary.comments)


async def test_only_feedback_within_bounds_is_loaded(store: Store) -> None:
    world = await make_world(store)
    evaluation = await item(world)
    await submit(
        world,
        *(
            new_feedback(evaluation, scores=[float(n), None], by=f"r{n}", submitted_at=START + n * TICK)
            for n in range(1, 6)
        ),
    )

    async def seen(**bounds: Any) -> list[float]:
        return [label.score for label in labels(await dataset(world, FeedbackBounds(**bounds)))]

    assert await seen() == [1, 2, 3, 4, 5]
    assert await seen(since=START + 2 * TICK) == [2, 3, 4, 5]
    assert await seen(until=START + 2 * TICK) == [1]
    assert await seen(after_seq=3) == [4, 5]
    assert await seen(upto_seq=3) == [1, 2, 3]


async def test_labels_are_in_order_of_ingestion_and_marked_if_the_base_version_saw_them(store: Store) -> None:
    world = await make_world(store)
    evaluated = await add_evaluations(world, 4)
    await submit(
        world,
        *(new_feedback(e, scores=[float(n + 1), None], submitted_at=START - n * TICK) for n, e in enumerate(evaluated)),
    )
    data = await dataset(world, watermark=2)

    assert [label.score for label in labels(data)] == [1, 2, 3, 4]
    assert data.labels.seen.tolist() == [True, True, False, False]


async def test_items_carry_all_fields_of_their_evaluations(store: Store) -> None:
    world = await make_world(store)
    evaluation = await item(
        world, "out", group="g", source="s", input="in", rationale="why", external_id="e", scores=[None, 4.0]
    )
    data = await said(world, new_feedback(evaluation, rating=5))

    assert (data.items.groups, data.items.sources, data.items.inputs) == (["g"], ["s"], ["in"])
    assert (data.items.outputs, data.items.rationales) == (["out"], ["why"])
    np.testing.assert_array_equal(data.items.raw, [[np.nan, 4.0]])


async def test_the_digest_depends_on_the_content_and_not_on_ids(store: Store) -> None:
    async def digest(score: float) -> str:
        world = await make_world(store)
        return (await said(world, new_feedback(await item(world), scores=[score, None]))).digest

    assert await digest(3.0) == await digest(3.0)
    assert await digest(3.0) != await digest(3.5)


async def test_another_judges_feedback_is_not_loaded(store: Store) -> None:
    one, two = await make_world(store), await make_world(store)
    await submit(two, new_feedback(await item(two), rating=5))

    assert labels(await dataset(one)) == []


async def test_scales_are_the_judges_criteria_in_order(store: Store) -> None:
    world = await make_world(store)

    assert [(scale.key, scale.name, scale.minimum, scale.maximum) for scale in to_scales(world.criteria)] == [
        (world.criteria[0].key, "Clarity", 1.0, 5.0),
        (world.criteria[1].key, "Accuracy", 1.0, 5.0),
    ]
