"""The parts of a training job: what was asked for, what it starts from and how far it got."""

from datetime import datetime
from typing import Self

import strawberry

from models.job import Decoding, Delivery, Priority, TrainingJob
from models.job_status import JobStatus
from models.stored.json_column import Stored
from models.stored.training_job import ChosenSettings, FeedbackSnapshot, JobConfig, JobOptions, JobProgress
from models.stored.training_job import DeploymentDecision as StoredDecision
from schema.decorators import field, object_type
from schema.info import Info
from schema.types.criterion import Criterion
from schema.types.feedback_summary import DateRange
from schema.types.scalars import stored_moment


@object_type
class TrainingConfig:
    """What a job learns from and how: as it was asked for, or as it was chosen from the data where nothing was.

    Null means that it is not chosen yet, or not used by this type of training.
    """

    feedback_cutoff_date: datetime | None = strawberry.field(
        description="Only feedback given at or after this moment is learned from; null when there is no such bound."
    )
    minimum_feedback_count: int = strawberry.field(description="How many usable items of feedback were required.")
    validation_split: float | None = strawberry.field(
        description=(
            "Which share of the groups of related items is held out for the proof: above 0, at most 0.5. Null: the "
            "proof is made out of fold, over everything."
        )
    )
    learning_rate: float | None = strawberry.field(
        description=(
            "How large a step of learning is: above 0, at most 1. Null: none of the settings of learning was "
            "given, so that it goes to the minimum by a method that needs none (L-BFGS); or nothing was chosen yet."
        )
    )
    max_epochs: int | None = strawberry.field(
        description=(
            "How many passes of learning there are at most: 1 to 10,000. Where no setting was given, how many it "
            "took. Null: not known yet, or not used."
        )
    )
    early_stopping: bool | None = strawberry.field(
        description=(
            "Whether learning stops when it no longer helps on feedback kept apart. Null: it goes to the minimum, or "
            "nothing was chosen yet."
        )
    )
    seed: int = strawberry.field(
        description="Where chance begins. The same seed, feedback and configuration give the same version, bit for bit."
    )
    decoding: Decoding = strawberry.field(description="What the version's verdicts aim at.")
    judge_pk: strawberry.Private[int]
    targets: strawberry.Private[list[str]]

    @field
    async def target_criteria(self, info: Info) -> list[Criterion]:
        """The criteria the job is limited to; empty when it concerns them all."""
        criteria = {c.id: c for c in await info.context.loaders.criteria.load(self.judge_pk)}
        return [Criterion.of(criteria[target]) for target in self.targets]

    @classmethod
    def of(cls, asked: JobConfig, chosen: ChosenSettings | None, judge_pk: int) -> Self:
        """The configuration of a job: what was asked for, and what was chosen where nothing was."""
        used = chosen or ChosenSettings()
        return cls(
            feedback_cutoff_date=asked.cutoff,
            minimum_feedback_count=asked.minimum_feedback_count,
            validation_split=used.validation_split if asked.validation_split is None else asked.validation_split,
            learning_rate=used.learning_rate if asked.learning_rate is None else asked.learning_rate,
            max_epochs=used.max_epochs if asked.max_epochs is None else asked.max_epochs,
            early_stopping=used.early_stopping if asked.early_stopping is None else asked.early_stopping,
            seed=asked.seed,
            decoding=Decoding(asked.decoding),
            judge_pk=judge_pk,
            targets=asked.target_criteria or [],
        )


@object_type
class ExecutionOptions:
    """How a job is run and what follows it."""

    priority: Priority = strawberry.field(description="Which of the waiting jobs is taken first.")
    auto_deploy: bool = strawberry.field(
        description="Whether the new version is put to use when it is proven better and no criterion is proven worse."
    )
    backup_current_version: bool = strawberry.field(
        description="Whether the version it replaces is kept as `BACKUP` for a rollback; otherwise it is `ARCHIVED`."
    )
    notification_email: str | None = strawberry.field(
        description="Who is told by e-mail when the job is over; hidden from roles below `TRAINER`. Null: nobody."
    )
    webhook_url: str | None = strawberry.field(
        description="Which address is called when the job is over; hidden from roles below `TRAINER`. Null: none."
    )

    @classmethod
    def of(cls, options: JobOptions) -> Self:
        """The GraphQL view of stored options."""
        return cls(
            priority=Priority[options.priority],
            auto_deploy=options.auto_deploy,
            backup_current_version=options.backup_current_version,
            notification_email=options.notification_email,
            webhook_url=options.webhook_url,
        )


