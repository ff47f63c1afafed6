"""The choices of the schema: GraphQL names and descriptions for the enums of ``models``."""

from enum import Enum

import strawberry

from models.access import Role
from models.audit import AuditAction
from models.errors import ErrorCode
from models.feedback import FeedbackType
from models.job import Decoding, Priority, TrainingType
from models.job_status import JobStatus
from models.judge import VersionStatus
from schema.strawberry_compat.core_schema import describe_enum_values


def _publish(kind: type[Enum], name: str, description: str, values: dict[str, str]) -> None:
    """Make an enum part of the schema, its members named as in Python and all of them described."""
    strawberry.enum(kind, name=name, description=description)
    describe_enum_values(kind, values)


_publish(
    Role,
    "Role",
    "What an API key may do. Each role may also do everything that the ones before it may.",
    {
        "VIEWER": "Reads everything in the workspace; e-mail addresses and webhook URLs are hidden from it.",
        "ANNOTATOR": "Also records evaluations and submits feedback.",
        "TRAINER": (
            "Also creates judges and training jobs, deploys versions that are proven better, and rolls back; sees "
            "e-mail addresses and webhook URLs."
        ),
        "ADMIN": "Also forces the deployment of a version without proof, and manages keys.",
    },
)
_publish(
    TrainingType,
    "TrainingType",
    "What a training job does with the feedback.",
    {
        "INCREMENTAL": (
            "Goes on from the active version with the feedback that came since it was made, or with the feedback from "
            "`feedbackCutoffDate` on. Without an active version it is a full retrain."
        ),
        "FULL_RETRAIN": "Learns from scratch from all feedback in bounds.",
        "FINE_TUNE": (
            "Changes how the `targetCriteria` are scored; all other criteria stay exactly as they are in the active "
            "version, or raw where no version is active."
        ),
        "VALIDATION": "Measures how good the active version is, or the raw scores without one. Changes nothing.",
    },
)
_publish(
    Decoding,
    "VerdictDecoding",
    "What a version's verdicts, its scores on the grid of the scale, aim at.",
    {
        "ERROR": "To be as close to people's scores as they can: a verdict is the score, put on the grid.",
        "AGREEMENT": (
            "To have the highest quadratic weighted kappa: verdicts are spread as widely as people's scores are, which "
            "the best estimates are not. Single verdicts are somewhat further off; scores and intervals stay the same."
        ),
    },
)
_publish(
    JobStatus,
    "TrainingJobStatus",
    (
        "Where a training job stands. The usual way is `CREATED`, `QUEUED`, `PREPARING`, `TRAINING`, `VALIDATING`, "
        "`COMPLETED`; a job whose worker is lost goes back to `QUEUED` and on from there."
    ),
    {
        "CREATED": "Waits for `startTrainingJob`: it was created with `autoStart: false`.",
        "QUEUED": "Waits for its turn: for a free worker, and for the judge's running job to end.",
        "PREPARING": "A worker has taken it and gathers the feedback.",
        "TRAINING": "Learns; each step is told by an `EpochCompleted` event.",
        "VALIDATING": "Proves on feedback the version has not learned from how good it is.",
        "COMPLETED": "Over: it did what was asked; see `evidence`, `resultVersion` and `deployment`.",
        "FAILED": "Over: it could not be done; `error` says why. `retryTrainingJob` tries again.",
        "CANCELLED": "Over: somebody stopped it. `retryTrainingJob` tries again.",
    },
)
_publish(
    Priority,
    "TrainingPriority",
    "Which of the waiting jobs is taken first; among equals it is the oldest.",
    {
        "HIGH": "Before all others.",
        "NORMAL": "The usual.",
        "LOW": "When nothing else waits.",
    },
)
_publish(
    FeedbackType,
    "FeedbackType",
    "How a person agreed with a verdict, or pushed back on it.",
    {
        "CORRECTION": "The right scores, in the person's opinion: the most useful feedback to learn from.",
        "RATING": (
            "How good the verdict was, from 1 to 5. A 4 or 5 confirms the scores that were shown; a 1 or 2 casts doubt "
            "on them; a 3 says nothing."
        ),
        "APPROVAL": "Yes or no: a yes confirms the scores that were shown, a no casts doubt on them.",
        "COMMENT": "Words only, for people to read; nothing is learned from it.",
    },
)
_publish(
    VersionStatus,
    "JudgeVersionStatus",
    "Where a judge version stands. At most one version of a judge is `ACTIVE`.",
    {
        "CANDIDATE": "Made, and not deployed so far.",
        "ACTIVE": "The one that scores now.",
        "BACKUP": "Was active and is kept for `rollbackJudge`, which takes the newest of them.",
        "ARCHIVED": "Was active and is out of use; it can be deployed again.",
    },
)
_publish(
    ErrorCode,
    "UserErrorCode",
    "Why something was refused: for programs, which should not read messages.",
    {
        "INVALID": "A value is not allowed; the message says what is.",
        "NOT_FOUND": "There is no such thing, at least not in your workspace.",
        "CONFLICT": "Something else is there already, or has changed since you looked.",
        "INSUFFICIENT_FEEDBACK": "There is too little usable feedback for the job; see `InsufficientFeedbackError`.",
        "NOT_CANCELLABLE": "The job is over already.",
        "NOT_STARTABLE": "Only a job in status `CREATED` can be started.",
        "NOT_RETRYABLE": "Only a job in status `FAILED` or `CANCELLED` can be tried again.",
        "IDEMPOTENCY_MISMATCH": "The idempotency key was used before, with another request.",
        "NOT_AN_IMPROVEMENT": "The version is not proven better than what is active; see `NotAnImprovementError`.",
        "NOTHING_TO_ROLL_BACK": "The judge has no deployment that could be taken back.",
        "LIMIT_EXCEEDED": "More than the server takes at once.",
    },
)
_publish(
    AuditAction,
    "AuditAction",
    "What was done, as the audit log tells.",
    {
        "KEY_CREATED": "An API key was made.",
        "KEY_REVOKED": "An API key was revoked.",
        "JUDGE_CREATED": "A judge was created.",
        "JUDGE_UPDATED": "A judge was changed.",
        "JOB_CREATED": "A training job was created.",
        "JOB_STARTED": "A training job that was created to wait was started.",
        "JOB_CANCELLED": "Cancelling a training job was asked for.",
        "JOB_RETRIED": "A training job was tried again; the target is the new one.",
        "VERSION_DEPLOYED": "A version that is proven better was deployed, by somebody or by its job.",
        "VERSION_FORCED": "A version was deployed without proof; the reason is kept.",
        "VERSION_IMPORTED": "A version was imported.",
        "JUDGE_ROLLED_BACK": "A judge's last deployment was taken back.",
        "FEEDBACK_RETRACTED": "An item of feedback was retracted.",
    },
)
