"""Parts of a training job: configuration, options, snapshot, progress, failure, deployment and notifications."""

from datetime import datetime
from typing import Self, TypeVar

import strawberry

from models.job import Decoding, Delivery, DeliveryStatus, Priority, TrainingJob
from models.job_codes import DeliveryChannel, FailureCode
from models.job_status import JobStatus
from models.stored.json_column import Stored
from models.stored.training_job import ChosenSettings, FeedbackSnapshot, JobConfig, JobOptions, JobProgress
from models.stored.training_job import DeploymentDecision as StoredDecision
from schema.decorators import deprecated_field, field, object_type
from schema.info import Info
from schema.types.criterion import Criterion
from schema.types.enums import parse_stored
from schema.types.feedback_summary import DateRange
from schema.types.scalars import stored_moment

T = TypeVar("T")


@object_type
class TrainingConfig:
    """The feedback that a job learns from and its settings, as requested or as chosen from the data.

    A setting is null if it is not chosen yet or not used by this type of training.
    """

    feedback_cutoff_date: datetime | None = strawberry.field(
        description="Only feedback given at or after this moment is used; null if there is no such bound."
    )
    minimum_feedback_count: int = strawberry.field(description="The required number of usable items of feedback.")
    validation_split: float | None = strawberry.field(
        description=(
            "The share of the groups of related items that is held out for the proof: above 0, at most 0.5. Null if "
            "the proof is measured out of fold on all feedback."
        )
    )
    learning_rate: float | None = strawberry.field(
        description=(
            "The step size of the training: above 0, at most 1. Null if no setting of the training was given, so that "
            "L-BFGS finds the minimum, which needs no step size; or if nothing was chosen yet."
        )
    )
    max_epochs: int | None = strawberry.field(
        description=(
            "The maximum number of epochs: 1 to 10,000. If no setting of the training was given, the number of epochs "
            "it took. Null if not known yet or not used."
        )
    )
    early_stopping: bool | None = strawberry.field(
        description=(
            "True if the training stops when it no longer improves on feedback held out for validation. Null if it "
            "continues to the minimum, or nothing was chosen yet."
        )
    )
    seed: int = strawberry.field(
        description=(
            "The seed of the random numbers. The same seed, feedback and configuration give the same version, bit for "
            "bit."
        )
    )
    decoding: Decoding = strawberry.field(description="The measure that the version's verdicts optimize.")
    judge_pk: strawberry.Private[int]
    targets: strawberry.Private[list[str]]

    @field
    async def target_criteria(self, info: Info) -> list[Criterion]:
        """The criteria that the job is limited to; empty if it concerns all criteria."""
        criteria = {c.id: c for c in await info.context.loaders.criteria.load(self.judge_pk)}
        return [Criterion.of(criteria[target]) for target in self.targets]

    @classmethod
    def of(cls, requested: JobConfig, chosen: ChosenSettings | None, judge_pk: int) -> Self:
        """Return the GraphQL object of a stored configuration.

        Args:
            requested: The settings as requested; None for a setting that was omitted.
            chosen: The settings that the training chose; None before it has chosen any.
            judge_pk: The primary key of the judge.
        """
        used = chosen or ChosenSettings()
        return cls(
            feedback_cutoff_date=requested.cutoff,
            minimum_feedback_count=requested.minimum_feedback_count,
            validation_split=_first(requested.validation_split, used.validation_split),
            learning_rate=_first(requested.learning_rate, used.learning_rate),
            max_epochs=_first(requested.max_epochs, used.max_epochs),
            early_stopping=_first(requested.early_stopping, used.early_stopping),
            seed=requested.seed,
            decoding=Decoding(requested.decoding),
            judge_pk=judge_pk,
            targets=requested.target_criteria or [],
        )


@object_type
class ExecutionOptions:
    """Options for running a job and for the actions after its end."""

    priority: Priority = strawberry.field(description="The job's priority in the queue.")
    auto_deploy: bool = strawberry.field(
        description="True if the new version is deployed when it is proven better and no criterion is proven worse."
    )
    backup_current_version: bool = strawberry.field(
        description="True if the replaced version is kept as `BACKUP` for a rollback; otherwise it is `ARCHIVED`."
    )
    notification_email: str | None = strawberry.field(
        description=(
            "The address that receives an e-mail at the end of the job; null if there is none. Redacted for roles "
            "below `TRAINER`."
        )
    )
    webhook_url: str | None = strawberry.field(
        description=(
            "The address that is called at the end of the job; null if there is none. Redacted for roles below "
            "`TRAINER`."
        )
    )

    @classmethod
    def of(cls, options: JobOptions) -> Self:
        """Return the GraphQL object of stored options."""
        return cls(
            priority=Priority[options.priority],
            auto_deploy=options.auto_deploy,
            backup_current_version=options.backup_current_version,
            notification_email=options.notification_email,
            webhook_url=options.webhook_url,
        )


