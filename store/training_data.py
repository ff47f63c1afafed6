"""Feedback and evaluations that a training job learns from."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, func, select

from models.evaluation import Evaluation
from models.feedback import Feedback, FeedbackBounds
from store import feedback
from store.database.rows import fetch_all


def read_feedback(connection: Connection, judge_pk: int, bounds: FeedbackBounds) -> Iterator[Any]:
    """Yield the ``JUDGMENT_COLUMNS`` of the feedback within bounds, in the order in which it was given.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        bounds: which feedback is read.
    """
    statement = feedback.within_bounds(select(*feedback.JUDGMENT_COLUMNS), judge_pk, bounds)
    yield from connection.execute(statement.order_by(None).order_by(Feedback.submitted_at, Feedback.seq))


def read_evaluations(connection: Connection, judge_pk: int, bounds: FeedbackBounds) -> dict[str, Evaluation]:
    """Return the evaluations that the feedback within bounds is about, by id.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        bounds: which feedback is read.
    """
    ids = feedback.within_bounds(select(Feedback.evaluation_id), judge_pk, bounds).order_by(None)
    statement = select(Evaluation).where(Evaluation.judge_pk == judge_pk, Evaluation.id.in_(ids))
    return {row.id: row for row in fetch_all(connection, statement, Evaluation)}


def count_evaluations(connection: Connection, judge_pk: int, first: int, last: int, limit: int) -> int:
    """Return how many evaluations were recorded between two places, both included, counting up to a limit.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        first: ``seq`` of the first evaluation.
        last: ``seq`` of the last evaluation.
        limit: largest number that is counted.
    """
    within = (Evaluation.judge_pk == judge_pk, Evaluation.seq >= first, Evaluation.seq <= last)
    rows = select(Evaluation.seq).where(*within).limit(limit).subquery()
    return int(connection.execute(select(func.count()).select_from(rows)).scalar_one())
