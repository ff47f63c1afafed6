"""How much feedback lies outside a job's bounds, so that what it does not learn from can be told."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from models.feedback import Bounds, Feedback


def outside(
    connection: Connection, judge_pk: int, bounds: Bounds, retracted_since: datetime | None = None
) -> dict[str, int]:
    """Items of feedback that were there but are not within bounds, by the reason; reasons without any are left out.

    ``retracted_since``: those taken back from then on count too.
    """
    known = Feedback.seq <= bounds.upto_seq if bounds.upto_seq is not None else Feedback.seq > 0
    counted = select(func.count()).where(Feedback.judge_pk == judge_pk, known)
    there = counted.where(Feedback.retracted_at.is_(None))
    statements = {}
    if bounds.after_seq:
        statements["came in before the version to go on from"] = there.where(Feedback.seq <= bounds.after_seq)
    if bounds.since is not None:
        statements["given before feedbackCutoffDate"] = there.where(
            Feedback.seq > bounds.after_seq, Feedback.submitted_at < bounds.since
        )
    if retracted_since is not None:
        statements["retracted since the job was created"] = counted.where(
            Feedback.seq > bounds.after_seq, Feedback.retracted_at >= retracted_since
        )
    counts = {why: connection.execute(statement).scalar_one() for why, statement in statements.items()}
    return {why: n for why, n in counts.items() if n}
