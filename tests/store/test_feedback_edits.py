"""Edits replace older feedback, in the audit trail and in the counters; repeats and older edits change nothing."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from models.audit import AuditAction, AuditEntry
from models.errors import Conflict
from models.feedback import Feedback
from models.specs.feedback import EditPolicy
from store import feedback_edits
from store.counters.recount import find_mismatches
from store.database.store import Store
from store.feedback import NewFeedback
from store.feedback_edits import Editor, EditOutcome
from tests.factories import World, add_evaluations, make_world, new_feedback

MONDAY, TUESDAY, WEDNESDAY = (datetime(2026, 1, day, 9, tzinfo=UTC) for day in (5, 6, 7))


async def submit(world: World, policy: EditPolicy, *items: NewFeedback, others: bool = True) -> EditOutcome:
    """Submit feedback by a policy, after a dry run with the same result.

    Args:
        world: the workspace.
        policy: the policy.
        items: the items.
        others: whether the user may edit feedback of others.
    """
    editor = Editor(world.viewer, world.viewer.user_id, world.viewer.user_name, others)
    preview = await world.store.read(lambda c: feedback_edits.preview_edits(c, world.judge.pk, editor, items, policy))
    outcome = await world.store.write(lambda c: feedback_edits.submit_edits(c, world.judge.pk, editor, items, policy))
    assert (preview.new, preview.updated) == (outcome.new, outcome.updated)
    assert await world.store.read(lambda c: find_mismatches(c)) == []
    return outcome


async def live(world: World) -> list[tuple[str | None, int | None]]:
    """Return the external ids and ratings of the feedback that counts."""
    statement = select(Feedback.external_id, Feedback.rating).where(Feedback.retracted_at.is_(None))
    rows = await world.store.read(lambda c: c.execute(statement.order_by(Feedback.seq)).all())
    return [(row.external_id, row.rating) for row in rows]


async def test_a_newer_edit_replaces_the_older_item_once(store: Store) -> None:
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1)
    first = new_feedback(evaluation, rating=5, external_id="f1", submitted_at=MONDAY)
    edit = new_feedback(evaluation, rating=2, external_id="f1", submitted_at=TUESDAY)

    assert (await submit(world, EditPolicy.NEWER, first)).new == 1
    outcome = await submit(world, EditPolicy.NEWER, edit)
    assert (outcome.new, outcome.updated) == (1, 1)
    assert await live(world) == [("f1", 2)]

    repeated = await submit(world, EditPolicy.NEWER, edit, first)
    assert (repeated.new, repeated.updated) == (0, 0)
    assert not any(isinstance(row, Conflict) for row in repeated.rows)
    assert await live(world) == [("f1", 2)]

    audited = select(AuditEntry.action, AuditEntry.reason).where(AuditEntry.action == AuditAction.FEEDBACK_RETRACTED)
    [entry] = await store.read(lambda c: c.execute(audited).all())
    assert entry.reason == "Replaced by an edit of 'f1' at its source."


async def test_of_several_edits_in_one_batch_the_newest_counts(store: Store) -> None:
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1)
    days = ((MONDAY, 5), (WEDNESDAY, 1), (TUESDAY, 3))
    items = [new_feedback(evaluation, rating=rating, external_id="f1", submitted_at=day) for day, rating in days]
    outcome = await submit(world, EditPolicy.NEWER, *items)
    assert not any(isinstance(row, Conflict) for row in outcome.rows)
    assert await live(world) == [("f1", 1)]


@pytest.mark.parametrize(
    ("policy", "edit_day", "others"),
    [(EditPolicy.REJECT, TUESDAY, True), (EditPolicy.NEWER, MONDAY, True), (EditPolicy.NEWER, None, True)],
)
async def test_other_content_without_a_later_time_is_a_conflict(
    store: Store, policy: EditPolicy, edit_day: datetime | None, others: bool
) -> None:
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1)
    await submit(world, policy, new_feedback(evaluation, rating=5, external_id="f1", submitted_at=MONDAY))
    edit = new_feedback(evaluation, rating=2, external_id="f1", submitted_at=edit_day)
    [row] = (await submit(world, policy, edit, others=others)).rows
    assert isinstance(row, Conflict)
    assert await live(world) == [("f1", 5)]


async def test_any_edit_replaces_on_request_unless_two_differ_in_one_batch(store: Store) -> None:
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1)
    await submit(world, EditPolicy.ANY, new_feedback(evaluation, rating=5, external_id="f1"))
    await submit(world, EditPolicy.ANY, new_feedback(evaluation, rating=2, external_id="f1"))
    assert await live(world) == [("f1", 2)]
    both = [new_feedback(evaluation, rating=rating, external_id="f2") for rating in (1, 4)]
    outcome = await submit(world, EditPolicy.ANY, *both)
    assert [isinstance(row, Conflict) for row in outcome.rows] == [False, True]
