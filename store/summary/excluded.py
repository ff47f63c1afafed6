"""How much feedback lies outside a job's bounds, so that what it does not learn from can be told."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from models.feedback import Feedback, FeedbackBounds
from models.job_codes import ExclusionReason


def count_excluded(
    connection: Connection,
    judge_pk: int,
    bounds: FeedbackBounds,
    waiting: tuple[datetime, datetime | None] | None = None,
) -> dict[ExclusionReason, int]:
    """Items of feedback that were there but are not within bounds, by the reason; reasons without any are left out.

    ``waiting``: from when to when a job waited; what was taken back in that time counts too.
    """
    known = Feedback.seq <= bounds.upto_seq if bounds.upto_seq is not None else Feedback.seq > 0
    counted = select(func.count()).where(Feedback.judge_pk == judge_pk, known)
    there = counted.where(Feedback.retracted_at.is_(None))
    statements = {}
    if bounds.after_seq:
        statements[ExclusionReason.BEFORE_BASE_VERSION] = there.where(Feedback.seq <= bounds.after_seq)
    if bounds.since is not None:
        statements[ExclusionReason.BEFORE_CUTOFF_DATE] = there.where(
            Feedback.seq > bounds.after_seq, Feedback.submitted_at < bounds.since
        )
    if waiting is not None:
        created, started = waiting
        gone = counted.where(Feedback.seq > bounds.after_seq, Feedback.retracted_at >= created)
        statements[ExclusionReason.RETRACTED] = (
            gone if started is None else gone.where(Feedback.retracted_at <= started)
        )
    counts = {why: connection.execute(statement).scalar_one() for why, statement in statements.items()}
    return {why: n for why, n in counts.items() if n}
