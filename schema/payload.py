"""What mutations answer."""

from typing import Self

import strawberry

from models.evaluation import Evaluation as EvaluationRecord
from models.feedback import Feedback as FeedbackRecord
from resolvers import summary
from resolvers.batch import BatchResult
from resolvers.evaluations import EvaluatedItems
from resolvers.jobs import CreatedJob
from schema.decorators import field, object_type
from schema.info import Info
from schema.types.evaluation import Evaluation, EvaluationResult
from schema.types.feedback import Feedback
from schema.types.feedback_summary import FeedbackSummary
from schema.types.judge import Judge
from schema.types.judge_version import JudgeVersion
from schema.types.preflight import TrainingWarning
from schema.types.training_job import TrainingJob
from schema.types.user_error import UserError, user_error

ALL_OR_NOTHING = "Why nothing was done; empty when it was."
ONE_BY_ONE = (
    'Why items were not taken, each with its place in `field`, such as `["{name}", "3", ...]`; the other items were '
    "taken all the same. Empty when all were."
)


@object_type
class CreateJudgePayload:
    """The answer of `createJudge`."""

    judge: Judge | None = strawberry.field(default=None, description="The new judge; null when there are user errors.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=ALL_OR_NOTHING)


@object_type
class JudgePayload:
    """The answer of mutations that change which version of a judge is active."""

    judge: Judge | None = strawberry.field(
        default=None, description="The judge as it stands now; null when there are user errors."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=ALL_OR_NOTHING)


@object_type
class RecordEvaluationsPayload:
    """The answer of `recordEvaluations`."""

    evaluations: list[Evaluation | None] = strawberry.field(
        default_factory=list,
        description=(
            "The evaluations in the order they were sent; null where one was not taken. One that was there already "
            "is given again."
        ),
    )
    recorded_count: int = strawberry.field(default=0, description="How many of them are new.")
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description=ONE_BY_ONE.format(name="evaluations")
    )

    @classmethod
    def of(cls, batch: BatchResult[EvaluationRecord]) -> Self:
        """The GraphQL view of what became of a batch."""
        return cls(
            evaluations=[None if row is None else Evaluation.of(row) for row in batch.items],
            recorded_count=batch.new_count,
            user_errors=[user_error(error) for error in batch.errors],
        )


@object_type
class SubmitFeedbackPayload:
    """The answer of `submitFeedback`."""

    feedback: list[Feedback | None] = strawberry.field(
        default_factory=list,
        description=(
            "The items in the order they were sent; null where one was not taken. One that was there already is given "
            "again."
        ),
    )
    accepted_count: int = strawberry.field(default=0, description="How many of them are new.")
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description=ONE_BY_ONE.format(name="feedback")
    )
    judge_pk: strawberry.Private[int | None] = None

    @field
    async def summary(self, info: Info) -> FeedbackSummary | None:
        """What feedback the judge has to learn from now, all in all; null when there is no such judge."""
        if self.judge_pk is None:
            return None
        figures, within = await summary.summarize_by_pk(info.context, self.judge_pk)
        return FeedbackSummary.of(figures, self.judge_pk, within)

    @classmethod
    def of(cls, batch: BatchResult[FeedbackRecord]) -> Self:
        """The GraphQL view of what became of a batch."""
        return cls(
            feedback=[None if row is None else Feedback.of(row) for row in batch.items],
            accepted_count=batch.new_count,
            user_errors=[user_error(error) for error in batch.errors],
            judge_pk=batch.judge_pk,
        )


@object_type
class RetractFeedbackPayload:
    """The answer of `retractFeedback`."""

    feedback: Feedback | None = strawberry.field(
        default=None, description="The item as it stands now; null when there are user errors."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=ALL_OR_NOTHING)


@object_type
class UpdateJudgePayload:
    """The answer of `updateJudge`."""

    judge: Judge | None = strawberry.field(
        default=None, description="The judge as it stands now; null when there are user errors."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=ALL_OR_NOTHING)


@object_type
class EvaluatePayload:
    """The answer of `evaluate`."""

    version: JudgeVersion | None = strawberry.field(
        default=None, description="The version that scored; null when none is active and the raw scores stand."
    )
    results: list[EvaluationResult | None] = strawberry.field(
        default_factory=list, description="The scores, in the order the items were sent; null where one was not scored."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=ONE_BY_ONE.format(name="items"))

    @classmethod
    def of(cls, evaluated: EvaluatedItems) -> Self:
        """The GraphQL view of scored items."""
        return cls(
            version=None if evaluated.version is None else JudgeVersion.of(evaluated.version),
            results=[None if item is None else EvaluationResult.of(item) for item in evaluated.results],
            user_errors=[user_error(error) for error in evaluated.errors],
        )


@object_type
class CreateTrainingJobPayload:
    """The answer of `createTrainingJob`."""

    training_job: TrainingJob | None = strawberry.field(
        default=None,
        description=(
            "The new job, or the one that an earlier request with the same idempotency key created; null when there "
            "are user errors."
        ),
    )
    warnings: list[TrainingWarning] = strawberry.field(
        default_factory=list, description="What the job can live with, but you may want to know."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=ALL_OR_NOTHING)

    @classmethod
    def of(cls, created: CreatedJob) -> Self:
        """The GraphQL view of a new job."""
        return cls(
            training_job=TrainingJob.of(created.job),
            warnings=[TrainingWarning.of(notice) for notice in created.warnings],
        )


@object_type
class TrainingJobPayload:
    """The answer of mutations that steer a training job."""

    training_job: TrainingJob | None = strawberry.field(
        default=None, description="The job as it stands now; of a retry, the new one. Null when there are user errors."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=ALL_OR_NOTHING)
