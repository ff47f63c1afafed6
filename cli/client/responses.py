"""Types of the JSON that the server returns for the documents in `frontend-queries/`.

The types list the fields that the command reads, so that mypy checks their names. The data itself stays as the server
sent it, because `--json` prints every field of a document. `tests/cli/client/test_responses.py` compares the types
with the documents.
"""

from typing import Any, NotRequired, TypedDict

#: A JSON object of any shape: a protocol message, or the data of any document before `operations` types it.
JsonObject = dict[str, Any]


class Interval(TypedDict):
    """An estimate with its 95% interval."""

    estimate: float
    lower: float
    upper: float


class AgreementReport(TypedDict):
    """The agreement of a set of scores with people's scores."""

    meanAbsoluteError: float
    spearman: float | None
    exactAgreement: float | None


class NamedCriterion(TypedDict):
    """A criterion as results refer to it."""

    id: str
    key: str
    name: str


class ScaledCriterion(NamedCriterion):
    """A criterion with the ends of its scale."""

    min: float
    max: float


class Criterion(ScaledCriterion):
    """A criterion with its description and all of its scale."""

    description: str | None
    step: float
    weight: float


class PageInfo(TypedDict):
    """The position of a page in its connection."""

    hasNextPage: bool


class NumberedVersion(TypedDict):
    """A judge version as other objects refer to it."""

    id: str
    number: int


class VersionWithStatus(NumberedVersion):
    """A judge version as a job or a comparison refers to it."""

    status: str


class NamedJudge(TypedDict):
    """A judge as its jobs refer to it."""

    id: str
    name: str


class Judge(NamedJudge):
    """A judge with its criteria and its active version."""

    description: str | None
    criteria: list[Criterion]
    activeVersion: NumberedVersion | None
    createdAt: str


class JudgePage(TypedDict):
    """A page of judges."""

    nodes: list[Judge]
    pageInfo: PageInfo
    totalCount: int


class Comparable(TypedDict):
    """The figures before and after training that evidence has as a whole and for each criterion."""

    heldOutCount: int
    improved: bool
    raw: AgreementReport | None
    before: AgreementReport | None
    after: AgreementReport | None
    maeChange: Interval | None


class EvidenceHeadline(Comparable):
    """The proof of a version as means over the criteria."""

    groupCount: int
    constantBaseline: AgreementReport
    summary: str


class CriterionEvidence(Comparable):
    """The proof of a version on one criterion."""

    criterion: NamedCriterion
    worsened: bool


class Evidence(EvidenceHeadline):
    """The whole proof of a version."""

    criteria: list[CriterionEvidence]


class JudgeVersion(VersionWithStatus):
    """A judge version with the headline of its proof."""

    evidence: EvidenceHeadline | None


class VersionPage(TypedDict):
    """A page of a judge's versions."""

    nodes: list[JudgeVersion]
    pageInfo: PageInfo
    totalCount: int


class JudgeWithVersions(NamedJudge):
    """A judge with a page of its versions."""

    versions: VersionPage


class JobProgress(TypedDict):
    """The progress of a training job."""

    fraction: float
    epoch: int | None
    maxEpochs: int | None


class JobError(TypedDict):
    """The error that ended a training job."""

    code: str
    message: str


class LiveJob(TypedDict):
    """The fields of a training job that change while it runs."""

    id: str
    status: str
    progress: JobProgress
    error: JobError | None


class ActiveJob(LiveJob):
    """A training job as the activity of a workspace reports it."""

    trainingType: str
    judge: NamedJudge


class Deployment(TypedDict):
    """The decision on deploying a job's version."""

    deployed: bool
    reason: str


class RowEvidence(TypedDict):
    """The proof of a job in a list."""

    maeChange: Interval | None


class JobRow(ActiveJob):
    """A training job as a row of a list."""

    createdAt: str
    evidence: RowEvidence | None
    deployment: Deployment | None


class JobPage(TypedDict):
    """A page of training jobs."""

    nodes: list[JobRow]
    pageInfo: PageInfo
    totalCount: int


