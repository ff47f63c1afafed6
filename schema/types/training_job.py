"""Training jobs and their updates."""

from collections.abc import Hashable
from datetime import datetime
from math import ceil
from typing import Any, Optional, Self, cast

import strawberry
from strawberry import ID

from models.job import TrainingJob as JobRecord
from models.job import TrainingType
from models.job_status import JobStatus
from resolvers import jobs
from resolvers.subscriptions import JobUpdate
from schema.decorators import column, field, object_type, reads
from schema.info import Info
from schema.selection import selected_columns
from schema.types.access import User, load_user
from schema.types.connection import EVENT_PAGE_SIZE, After, Connection, First, page_arguments, to_connection
from schema.types.evidence import TrainingEvidence
from schema.types.judge import Judge, load_judge
from schema.types.judge_version import JudgeVersion, load_version
from schema.types.node import ID_DESCRIPTION, Node
from schema.types.training_job_details import (
    DeploymentDecision,
    ExecutionOptions,
    FeedbackDataSummary,
    NotificationDelivery,
    TrainingConfig,
    TrainingFailure,
    TrainingProgress,
)
from schema.types.training_job_event import TrainingJobEvent, to_event


@object_type
class TrainingJob(Node):
    """A job that trains a version on a judge's feedback, with its configuration, progress and result.

    The feedback it learns from and the version it starts from are fixed when it is created.
    """

    training_type: TrainingType = column(JobRecord.training_type, "The type of training.")
    status: JobStatus = column(JobRecord.status, "The status.")
    created_at: datetime = column(JobRecord.created_at, "The moment of its creation.")
    started_at: datetime | None = column(
        JobRecord.started_at, "The moment when a worker first claimed it; null before."
    )
    finished_at: datetime | None = column(
        JobRecord.finished_at, "The moment when it was completed, failed or was cancelled; null before."
    )
    attempt: int = column(
        JobRecord.attempt,
        "The number of the current attempt at training: 0 before the first, above 1 if a worker was lost and "
        "another one continued. At most 3.",
    )
    id: ID = column(JobRecord.id, ID_DESCRIPTION)
    row: strawberry.Private[JobRecord]

    @field
    @reads(JobRecord.estimated_seconds)
    def estimated_duration(self) -> int | None:
        """The duration in minutes that was expected when the job was created, including the time in the queue.

        At least 1. Null if no estimate was possible.
        """
        seconds = self.row.estimated_seconds
        return None if seconds is None else max(1, ceil(seconds / 60))

    @field
    @reads(JobRecord.judge_pk)
    async def judge(self, info: Info) -> Judge:
        """The judge whose feedback the job learns from."""
        return await load_judge(info, self.row.judge_pk)

    @field
    @reads(JobRecord.config, JobRecord.chosen, JobRecord.judge_pk)
    def training_config(self) -> TrainingConfig:
        """The feedback it learns from and its settings, as requested or as chosen from the data."""
        chosen = self.row.chosen.value if self.row.chosen is not None else None
        return TrainingConfig.of(self.row.config.value, chosen, self.row.judge_pk)

    @field
    @reads(JobRecord.options)
    def execution_options(self, info: Info) -> ExecutionOptions:
        """Options for running the job and for the actions after its end."""
        return ExecutionOptions.of(jobs.visible_options(info.context, self.row))

    @field
    @reads(JobRecord.summary)
    def feedback_data_summary(self) -> FeedbackDataSummary:
        """The feedback that existed when the job was created."""
        return FeedbackDataSummary.of(self.row.summary.value)

    @field
    @reads(JobRecord.progress, JobRecord.status)
    def progress(self) -> TrainingProgress:
        """The progress."""
        return TrainingProgress.of(self.row)

    @field
    @reads(JobRecord.created_by)
    def created_by(self, info: Info) -> User:
        """The user who created the job."""
        return load_user(info, self.row.created_by)

    @field
    @reads(JobRecord.error_code, JobRecord.error_message)
    def error(self) -> TrainingFailure | None:
        """The reason of the failure; null unless the job failed."""
        return TrainingFailure.of(self.row)

    @field
    @reads(JobRecord.base_version_id)
    def base_version(self, info: Info) -> JudgeVersion | None:
        """The version that was active when the job was created; null if none was and raw scores were in use."""
        return load_version(info, self.row.base_version_id)

    @field
    @reads(JobRecord.result_version_id)
    def result_version(self, info: Info) -> JudgeVersion | None:
        """The version that the job created; null before, and for a `VALIDATION`, which creates none."""
        return load_version(info, self.row.result_version_id)

    @field
    @reads(JobRecord.evidence, JobRecord.judge_pk)
    def evidence(self) -> TrainingEvidence | None:
        """The evidence about the result; null until it is validated."""
        return TrainingEvidence.of(self.row.evidence, self.row.judge_pk)

    @field
    @reads(JobRecord.deployment)
    def deployment(self) -> DeploymentDecision | None:
        """The decision of `autoDeploy` about the new version; null before the decision and without `autoDeploy`."""
        return DeploymentDecision.of(self.row.deployment)

    @field
    @reads(JobRecord.id)
    async def events(
        self, info: Info, first: First = EVENT_PAGE_SIZE, after: After = strawberry.UNSET
    ) -> Connection[TrainingJobEvent]:
        """The events of the job, oldest first. The subscription `trainingJobStatus` accepts the same cursors.

        Args:
            info: The request.
            first: The size of the page.
            after: The cursor after which to continue.
        """
        page = jobs.list_events(info.context, self.row.id, *page_arguments(first, after, EVENT_PAGE_SIZE))
        return await to_connection(page, to_event)

    @field
    @reads(JobRecord.id)
    async def notifications(self, info: Info) -> list[NotificationDelivery]:
        """The notifications about the end of the job and their delivery; empty while the job has not ended."""
        ctx = info.context
        return [
            NotificationDelivery.of(row, jobs.visible_target(ctx, row), jobs.visible_last_error(ctx, row))
            for row in await jobs.list_deliveries(ctx, self.row.id)
        ]

    @field
    @reads(JobRecord.retry_of)
    def retry_of(self, info: Info) -> Optional["TrainingJob"]:
        """The job that this job retries; null if it is no retry."""
        return load_job(info, self.row.retry_of)

    @classmethod
    def of(cls, row: JobRecord) -> Self:
        """Return the GraphQL object of a record."""
        return cls(row=row)


def load_job(info: Info, job_id: str | None) -> TrainingJob | None:
    """Return the job with an id, which the executor awaits; None without an id."""
    return None if job_id is None else cast("TrainingJob", _load_job(info, job_id))


async def _load_job(info: Info, job_id: str) -> TrainingJob:
    return TrainingJob.of(await info.context.loaders.jobs.load(job_id, selected_columns(info, JobRecord)))


@object_type
class TrainingJobUpdate:
    """An event of a training job together with the job."""

    cursor: str = strawberry.field(
        description=(
            "The position of the event. Subscribe again with it as `after` to continue without gaps or repetitions. "
            "`TrainingJob.events` uses the same cursors."
        )
    )
    event: TrainingJobEvent = strawberry.field(description="The event.")
    training_job: TrainingJob = strawberry.field(
        description="The job when the update is sent, which may have advanced beyond the event."
    )
    result_cache: strawberry.Private[dict[Hashable, Any]]  # results shared by subscribers with the same document

    @classmethod
    def of(cls, update: JobUpdate) -> Self:
        """Return the GraphQL object of an update."""
        return cls(
            cursor=update.cursor,
            event=to_event(update.event),
            training_job=TrainingJob.of(update.job),
            result_cache=update.result_cache,
        )