@object_type
class FeedbackDataSummary:
    """The feedback that existed when a job was created. Later feedback does not change it."""

    total_feedback_count: int = strawberry.field(description="The number of items of feedback of all types.")
    correction_count: int = strawberry.field(description="The number of corrections.")
    rating_count: int = strawberry.field(description="The number of ratings.")
    date_range: DateRange = strawberry.field(description="The period in which the feedback was given.")

    @classmethod
    def of(cls, summary: FeedbackSnapshot) -> Self:
        """Return the GraphQL object of a stored snapshot."""
        return cls(
            total_feedback_count=summary.total,
            correction_count=summary.corrections,
            rating_count=summary.ratings,
            date_range=DateRange(earliest=stored_moment(summary.earliest), latest=stored_moment(summary.latest)),
        )


@object_type
class TrainingProgress:
    """The progress of a job."""

    fraction: float = strawberry.field(
        description="The share of the work that is done: 0 at the start, 1 at the completion."
    )
    epoch: int | None = strawberry.field(description="The last completed epoch; null before the first.")
    max_epochs: int | None = strawberry.field(
        description="The maximum number of epochs; null until it is chosen. The training may stop earlier."
    )
    loss: float | None = strawberry.field(
        description="The loss on the training data; smaller is better. Null before the first epoch."
    )
    validation_loss: float | None = strawberry.field(
        description="The loss on feedback held out for validation; null if none is, and before the first epoch."
    )

    @classmethod
    def of(cls, job: TrainingJob) -> Self:
        """Return the GraphQL object of a job's progress."""
        progress = job.progress.value if job.progress is not None else JobProgress()
        return cls(
            fraction=1.0 if job.status is JobStatus.COMPLETED else progress.fraction,
            epoch=progress.epoch,
            max_epochs=progress.max_epochs,
            loss=progress.loss,
            validation_loss=progress.validation_loss,
        )


@object_type
class TrainingFailure:
    """The reason why a job failed."""

    failure_code: FailureCode | None = strawberry.field(
        description=(
            "The kind of failure, for programs; null if another version of the server recorded one that this version "
            "does not know."
        )
    )
    message: str = strawberry.field(description="A sentence for people about the failure and possible solutions.")
    stored_code: strawberry.Private[str]

    @deprecated_field("failureCode")
    def code(self) -> str:
        """The kind of failure, as a text."""
        return self.stored_code

    @classmethod
    def of(cls, job: TrainingJob) -> Self | None:
        """Return the GraphQL object of a job's failure; None if it did not fail."""
        code = job.error_code
        if code is None:
            return None
        return cls(failure_code=parse_stored(FailureCode, code), message=job.error_message or code, stored_code=code)


@object_type
class DeploymentDecision:
    """The decision whether to deploy the version that a job created."""

    deployed: bool = strawberry.field(description="True if the version was deployed.")
    reason: str = strawberry.field(description="A sentence for people about the reason.")
    decided_at: datetime = strawberry.field(description="The moment of the decision.")

    @classmethod
    def of(cls, column: Stored[StoredDecision] | None) -> Self | None:
        """Return the GraphQL object of a stored decision."""
        if column is None:
            return None
        decision = column.value
        return cls(
            deployed=decision.deployed,
            reason=decision.reason,
            decided_at=datetime.fromisoformat(decision.decided_at),
        )


@object_type
class NotificationDelivery:
    """A notification about the end of a job. Failed attempts are retried at growing intervals."""

    delivery_channel: DeliveryChannel = strawberry.field(description="The channel.")
    target: str = strawberry.field(description="The address. Redacted for roles below `TRAINER`.")
    delivery_status: DeliveryStatus = strawberry.field(description="The status of the delivery.")
    attempts: int = strawberry.field(description="The number of attempts so far.")
    last_error: str | None = strawberry.field(
        description="The error of the last attempt; null if it did not fail. Redacted for roles below `TRAINER`."
    )

    @deprecated_field("deliveryChannel")
    def channel(self) -> str:
        """The channel as a text: `email` or `webhook`."""
        return self.delivery_channel.value

    @deprecated_field("deliveryStatus")
    def status(self) -> str:
        """The status of the delivery as a text: `pending`, `delivered` or `failed`."""
        return self.delivery_status.value

    @classmethod
    def of(cls, delivery: Delivery, target: str, last_error: str | None) -> Self:
        """Return the GraphQL object of a delivery.

        Args:
            delivery: The record.
            target: The address, or a placeholder if the viewer may not see it.
            last_error: The last error, or a placeholder if the viewer may not see it.
        """
        return cls(
            delivery_channel=DeliveryChannel(delivery.channel),
            target=target,
            delivery_status=delivery.status,
            attempts=delivery.attempts,
            last_error=last_error,
        )


def _first(requested: T | None, chosen: T | None) -> T | None:
    return chosen if requested is None else requested