class TrainingJob(ActiveJob):
    """A training job with its proof."""

    createdAt: str
    baseVersion: NumberedVersion | None
    resultVersion: VersionWithStatus | None
    evidence: Evidence | None
    deployment: Deployment | None


# The functional syntax, because `__typename` in a class body would be mangled.
JobEvent = TypedDict(
    "JobEvent",
    {
        "__typename": str,
        "at": str,
        "message": str,
        "to": NotRequired[str],  # of StatusChanged
        "loss": NotRequired[float],  # of EpochCompleted
    },
)


class JobUpdate(TypedDict):
    """One result of the subscription to a job."""

    cursor: str
    event: JobEvent
    trainingJob: LiveJob


class JobActivity(TypedDict):
    """One result of the subscription to all jobs."""

    cursor: str
    event: JobEvent
    trainingJob: ActiveJob


class TrainingWarning(TypedDict):
    """A warning about a job that was created nevertheless."""

    code: str
    message: str


class CreatedJob(TypedDict):
    """The payload of `createTrainingJob`."""

    trainingJob: TrainingJob
    warnings: list[TrainingWarning]


class DateRange(TypedDict):
    """The times of the first and the last item of feedback."""

    earliest: str | None
    latest: str | None


class CriterionFeedback(TypedDict):
    """The differences between people's corrections and the judge on one criterion, in points of its scale."""

    criterion: NamedCriterion
    correctionCount: int
    meanShift: float | None
    meanAbsoluteShift: float | None


class FeedbackSummary(TypedDict):
    """The counts of a judge's feedback."""

    totalFeedbackCount: int
    correctionCount: int
    ratingCount: int
    approvalCount: int
    commentCount: int
    usableCount: int
    newSinceLastTraining: int
    evaluationCount: int
    raterCount: int
    dateRange: DateRange
    criteria: list[CriterionFeedback]
    raterAgreement: float | None


class LearningCurvePoint(TypedDict):
    """The quality of a version that learned from `labelCount` labels."""

    labelCount: int
    meanAbsoluteError: Interval
    spearman: Interval | None


class LearningCurve(TypedDict):
    """The quality of versions that learned from growing numbers of labels."""

    points: list[LearningCurvePoint]


class SuggestedEvaluation(TypedDict):
    """An evaluation as a suggestion names it."""

    id: str
    externalId: str | None


class ReviewSuggestion(TypedDict):
    """An evaluation whose correction would reduce the uncertainty most."""

    evaluation: SuggestedEvaluation
    gain: float
    reason: str


class CriterionComparison(TypedDict):
    """The differences between the verdicts of two versions on one criterion."""

    criterion: NamedCriterion
    comparedCount: int
    flippedCount: int
    flippedShare: float
    raisedCount: int
    loweredCount: int
    meanChange: float


class CriterionScore(TypedDict):
    """A score on one criterion with the verdict that is derived from it."""

    criterion: NamedCriterion
    score: float
    verdict: float


class EvaluationOutput(SuggestedEvaluation):
    """An evaluation with the text that was judged."""

    output: str


class ComparedEvaluation(TypedDict):
    """An evaluation with its scores by both versions."""

    evaluation: EvaluationOutput
    fromScores: list[CriterionScore]
    toScores: list[CriterionScore]


# The functional syntax, because `from` is a keyword.
VersionComparison = TypedDict(
    "VersionComparison",
    {
        "from": VersionWithStatus | None,
        "to": VersionWithStatus | None,
        "evaluationCount": int,
        "flippedEvaluationCount": int,
        "comparedCount": int,
        "flippedCount": int,
        "criteria": list[CriterionComparison],
        "items": list[ComparedEvaluation],
    },
)


class EvaluationResult(TypedDict):
    """The scores of one item."""

    scores: list[CriterionScore]


class ScoringVersion(TypedDict):
    """The version that scored items."""

    id: str
    number: int


class Scoring(TypedDict):
    """The scores of several items by one version; null for a rejected item and without an active version."""

    version: ScoringVersion | None
    results: list[EvaluationResult | None]


class UploadedVersion(TypedDict):
    """The version that the server made of an uploaded file; a response of REST."""

    number: int
    version_id: str
