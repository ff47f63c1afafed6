"""A judge's newest feedback with the scores it is about, a block at a time, so that nobody waits for all of it."""

from typing import Any

from sqlalchemy import Connection, select

from models.evaluation import Evaluation
from models.feedback import Feedback, FeedbackBounds
from store import feedback


def read_newest(
    connection: Connection, judge_pk: int, bounds: FeedbackBounds, below: int | None, size: int
) -> list[Any]:
    """Up to ``size`` rows of feedback within bounds, newest first in order of ingestion, of places under ``below``."""
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
