"""Training jobs: make, watch, steer."""

from dataclasses import dataclass

from msgspec import structs

from models.errors import DomainError
from models.feedback import FeedbackBounds, Summary
from models.job import Delivery, JobEvent, TrainingJob
from models.permissions import can_see
from models.specs.checks import check_reason as check_reason
from models.specs.training_jobs import TrainingSpec
from models.stored.training_job import JobOptions
from resolvers.context import Context
from resolvers.page import ListPage, read_page
from runner.jobs.duration import round_up_to_minutes
from runner.jobs.feedback_quality import FeedbackAssessment
from runner.jobs.preflight import RejectedPlan
from runner.jobs.warnings import TrainingWarning
from store import jobs, outbox
from store.event_log import events as log
from store.jobs import JobFilter

REDACTED = "(hidden from your role)"


@dataclass(frozen=True, slots=True)
class CreatedJob:
    """A job that was created, and what a person should know about it."""

    job: TrainingJob
    warnings: tuple[TrainingWarning, ...]


@dataclass(frozen=True, slots=True)
class Preflight:
    """What a job would start from, and what is wrong with that."""

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
        RequestRejected: it can't be created, and why.
    """
    return CreatedJob(*await ctx.manager.submit(ctx.viewer, spec))


async def run_preflight(ctx: Context, spec: TrainingSpec) -> Preflight:
    """What ``create_job`` would do.

    Raises:
        RequestRejected: the request is not well-formed.
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
    """Queue a job that was created to wait.

    Raises:
        NotFound, NotStartable: it can't be started, and why.
    """
    return await ctx.manager.start(ctx.viewer, job_id)


async def cancel_job(ctx: Context, job_id: str, reason: str | None) -> TrainingJob:
    """Cancel a job.

    Raises:
        NotFound, NotCancellable, RequestRejected: it can't be cancelled, and why.
    """
    check_reason(reason)
    return await ctx.manager.cancel(ctx.viewer, job_id, reason)


async def retry_job(ctx: Context, job_id: str) -> TrainingJob:
    """A new job like one that failed.

    Raises:
        NotFound, NotRetryable, RequestRejected: it can't be tried again, and why.
    """
    return await ctx.manager.retry(ctx.viewer, job_id)


async def find_job(ctx: Context, job_id: str) -> TrainingJob | None:
    """The workspace's job of this id."""
    return await ctx.store.read(lambda connection: jobs.find_job(connection, ctx.workspace_id, job_id))


async def list_jobs(
    ctx: Context, first: int, after: str | None, wanted: JobFilter | None = None
) -> ListPage[TrainingJob]:
    """The workspace's jobs, newest first.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    statement = jobs.in_workspace(ctx.workspace_id, wanted)
    return await read_page(ctx.store, jobs.JOBS, statement, first, after, ctx.sizes.page)


async def list_events(ctx: Context, job_id: str, first: int, after: str | None) -> ListPage[JobEvent]:
    """A job's log, oldest first; the job is one the viewer may see.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    return await read_page(ctx.store, log.EVENTS, log.for_job(job_id), first, after, ctx.sizes.page)


async def list_deliveries(ctx: Context, job_id: str) -> tuple[Delivery, ...]:
    """The messages a job owes, their targets hidden below TRAINER; the job is one the viewer may see."""
    return tuple(await ctx.store.read(lambda connection: outbox.list_for_job(connection, job_id)))


def visible_target(ctx: Context, delivery: Delivery) -> str:
    """Where a message goes, as far as the viewer may know."""
    return delivery.target if can_see(ctx.viewer.role, "NotificationDelivery.target") else REDACTED


def visible_last_error(ctx: Context, delivery: Delivery) -> str | None:
    """Why a message did not arrive, as far as the viewer may know."""
    known = delivery.last_error is None or can_see(ctx.viewer.role, "NotificationDelivery.lastError")
    return delivery.last_error if known else REDACTED


def visible_options(ctx: Context, job: TrainingJob) -> JobOptions:
    """A job's execution options, as far as the viewer may know them."""
    options = job.options.value
    names = {"notification_email": "notificationEmail", "webhook_url": "webhookUrl"}
    hidden = {
        key: REDACTED
        for key, name in names.items()
        if getattr(options, key) is not None and not can_see(ctx.viewer.role, f"ExecutionOptions.{name}")
    }
    return structs.replace(options, **hidden)
