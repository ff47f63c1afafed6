"""Idempotent ingestion: repeats are recognised, conflicts rejected, and results are in the order of the call."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import func, select

from models.errors import Conflict
from models.evaluation import Evaluation
from models.feedback import Feedback
from models.specs.evaluations import EvaluationSpec
from store.database.store import Store
from store.evaluations import NewEvaluation
from tests.factories import World, add_evaluations, make_world, new_feedback, record, submit

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
NOON_ELSEWHERE = NOON.astimezone(timezone(timedelta(hours=2)))


def new_evaluation(external_id: str | None = "e1", output: str = "Text", **values: Any) -> NewEvaluation:
    return NewEvaluation(EvaluationSpec(output, (), external_id=external_id, **values), [3.0, 3.0])


async def keep(world: World, kind: str, *items: dict[str, Any]) -> tuple[list[Any], int]:
    """Record evaluations or submit feedback.

    Args:
        world: the judge and its store.
        kind: "evaluations" or "feedback".
        items: an external id as ``name``, and the content as ``text`` and ``at``.
    """
    if kind == "evaluations":
        specs = [new_evaluation(i.get("name"), i.get("text", "Text"), evaluated_at=i.get("at")) for i in items]
        return await record(world, *specs)
    [evaluation] = await add_evaluations(world, 1)
    return await submit(
        world,
        *(
            new_feedback(
                evaluation, rating=5, external_id=i.get("name"), comment=i.get("text"), submitted_at=i.get("at")
            )
            for i in items
        ),
    )


async def count_rows(store: Store, kind: str) -> int:
    """Return the number of rows of a kind."""
    record = Evaluation if kind == "evaluations" else Feedback
    return await store.read(lambda c: c.execute(select(func.count()).select_from(record)).scalar_one())


pytestmark = pytest.mark.parametrize("kind", ["evaluations", "feedback"])


async def test_repeat_returns_the_existing_row(store: Store, kind: str) -> None:
    world = await make_world(store)
    [first], new = await keep(world, kind, {"name": "a"})
    [again], more = await keep(world, kind, {"name": "a"})

    assert (new, more) == (1, 0)
    assert first == again
    assert await count_rows(store, kind) == 1


async def test_same_external_id_with_other_content_is_a_conflict(store: Store, kind: str) -> None:
    world = await make_world(store)
    [first], _ = await keep(world, kind, {"name": "a"})
    [rejected, other], new = await keep(world, kind, {"name": "a", "text": "Other"}, {"name": "b"})
    [still], _ = await keep(world, kind, {"name": "a"})

    assert isinstance(rejected, Conflict)
    assert rejected.field == ("external_id",)
    assert new == 1
    assert other.external_id == "b"
    assert still == first


async def test_duplicates_within_one_call_are_recorded_once(store: Store, kind: str) -> None:
    world = await make_world(store)
    items = [{"name": "a"}, {"name": "b"}, {"name": "a"}, {"name": "b", "text": "Other"}, {"name": "a"}]
    [a, b, a_again, conflict, a_once_more], new = await keep(world, kind, *items)

    assert new == 2
    assert a == a_again == a_once_more
    assert a.id != b.id
    assert isinstance(conflict, Conflict)


async def test_items_without_external_id_are_always_new(store: Store, kind: str) -> None:
    world = await make_world(store)
    [first, second], new = await keep(world, kind, {}, {})

    assert new == 2
    assert first.id != second.id


async def test_same_moment_with_another_offset_is_a_repeat(store: Store, kind: str) -> None:
    world = await make_world(store)
    [first], _ = await keep(world, kind, {"name": "a", "at": NOON})
    [again], new = await keep(world, kind, {"name": "a", "at": NOON_ELSEWHERE})

    assert new == 0
    assert first == again


async def test_exported_row_is_a_repeat_of_itself(store: Store, kind: str) -> None:
    """Repeat a row with its own id as external id, with the default user and moment, and with an added criterion."""
    world = await make_world(store)
    if kind == "evaluations":
        [first], _ = await record(world, new_evaluation(None))
        again = replace(new_evaluation(first.id), scores=[3.0, 3.0, None])
        [same], new = await record(world, again)
        [other], _ = await record(world, replace(again, scores=[3.0, 3.0, 1.0]))
    else:
        [evaluation] = await add_evaluations(world, 1)
        nobody: Any = {"by": None, "submitted_at": None}
        [first], _ = await submit(world, new_feedback(evaluation, scores=[2.0], **nobody))
        exported: Any = {"external_id": first.id, "by": first.submitted_by, "submitted_at": first.submitted_at}
        [same], new = await submit(world, new_feedback(evaluation, scores=[2.0, None], **exported))
        [other], _ = await submit(world, new_feedback(evaluation, scores=[2.0], **exported | {"by": "eve"}))
    assert (same, new) == (first, 0)
    assert isinstance(other, Conflict)


async def test_external_id_that_resembles_an_own_id_is_an_external_id(store: Store, kind: str) -> None:
    world = await make_world(store)
    [nameless], _ = await keep(world, kind, {})
    [named], new = await keep(world, kind, {"name": f"{nameless.id[:-1]}!"})
    assert new == 1
    assert named.id != nameless.id


async def test_external_ids_are_scoped_to_a_judge(store: Store, kind: str) -> None:
    one, two = await make_world(store), await make_world(store)
    [first], _ = await keep(one, kind, {"name": "a"})
    [second], new = await keep(two, kind, {"name": "a", "text": "Other"})

    assert new == 1
    assert first.id != second.id


async def test_results_are_in_the_order_of_the_call(store: Store, kind: str) -> None:
    world = await make_world(store)
    names = [f"n{n % 7}-{n}" for n in range(500)]
    kept, new = await keep(world, kind, *({"name": name} for name in names))

    assert new == 500
    assert names == [row.external_id for row in kept]


async def test_concurrent_calls_record_each_external_id_once(store: Store, other_store: Store, kind: str) -> None:
    world = await make_world(store)
    await add_evaluations(world, 1)
    elsewhere = World(other_store, world.viewer, world.key, world.judge, world.criteria)
    items = [{"name": f"n{n}"} for n in range(20)]

    outcomes = await asyncio.gather(
        *(keep(w, kind, *items[start:], *items[:start]) for w in (world, elsewhere) for start in range(0, 20, 4))
    )

    by_name: dict[str, set[str]] = {}
    for kept, _ in outcomes:
        for row in kept:
            by_name.setdefault(row.external_id, set()).add(row.id)
    assert sum(new for _, new in outcomes) == 20
    assert len(by_name) == 20
    assert all(len(ids) == 1 for ids in by_name.values())


async def test_concurrent_calls_with_other_content_agree_on_one_winner(
    store: Store, other_store: Store, kind: str
) -> None:
    world = await make_world(store)
    await add_evaluations(world, 1)
    elsewhere = World(other_store, world.viewer, world.key, world.judge, world.criteria)

    outcomes = await asyncio.gather(
        *(keep(w, kind, {"name": "a", "text": f"{n}"}) for n in range(5) for w in (world, elsewhere))
    )

    kept = [row for [row], _ in outcomes if not isinstance(row, Conflict)]
    assert sum(new for _, new in outcomes) == 1
    assert len({row.id for row in kept}) == 1
    assert len(kept) == 2  # the winner's text was sent twice
