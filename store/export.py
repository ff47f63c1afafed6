"""All evaluations and feedback of a judge, page by page in the order they came in.

A page begins after a key, so a page costs the same wherever it is. What comes in after the export began is left out.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from models.evaluation import Evaluation
from models.feedback import Feedback
from store.database.rows import fetch_all


def last_evaluation_seq(connection: Connection, judge_pk: int) -> int:
    """The place of the judge's last evaluation; 0 without any."""
    newest = select(func.coalesce(func.max(Evaluation.seq), 0)).where(Evaluation.judge_pk == judge_pk)
    return connection.execute(newest).scalar_one()


def last_feedback_seq(connection: Connection, judge_pk: int) -> int:
    """The place of the judge's last feedback; 0 without any."""
    newest = select(func.coalesce(func.max(Feedback.seq), 0)).where(Feedback.judge_pk == judge_pk)
    return connection.execute(newest).scalar_one()


def list_evaluations(connection: Connection, judge_pk: int, after: int, upto: int, limit: int) -> list[Evaluation]:
    """The judge's evaluations after one place, up to another."""
    statement = (
        select(Evaluation)
        .where(Evaluation.judge_pk == judge_pk, Evaluation.seq > after, Evaluation.seq <= upto)
        .order_by(Evaluation.seq)
        .limit(limit)
    )
    return fetch_all(connection, statement, Evaluation)


def list_feedback(connection: Connection, judge_pk: int, after: int, upto: int, limit: int) -> Sequence[Any]:
    """The judge's feedback after one place, up to another, retracted items left out; each with ``named``.

    ``named`` is the evaluation's external id, or our own where it has none.
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
