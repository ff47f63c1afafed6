"""Number of items of feedback outside a job's bounds, by the reason of their exclusion."""

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
    """Return the number of items that existed but are not within bounds, by reason. Reasons without items are absent.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        bounds: the job's bounds.
        waiting: when the job was created and, if it was, started. Items retracted in this time are counted, too.
    """
    known = Feedback.seq <= bounds.upto_seq if bounds.upto_seq is not None else Feedback.seq > 0
    counted = select(func.count()).where(Feedback.judge_pk == judge_pk, known)
    live = counted.where(Feedback.retracted_at.is_(None))
    statements = {}
    if bounds.after_seq:
        statements[ExclusionReason.BEFORE_BASE_VERSION] = live.where(Feedback.seq <= bounds.after_seq)
    if bounds.since is not None:
        statements[ExclusionReason.BEFORE_CUTOFF_DATE] = live.where(
            Feedback.seq > bounds.after_seq, Feedback.submitted_at < bounds.since
        )
    if waiting is not None:
        created, started = waiting
        retracted = counted.where(Feedback.seq > bounds.after_seq, Feedback.retracted_at >= created)
        statements[ExclusionReason.RETRACTED] = (
            retracted if started is None else retracted.where(Feedback.retracted_at <= started)
        )
    counts = {reason: connection.execute(statement).scalar_one() for reason, statement in statements.items()}
    return {reason: n for reason, n in counts.items() if n}
