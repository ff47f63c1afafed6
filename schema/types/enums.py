"""Enums: GraphQL names and descriptions for the enums of ``models``.

Annotations in the schema use the plain enums. Importing this module registers them with Strawberry, so it must be
imported before the schema is built.
"""

from enum import Enum, StrEnum
from typing import TypeVar

import strawberry

from models.access import Role
from models.audit import AuditAction
from models.errors import ErrorCode
from models.feedback import FeedbackType
from models.job import Decoding, DeliveryStatus, Priority, TrainingType
from models.job_codes import DeliveryChannel, ExclusionReason, FailureCode, WarningCode
from models.job_status import JobStatus
from models.judge import VersionStatus
from models.stored.evidence import SelectionVerdict
from schema.strawberry_compat.core_schema import describe_enum_values

E = TypeVar("E", bound=StrEnum)


def parse_stored(kind: type[E], value: str) -> E | None:
    """Return the member with a stored value; None if another version of the server stored it."""
    return next((member for member in kind if member.value == value), None)


def _publish(kind: type[Enum], name: str, description: str, values: dict[str, str]) -> None:
    """Register an enum under a GraphQL name, with a description for each member.

    Args:
        kind: The enum.
        name: Its GraphQL name.
        description: Its description.
        values: The description of each member by its name.
    """
    strawberry.enum(kind, name=name, description=description)
    describe_enum_values(kind, values)


