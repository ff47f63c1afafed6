"""A judge's newest evaluations, to compare versions on and to suggest evaluations to review."""

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select, true
from sqlalchemy.orm import aliased

from models.evaluation import Evaluation
from models.feedback import MIN_CONFIRMING_RATING, Feedback, FeedbackType
from store.database.rows import Query, fetch_all


def newest_evaluation_id(connection: Connection, judge_pk: int) -> str | None:
    """Return the id of the judge's newest evaluation, or None."""
    newest = select(Evaluation.id).where(Evaluation.judge_pk == judge_pk).order_by(Evaluation.seq.desc()).limit(1)
    found: str | None = connection.execute(newest).scalar_one_or_none()
    return found


def list_newest(connection: Connection, judge_pk: int, before: str | None, size: int) -> list[Evaluation]:
    """Return the judge's newest evaluations, newest first.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        before: the id of the evaluation before which to begin; None for the newest.
        size: the largest number of evaluations.
    """
    return fetch_all(connection, _select_newest(judge_pk, before).limit(size), Evaluation)


def list_newest_by_label(
    connection: Connection, judge_pk: int, before: str | None, size: int, *, labelled: bool, among: int
) -> list[Evaluation]:
    """Return the judge's newest evaluations with or without labels, newest first.

    A correction, an approval that approves and a rating of 4 or 5 give a label.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        before: the id of the evaluation before which to begin; None for the newest.
        size: the largest number of evaluations.
        labelled: whether to return those with labels or those without.
        among: how many of the judge's newest evaluations are searched.
    """
    oldest = (
        select(Evaluation.seq)
        .where(Evaluation.judge_pk == judge_pk)
        .order_by(Evaluation.seq.desc())
        .offset(among)
        .limit(1)
        .scalar_subquery()
    )
    has_label = exists().where(Feedback.evaluation_id == Evaluation.id, Feedback.retracted_at.is_(None), _gives_label())
    statement = _select_newest(judge_pk, before).where(
        Evaluation.seq > func.coalesce(oldest, 0), has_label if labelled else ~has_label
    )
    return fetch_all(connection, statement.limit(size), Evaluation)


def _select_newest(judge_pk: int, before: str | None) -> Query:
    # The order of recording, which has an index; it is also the order of the ids.
    start = aliased(Evaluation)
    place = select(start.seq).where(start.id == before).scalar_subquery()
    older = Evaluation.seq < place if before is not None else true()
    return select(Evaluation).where(Evaluation.judge_pk == judge_pk, older).order_by(Evaluation.seq.desc())


def _gives_label() -> ColumnElement[bool]:
    return or_(
        Feedback.type == FeedbackType.CORRECTION,
        Feedback.approved.is_(True),
        and_(Feedback.type == FeedbackType.RATING, Feedback.rating >= MIN_CONFIRMING_RATING),
    )
