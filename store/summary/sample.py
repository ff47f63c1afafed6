"""A judge's newest feedback with its evaluations' scores, read in blocks so that no query takes long."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from models.evaluation import Evaluation
from models.feedback import Feedback, FeedbackBounds
from store import feedback
from store.database.rows import in_values


def read_newest(
    connection: Connection, judge_pk: int, bounds: FeedbackBounds, below: int | None, size: int
) -> list[Any]:
    """Return the newest feedback within bounds, the last ingested first.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        bounds: which feedback is read.
        below: the ``seq`` below which to begin; None for the newest.
        size: the largest number of rows.
    """
    statement = feedback.within_bounds(
        select(
            *feedback.JUDGMENT_COLUMNS,
            Feedback.submitted_at,
            Evaluation.scores.label("raw"),
            Evaluation.shown,
            Evaluation.group,
        ).join(Evaluation, Evaluation.id == Feedback.evaluation_id),
        judge_pk,
        bounds,
    ).order_by(None)
    if below is not None:
        statement = statement.where(Feedback.seq < below)
    return list(connection.execute(statement.order_by(Feedback.seq.desc()).limit(size)).all())


def read_texts(connection: Connection, evaluation_ids: Sequence[str]) -> list[Any]:
    """Return the ids, inputs and outputs of evaluations."""
    statement = select(Evaluation.id, Evaluation.input, Evaluation.output)
    return list(connection.execute(statement.where(in_values(connection, Evaluation.id, evaluation_ids))).all())
