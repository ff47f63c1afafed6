"""Feedback has a place in its judge's order of ingestion."""

import asyncio

from models.errors import Conflict
from store import judges
from store.store import Store
from tests.factories import World, add_evaluations, make_world, new_feedback, submit


async def test_places_have_no_gaps_and_no_duplicates_whoever_writes(store: Store, other_store: Store) -> None:
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


async def test_repeats_take_no_place_that_is_filled_later(store: Store) -> None:
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1)
    named = [new_feedback(evaluation, rating=5, external_id=f"n{n}") for n in range(5)]
    await submit(world, *named)
    known = (await store.read(lambda c: judges.by_pk(c, world.judge.pk))).feedback_seq
    [*_, added], new = await submit(world, *named, new_feedback(evaluation, rating=4))

    assert new == 1
    assert added.seq > known
    assert (await store.read(lambda c: judges.by_pk(c, world.judge.pk))).feedback_seq >= added.seq
