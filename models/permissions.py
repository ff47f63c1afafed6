"""Who may do what: one table, which every door asks. GraphQL asks for each field, REST for each endpoint.

What is not in the table needs ADMIN, so whatever was forgotten stays shut. Names are those that clients use:
`Type.field`, `Type.field(argument)` where an argument, or what it names, asks for more, and `METHOD /path`.
"""

from typing import Final

from models.access import Role

_VIEWER, _ANNOTATOR, _TRAINER, _ADMIN = Role

# What can be asked for, done or followed.
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
    "Query.compareVersions": _VIEWER,
    "Query.learningCurve": _VIEWER,
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

# Fields that everybody may ask for, but whose value is hidden from roles below.
HIDDEN_FIELDS: Final[dict[str, Role]] = {
    "ExecutionOptions.notificationEmail": _TRAINER,
    "ExecutionOptions.webhookUrl": _TRAINER,
    "NotificationDelivery.target": _TRAINER,
    "NotificationDelivery.lastError": _TRAINER,  # it may name the host
}

# The fields of each type: whoever was given the thing may read them.
_PARTS: Final[dict[str, str]] = {
    "AgreementReport": "meanAbsoluteError spearman quadraticWeightedKappa exactAgreement withinOneAgreement bias "
    "calibrationError calibration confusion",
    "CalibrationPoint": "score people count",
    "ComparedEvaluation": "evaluation flippedCount fromScores toScores",
    "ConfusionMatrix": "levels counts",
    "CreateJudgePayload": "judge userErrors",
    "CreateTrainingJobPayload": "trainingJob warnings userErrors",
    "Criterion": "id key name description min max step weight",
    "CriterionBalance": "labelCount commonestScore commonestShare criterion",
    "CriterionComparison": "criterion comparedCount flippedCount flippedShare raisedCount loweredCount meanChange "
    "meanAbsoluteChange",
    "CriterionEvidence": "criterion raw before after maeChange spearmanChange improved worsened heldOutCount "
    "constantBaseline raterAgreement",
    "CriterionFeedback": "criterion correctionCount meanShift meanAbsoluteShift raterAgreement",
    "CriterionScore": "criterion rawScore score expected verdict lower upper",
    "DateRange": "earliest latest",
    "DayCriterion": "criterion correctionCount meanShift",
    "DeploymentDecided": "id at message deployed reason",
    "DeploymentDecision": "deployed reason decidedAt",
    "EpochCompleted": "id at message epoch loss validationLoss meanAbsoluteError",
    "EvaluatePayload": "version results userErrors",
    "Evaluation": "id externalId group source input output rationale createdAt judge version scores feedback",
    "EvaluationResult": "externalId evaluation overallScore scores",
    "EvaluationSuggestion": "evaluation gain uncertainty novelty reason",
    "ExecutionOptions": "priority autoDeploy backupCurrentVersion notificationEmail webhookUrl",
    "Feedback": "id type rating approved comment submittedBy submittedAt evaluation correctedScores retractedAt "
    "retractionReason retractedBy",
    "FeedbackDataSummary": "totalFeedbackCount correctionCount ratingCount dateRange",
    "FeedbackDay": "date totalCount correctionCount ratingCount approvalCount commentCount usableCount criteria",
    "FeedbackQuality": "examinedCount complete raterAgreement agreeingShare confirmedCount duplicateCount leftOut "
    "balance",
    "FeedbackSummary": "totalFeedbackCount correctionCount ratingCount approvalCount commentCount usableCount "
    "dateRange evaluationCount raterCount newSinceLastTraining raterAgreement raters criteria",
    "InsufficientFeedbackError": "message field code usableCount requiredCount",
    "Interval": "estimate lower upper",
    "Judge": "id name description createdAt createdBy criteria activeVersion versions feedbackSummary trainingJobs "
    "evaluations feedback",
    "JudgePayload": "judge userErrors",
    "JudgeVersion": "id number status createdAt judge trainingJob parent evidence lineage",
    "LearningCurve": "labelCount points",
    "LearningCurvePoint": "labelCount meanAbsoluteError spearman",
    "LeftOut": "reason count",
    "NotAnImprovementError": "message field code maeChange",
    "NoteAdded": "id at message",
    "NotificationDelivery": "channel target status attempts lastError",
    "PageInfo": "hasNextPage hasPreviousPage startCursor endCursor",
    "RaterFeedback": "submittedBy totalCount correctionCount",
    "RecordEvaluationsPayload": "evaluations recordedCount userErrors",
    "RequestError": "message field code",
    "RetractFeedbackPayload": "feedback userErrors",
    "StatusChanged": "id at message from to",
    "SubmitFeedbackPayload": "feedback acceptedCount userErrors summary",
    "TrainingConfig": "feedbackCutoffDate minimumFeedbackCount validationSplit learningRate maxEpochs earlyStopping "
    "seed targetCriteria decoding",
    "TrainingEvidence": "raw before after constantBaseline maeChange spearmanChange improved heldOutCount groupCount "
    "method criteria raterAgreement unseenSources",
    "TrainingFailure": "code message",
    "TrainingJob": "id trainingType status estimatedDuration createdAt startedAt finishedAt attempt judge "
    "trainingConfig executionOptions feedbackDataSummary progress createdBy error baseVersion resultVersion evidence "
    "deployment events notifications retryOf",
    "TrainingJobPayload": "trainingJob userErrors",
    "TrainingJobUpdate": "cursor event trainingJob",
    "TrainingPreflight": "feedbackSummary ready userErrors warnings estimatedDuration estimatedSeconds "
    "detectableMaeChange conflictCount quality",
    "TrainingProgress": "fraction epoch maxEpochs loss validationLoss",
    "TrainingWarning": "code message field",
    "UnseenSourcesEvidence": "raw after maeChange spearmanChange sourceCount heldOutCount",
    "UpdateJudgePayload": "judge userErrors",
    "User": "id name",
    "VersionComparison": "judge from to evaluationCount flippedEvaluationCount comparedCount flippedCount criteria "
    "items",
    "VersionCreated": "id at message version",
    "VersionLineage": "imported feedbackAfter feedbackWatermark feedbackDigest labelCount doubtCount itemCount "
    "trainingType seed config codeVersion fileDigest",
    "Viewer": "id user name role workspace",
    "WarningRaised": "id at message code",
    "Workspace": "id name",
}

