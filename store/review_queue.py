"""A judge's evaluations, newest first: to compare versions on, and to find those worth a person's look."""

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select, true

from models.evaluation import Evaluation
from models.feedback import MIN_CONFIRMING_RATING, Feedback, FeedbackType
from store.database.rows import Query, fetch_all


def newest_evaluation_id(connection: Connection, judge_pk: int) -> str | None:
    """The id of the judge's newest evaluation."""
    found: str | None = connection.execute(
        select(func.max(Evaluation.id)).where(Evaluation.judge_pk == judge_pk)
    ).scalar_one()
    return found


def list_newest(connection: Connection, judge_pk: int, before: str | None, size: int) -> list[Evaluation]:
    """Up to ``size`` evaluations, newest first, older than the one named ``before``."""
    return fetch_all(connection, _select_newest(judge_pk, before).limit(size), Evaluation)


def list_newest_by_label(
    connection: Connection, judge_pk: int, before: str | None, size: int, *, labelled: bool, among: int
) -> list[Evaluation]:
    """The same of those that people told a right score of, or of the others; only the newest ``among`` are looked at.

    A right score is told by a correction, an approval that approves and a rating of 4 or 5.
    """
    oldest = (
        select(Evaluation.id)
        .where(Evaluation.judge_pk == judge_pk)
        .order_by(Evaluation.id.desc())
        .offset(among)
        .limit(1)
        .scalar_subquery()
    )
    told = exists().where(Feedback.evaluation_id == Evaluation.id, Feedback.retracted_at.is_(None), _gives_label())
    statement = _select_newest(judge_pk, before).where(
        Evaluation.id > func.coalesce(oldest, ""), told if labelled else ~told
    )
    return fetch_all(connection, statement.limit(size), Evaluation)


def _select_newest(judge_pk: int, before: str | None) -> Query:
    older = Evaluation.id < before if before is not None else true()
    return select(Evaluation).where(Evaluation.judge_pk == judge_pk, older).order_by(Evaluation.id.desc())


def _gives_label() -> ColumnElement[bool]:
    return or_(
        Feedback.type == FeedbackType.CORRECTION,
        Feedback.approved.is_(True),
        and_(Feedback.type == FeedbackType.RATING, Feedback.rating >= MIN_CONFIRMING_RATING),
    )
