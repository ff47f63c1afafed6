"""States of a training job, and the table of allowed transitions."""

from enum import StrEnum


class JobStatus(StrEnum):
    """State of a training job."""

    CREATED = "created"
    QUEUED = "queued"
    PREPARING = "preparing"
    TRAINING = "training"
    VALIDATING = "validating"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


TRANSITIONS: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.CREATED: frozenset({JobStatus.QUEUED, JobStatus.CANCELLED}),
    JobStatus.QUEUED: frozenset({JobStatus.PREPARING, JobStatus.CANCELLED}),
    # QUEUED again: the job's worker was lost or stopped
    JobStatus.PREPARING: frozenset(
        {JobStatus.TRAINING, JobStatus.VALIDATING, JobStatus.QUEUED, JobStatus.FAILED, JobStatus.CANCELLED}
    ),
    JobStatus.TRAINING: frozenset({JobStatus.VALIDATING, JobStatus.QUEUED, JobStatus.FAILED, JobStatus.CANCELLED}),
    JobStatus.VALIDATING: frozenset({JobStatus.COMPLETED, JobStatus.QUEUED, JobStatus.FAILED, JobStatus.CANCELLED}),
    JobStatus.COMPLETED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.CANCELLED: frozenset(),
}

WAITING = frozenset({JobStatus.CREATED, JobStatus.QUEUED})
ACTIVE = frozenset({JobStatus.PREPARING, JobStatus.TRAINING, JobStatus.VALIDATING})
TERMINAL = frozenset(status for status, following in TRANSITIONS.items() if not following)


def source_statuses(to: JobStatus) -> frozenset[JobStatus]:
    """Return the states from which a job may move to ``to``."""
    return frozenset(status for status, following in TRANSITIONS.items() if to in following)
