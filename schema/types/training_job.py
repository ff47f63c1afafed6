"""Training jobs."""

from collections.abc import Hashable
from datetime import datetime
from math import ceil
from typing import Any, Optional, Self

import strawberry
from strawberry import ID

from models.job import TrainingJob as JobRecord
from models.job import TrainingType
from models.job_status import JobStatus
from resolvers import jobs
from resolvers.subscriptions import JobUpdate
from schema.decorators import field, object_type
from schema.info import Info, unset_to_none
from schema.types.access import User
from schema.types.connection import EVENT_PAGE_SIZE, After, Connection, First, connection, size
from schema.types.evidence import TrainingEvidence
from schema.types.judge import Judge, load_judge
from schema.types.judge_version import JudgeVersion, load_version
from schema.types.node import Node
from schema.types.training_job_details import (
    DeploymentDecision,
    ExecutionOptions,
    FeedbackDataSummary,
    NotificationDelivery,
    TrainingConfig,
    TrainingFailure,
    TrainingProgress,
)
from schema.types.training_job_event import TrainingJobEvent, event_of


@object_type
class TrainingJob(Node):
    """One run of learning from a judge's feedback: what was asked for, how it goes and what came of it.

    What a job learns from, and the version it starts from, are fixed when it is created.
    """

    training_type: TrainingType = strawberry.field(description="What the job does with the feedback.")
    status: JobStatus = strawberry.field(description="Where the job stands.")
    estimated_duration: int | None = strawberry.field(
        description=(
            "How many minutes the job was expected to take, waiting for its turn included, when it was created: at "
            "least 1. Null when there was nothing to go by."
        )
    )
    created_at: datetime = strawberry.field(description="When the job was created.")
    started_at: datetime | None = strawberry.field(description="When a worker first took it; null before.")
    finished_at: datetime | None = strawberry.field(
        description="When it was completed, failed or was cancelled; null before."
    )
    attempt: int = strawberry.field(
        description=(
            "Which attempt at training this is: 0 before the first; above 1 when a worker was lost and another went "
            "on. At most 3."
        )
    )
    row: strawberry.Private[JobRecord]

    @field
    async def judge(self, info: Info) -> Judge:
        """The judge whose feedback the job learns from."""
        return await load_judge(info, self.row.judge_pk)

    @field
    def training_config(self) -> TrainingConfig:
        """What the job learns from and how, with what was chosen where nothing was asked for."""
        return TrainingConfig.of(
            self.row.config.value, self.row.chosen.value if self.row.chosen is not None else None, self.row.judge_pk
        )

    @field
    def execution_options(self, info: Info) -> ExecutionOptions:
        """How the job is run and what follows it."""
        return ExecutionOptions.of(jobs.visible_options(info.context, self.row))

    @field
    def feedback_data_summary(self) -> FeedbackDataSummary:
        """What feedback the job starts from, as it stood when the job was created."""
        return FeedbackDataSummary.of(self.row.summary.value)

    @field
    def progress(self) -> TrainingProgress:
        """How far the job got."""
        return TrainingProgress.of(self.row)

    @field
    async def created_by(self, info: Info) -> User:
        """Who created the job."""
        return User.of(await info.context.loaders.users.load(self.row.created_by))

    @field
    def error(self) -> TrainingFailure | None:
        """Why the job failed; null unless it did."""
        return TrainingFailure.of(self.row)

    @field
    async def base_version(self, info: Info) -> JudgeVersion | None:
        """The version that was active when the job was created; null when none was and the raw scores stood."""
        return await load_version(info, self.row.base_version_id)

    @field
    async def result_version(self, info: Info) -> JudgeVersion | None:
        """The version the job made; null until it is made, and for a `VALIDATION`, which makes none."""
        return await load_version(info, self.row.result_version_id)

    @field
    def evidence(self) -> TrainingEvidence | None:
        """The proof of how good the result is; null until it is validated."""
        return TrainingEvidence.of(self.row.evidence, self.row.judge_pk)

    @field
    def deployment(self) -> DeploymentDecision | None:
        """Whether the new version was put to use, and why; null until that is decided, and without `autoDeploy`."""
        return DeploymentDecision.of(self.row.deployment)

    @field
    async def events(
        self, info: Info, first: First = EVENT_PAGE_SIZE, after: After = strawberry.UNSET
    ) -> Connection[TrainingJobEvent]:
        """What happened to the job, oldest first. Its cursors also serve the subscription `trainingJobStatus`."""
        page = await jobs.list_events(info.context, self.row.id, size(first, EVENT_PAGE_SIZE), unset_to_none(after))
        return connection(page, event_of)

    @field
    async def notifications(self, info: Info) -> list[NotificationDelivery]:
        """The messages that tell of the job's end, and whether they arrived; empty while the job is not over."""
        rows = await jobs.list_deliveries(info.context, self.row.id)
        ctx = info.context
        return [
            NotificationDelivery.of(row, jobs.visible_target(ctx, row), jobs.visible_last_error(ctx, row))
            for row in rows
        ]

    @field
    async def retry_of(self, info: Info) -> Optional["TrainingJob"]:
        """The job that this one tries again; null when it is no retry."""
        return await load_job(info, self.row.retry_of)

    @classmethod
    def of(cls, row: JobRecord) -> Self:
        """The GraphQL view of a record."""
        seconds = row.estimated_seconds
        return cls(
            id=ID(row.id),
            training_type=row.training_type,
            status=row.status,
            estimated_duration=None if seconds is None else max(1, ceil(seconds / 60)),
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
            attempt=row.attempt,
            row=row,
        )


async def load_job(info: Info, job_id: str | None) -> TrainingJob | None:
    """The job with this id, where there is an id."""
    return None if job_id is None else TrainingJob.of(await info.context.loaders.jobs.load(job_id))


@object_type
class TrainingJobUpdate:
    """Something that happened to a training job, and the job as it stands since."""

    cursor: str = strawberry.field(
        description=(
            "Marks the event's place: subscribe again with it as `after`, and nothing is missed or repeated. The same "
            "cursors as in `TrainingJob.events`."
        )
    )
    event: TrainingJobEvent = strawberry.field(description="What happened.")
    training_job: TrainingJob = strawberry.field(
        description="The job as it stands when the update is sent, which may be further."
    )
    result_cache: strawberry.Private[dict[Hashable, Any]]  # answers shared by subscribers that ask alike

    @classmethod
    def of(cls, update: JobUpdate) -> Self:
        """The GraphQL view of an update."""
        return cls(
            cursor=update.cursor,
            event=event_of(update.event),
            training_job=TrainingJob.of(update.job),
            result_cache=update.result_cache,
        )
