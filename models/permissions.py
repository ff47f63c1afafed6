"""Minimum role for every GraphQL operation, every type's fields and every REST endpoint; deny by default.

Anything not listed requires ADMIN. Operations and endpoints are listed one by one, other fields by their type. The
names are those that clients use: `Type.field`, `Type.field(argument)` if an argument, or the object it names, requires
more, and `METHOD /path`.
"""

from typing import Final

from models.access import Role

_VIEWER, _ANNOTATOR, _TRAINER, _ADMIN = Role

# Operations, endpoints, and fields that require more than their type.
PERMISSIONS: Final[dict[str, Role]] = {
    "Query.node": _VIEWER,
    "Query.viewer": _VIEWER,
    "Query.judge": _VIEWER,
    "Query.judges": _VIEWER,
    "Query.trainingJob": _VIEWER,
    "Query.trainingJobs": _VIEWER,
    "Query.evaluation": _VIEWER,
    "Query.feedbackSummary": _VIEWER,
    "Query.feedbackByDay": _VIEWER,
    "Query.versionComparison": _VIEWER,
    "Query.compareVersions": _VIEWER,
    "Query.learningCurve": _VIEWER,
    "Query.reviewSuggestions": _VIEWER,
    "Query.suggestEvaluationsToReview": _VIEWER,
    "Query.trainingPreflight": _TRAINER,
    "Query.users": _VIEWER,
    "Query.apiKeys": _ADMIN,
    "Query.auditLog": _ADMIN,
    "Mutation.evaluate": _VIEWER,
    "Mutation.evaluate(record)": _ANNOTATOR,
    "Mutation.recordEvaluations": _ANNOTATOR,
    "Mutation.submitFeedback": _ANNOTATOR,
    "Mutation.retractFeedback": _ANNOTATOR,
    "Mutation.retractFeedback(somebody else's)": _TRAINER,
    "Mutation.createJudge": _TRAINER,
    "Mutation.updateJudge": _TRAINER,
    "Mutation.createTrainingJob": _TRAINER,
    "Mutation.startTrainingJob": _TRAINER,
    "Mutation.cancelTrainingJob": _TRAINER,
    "Mutation.retryTrainingJob": _TRAINER,
    "Mutation.deployJudgeVersion": _TRAINER,
    "Mutation.deployJudgeVersion(force)": _ADMIN,
    "Mutation.rollbackJudge": _TRAINER,
    "Mutation.createApiKey": _ADMIN,
    "Mutation.revokeApiKey": _ADMIN,
    "Subscription.trainingJobStatus": _VIEWER,
    "Subscription.trainingJobActivity": _VIEWER,
    "Subscription.feedbackSummaryChanged": _VIEWER,
    "POST /training/jobs": _TRAINER,
    "GET /training/jobs/{job_id}": _VIEWER,
    "POST /judges/{judge_id}/evaluations": _ANNOTATOR,
    "POST /judges/{judge_id}/feedback": _ANNOTATOR,
    "GET /judges/{judge_id}/evaluations": _VIEWER,
    "GET /judges/{judge_id}/feedback": _VIEWER,
    "GET /versions/{version_id}/file": _VIEWER,
    "POST /judges/{judge_id}/versions": _TRAINER,
}

# Fields that every role may query, but whose value is redacted below this role.
HIDDEN_FIELDS: Final[dict[str, Role]] = {
    "ExecutionOptions.notificationEmail": _TRAINER,
    "ExecutionOptions.webhookUrl": _TRAINER,
    "NotificationDelivery.target": _TRAINER,
    "NotificationDelivery.lastError": _TRAINER,  # it may name the host
}

