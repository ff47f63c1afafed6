"""Feedback: selects, submission in batches, and retraction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, cast

from sqlalchemy import ColumnElement, Connection, or_, select, update

from models.base import new_id, now, to_utc
from models.counters.criteria_set import set_of_scored, set_to_text
from models.counters.effective_feedback import CorrectionEffect
from models.errors import Conflict, NotFound
from models.evaluation import Evaluation, Scores, same_scores
from models.feedback import Feedback, FeedbackBounds, FeedbackType
from models.judge import Judge
from models.specs.feedback import FeedbackSpec
from store import judges, search
from store.counters import update as counters
from store.counters.delta import EVALUATION_REF_COLUMNS, CountedFeedback, EvaluationRef
from store.database.clock import database_now
from store.database.keyset import Keyset
from store.database.rows import (
    Columns,
    ColumnValues,
    Query,
    add_columns,
    fetch_existing,
    fetch_first,
    in_period,
    with_columns,
)
from store.database.signals import Topic, touch
from store.external_ids import digest_content, ingest

FEEDBACK = Keyset(Feedback, "feedback", Feedback.id)

# A person's judgment without the texts: all that labels and figures are computed from.
JUDGMENT_COLUMNS = (
    Feedback.seq,
    Feedback.type,
    Feedback.scores,
    Feedback.rating,
    Feedback.approved,
    Feedback.submitted_by,
    Feedback.evaluation_id,
)


@dataclass(frozen=True, slots=True)
class NewFeedback:
    """A checked item of feedback on a known evaluation, with scores in the order of the judge's criteria.

    ``digest`` is a hash of the content as it was given. It is computed at construction, so that the write transaction
    does not wait for it.
    """

    spec: FeedbackSpec
    evaluation: Evaluation
    scores: Scores | None
    digest: str = field(init=False, compare=False)

    prefix: ClassVar[str] = "fb"

    def __post_init__(self) -> None:
        """Compute the digest."""
        object.__setattr__(self, "digest", self._digest())

    @property
    def external_id(self) -> str | None:
        """The caller's own id of the item."""
        return self.spec.external_id

    def _digest(self) -> str:
        spec = self.spec
        return digest_content(
            self.evaluation.id,
            spec.type,
            self.scores,
            spec.rating,
            spec.approved,
            spec.comment,
            spec.submitted_by,
            spec.submitted_at,
        )

    def columns(self) -> ColumnValues:
        """Return the values of the columns that hold the content, except the rater and the time."""
        spec = self.spec
        return {
            "evaluation_id": self.evaluation.id,
            "external_id": spec.external_id,
            "type": spec.type,
            "scores": self.scores,
            "rating": spec.rating,
            "approved": spec.approved,
            "comment": spec.comment,
        }

    def derived_columns(self) -> ColumnValues:
        """Return the values of the columns that follow from the scores and from the evaluation.

        A correction counts for all criteria that it shares with the judge, until the counters are updated.
        """
        is_correction = self.spec.type is FeedbackType.CORRECTION
        touched = set_of_scored(self.scores)
        compared = touched & set_of_scored(self.evaluation.scores)
        return {
            "criteria": set_to_text(touched) if is_correction else "",
            "compared": set_to_text(compared) if is_correction else "",
            "standing": CorrectionEffect(compared, 0).to_text() if compared else "",
            "overtaken_at": None,
            "about_at": self.evaluation.created_at,
            "about_seq": self.evaluation.seq,
        }

    def repeats(self, row: Any) -> bool:
        """Return whether a row has the same content. The row's rater and time may be defaults that were filled in."""
        spec = self.spec
        return (
            row.evaluation_id,
            row.type,
            row.rating,
            row.approved,
            row.comment,
            row.submitted_by,
            row.submitted_at,
        ) == (
            self.evaluation.id,
            spec.type,
            spec.rating,
            spec.approved,
            spec.comment,
            spec.submitted_by or row.submitted_by,
            spec.submitted_at or row.submitted_at,
        ) and same_scores(row.scores, self.scores)


def evaluation_not_found(spec: FeedbackSpec) -> NotFound:
    """Return the error of feedback that names an evaluation which the judge does not have."""
    if spec.evaluation_id is not None:
        return NotFound(f"The judge has no evaluation {spec.evaluation_id!r}.", ("evaluation_id",))
    name = spec.evaluation_external_id
    return NotFound(f"The judge has no evaluation with the external id {name!r}.", ("evaluation_external_id",))


def in_workspace(workspace_id: str) -> Query:
    """Return a select of a workspace's feedback."""
    return select(Feedback).join(Judge, Judge.pk == Feedback.judge_pk).where(Judge.workspace_id == workspace_id)


def find_feedback(
    connection: Connection, workspace_id: str, feedback_id: str, columns: Columns = None
) -> Feedback | None:
    """Return the workspace's feedback of this id, or None.

    Args:
        connection: the connection to read from.
        workspace_id: the workspace.
        feedback_id: the item of feedback.
        columns: the columns to read; None for all.
    """
    statement = in_workspace(workspace_id).where(Feedback.id == feedback_id)
    return fetch_first(connection, with_columns(statement, add_columns(columns, Feedback.id)), Feedback)


