"""Bounds of the feedback that a job learns from, by its type, its cutoff date and its base version."""

from datetime import datetime

from models.feedback import FeedbackBounds
from models.job import TrainingJob, TrainingType
from models.judge import JudgeVersion


def feedback_bounds(
    training_type: TrainingType,
    cutoff: datetime | None,
    targets: tuple[int, ...] | None,
    base: JudgeVersion | None,
    upto_seq: int | None,
) -> FeedbackBounds:
    """Return the bounds for a new job.

    A job learns from feedback given at or after the cutoff date. An incremental job without a cutoff date learns from
    feedback that was ingested after the base version's watermark.

    Args:
        training_type: type of the job.
        cutoff: time from which on feedback counts; None for no limit.
        targets: ordinals of the criteria whose feedback is counted; None for all.
        base: version that the job continues from; None for the judge's raw scores.
        upto_seq: last position in the order of ingestion; None for no limit.
    """
    incremental = training_type is TrainingType.INCREMENTAL and cutoff is None and base is not None
    after = base.watermark if incremental and base is not None else 0
    return FeedbackBounds(since=cutoff, criteria=targets, after_seq=after, upto_seq=upto_seq)


def feedback_bounds_for_job(job: TrainingJob) -> FeedbackBounds:
    """Return the bounds that were fixed when a job was created.

    Target criteria narrow the counts, not what the trainer receives. Feedback that is retracted before the job starts
    is excluded; a job that was released and claimed again keeps the feedback with which it started.
    """
    since = job.config.value.cutoff
    return FeedbackBounds(since=since, after_seq=job.feedback_after, upto_seq=job.feedback_upto, as_of=job.started_at)
