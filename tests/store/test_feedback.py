"""Feedback is numbered in its judge's order of ingestion, and look-ups use the right index."""

import asyncio
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, event, select

from models.errors import Conflict
from models.evaluation import Evaluation
from models.feedback import Feedback
from store import evaluations, external_ids, feedback, judges
from store.database.bulk_insert import insert_many
from store.database.snapshot import snapshot
from store.database.store import Store
from tests.factories import World, add_evaluations, make_world, new_feedback, submit


async def test_concurrent_items_are_numbered_without_gaps(store: Store, other_store: Store) -> None:
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1)
    elsewhere = World(other_store, world.viewer, world.key, world.judge, world.criteria)

    outcomes = await asyncio.gather(
        *(
            submit(w, *(new_feedback(evaluation, rating=5) for _ in range(1 + n % 4)))
            for n in range(15)
            for w in (world, elsewhere)
        )
    )

    places = [[row.seq for row in kept if not isinstance(row, Conflict)] for kept, _ in outcomes]
    everything = sorted(seq for call in places for seq in call)
    assert everything == list(range(1, len(everything) + 1))
    assert all(call == list(range(call[0], call[0] + len(call))) for call in places)


async def test_numbers_skipped_for_repeats_are_never_filled(store: Store) -> None:
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1)
    named = [new_feedback(evaluation, rating=5, external_id=f"n{n}") for n in range(5)]
    await submit(world, *named)
    known = (await store.read(lambda c: judges.get_judge_by_pk(c, world.judge.pk))).feedback_seq
    [*_, added], new = await submit(world, *named, new_feedback(evaluation, rating=4))

    assert new == 1
    assert added.seq > known
    assert (await store.read(lambda c: judges.get_judge_by_pk(c, world.judge.pk))).feedback_seq >= added.seq


async def test_sqlite_looks_up_few_rows_by_id(store: Store) -> None:
    if not store.embedded:
        pytest.skip("PostgreSQL knows how many rows there are")
    world = await make_world(store)
    evaluated = await add_evaluations(world, 4)
    await submit(world, new_feedback(evaluated[0], scores=[1.0, 2.0], external_id="f0"))

    def unit(connection: Connection) -> list[str]:
        seen: list[tuple[str, Any]] = []

        def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
            seen.append((statement, parameters[0] if many else parameters))

        event.listen(connection, "before_cursor_execute", note)
        pk, viewer = world.judge.pk, world.viewer
        evaluations.find_evaluations(connection, pk, [row.id for row in evaluated], ["e1"])
        items = [new_feedback(row, scores=[3.0, None], external_id=f"fb_{n}") for n, row in enumerate(evaluated)]
        kept, _ = feedback.submit_feedback(connection, pk, viewer.user_id, viewer.user_name, items)
        assert not isinstance(kept[0], Conflict)
        feedback.retract_feedback(connection, pk, kept[0].id, viewer.user_id, "A mistake.")
        event.remove(connection, "before_cursor_execute", note)
        plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given) for statement, given in seen]
        return [str(row[-1]) for plan in plans for row in plan]

    plans = await store.write(unit)
    large = tuple(f"{how} {name}" for how in ("SCAN", "SEARCH") for name in ("feedback", "evaluations", "reviews"))
    touched = [line for line in plans if line.startswith(large)]
    assert len(touched) > 5
    assert not [line for line in touched if line.startswith("SCAN") or line.endswith("(judge_pk=?)") or "<?" in line]


async def test_postgresql_looks_up_external_ids_by_index_in_growing_tables(store: Store) -> None:
    if store.embedded:
        pytest.skip("the test above covers SQLite")
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1)
    for n in range(10):  # on small tables, where every plan costs the same
        await submit(world, new_feedback(evaluation, rating=5, external_id=f"small {n}"))
    items = [new_feedback(evaluation, rating=5, external_id=f"f{n}") for n in range(3000)]
    await submit(world, *items)
    await store.write(partial(_copy_evaluation, evaluation_id=evaluation.id, times=3000))

    def plans(connection: Connection) -> list[str]:
        seen: list[tuple[str, Any]] = []

        def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
            seen.append((statement, parameters))

        event.listen(connection, "before_cursor_execute", note)
        evaluations.find_evaluations(connection, world.judge.pk, [], [f"copy {n}" for n in range(500)])
        external_ids.find_existing(connection, Feedback, world.judge.pk, items[:500])
        event.remove(connection, "before_cursor_execute", note)
        assert [statement for statement, _ in seen if "SET LOCAL" in statement] == 2 * [
            "SET LOCAL plan_cache_mode = force_custom_plan",
            "SET LOCAL plan_cache_mode = auto",
        ]
        selects = [(statement, given) for statement, given in seen if "SET LOCAL" not in statement]
        found = [connection.exec_driver_sql(f"EXPLAIN {statement}", given).scalars() for statement, given in selects]
        return ["\n".join(lines) for lines in found]

    of_evaluations, of_feedback = await store.read(snapshot(plans))
    both = "Index Cond: ((judge_pk = given.judge_pk) AND ((external_id)::text = (given.external_id)::text))"
    for name, plan in (("evaluations", of_evaluations), ("feedback", of_feedback)):
        assert f"Index Scan using uq_{name}_judge_pk_external_id" in plan
        assert both in plan


def _copy_evaluation(connection: Connection, evaluation_id: str, times: int) -> None:
    row = connection.execute(select(Evaluation).where(Evaluation.id == evaluation_id)).one()._asdict()
    copies = [row | {"id": f"evl_{n}", "seq": 10 + n, "external_id": f"copy {n}"} for n in range(times)]
    insert_many(connection, Evaluation, copies)
