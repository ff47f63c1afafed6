"""Codes of a training job: warnings, failures, reasons for excluded feedback and notification channels."""

from enum import StrEnum


class WarningCode(StrEnum):
    """Kind of a warning about a training job. The values are stored in the job's log."""

    NO_ACTIVE_VERSION = "NO_ACTIVE_VERSION"
    FEW_ITEMS = "FEW_ITEMS"
    FEW_GROUPS = "FEW_GROUPS"
    ONLY_ERRORS = "ONLY_ERRORS"
    DOUBT_WITHOUT_DIRECTION = "DOUBT_WITHOUT_DIRECTION"
    CONFLICTING_FEEDBACK = "CONFLICTING_FEEDBACK"
    LOW_AGREEMENT = "LOW_AGREEMENT"
    DUPLICATE_FEEDBACK = "DUPLICATE_FEEDBACK"
    CLASS_IMBALANCE = "CLASS_IMBALANCE"
    NO_RAW_SCORE = "NO_RAW_SCORE"
    UNSEEN_SOURCES_NOT_MEASURED = "UNSEEN_SOURCES_NOT_MEASURED"
    SELECTION_BIAS = "SELECTION_BIAS"
    SELECTION_UNCERTAIN = "SELECTION_UNCERTAIN"
    DUPLICATE_ITEMS = "DUPLICATE_ITEMS"


class FailureCode(StrEnum):
    """Kind of a training job's failure. The values are stored with the job."""

    BASE_VERSION_DAMAGED = "BASE_VERSION_DAMAGED"
    DIVERGED = "DIVERGED"
    INTERNAL = "INTERNAL"
    NO_LABELS = "NO_LABELS"
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    WORKER_LOST = "WORKER_LOST"


class ExclusionReason(StrEnum):
    """Reason for which feedback is excluded from training. The values are the phrases of the job's log."""

    COMMENT = "comments"
    NEUTRAL_RATING = "neutral ratings of 3"
    LATER_CORRECTION = "replaced by the same person's later correction"
    LATER_VERDICT = "replaced by the same person's later verdict"
    ALSO_CORRECTED = "confirmations of what the same person corrected"
    NO_RAW_SCORE = "corrections of a criterion that the judge did not score"
    BEFORE_BASE_VERSION = "received before the base version"
    BEFORE_CUTOFF_DATE = "given before feedbackCutoffDate"
    RETRACTED = "retracted since the job was created"


class DeliveryChannel(StrEnum):
    """Channel of a notification about the end of a job. The values are stored with the delivery."""

    EMAIL = "email"
    WEBHOOK = "webhook"
