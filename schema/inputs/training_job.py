"""What clients send to create, steer and find training jobs."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import ID

from models.job import Decoding, Priority, TrainingType
from models.job_status import JobStatus
from models.specs.training_jobs import ExecutionOptions, TrainingConfig, TrainingSpec
from schema.decorators import input_type
from schema.inputs.defaults import Defaults
from store.jobs import JobFilter


@input_type
class TrainingConfigInput(Defaults):
    """What a job learns from and how. What you leave out is chosen from the data, and what was chosen is reported."""

    feedback_cutoff_date: datetime | None = strawberry.field(
        description=(
            "Learn only from feedback given at or after this moment. Left out: from all feedback, or for `INCREMENTAL` "
            "from what came in since the active version was made."
        )
    )
    minimum_feedback_count: int = strawberry.field(
        default=20,
        graphql_type=int | None,
        description=(
            "How many usable items of feedback there must be, 1 to 1,000,000: with fewer, no job is created and the "
            "error is `INSUFFICIENT_FEEDBACK`. Compared with `FeedbackSummary.usableCount`."
        ),
    )
    validation_split: float | None = strawberry.field(
        description=(
            "Which share of the groups of related items to hold out for the proof: above 0, at most 0.5. Left out: the "
            "proof is made out of fold over all feedback, and the version then learns from everything; usually the "
            "better choice."
        )
    )
    learning_rate: float | None = strawberry.field(
        description="How large the steps of learning are: above 0, at most 1. Left out: chosen from the data."
    )
    max_epochs: int | None = strawberry.field(
        description="How many steps of learning there are at most: 1 to 10,000. Left out: chosen from the data."
    )
    early_stopping: bool | None = strawberry.field(
        description=(
            "Whether to stop learning when it no longer helps on feedback kept apart. Left out: chosen from the data."
        )
    )
    target_criteria: list[ID] | None = strawberry.field(
        description=(
            "The criteria to change, or for `VALIDATION` to measure, by id or key. Required for `FINE_TUNE`, allowed "
            "for `VALIDATION`, refused for the other types, which concern all criteria."
        )
    )
    seed: int = strawberry.field(
        default=0,
        graphql_type=int | None,
        description=(
            "Where chance begins, 0 or more. The same seed, feedback and configuration give the same version, bit for "
            "bit."
        ),
    )
    decoding: Decoding = strawberry.field(
        default=Decoding.ERROR,
        graphql_type=Decoding | None,
        description="What the version's verdicts aim at; scores, intervals and the gate are the same either way.",
    )

    def to_spec(self) -> TrainingConfig:
        """What is asked for."""
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
    """How a job is run and what follows it."""

    priority: Priority = strawberry.field(
        default=Priority.NORMAL, graphql_type=Priority | None, description="Which of the waiting jobs is taken first."
    )
    auto_deploy: bool = strawberry.field(
        default=False,
        graphql_type=bool | None,
        description=(
            "Put the new version to use by itself, but only when it is proven better and no criterion is proven worse; "
            "`TrainingJob.deployment` tells what was decided."
        ),
    )
    backup_current_version: bool = strawberry.field(
        default=True,
        graphql_type=bool | None,
        description="When it is deployed, keep the version it replaces as `BACKUP` for a rollback.",
    )
    notification_email: str | None = strawberry.field(
        description="An address that gets an e-mail when the job is over. Left out: nobody does."
    )
    webhook_url: str | None = strawberry.field(
        description=(
            "An `https://` or `http://` address that is called when the job is over, signed as in Standard Webhooks "
            "and repeated until it answers. Left out: none is."
        )
    )
    auto_start: bool = strawberry.field(
        default=True,
        graphql_type=bool | None,
        description="Queue the job at once. With false it stays `CREATED` until `startTrainingJob`.",
    )

    def to_spec(self) -> ExecutionOptions:
        """What is asked for."""
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

    judge_id: ID = strawberry.field(description="The judge whose feedback is to be learned from.")
    training_type: TrainingType = strawberry.field(description="What to do with the feedback.")
    training_config: TrainingConfigInput = strawberry.field(
        description="What to learn from and how; `{}` leaves everything to the server."
    )
    execution_options: ExecutionOptionsInput | None = strawberry.field(
        description="How to run the job and what follows it. Left out: the defaults."
    )
    idempotency_key: str | None = strawberry.field(
        description=(
            "A key of your own making, at most 200 characters, that makes it safe to send the request again: the same "
            "key and request give the job that is there, the same key with another request is an "
            "`IDEMPOTENCY_MISMATCH`."
        )
    )

    def to_spec(self) -> TrainingSpec:
        """What is asked for."""
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

    job_id: ID = strawberry.field(description="A job in status `CREATED`: one made with `autoStart: false`.")


@input_type
class CancelTrainingJobInput:
    """The job to stop."""

    job_id: ID = strawberry.field(description="A job that is not over yet.")
    reason: str | None = strawberry.field(description="Why, in words, for the job's log.")


@input_type
class RetryTrainingJobInput:
    """The job to try again."""

    job_id: ID = strawberry.field(description="A job in status `FAILED` or `CANCELLED`.")


@input_type
class TrainingJobFilter:
    """Which training jobs to list: those that meet everything that is given."""

    judge_id: ID | None = strawberry.field(description="Only the jobs of this judge.")
    statuses: list[JobStatus] | None = strawberry.field(description="Only jobs in one of these statuses.")
    training_types: list[TrainingType] | None = strawberry.field(description="Only jobs of one of these types.")
    created_by: ID | None = strawberry.field(description="Only jobs that this user created.")
    created_after: datetime | None = strawberry.field(description="Only jobs created at or after this moment.")
    created_before: datetime | None = strawberry.field(description="Only jobs created before this moment.")


Filter = Annotated[
    TrainingJobFilter | None,
    strawberry.argument(name="filter", description="Which jobs to list. Left out: all of them."),
]


def job_filter(wanted: TrainingJobFilter | None) -> JobFilter:
    """Which jobs are asked for."""
    if wanted is None:
        return JobFilter()
    return JobFilter(
        judge_id=wanted.judge_id,
        statuses=None if wanted.statuses is None else tuple(wanted.statuses),
        training_types=None if wanted.training_types is None else tuple(wanted.training_types),
        created_by=wanted.created_by,
        created_after=wanted.created_after,
        created_before=wanted.created_before,
    )