_publish(
    Role,
    "Role",
    "The role of an API key. Each role includes the permissions of the roles before it.",
    {
        "VIEWER": "Reads everything in the workspace; e-mail addresses and webhook URLs are redacted.",
        "ANNOTATOR": "Also records evaluations and submits feedback.",
        "TRAINER": (
            "Also creates judges and training jobs, deploys versions that are proven better, and rolls back; sees "
            "e-mail addresses and webhook URLs."
        ),
        "ADMIN": "Also deploys versions without proof, and manages API keys.",
    },
)
_publish(
    TrainingType,
    "TrainingType",
    "The type of a training job.",
    {
        "INCREMENTAL": (
            "Continues from the active version with the feedback that was submitted after its creation, or with the "
            "feedback from `feedbackCutoffDate` on. Without an active version it is a full retrain."
        ),
        "FULL_RETRAIN": "Learns from scratch from all feedback within the bounds.",
        "FINE_TUNE": (
            "Changes the scores of the `targetCriteria`. All other criteria stay exactly as in the active version, or "
            "raw if no version is active."
        ),
        "VALIDATION": "Measures the active version, or the raw scores if no version is active. Changes nothing.",
    },
)
_publish(
    Decoding,
    "VerdictDecoding",
    "The measure that a version's verdicts optimize. Verdicts are scores rounded to points of the scale.",
    {
        "ERROR": "The smallest error: a verdict is the score rounded to the nearest point of the scale.",
        "AGREEMENT": (
            "The highest quadratic weighted kappa: verdicts are spread as widely as people's scores are, which the "
            "best estimates are not. Single verdicts have somewhat larger errors; scores and intervals stay the same."
        ),
    },
)
_publish(
    JobStatus,
    "TrainingJobStatus",
    (
        "The status of a training job. The usual sequence is `CREATED`, `QUEUED`, `PREPARING`, `TRAINING`, "
        "`VALIDATING`, `COMPLETED`. A job whose worker is lost returns to `QUEUED`."
    ),
    {
        "CREATED": "The job waits for `startTrainingJob`: it was created with `autoStart: false`.",
        "QUEUED": "The job waits for a free worker and for the judge's running job to end.",
        "PREPARING": "A worker has claimed the job and reads the feedback.",
        "TRAINING": "The job trains the version. An `EpochCompleted` event reports each epoch.",
        "VALIDATING": "The job measures the version on feedback that it has not learned from.",
        "COMPLETED": "The job succeeded. See `evidence`, `resultVersion` and `deployment`.",
        "FAILED": "The job failed. See `error`; `retryTrainingJob` tries again.",
        "CANCELLED": "A user cancelled the job. `retryTrainingJob` tries again.",
    },
)
_publish(
    Priority,
    "TrainingPriority",
    "The priority of a job in the queue. Among jobs of equal priority, the oldest runs first.",
    {
        "HIGH": "Runs before jobs of other priorities.",
        "NORMAL": "The default.",
        "LOW": "Runs if no other job is queued.",
    },
)
_publish(
    FeedbackType,
    "FeedbackType",
    "The type of feedback.",
    {
        "CORRECTION": "The scores that the person considers right. Corrections are the most useful feedback.",
        "RATING": (
            "The quality of the verdict from 1 to 5. A 4 or 5 confirms the scores that were shown, a 1 or 2 casts "
            "doubt on them, and a 3 has no effect."
        ),
        "APPROVAL": "True confirms the scores that were shown, false casts doubt on them.",
        "COMMENT": "A text for people to read. Training does not use it.",
    },
)
_publish(
    VersionStatus,
    "JudgeVersionStatus",
    "The deployment status of a judge version. At most one version of a judge is `ACTIVE`.",
    {
        "CANDIDATE": "The version has never been deployed.",
        "ACTIVE": "The version is in use.",
        "BACKUP": "The version was active and is kept for `rollbackJudge`, which activates the newest backup.",
        "ARCHIVED": "The version was active. It can be deployed again.",
    },
)
_publish(
    ErrorCode,
    "UserErrorCode",
    "The kind of a user error, for programs, which should not depend on messages.",
    {
        "INVALID": "A value is not allowed. The message states the allowed values.",
        "NOT_FOUND": "The object does not exist or belongs to another workspace.",
        "CONFLICT": "Another object exists already, or the object has changed since it was read.",
        "INSUFFICIENT_FEEDBACK": "There is too little usable feedback for the job. See `InsufficientFeedbackError`.",
        "NOT_CANCELLABLE": "The job has already ended.",
        "NOT_STARTABLE": "The job is not in status `CREATED`.",
        "NOT_RETRYABLE": "The job is not in status `FAILED` or `CANCELLED`.",
        "IDEMPOTENCY_MISMATCH": "The idempotency key was used before with another request.",
        "NOT_AN_IMPROVEMENT": "The version is not proven better than the active one. See `NotAnImprovementError`.",
        "SELECTION_BIAS": (
            "People reported mostly the judge's errors, so that the feedback proves nothing. See "
            "`NotAnImprovementError` and `TrainingEvidence.selection`."
        ),
        "NOTHING_TO_ROLL_BACK": "The judge has no deployment to undo.",
        "LIMIT_EXCEEDED": "The request exceeds a limit of the server.",
    },
)
_publish(
    AuditAction,
    "AuditAction",
    "An action in the audit log.",
    {
        "KEY_CREATED": "An API key was created.",
        "KEY_REVOKED": "An API key was revoked.",
        "JUDGE_CREATED": "A judge was created.",
        "JUDGE_UPDATED": "A judge was changed.",
        "JOB_CREATED": "A training job was created.",
        "JOB_STARTED": "A training job was started that had been created with `autoStart: false`.",
        "JOB_CANCELLED": "The cancellation of a training job was requested.",
        "JOB_RETRIED": "A training job was retried; the target is the new job.",
        "VERSION_DEPLOYED": "A version that is proven better was deployed, by a user or by its job.",
        "VERSION_FORCED": "A version was deployed without proof; the reason is recorded.",
        "VERSION_IMPORTED": "A version was imported.",
        "JUDGE_ROLLED_BACK": "The last deployment of a judge was undone.",
        "FEEDBACK_RETRACTED": "An item of feedback was retracted.",
    },
)
_publish(
    SelectionVerdict,
    "SelectionVerdict",
    "The conclusion of the test for selectively reported feedback.",
    {
        "COMPLETE": "Nearly all scores of the judge have a label, so that nothing can have been selected.",
        "NOT_FOUND": "There is no sign that people reported mostly the judge's errors.",
        "UNCERTAIN": "There are too few labels to tell. `autoDeploy` waits; a deployment by hand is possible.",
        "BIASED": "People reported mostly the judge's errors. The version is not `improved`.",
    },
)
_publish(
    WarningCode,
    "TrainingWarningCode",
    "The kind of a warning about a training job.",
    {
        "NO_ACTIVE_VERSION": "No version is active, so that the job starts from the raw scores.",
        "FEW_ITEMS": "The feedback is about few items, so that only a large change could be proven.",
        "FEW_GROUPS": "The corrected items come from few groups, so that only a large change could be proven.",
        "ONLY_ERRORS": "Almost all feedback reports errors, so that the judge looks worse than it is.",
        "DOUBT_WITHOUT_DIRECTION": "Low ratings or refusals state that a verdict is wrong, but not how.",
        "CONFLICTING_FEEDBACK": "People differ by more than one step of the scale on the same scores.",
        "LOW_AGREEMENT": "Agreement among people is low, which limits the agreement of any version.",
        "DUPLICATE_FEEDBACK": "The same people gave scores or verdicts again; only the latest counts.",
        "CLASS_IMBALANCE": "Most labels of a criterion are equal, so that there is little to learn about other scores.",
        "NO_RAW_SCORE": "Labels were excluded because the judge gave no score to correct.",
        "UNSEEN_SOURCES_NOT_MEASURED": "`TrainingEvidence.unseenSources` could not be measured; the rest is valid.",
        "SELECTION_BIAS": "People reported mostly the judge's errors, so that the feedback proves nothing.",
        "SELECTION_UNCERTAIN": (
            "There is too little feedback to tell whether people reported mostly the judge's errors, so that "
            "`autoDeploy` waits."
        ),
        "DUPLICATE_ITEMS": "Evaluations have the same input and output; they count as one group.",
    },
)
_publish(
    FailureCode,
    "TrainingFailureCode",
    "The kind of a training job's failure.",
    {
        "BASE_VERSION_DAMAGED": "The version that the job should continue from cannot be read.",
        "DIVERGED": "The training did not converge. A smaller learning rate may help.",
        "INTERNAL": "A bug of the server; its log has the details.",
        "NO_LABELS": "None of the feedback is about a score that the judge gave.",
        "OUT_OF_MEMORY": "The worker had too little memory for this amount of feedback.",
        "WORKER_LOST": "Too many attempts ended because a worker was lost.",
    },
)
_publish(
    ExclusionReason,
    "ExclusionReason",
    "The reason why feedback is excluded from training.",
    {
        "COMMENT": "Comments contain no scores.",
        "NEUTRAL_RATING": "Ratings of 3 neither confirm the scores nor cast doubt on them.",
        "LATER_CORRECTION": "The same person corrected the same score again later.",
        "LATER_VERDICT": "The same person rated or approved the same evaluation again later.",
        "ALSO_CORRECTED": "The same person both confirmed and corrected the score; the correction counts.",
        "NO_RAW_SCORE": "The judge gave no score on the corrected criterion.",
        "BEFORE_BASE_VERSION": "The feedback was submitted before the version that the job continues from.",
        "BEFORE_CUTOFF_DATE": "The feedback was given before `feedbackCutoffDate`.",
        "RETRACTED": "The feedback was retracted after the creation of the job.",
    },
)
_publish(
    DeliveryChannel,
    "DeliveryChannel",
    "The channel of a notification.",
    {"EMAIL": "An e-mail.", "WEBHOOK": "A signed HTTP request."},
)
_publish(
    DeliveryStatus,
    "DeliveryStatus",
    "The status of a notification's delivery.",
    {
        "PENDING": "The notification will be sent, or sent again after a failed attempt.",
        "DELIVERED": "The notification was delivered.",
        "FAILED": "The delivery failed and will not be retried.",
    },
)