# The fields of types that only an ADMIN may see, wherever they turn up.
_ADMIN_PARTS: Final[dict[str, str]] = {
    "ApiKey": "id prefix role user createdAt expiresAt lastUsedAt revokedAt",
    "AuditEntry": "id at action user apiKeyId targetId reason message",
    "CreateApiKeyPayload": "apiKey secret userErrors",
    "RevokeApiKeyPayload": "apiKey userErrors",
}

_LISTS: Final = ("Connection", "Edge")  # pages of lists: whoever may ask for the list may read its pages


def _spread(parts: dict[str, str], role: Role) -> dict[str, Role]:
    return {f"{type_}.{name}": role for type_, names in parts.items() for name in names.split()}


REQUIRED_ROLES: Final[dict[str, Role]] = {**_spread(_PARTS, _VIEWER), **_spread(_ADMIN_PARTS, _ADMIN), **PERMISSIONS}


def find_required_role(name: str) -> Role | None:
    """The least role that a door asks for; None: nobody thought of it yet."""
    if name.partition(".")[0].endswith(_LISTS):
        return _VIEWER
    return REQUIRED_ROLES.get(name)


def required_role(name: str) -> Role:
    """The least role that a door asks for; ADMIN where nobody thought of it."""
    return find_required_role(name) or _ADMIN


def can_see(role: Role, name: str) -> bool:
    """Whether a role sees the true value of a field, rather than that there is one."""
    return role.covers(HIDDEN_FIELDS.get(name, _VIEWER))
