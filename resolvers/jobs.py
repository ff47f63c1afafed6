"""Creation, control and reading of training jobs."""

from dataclasses import dataclass

from msgspec import structs

from models.errors import DomainError
from models.feedback import FeedbackBounds, Summary
from models.job import Delivery, JobEvent, TrainingJob
from models.permissions import can_see
from models.specs.checks import check_reason
from models.specs.training_jobs import TrainingSpec
from models.stored.training_job import JobOptions
from resolvers.context import Context
from resolvers.page import ListPage, read_list, read_page
from runner.jobs.duration import round_up_to_minutes
from runner.jobs.feedback_quality import FeedbackAssessment
from runner.jobs.preflight import RejectedPlan
from runner.jobs.warnings import TrainingWarning
from store import job_list, jobs, outbox
from store.database.rows import Columns
from store.event_log import events as log
from store.job_list import JobFilter

REDACTED = "(hidden from your role)"


@dataclass(frozen=True, slots=True)
class CreatedJob:
    """A new job with its warnings."""

    job: TrainingJob
    warnings: tuple[TrainingWarning, ...]


@dataclass(frozen=True, slots=True)
class Preflight:
    """Result of a dry run: the feedback a job would start from, and the problems."""

    judge_pk: int | None
    bounds: FeedbackBounds
    summary: Summary | None
    quality: FeedbackAssessment
    errors: tuple[DomainError, ...]
    warnings: tuple[TrainingWarning, ...]
    estimated_minutes: int | None
    estimated_seconds: float | None
    detectable_mae_change: float | None
    conflict_count: int


async def create_job(ctx: Context, spec: TrainingSpec) -> CreatedJob:
    """Create a training job.

    Raises:
        RequestRejected: The job cannot be created.
    """
    return CreatedJob(*await ctx.manager.submit(ctx.viewer, spec))


async def run_preflight(ctx: Context, spec: TrainingSpec) -> Preflight:
    """Return the result of a dry run of ``create_job``.

    Raises:
        RequestRejected: The request is not valid.
    """
    result = await ctx.manager.preflight(ctx.viewer, spec)
    plan, errors = (result.plan, result.errors) if isinstance(result, RejectedPlan) else (result, ())
    if plan is None:
        bounds, quality = FeedbackBounds(), FeedbackAssessment()
        return Preflight(None, bounds, None, quality, errors, (), None, None, None, 0)
    return Preflight(
        judge_pk=plan.judge.pk,
        bounds=plan.bounds,
        summary=plan.summary,
        quality=plan.quality,
        errors=errors,
        warnings=plan.warnings,
        estimated_minutes=round_up_to_minutes(plan.seconds + plan.seconds_ahead),
        estimated_seconds=plan.seconds + plan.seconds_ahead,
        detectable_mae_change=plan.detectable_change,
        conflict_count=plan.summary.conflicts,
    )


async def start_job(ctx: Context, job_id: str) -> TrainingJob:
    """Queue a job that was created without starting it.

    Raises:
        NotFound, NotStartable: The job cannot be started.
    """
    return await ctx.manager.start(ctx.viewer, job_id)


async def cancel_job(ctx: Context, job_id: str, reason: str | None) -> TrainingJob:
    """Cancel a job.

    Args:
        ctx: The context of the operation.
        job_id: The job.
        reason: The reason, for the job's log.

    Raises:
        NotFound, NotCancellable, RequestRejected: The job cannot be cancelled.
    """
    check_reason(reason)
    return await ctx.manager.cancel(ctx.viewer, job_id, reason)


async def retry_job(ctx: Context, job_id: str) -> TrainingJob:
    """Create a new job with the configuration of a failed or cancelled one.

    Raises:
        NotFound, NotRetryable, RequestRejected: The job cannot be retried.
    """
    return await ctx.manager.retry(ctx.viewer, job_id)


async def find_job(ctx: Context, job_id: str, columns: Columns = None) -> TrainingJob | None:
    """Return the workspace's job with this id.

    Args:
        ctx: The context of the operation.
        job_id: The job.
        columns: The columns to read; None for all.
    """
    return await ctx.read(lambda connection: jobs.find_job(connection, ctx.workspace_id, job_id, columns))


async def list_jobs(
    ctx: Context, first: int, after: str | None, filter_: JobFilter | None = None, columns: Columns = None
) -> ListPage[TrainingJob]:
    """Return a page of the workspace's jobs, newest first.

    Args:
        ctx: The context of the operation.
        first: The number of items.
        after: The cursor after which the page starts; None for the first page.
        filter_: Conditions on the jobs; None for all jobs.
        columns: The columns to read; None for all.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    wanted, max_first = filter_ or JobFilter(), ctx.sizes.page
    return await read_list(
        ctx,
        lambda connection: job_list.fetch_page(
            connection, ctx.workspace_id, wanted, first, after, max_first=max_first, columns=columns
        ),
        lambda connection: job_list.count_jobs(connection, ctx.workspace_id, wanted),
    )


async def list_events(ctx: Context, job_id: str, first: int, after: str | None) -> ListPage[JobEvent]:
    """Return a page of a job's log, oldest first.

    Args:
        ctx: The context of the operation.
        job_id: A job that the viewer may see.
        first: The number of items.
        after: The cursor after which the page starts; None for the first page.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    return await read_page(ctx, log.EVENTS, log.for_job(job_id), first, after, ctx.sizes.page)


async def list_deliveries(ctx: Context, job_id: str) -> tuple[Delivery, ...]:
    """Return the notifications of a job that the viewer may see."""
    return tuple(await ctx.read(lambda connection: outbox.list_for_job(connection, job_id)))


def visible_target(ctx: Context, delivery: Delivery) -> str:
    """Return the address of a notification, or a placeholder if the viewer may not see it."""
    return delivery.target if can_see(ctx.viewer.role, "NotificationDelivery.target") else REDACTED


def visible_last_error(ctx: Context, delivery: Delivery) -> str | None:
    """Return the last error of a notification, or a placeholder if the viewer may not see it."""
    known = delivery.last_error is None or can_see(ctx.viewer.role, "NotificationDelivery.lastError")
    return delivery.last_error if known else REDACTED


def visible_options(ctx: Context, job: TrainingJob) -> JobOptions:
    """Return a job's execution options, with placeholders for values that the viewer may not see."""
    options = job.options.value
    names = {"notification_email": "notificationEmail", "webhook_url": "webhookUrl"}
    hidden = {
        key: REDACTED
        for key, name in names.items()
        if getattr(options, key) is not None and not can_see(ctx.viewer.role, f"ExecutionOptions.{name}")
    }
    return structs.replace(options, **hidden)
