"""Edits of feedback at its source: an item whose external id exists with other content may replace the older one.

An edit retracts the older item and adds a new one, both in one transaction and in the audit trail. The retracted item
gives its external id to the new one, so that loading the same file again changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, update

from models.audit import Actor, AuditAction
from models.base import now, to_utc
from models.errors import Conflict
from models.feedback import Feedback
from models.specs.feedback import EditPolicy
from store import audit, external_ids, feedback
from store.feedback import NewFeedback


@dataclass(frozen=True, slots=True)
class Editor:
    """The user who submits edits, and whether the user may retract feedback of others."""

    actor: Actor
    user_id: str
    user_name: str
    may_edit_others: bool


@dataclass(frozen=True, slots=True)
class EditOutcome:
    """For each item its row or a conflict, in order; the number of new rows, and of those that replaced another."""

    rows: list[Feedback | Conflict | None]
    new: int
    updated: int = 0


def submit_edits(
    connection: Connection, judge_pk: int, editor: Editor, items: Sequence[NewFeedback], policy: EditPolicy
) -> EditOutcome:
    """Submit feedback, and replace older items by their edits.

    Args:
        connection: the connection of a writing unit.
        judge_pk: the judge.
        editor: the user who submits the feedback.
        items: the items.
        policy: decides which items replace others.
    """
    started, user_id = now(), editor.user_id
    rows, new = feedback.submit_feedback(connection, judge_pk, user_id, editor.user_name, items)
    results: list[Feedback | Conflict | None] = list(rows)
    edits, existing = _find_edits(connection, judge_pk, items, results, _Rule(policy, editor, started))
    if not edits:
        return EditOutcome(results, new)
    for position in edits:
        _retract(connection, judge_pk, editor, existing[items[position].external_id or ""])
    added, _ = feedback.submit_feedback(
        connection, judge_pk, user_id, editor.user_name, [items[position] for position in edits]
    )
    for position, row in zip(edits, added, strict=True):
        results[position] = row
    return EditOutcome(results, new + len(edits), len(edits))


def preview_edits(
    connection: Connection, judge_pk: int, editor: Editor, items: Sequence[NewFeedback], policy: EditPolicy
) -> EditOutcome:
    """Return the result that ``submit_edits`` would have, without a write.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        editor: the user who submits the feedback.
        items: the items.
        policy: decides which items replace others.
    """
    rows, new = external_ids.preview_ingest(connection, Feedback, judge_pk, items)
    results: list[Feedback | Conflict | None] = list(rows)
    edits, _ = _find_edits(connection, judge_pk, items, results, _Rule(policy, editor, now()))
    for position in edits:
        results[position] = None
    return EditOutcome(results, new + len(edits), len(edits))


@dataclass(frozen=True, slots=True)
class _Rule:
    """The rule by which an item replaces an existing row."""

    policy: EditPolicy
    editor: Editor
    started: datetime

    def compare(self, item: NewFeedback, row: Feedback) -> int:
        """Return 1 if an item with other content replaces a row, -1 if the row is a newer edit, 0 in a conflict."""
        given_at = to_utc(item.spec.submitted_at)
        if given_at is not None and given_at < row.submitted_at:
            return -1
        if row.created_by != self.editor.user_id and not self.editor.may_edit_others:
            return 0
        if self.policy is EditPolicy.ANY and row.created_at < self.started:
            return 1
        return int(given_at is not None and given_at > row.submitted_at)


def _find_edits(
    connection: Connection,
    judge_pk: int,
    items: Sequence[NewFeedback],
    results: list[Feedback | Conflict | None],
    rule: _Rule,
) -> tuple[list[int], dict[str, Feedback]]:
    """Return the positions of the items that replace rows, and the rows by external id.

    Only the newest edit of an external id replaces its row. Older edits count as already there.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        items: the items.
        results: their results so far; those of older edits are replaced.
        rule: the rule.
    """
    conflicts = [position for position, result in enumerate(results) if isinstance(result, Conflict)]
    if rule.policy is EditPolicy.REJECT or not conflicts:
        return [], {}
    existing = external_ids.find_existing(connection, Feedback, judge_pk, [items[position] for position in conflicts])
    newest: dict[str, int] = {}
    first = {item.external_id: item for item in reversed(items)}  # in a dry run, no row exists for a new item
    for position in conflicts:
        item, name = items[position], items[position].external_id or ""
        row = existing.get(name)
        order = _compare_times(item, first[name]) if row is None else rule.compare(item, row)
        if order < 0:
            results[position] = row
        elif order > 0:
            other = newest.setdefault(name, position)
            if other != position and (order := _compare_times(item, items[other])) != 0:
                newest[name], older = (position, other) if order > 0 else (other, position)
                results[older] = row
    return sorted(newest.values()), existing


def _compare_times(item: NewFeedback, other: NewFeedback) -> int:
    """Return 1 if an item was given later than another, -1 if earlier, and 0 if that is not known."""
    first, second = to_utc(item.spec.submitted_at), to_utc(other.spec.submitted_at)
    return 0 if first is None or second is None else (first > second) - (first < second)


def _retract(connection: Connection, judge_pk: int, editor: Editor, row: Feedback) -> None:
    """Retract a row because of an edit, and release its external id."""
    reason = f"Replaced by an edit of {row.external_id!r} at its source."
    feedback.retract_feedback(connection, judge_pk, row.id, editor.user_id, reason)
    connection.execute(update(Feedback).where(Feedback.id == row.id).values(external_id=None))
    message = f"Replaced the feedback {row.id} by an edit."
    audit.record_action(connection, editor.actor, AuditAction.FEEDBACK_RETRACTED, row.id, message, reason)
