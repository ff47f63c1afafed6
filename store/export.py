"""Export of a judge's evaluations and feedback, page by page in the order of ingestion.

A page begins after a key, so every page costs the same. Rows that are ingested after the export began are excluded.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from models.evaluation import Evaluation
from models.feedback import Feedback
from store.database.rows import fetch_all


def last_evaluation_seq(connection: Connection, judge_pk: int) -> int:
    """Return the ``seq`` of the judge's last evaluation, or 0 if it has none."""
    newest = select(func.coalesce(func.max(Evaluation.seq), 0)).where(Evaluation.judge_pk == judge_pk)
    return connection.execute(newest).scalar_one()


def last_feedback_seq(connection: Connection, judge_pk: int) -> int:
    """Return the ``seq`` of the judge's last feedback, or 0 if it has none."""
    newest = select(func.coalesce(func.max(Feedback.seq), 0)).where(Feedback.judge_pk == judge_pk)
    return connection.execute(newest).scalar_one()


def list_evaluations(connection: Connection, judge_pk: int, after: int, upto: int, limit: int) -> list[Evaluation]:
    """Return a page of the judge's evaluations.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        after: the ``seq`` after which the page begins.
        upto: the ``seq`` up to which the export reads.
        limit: the size of the page.
    """
    statement = (
        select(Evaluation)
        .where(Evaluation.judge_pk == judge_pk, Evaluation.seq > after, Evaluation.seq <= upto)
        .order_by(Evaluation.seq)
        .limit(limit)
    )
    return fetch_all(connection, statement, Evaluation)


def list_feedback(connection: Connection, judge_pk: int, after: int, upto: int, limit: int) -> Sequence[Any]:
    """Return a page of the judge's feedback without retracted items.

    Each row also has ``named``: the external id of its evaluation, or the evaluation's id if it has no external id.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        after: the ``seq`` after which the page begins.
        upto: the ``seq`` up to which the export reads.
        limit: the size of the page.
    """
    statement = (
        select(Feedback, func.coalesce(Evaluation.external_id, Evaluation.id).label("named"))
        .join(Evaluation, Evaluation.id == Feedback.evaluation_id)
        .where(
            Feedback.judge_pk == judge_pk,
            Feedback.seq > after,
            Feedback.seq <= upto,
            Feedback.retracted_at.is_(None),
        )
        .order_by(Feedback.seq)
        .limit(limit)
    )
    return connection.execute(statement).all()
