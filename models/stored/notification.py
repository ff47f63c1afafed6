"""The message that webhooks receive, and e-mails are written from, when a job ends."""

import msgspec

from models.stored.evidence import Interval
from models.stored.training_job import DeploymentDecision


class JobFailure(msgspec.Struct, frozen=True):
    """The reason for which a job failed: a stable code and a sentence."""

    code: str
    message: str | None


class CompletedJob(msgspec.Struct, frozen=True):
    """A job that ended."""

    job_id: str
    training_type: str
    status: str
    result_version_id: str | None
    improved: bool | None
    mae_change: Interval | None
    deployment: DeploymentDecision | None
    error: JobFailure | None
    summary: str | None = None  # conclusion of the proof; missing in older messages


class CompletionMessage(msgspec.Struct, frozen=True):
    """The body of a webhook, in the form of Standard Webhooks."""

    type: str
    timestamp: str | None
    data: CompletedJob