# Minimum role for the fields of a type, wherever an object of it occurs. A field that requires more than its type has
# an entry of its own in PERMISSIONS.
TYPE_ROLES: Final[dict[str, Role]] = {
    "AgreementReport": _VIEWER,
    "AgreementWindow": _VIEWER,
    "ApiKey": _ADMIN,
    "AuditEntry": _ADMIN,
    "CalibrationPoint": _VIEWER,
    "ComparedEvaluation": _VIEWER,
    "ConfusionMatrix": _VIEWER,
    "CreateApiKeyPayload": _ADMIN,
    "CreateJudgePayload": _VIEWER,
    "CreateTrainingJobPayload": _VIEWER,
    "Criterion": _VIEWER,
    "CriterionBalance": _VIEWER,
    "CriterionComparison": _VIEWER,
    "CriterionEvidence": _VIEWER,
    "CriterionFeedback": _VIEWER,
    "CriterionScore": _VIEWER,
    "DateRange": _VIEWER,
    "DayCriterion": _VIEWER,
    "DeploymentDecided": _VIEWER,
    "DeploymentDecision": _VIEWER,
    "EpochCompleted": _VIEWER,
    "EvaluatePayload": _VIEWER,
    "Evaluation": _VIEWER,
    "EvaluationResult": _VIEWER,
    "EvaluationSuggestion": _VIEWER,
    "ExcludedFeedback": _VIEWER,
    "ExecutionOptions": _VIEWER,
    "Feedback": _VIEWER,
    "FeedbackDataSummary": _VIEWER,
    "FeedbackDay": _VIEWER,
    "FeedbackQuality": _VIEWER,
    "FeedbackSelection": _VIEWER,
    "FeedbackSummary": _VIEWER,
    "InsufficientFeedbackError": _VIEWER,
    "Interval": _VIEWER,
    "Judge": _VIEWER,
    "JudgePayload": _VIEWER,
    "JudgeVersion": _VIEWER,
    "LearningCurve": _VIEWER,
    "LearningCurvePoint": _VIEWER,
    "LeftOut": _VIEWER,
    "NotAnImprovementError": _VIEWER,
    "NoteAdded": _VIEWER,
    "NotificationDelivery": _VIEWER,
    "PageInfo": _VIEWER,
    "RaterFeedback": _VIEWER,
    "RecordEvaluationsPayload": _VIEWER,
    "RequestError": _VIEWER,
    "RetractFeedbackPayload": _VIEWER,
    "RevokeApiKeyPayload": _ADMIN,
    "StatusChanged": _VIEWER,
    "SubmitFeedbackPayload": _VIEWER,
    "TrainingConfig": _VIEWER,
    "TrainingEvidence": _VIEWER,
    "TrainingFailure": _VIEWER,
    "TrainingJob": _VIEWER,
    "TrainingJobPayload": _VIEWER,
    "TrainingJobUpdate": _VIEWER,
    "TrainingPreflight": _VIEWER,
    "TrainingProgress": _VIEWER,
    "TrainingWarning": _VIEWER,
    "UnseenSourcesEvidence": _VIEWER,
    "UpdateJudgePayload": _VIEWER,
    "User": _VIEWER,
    "VersionComparison": _VIEWER,
    "VersionCreated": _VIEWER,
    "VersionLineage": _VIEWER,
    "Viewer": _VIEWER,
    "WarningRaised": _VIEWER,
    "Workspace": _VIEWER,
}

_PAGE_SUFFIXES: Final = ("Connection", "Edge")  # pages of a list: reading them needs no more than querying the list


def find_required_role(name: str) -> Role | None:
    """Return the minimum role for an operation, field or endpoint; None if neither it nor its type is listed."""
    type_ = name.partition(".")[0]
    if type_.endswith(_PAGE_SUFFIXES):
        return _VIEWER
    return PERMISSIONS.get(name) or TYPE_ROLES.get(type_)


def required_role(name: str) -> Role:
    """Return the minimum role for an operation, field or endpoint; ADMIN if it is not listed."""
    return find_required_role(name) or _ADMIN


def can_see(role: Role, name: str) -> bool:
    """Return whether a role sees the value of a field rather than a redacted one."""
    return role.covers(HIDDEN_FIELDS.get(name, _VIEWER))
