"""Payloads of the mutations.

Each mutation has a payload type of its own, except for those that the first published schema gave a shared one:
``JudgePayload`` for deployments and ``TrainingJobPayload`` for starting, cancelling and retrying jobs.
"""

from typing import Self

import strawberry

from models.access import ApiKey as ApiKeyRecord
from models.evaluation import Evaluation as EvaluationRecord
from models.feedback import Feedback as FeedbackRecord
from resolvers import summary
from resolvers.access import CreatedKey
from resolvers.batch import BatchResult
from resolvers.evaluations import EvaluatedItems
from resolvers.jobs import CreatedJob
from schema.decorators import field, object_type
from schema.info import Info
from schema.types.access import ApiKey
from schema.types.evaluation import Evaluation, EvaluationResult
from schema.types.feedback import Feedback
from schema.types.feedback_summary import FeedbackSummary, selected_figures
from schema.types.judge import Judge
from schema.types.judge_version import JudgeVersion
from schema.types.preflight import TrainingWarning
from schema.types.training_job import TrainingJob
from schema.types.user_error import UserError, to_user_error

_JUDGE_NOW = "The judge after the change; null if there are user errors."


@object_type
class _Payload:
    """Payload of a mutation that changes everything or nothing."""

    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="The reasons why nothing was changed; empty if the mutation succeeded."
    )


@object_type
class _BatchPayload:
    """Payload of a mutation that accepts or rejects each item on its own."""

    user_errors: list[UserError] = strawberry.field(
        default_factory=list,
        description=(
            "The reasons why items were rejected. `field` begins with the name of the list and the index of the item, "
            'such as `["items", "3", ...]`. The other items were accepted. Empty if all were.'
        ),
    )


@object_type
class CreateJudgePayload(_Payload):
    """The payload of `createJudge`."""

    judge: Judge | None = strawberry.field(default=None, description="The new judge; null if there are user errors.")


@object_type
class UpdateJudgePayload(_Payload):
    """The payload of `updateJudge`."""

    judge: Judge | None = strawberry.field(default=None, description=_JUDGE_NOW)


@object_type
class JudgePayload(_Payload):
    """The payload of the mutations that change which version of a judge is active."""

    judge: Judge | None = strawberry.field(default=None, description=_JUDGE_NOW)


@object_type
class RecordEvaluationsPayload(_BatchPayload):
    """The payload of `recordEvaluations`."""

    evaluations: list[Evaluation | None] = strawberry.field(
        default_factory=list,
        description=(
            "The evaluations in the order they were sent; null for a rejected item. An item that was recorded before "
            "is returned again."
        ),
    )
    recorded_count: int = strawberry.field(default=0, description="The number of new evaluations.")

    @classmethod
    def of(cls, batch: BatchResult[EvaluationRecord]) -> Self:
        """Return the payload of a batch."""
        return cls(
            evaluations=[None if row is None else Evaluation.of(row) for row in batch.items],
            recorded_count=batch.new_count,
            user_errors=[to_user_error(error) for error in batch.errors],
        )


@object_type
class SubmitFeedbackPayload(_BatchPayload):
    """The payload of `submitFeedback`."""

    feedback: list[Feedback | None] = strawberry.field(
        default_factory=list,
        description=(
            "The items in the order they were sent; null for a rejected item. An item that was submitted before is "
            "returned again."
        ),
    )
    accepted_count: int = strawberry.field(default=0, description="The number of new items.")
    judge_pk: strawberry.Private[int | None] = None

    @field
    async def summary(self, info: Info) -> FeedbackSummary | None:
        """The judge's feedback summary after the submission; null if there is no such judge."""
        if self.judge_pk is None:
            return None
        figures, bounds = await summary.summarize_by_pk(info.context, self.judge_pk, selected_figures(info))
        return FeedbackSummary.of(figures, self.judge_pk, bounds)

    @classmethod
    def of(cls, batch: BatchResult[FeedbackRecord]) -> Self:
        """Return the payload of a batch."""
        return cls(
            feedback=[None if row is None else Feedback.of(row) for row in batch.items],
            accepted_count=batch.new_count,
            user_errors=[to_user_error(error) for error in batch.errors],
            judge_pk=batch.judge_pk,
        )


@object_type
class RetractFeedbackPayload(_Payload):
    """The payload of `retractFeedback`."""

    feedback: Feedback | None = strawberry.field(
        default=None, description="The item after the retraction; null if there are user errors."
    )


@object_type
class EvaluatePayload(_BatchPayload):
    """The payload of `evaluate`."""

    version: JudgeVersion | None = strawberry.field(
        default=None, description="The version that scored; null if none is active, so that raw scores are returned."
    )
    results: list[EvaluationResult | None] = strawberry.field(
        default_factory=list, description="The scores in the order the items were sent; null for a rejected item."
    )

    @classmethod
    def of(cls, evaluated: EvaluatedItems) -> Self:
        """Return the payload of scored items."""
        return cls(
            version=None if evaluated.version is None else JudgeVersion.of(evaluated.version),
            results=[None if item is None else EvaluationResult.of(item) for item in evaluated.results],
            user_errors=[to_user_error(error) for error in evaluated.errors],
        )


@object_type
class CreateTrainingJobPayload(_Payload):
    """The payload of `createTrainingJob`."""

    training_job: TrainingJob | None = strawberry.field(
        default=None,
        description=(
            "The new job, or the job that an earlier request with the same idempotency key created; null if there are "
            "user errors."
        ),
    )
    warnings: list[TrainingWarning] = strawberry.field(
        default_factory=list, description="Problems that do not stop the job."
    )

    @classmethod
    def of(cls, created: CreatedJob) -> Self:
        """Return the payload of a new job."""
        return cls(
            training_job=TrainingJob.of(created.job),
            warnings=[TrainingWarning.of(warning) for warning in created.warnings],
        )


@object_type
class TrainingJobPayload(_Payload):
    """The payload of the mutations that start, cancel or retry a training job."""

    training_job: TrainingJob | None = strawberry.field(
        default=None,
        description="The job after the change, or the new job of a retry; null if there are user errors.",
    )


@object_type
class CreateApiKeyPayload(_Payload):
    """The payload of `createApiKey`."""

    api_key: ApiKey | None = strawberry.field(default=None, description="The new key; null if there are user errors.")
    secret: str | None = strawberry.field(
        default=None,
        description=(
            "The secret of the key. Send it as `Authorization: Bearer SECRET`. It is shown only once. Null if there "
            "are user errors."
        ),
    )

    @classmethod
    def of(cls, created: CreatedKey) -> Self:
        """Return the payload of a new key."""
        return cls(api_key=ApiKey.of(created.key), secret=created.secret)


@object_type
class RevokeApiKeyPayload(_Payload):
    """The payload of `revokeApiKey`."""

    api_key: ApiKey | None = strawberry.field(
        default=None, description="The key after the revocation; null if there are user errors."
    )

    @classmethod
    def of(cls, row: ApiKeyRecord) -> Self:
        """Return the payload of a revoked key."""
        return cls(api_key=ApiKey.of(row))
