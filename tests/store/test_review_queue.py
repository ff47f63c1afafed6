"""A judge's newest evaluations: all of them, or those with or without labels."""

from datetime import UTC, datetime
from functools import partial

from sqlalchemy import update

from models.evaluation import Evaluation
from models.feedback import Feedback
from runner.analysis.requests import CompareRequest, SuggestionsRequest
from runner.analysis.results import Comparison, Suggestions
from runner.analysis.service import AnalysisService
from store.database.store import Store
from store.review_queue import list_newest, list_newest_by_label, newest_evaluation_id
from tests.factories import World, add_evaluations, make_world, new_feedback, submit


def external_ids(rows: list[Evaluation]) -> list[str | None]:
    return [row.external_id for row in rows]


async def by_label(
    world: World, *, labelled: bool, before: str | None = None, size: int = 9, among: int = 99
) -> list[str | None]:
    read = partial(
        list_newest_by_label, judge_pk=world.judge.pk, before=before, size=size, labelled=labelled, among=among
    )
    return external_ids(await world.store.read(read))


async def test_evaluations_are_listed_newest_first_in_blocks(store: Store) -> None:
    world, other = await make_world(store), await make_world(store)
    made = await add_evaluations(world, 5)
    await add_evaluations(other, 2)
    pk = world.judge.pk

    assert await store.read(lambda c: newest_evaluation_id(c, pk)) == made[-1].id
    assert external_ids(await store.read(lambda c: list_newest(c, pk, None, 2))) == ["e4", "e3"]
    assert external_ids(await store.read(lambda c: list_newest(c, pk, made[3].id, 9))) == ["e2", "e1", "e0"]
    assert external_ids(await store.read(lambda c: list_newest(c, pk, made[0].id, 9))) == []


async def test_judge_without_evaluations_has_no_newest_evaluation(store: Store) -> None:
    world = await make_world(store)

    assert await store.read(lambda c: newest_evaluation_id(c, world.judge.pk)) is None
    assert await by_label(world, labelled=False) == []


async def test_corrections_approvals_and_high_ratings_give_labels(store: Store) -> None:
    world = await make_world(store)
    made = await add_evaluations(world, 8)
    await submit(
        world,
        new_feedback(made[0], scores=[5.0, None]),
        new_feedback(made[1], approved=True),
        new_feedback(made[2], rating=4),
        new_feedback(made[3], rating=3),
        new_feedback(made[4], approved=False),
        new_feedback(made[5]),
        new_feedback(made[6], scores=[5.0, None]),
    )
    gone = update(Feedback).where(Feedback.evaluation_id == made[6].id).values(retracted_at=datetime.now(UTC))
    await store.write(lambda c: c.execute(gone))

    assert await by_label(world, labelled=True) == ["e2", "e1", "e0"]
    assert await by_label(world, labelled=False) == ["e7", "e6", "e5", "e4", "e3"]
    assert await by_label(world, labelled=False, before=made[6].id, size=2) == ["e5", "e4"]
    assert await by_label(world, labelled=False, among=3) == ["e7", "e6", "e5"]
    assert await by_label(world, labelled=True, among=3) == []


async def test_analysis_process_reads_the_same_database(store: Store) -> None:
    world, analysis = await make_world(store), AnalysisService(store.url)
    made = await add_evaluations(world, 6)
    await submit(world, new_feedback(made[0], scores=[5.0, 1.0]))
    try:
        compared = await analysis.run(CompareRequest(world.judge.pk, None, None, 5, made[-1].id), Comparison)
        suggested = await analysis.run(SuggestionsRequest(world.judge.pk, None, 10, made[-1].id, 1, 1), Suggestions)
    finally:
        await analysis.close()

    assert (compared.evaluations, compared.flipped, compared.items) == (6, 0, [])
    assert [(one.compared, one.raised, one.lowered) for one in compared.criteria] == [(6, 0, 0)] * 2
    assert {one.evaluation_id for one in suggested.items} == {row.id for row in made[1:]}
