"""Result of supervising one claim of a job."""

from enum import StrEnum


class SupervisorResult(StrEnum):
    """Result of the supervision of one claim. The value appears in the log."""

    CONCLUDED = "concluded"
    """The process's outcome or failure was written, and the job has ended."""
    FAILED = "failed"
    """The supervisor itself failed unexpectedly, and the job was failed."""
    CANCELLED = "cancelled"
    """Somebody cancelled the job; its process was killed."""
    RELEASED = "released"
    """The claim was released, and the job is queued again or has no attempts left."""
    RELEASE_DEFERRED = "release_deferred"
    """The database was unavailable, so the claim ends by its lease and a worker releases the job."""
    CLAIM_LOST = "claim_lost"
    """The job is no longer held under this claim's fence."""
    LEASE_EXPIRED = "lease_expired"
    """The lease could not be renewed in time, so the process was killed and nothing more was written."""