def for_evaluation(workspace_id: str, evaluation_id: str) -> Query:
    """Return a select of the feedback on one evaluation."""
    return in_workspace(workspace_id).where(Feedback.evaluation_id == evaluation_id)


def within_bounds(statement: Query, judge_pk: int, bounds: FeedbackBounds) -> Query:
    """Restrict a select to a judge's feedback within bounds, in order of ingestion and without retracted items.

    Args:
        statement: the select, from ``Feedback`` and maybe joined tables.
        judge_pk: the judge.
        bounds: bounds of time and of ingestion. Its criteria are not part of the condition.
    """
    is_live: list[ColumnElement[bool]] = [Feedback.retracted_at.is_(None)]
    if bounds.as_of is not None:
        is_live.append(Feedback.retracted_at > bounds.as_of)
    statement = statement.where(Feedback.judge_pk == judge_pk, or_(*is_live))
    statement = statement.where(*in_period(Feedback.submitted_at, bounds.since, bounds.until))
    if bounds.after_seq:
        statement = statement.where(Feedback.seq > bounds.after_seq)
    if bounds.upto_seq is not None:
        statement = statement.where(Feedback.seq <= bounds.upto_seq)
    return statement.order_by(Feedback.seq)


@dataclass(slots=True)
class _FeedbackBatch:
    """The rows of a batch, with the counted items and the texts that follow from them."""

    judge_pk: int
    user_id: str
    user_name: str
    last_seq: int  # the judge's last item before the batch
    moment: datetime
    evaluations: dict[str, EvaluationRef] = field(default_factory=dict)
    added: list[CountedFeedback] = field(default_factory=list)
    texts: list[search.IndexedText] = field(default_factory=list)

    def to_row(self, item: NewFeedback, number: int) -> ColumnValues:
        """Return the row of a new item, given the number of new items before it."""
        spec, seq = item.spec, self.last_seq + number + 1
        values = {
            "id": new_id("fb"),
            "judge_pk": self.judge_pk,
            "seq": seq,
            **item.columns(),
            "submitted_by": spec.submitted_by or self.user_name,
            "submitted_at": to_utc(spec.submitted_at) or self.moment,
            "created_at": self.moment,
            "created_by": self.user_id,
            **item.derived_columns(),
        }
        self.evaluations[item.evaluation.id] = cast("EvaluationRef", item.evaluation)
        self.added.append(CountedFeedback(*[values[name] for name in CountedFeedback.__slots__]))
        if spec.comment:
            self.texts.append((self.judge_pk, seq, search.extract_words(spec.comment)))
        return values


def submit_feedback(
    connection: Connection, judge_pk: int, user_id: str, user_name: str, items: Sequence[NewFeedback]
) -> tuple[list[Feedback | Conflict], int]:
    """Submit feedback, and update the judge's counters and the full-text index.

    Args:
        connection: the connection of a writing unit.
        judge_pk: the judge.
        user_id: the user who submits the feedback.
        user_name: the rater of items that name none.
        items: the items.

    Returns:
        For each item its row or a conflict, in order, and the number of new rows.
    """
    last_seq = judges.reserve_seqs(connection, judge_pk, Judge.feedback_seq, len(items))
    batch = _FeedbackBatch(judge_pk, user_id, user_name, last_seq, now())
    kept, new = ingest(connection, Feedback, judge_pk, items, batch.to_row)
    if new:
        counters.apply_changes(connection, judge_pk, batch.evaluations, added=batch.added)
        search.index_texts(connection, Feedback, batch.texts)
        touch(connection, Topic.FEEDBACK)
    return kept, new


def retract_feedback(connection: Connection, judge_pk: int, feedback_id: str, user_id: str, reason: str) -> Feedback:
    """Retract an item of feedback. The row stays, but the item no longer counts.

    To retract an item again changes nothing. A retraction raises the judge's feedback counter, so that readers which
    compare that counter notice the change.

    Args:
        connection: the connection of a writing unit.
        judge_pk: the judge.
        feedback_id: an item of the judge's feedback.
        user_id: the user who retracts it.
        reason: the user's reason.

    Returns:
        The item's new row.
    """
    judges.lock_judge(connection, judge_pk)
    statement = select(Feedback).where(Feedback.id == feedback_id)
    item = fetch_existing(connection, statement, Feedback)
    if item.retracted_at is not None:
        return item
    judges.reserve_seqs(connection, judge_pk, Judge.feedback_seq, 1)
    connection.execute(
        update(Feedback)
        .where(Feedback.id == feedback_id)
        .values(retracted_at=database_now(connection), retracted_by=user_id, retraction_reason=reason)
    )
    ref = connection.execute(select(*EVALUATION_REF_COLUMNS).where(Evaluation.id == item.evaluation_id)).one()
    removed = CountedFeedback(*(getattr(item, name) for name in CountedFeedback.__slots__))
    counters.apply_changes(connection, judge_pk, {ref.id: EvaluationRef(*ref)}, removed=[removed])
    touch(connection, Topic.FEEDBACK)
    return fetch_existing(connection, statement, Feedback)