@object_type
class FeedbackDataSummary:
    """What feedback a job starts from, as it stood when the job was created; what comes later changes nothing."""

    total_feedback_count: int = strawberry.field(description="How many items of feedback there were, of all types.")
    correction_count: int = strawberry.field(description="How many of them were corrections.")
    rating_count: int = strawberry.field(description="How many of them were ratings.")
    date_range: DateRange = strawberry.field(description="When the first and the last of them were given.")

    @classmethod
    def of(cls, summary: FeedbackSnapshot) -> Self:
        """The GraphQL view of a stored snapshot."""
        return cls(
            total_feedback_count=summary.total,
            correction_count=summary.corrections,
            rating_count=summary.ratings,
            date_range=DateRange(earliest=stored_moment(summary.earliest), latest=stored_moment(summary.latest)),
        )


@object_type
class TrainingProgress:
    """How far a job got."""

    fraction: float = strawberry.field(description="Share of the work that is done: 0 at the start, 1 when completed.")
    epoch: int | None = strawberry.field(description="The last step of learning that is done; null before the first.")
    max_epochs: int | None = strawberry.field(
        description="How many steps there are at most; null until it is settled. Learning may stop earlier."
    )
    loss: float | None = strawberry.field(
        description="How badly the version fits what it learns from: smaller is better. Null before the first step."
    )
    validation_loss: float | None = strawberry.field(
        description="The same on feedback kept apart from learning; null when none is, and before the first step."
    )

    @classmethod
    def of(cls, job: TrainingJob) -> Self:
        """The progress of a job."""
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
    """Why a job failed."""

    code: str = strawberry.field(description="What kind of failure it was, for programs.")
    message: str = strawberry.field(description="What went wrong and what can be done, in a sentence for people.")

    @classmethod
    def of(cls, job: TrainingJob) -> Self | None:
        """The failure of a job, if it failed."""
        if job.error_code is None:
            return None
        return cls(code=job.error_code, message=job.error_message or job.error_code)


@object_type
class DeploymentDecision:
    """Whether the version a job made was put to use when the job was done."""

    deployed: bool = strawberry.field(description="Whether the version was put to use.")
    reason: str = strawberry.field(description="Why, or why not, in a sentence for people.")
    decided_at: datetime = strawberry.field(description="When that was decided.")

    @classmethod
    def of(cls, stored_decision: Stored[StoredDecision] | None) -> Self | None:
        """The GraphQL view of a stored decision."""
        if stored_decision is None:
            return None
        decision = stored_decision.value
        return cls(
            deployed=decision.deployed,
            reason=decision.reason,
            decided_at=datetime.fromisoformat(decision.decided_at),
        )


@object_type
class NotificationDelivery:
    """A message that tells somebody that a job is over. It is sent again, at growing intervals, until it arrives."""

    channel: str = strawberry.field(description="How it is sent: `email` or `webhook`.")
    target: str = strawberry.field(description="To which address; hidden from roles below `TRAINER`.")
    status: str = strawberry.field(
        description="`pending`: to be sent, or sent again; `delivered`: it arrived; `failed`: given up."
    )
    attempts: int = strawberry.field(description="How often it was sent so far.")
    last_error: str | None = strawberry.field(
        description="Why the last attempt failed; null when none did. Hidden from roles below `TRAINER`."
    )

    @classmethod
    def of(cls, delivery: Delivery, target: str, last_error: str | None) -> Self:
        """The GraphQL view of a record; the target and the error as far as the viewer may know them."""
        return cls(
            channel=delivery.channel,
            target=target,
            status=delivery.status.value,
            attempts=delivery.attempts,
            last_error=last_error,
        )
