"""Which feedback a job learns from, by its type, its cutoff date and its base version."""

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
    """The bounds of a job.

    Feedback given at or after the cutoff date. An incremental job without one takes what came in after the active
    version's watermark.
    """
    incremental = training_type is TrainingType.INCREMENTAL and cutoff is None and base is not None
    after = base.watermark if incremental and base is not None else 0
    return FeedbackBounds(since=cutoff, criteria=targets, after_seq=after, upto_seq=upto_seq)


def feedback_bounds_for_job(job: TrainingJob) -> FeedbackBounds:
    """The bounds that were fixed when the job was created. Targets narrow the counts, not what the trainer sees.

    What was retracted leaves a job that has not started; one that was taken over goes on with what it began with.
    """
    cutoff = job.config.get("feedback_cutoff_date")
    since = datetime.fromisoformat(cutoff) if cutoff else None
    return FeedbackBounds(since=since, after_seq=job.feedback_after, upto_seq=job.feedback_upto, as_of=job.started_at)
