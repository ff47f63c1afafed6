"""Types of the GraphQL inputs that the command sends, with the fields that it sets."""

from collections.abc import Mapping
from typing import TypedDict, TypeVar, cast

Values = TypeVar("Values", bound=Mapping[str, object])


class TrainingConfigInput(TypedDict, total=False):
    """The configuration of a training. The server applies its defaults to missing fields."""

    feedbackCutoffDate: str | None
    minimumFeedbackCount: int | None
    targetCriteria: list[str] | None
    validationSplit: float | None
    learningRate: float | None
    maxEpochs: int | None
    earlyStopping: bool | None
    seed: int | None


class ExecutionOptionsInput(TypedDict, total=False):
    """The options for running a training job."""

    autoDeploy: bool
    priority: str | None
    notificationEmail: str | None
    webhookUrl: str | None


class CreateTrainingJobInput(TypedDict, total=False):
    """A training job to create."""

    judgeId: str
    trainingType: str
    trainingConfig: TrainingConfigInput
    executionOptions: ExecutionOptionsInput
    idempotencyKey: str | None


class TrainingJobFilter(TypedDict, total=False):
    """The training jobs to list."""

    judgeId: str
    statuses: list[str]


class CriterionScoreInput(TypedDict):
    """The judge's score of an item on one criterion."""

    criterionId: str
    score: float


class EvaluationInput(TypedDict):
    """An item to score."""

    group: str | None
    input: str | None
    output: str
    rationale: str | None
    scores: list[CriterionScoreInput]


class EvaluateInput(TypedDict):
    """Items to score with one version of a judge, by default the active one."""

    judgeId: str
    versionId: str | None
    items: list[EvaluationInput]


def drop_unset(values: Values) -> Values:
    """Return the values that are not None, so that the server applies its own defaults to the others."""
    return cast("Values", {name: value for name, value in values.items() if value is not None})
