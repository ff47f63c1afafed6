"""Feedback in the database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
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
from store.counters.update import CountedFeedback, EvaluationRef
from store.database.clock import database_now
from store.database.keyset import Keyset
from store.database.rows import Query, fetch_first
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
    """A checked item of feedback about a known evaluation, its scores in the judge's order.

    ``digest`` is a hash of the content as it was given, worked out at once, so that the database need not wait for it.
    """

    spec: FeedbackSpec
    evaluation: Evaluation
    scores: Scores | None
    digest: str = field(init=False, compare=False)

    prefix: ClassVar[str] = "fb"

    def __post_init__(self) -> None:
        """Work out what follows from the content."""
        object.__setattr__(self, "digest", self._digest())

    @property
    def external_id(self) -> str | None:
        """The caller's own name for it."""
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

    def repeats(self, row: Any) -> bool:
        """Whether a row says the same; who said it and when may have been filled in when it was kept."""
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
    """The judge has no evaluation of the name that feedback gives."""
    if spec.evaluation_id is not None:
        return NotFound(f"The judge has no evaluation {spec.evaluation_id!r}.", ("evaluation_id",))
    name = spec.evaluation_external_id
    return NotFound(f"The judge has no evaluation with the external id {name!r}.", ("evaluation_external_id",))


def in_workspace(workspace_id: str) -> Query:
    """All feedback of a workspace."""
    return select(Feedback).join(Judge, Judge.pk == Feedback.judge_pk).where(Judge.workspace_id == workspace_id)


def find_feedback(connection: Connection, workspace_id: str, feedback_id: str) -> Feedback | None:
    """The workspace's feedback of this id."""
    return fetch_first(connection, in_workspace(workspace_id).where(Feedback.id == feedback_id), Feedback)


def for_evaluation(workspace_id: str, evaluation_id: str) -> Query:
    """All feedback about one evaluation."""
    return in_workspace(workspace_id).where(Feedback.evaluation_id == evaluation_id)


def within_bounds(statement: Query, judge_pk: int, bounds: FeedbackBounds) -> Query:
    """A judge's feedback within bounds of time and ingestion, in order of ingestion; retracted items left out."""
    stands: list[ColumnElement[bool]] = [Feedback.retracted_at.is_(None)]
    if bounds.as_of is not None:
        stands.append(Feedback.retracted_at > bounds.as_of)
    statement = statement.where(Feedback.judge_pk == judge_pk, or_(*stands))
    if bounds.since is not None:
        statement = statement.where(Feedback.submitted_at >= bounds.since)
    if bounds.until is not None:
        statement = statement.where(Feedback.submitted_at < bounds.until)
    if bounds.after_seq:
        statement = statement.where(Feedback.seq > bounds.after_seq)
    if bounds.upto_seq is not None:
        statement = statement.where(Feedback.seq <= bounds.upto_seq)
    return statement.order_by(Feedback.seq)


def submit_feedback(
    connection: Connection, judge_pk: int, user_id: str, user_name: str, items: Sequence[NewFeedback]
) -> tuple[list[Feedback | Conflict], int]:
    """Keep feedback; in order, what is kept for each, and how many are new."""
    # Raising the counter first also locks the judge: places in the order of ingestion have no gaps that fill later.
    start: int = connection.execute(
        update(Judge)
        .where(Judge.pk == judge_pk)
        .values(feedback_seq=Judge.feedback_seq + len(items))
        .returning(Judge.feedback_seq)
    ).scalar_one() - len(items)
    moment = now()
    about: dict[str, EvaluationRef] = {}
    added: list[CountedFeedback] = []
    commented: list[search.IndexedText] = []

    def row(item: NewFeedback, number: int) -> dict[str, Any]:
        spec = item.spec
        touched, given = set_of_scored(item.scores), set_of_scored(item.evaluation.scores)
        correction = spec.type is FeedbackType.CORRECTION
        compared = touched & given
        values: dict[str, Any] = {
            "id": new_id("fb"),
            "judge_pk": judge_pk,
            "seq": start + number + 1,
            "evaluation_id": item.evaluation.id,
            "external_id": spec.external_id,
            "type": spec.type,
            "scores": item.scores,
            "rating": spec.rating,
            "approved": spec.approved,
            "comment": spec.comment,
            "submitted_by": spec.submitted_by or user_name,
            "submitted_at": to_utc(spec.submitted_at) or moment,
            "created_at": moment,
            "created_by": user_id,
            "criteria": set_to_text(touched) if correction else "",
            "compared": set_to_text(compared) if correction else "",
            "standing": CorrectionEffect(compared, 0).to_text() if compared else "",
            "overtaken_at": None,
            "about_at": item.evaluation.created_at,
            "about_seq": item.evaluation.seq,
        }
        about[item.evaluation.id] = cast("EvaluationRef", item.evaluation)
        if spec.comment:
            commented.append((judge_pk, start + number + 1, search.extract_words(spec.comment)))
        added.append(CountedFeedback(*[values[name] for name in CountedFeedback.__slots__]))
        return values

    kept, new = ingest(connection, Feedback, judge_pk, items, row)
    if new:
        counters.apply_changes(connection, judge_pk, about, added=added)
        search.index_texts(connection, Feedback, commented)
        touch(connection, Topic.FEEDBACK)
    return kept, new


def retract_feedback(connection: Connection, judge_pk: int, feedback_id: str, user_id: str, reason: str) -> Feedback:
    """Take an item back: it stays, with who, when and why, and counts no longer.

    The first time counts: to retract an item again changes nothing. It raises the judge's counter of feedback, so that
    whoever watches that sees that something changed.
    """
    judges.lock_judge(connection, judge_pk)
    statement = select(Feedback).where(Feedback.id == feedback_id)
    item = fetch_first(connection, statement, Feedback)
    assert item is not None
    if item.retracted_at is not None:
        return item
    connection.execute(update(Judge).where(Judge.pk == judge_pk).values(feedback_seq=Judge.feedback_seq + 1))
    connection.execute(
        update(Feedback)
        .where(Feedback.id == feedback_id)
        .values(retracted_at=database_now(connection), retracted_by=user_id, retraction_reason=reason)
    )
    columns = [getattr(Evaluation, name) for name in EvaluationRef._fields]
    about = EvaluationRef(*connection.execute(select(*columns).where(Evaluation.id == item.evaluation_id)).one())
    gone = CountedFeedback(*(getattr(item, name) for name in CountedFeedback.__slots__))
    counters.apply_changes(connection, judge_pk, {about.id: about}, removed=[gone])
    touch(connection, Topic.FEEDBACK)
    retracted = fetch_first(connection, statement, Feedback)
    assert retracted is not None
    return retracted
