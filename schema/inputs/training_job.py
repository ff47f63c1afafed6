"""Inputs that create and control training jobs, and the filter for lists of them."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import ID

from models.job import Decoding, Priority, TrainingType
from models.job_status import JobStatus
from models.specs.training_jobs import ExecutionOptions, TrainingConfig, TrainingSpec
from schema.decorators import input_type
from schema.inputs.shared import Defaults, filter_argument
from store.job_list import JobFilter


@input_type
class TrainingConfigInput(Defaults):
    """The feedback to learn from and the settings of the training.

    Omitted settings are chosen from the data, and the choice is reported.
    """

    feedback_cutoff_date: datetime | None = strawberry.field(
        description=(
            "Learn only from feedback given at or after this moment. Default: all feedback, or for `INCREMENTAL` the "
            "feedback that was submitted after the active version was created."
        )
    )
    minimum_feedback_count: int = strawberry.field(
        default=20,
        graphql_type=int | None,
        description=(
            "The minimum number of usable items of feedback, 1 to 1,000,000. If there are fewer, no job is created and "
            "the error is `INSUFFICIENT_FEEDBACK`. Compared with `FeedbackSummary.usableCount`."
        ),
    )
    validation_split: float | None = strawberry.field(
        description=(
            "The share of the groups of related items to hold out for the proof: above 0, at most 0.5. Default: the "
            "proof is measured out of fold on all feedback, and the version then learns from all of it; this is "
            "usually the better choice."
        )
    )
    learning_rate: float | None = strawberry.field(
        description="The step size of the training: above 0, at most 1. Default: chosen from the data."
    )
    max_epochs: int | None = strawberry.field(
        description="The maximum number of epochs: 1 to 10,000. Default: chosen from the data."
    )
    early_stopping: bool | None = strawberry.field(
        description=(
            "Stop the training when it no longer improves on feedback held out for validation. Default: chosen from "
            "the data."
        )
    )
    target_criteria: list[ID] | None = strawberry.field(
        description=(
            "The criteria to change, or for `VALIDATION` to measure, by id or key. Required for `FINE_TUNE`, optional "
            "for `VALIDATION`, rejected for the other types, which concern all criteria."
        )
    )
    seed: int = strawberry.field(
        default=0,
        graphql_type=int | None,
        description=(
            "The seed of the random numbers, 0 or more. The same seed, feedback and configuration give the same "
            "version, bit for bit."
        ),
    )
    decoding: Decoding = strawberry.field(
        default=Decoding.ERROR,
        graphql_type=Decoding | None,
        description=(
            "The measure that the version's verdicts optimize. Scores, intervals and the deployment gate do not depend "
            "on it."
        ),
    )

    def to_spec(self) -> TrainingConfig:
        """Return the spec of the configuration."""
        return TrainingConfig(
            feedback_cutoff_date=self.feedback_cutoff_date,
            minimum_feedback_count=self.minimum_feedback_count,
            validation_split=self.validation_split,
            learning_rate=self.learning_rate,
            max_epochs=self.max_epochs,
            early_stopping=self.early_stopping,
            target_criteria=None if self.target_criteria is None else tuple(self.target_criteria),
            seed=self.seed,
            decoding=self.decoding,
        )


@input_type
class ExecutionOptionsInput(Defaults):
    """Options for running a job and for the actions after its end."""

    priority: Priority = strawberry.field(
        default=Priority.NORMAL, graphql_type=Priority | None, description="The job's priority in the queue."
    )
    auto_deploy: bool = strawberry.field(
        default=False,
        graphql_type=bool | None,
        description=(
            "Deploy the new version automatically if it is proven better and no criterion is proven worse. "
            "`TrainingJob.deployment` reports the decision."
        ),
    )
    backup_current_version: bool = strawberry.field(
        default=True,
        graphql_type=bool | None,
        description="Keep the version that an automatic deployment replaces as `BACKUP` for a rollback.",
    )
    notification_email: str | None = strawberry.field(
        description="An address that receives an e-mail at the end of the job. Default: no e-mail."
    )
    webhook_url: str | None = strawberry.field(
        description=(
            "An `https://` or `http://` address that is called at the end of the job, signed as in Standard Webhooks "
            "and retried until it answers. Default: no call."
        )
    )
    auto_start: bool = strawberry.field(
        default=True,
        graphql_type=bool | None,
        description="Queue the job at once. If false, it stays `CREATED` until `startTrainingJob`.",
    )

    def to_spec(self) -> ExecutionOptions:
        """Return the spec of the options."""
        return ExecutionOptions(
            priority=self.priority,
            auto_deploy=self.auto_deploy,
            backup_current_version=self.backup_current_version,
            notification_email=self.notification_email,
            webhook_url=self.webhook_url,
            auto_start=self.auto_start,
        )


@input_type
class CreateTrainingJobInput:
    """The training job to create."""

    judge_id: ID = strawberry.field(description="The judge whose feedback to learn from.")
    training_type: TrainingType = strawberry.field(description="The type of training.")
    training_config: TrainingConfigInput = strawberry.field(
        description="The feedback to learn from and the settings; `{}` uses the defaults."
    )
    execution_options: ExecutionOptionsInput | None = strawberry.field(
        description="Options for running the job and for the actions after its end. Default: the defaults of each."
    )
    idempotency_key: str | None = strawberry.field(
        description=(
            "A key that you choose, at most 200 characters, which makes it safe to send the request again: the same "
            "key with the same request returns the existing job, the same key with another request is an "
            "`IDEMPOTENCY_MISMATCH`."
        )
    )

    def to_spec(self) -> TrainingSpec:
        """Return the spec of the job."""
        return TrainingSpec(
            judge_id=self.judge_id,
            training_type=self.training_type,
            config=self.training_config.to_spec(),
            options=ExecutionOptions() if self.execution_options is None else self.execution_options.to_spec(),
            idempotency_key=self.idempotency_key,
        )


@input_type
class StartTrainingJobInput:
    """The job to start."""

    job_id: ID = strawberry.field(description="A job in status `CREATED`, created with `autoStart: false`.")


@input_type
class CancelTrainingJobInput:
    """The job to cancel."""

    job_id: ID = strawberry.field(description="A job that has not ended.")
    reason: str | None = strawberry.field(description="The reason, for the job's log.")


@input_type
class RetryTrainingJobInput:
    """The job to retry."""

    job_id: ID = strawberry.field(description="A job in status `FAILED` or `CANCELLED`.")


@input_type
class TrainingJobFilter:
    """Conditions on training jobs; a job must meet all of them."""

    judge_id: ID | None = strawberry.field(description="Only jobs of this judge.")
    statuses: list[JobStatus] | None = strawberry.field(description="Only jobs in one of these statuses.")
    training_types: list[TrainingType] | None = strawberry.field(description="Only jobs of one of these types.")
    created_by: ID | None = strawberry.field(description="Only jobs that this user created.")
    created_after: datetime | None = strawberry.field(description="Only jobs created at or after this moment.")
    created_before: datetime | None = strawberry.field(description="Only jobs created before this moment.")

    def to_filter(self) -> JobFilter:
        """Return the filter for the query."""
        return JobFilter(
            judge_id=self.judge_id,
            statuses=None if self.statuses is None else tuple(self.statuses),
            training_types=None if self.training_types is None else tuple(self.training_types),
            created_by=self.created_by,
            created_after=self.created_after,
            created_before=self.created_before,
        )


JobFilterArgument = Annotated[TrainingJobFilter | None, filter_argument("jobs", "all")]


def to_job_filter(filter_: TrainingJobFilter | None) -> JobFilter:
    """Return the filter for the query; one without conditions if the argument is unset or null."""
    return filter_.to_filter() if filter_ else JobFilter()
