"""Commands on training jobs: submit, start, cancel, retry. Each writes in one transaction."""

import ipaddress
from dataclasses import replace
from urllib.parse import urlsplit

from msgspec import structs
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from models.access import Viewer
from models.audit import AuditAction
from models.errors import IdempotencyMismatch, Invalid, NotRetryable, NotStartable, RequestRejected
from models.feedback import Summary
from models.job import EventKind, TrainingJob
from models.job_status import JobStatus
from models.specs.training_jobs import ExecutionOptions, TrainingConfig, TrainingSpec
from models.stored.events import WarningBody
from models.stored.training_job import FeedbackSnapshot
from runner.jobs.feedback_figures import FeedbackFigures, FigureCache
from runner.jobs.preflight import RejectedPlan, TrainingPlan, build_plan, read_figures
from runner.jobs.warnings import TrainingWarning
from store import audit, jobs, judges
from store.database.snapshot import snapshot
from store.database.store import Store
from store.event_log.events import NewEvent


class JobManager:
    """Manager of training jobs.

    ``allow_private_targets`` permits webhooks to loopback and private addresses.
    """

    def __init__(self, store: Store, *, allow_private_targets: bool = False) -> None:
        self.store = store
        self.allow_private_targets = allow_private_targets
        self._figures = FigureCache(store)

    async def preflight(self, viewer: Viewer, spec: TrainingSpec) -> TrainingPlan | RejectedPlan:
        """Return the plan that ``submit`` would carry out, or its rejection. Nothing is changed.

        Raises:
            RequestRejected: The request is not well-formed.
        """
        spec = self._validate(spec)
        figures = await self._read_figures(viewer, spec)

        def unit(connection: Connection) -> TrainingPlan | RejectedPlan:
            judge = judges.find_judge(connection, viewer.workspace_id, spec.judge_id)
            return build_plan(connection, judge, spec, figures)

        return await self.store.read(snapshot(unit))

    async def submit(self, viewer: Viewer, spec: TrainingSpec) -> tuple[TrainingJob, tuple[TrainingWarning, ...]]:
        """Create a job, and queue it unless its option ``auto_start`` is off.

        Returns:
            The job and its warnings. If the idempotency key was used before, the earlier job without warnings.

        Raises:
            RequestRejected: The request is invalid. Nothing is changed.
        """
        spec = self._validate(spec)
        figures = await self._read_figures(viewer, spec)

        def unit(connection: Connection) -> tuple[TrainingJob, tuple[TrainingWarning, ...]]:
            return _submit(connection, viewer, spec, figures)

        try:
            return await self.store.write(unit)
        except IntegrityError:  # another request used the same idempotency key at the same moment; find its job
            return await self.store.write(unit)

    async def start(self, viewer: Viewer, job_id: str) -> TrainingJob:
        """Queue a job that was created with ``auto_start`` off.

        Raises:
            NotFound, NotStartable: There is no such job, or it was queued already.
        """

        def unit(connection: Connection) -> TrainingJob:
            job = jobs.get_job_or_raise(connection, viewer.workspace_id, job_id)
            try:
                if job.status is not JobStatus.CREATED:
                    raise jobs.StaleClaim(job.id)
                started = jobs.transition(connection, job, JobStatus.QUEUED, "The job waits for a worker.")
            except jobs.StaleClaim:
                raise NotStartable(
                    f"Only a job that was created with autoStart: false can be started; this one is {job.status.name}.",
                    ("job_id",),
                ) from None
            audit.record_action(connection, viewer, AuditAction.JOB_STARTED, job.id, "Started the training job.")
            return started

        return await self.store.write(unit)

    async def cancel(self, viewer: Viewer, job_id: str, reason: str | None) -> TrainingJob:
        """Cancel a waiting job at once, or request the cancellation of a running one.

        Args:
            viewer: the caller.
            job_id: the job.
            reason: reason given by the caller, for the audit log.

        Raises:
            NotFound, NotCancellable: There is no such job, or it has ended.
        """

        def unit(connection: Connection) -> TrainingJob:
            before = jobs.get_job_or_raise(connection, viewer.workspace_id, job_id)
            job = jobs.request_cancellation(connection, viewer.workspace_id, job_id, reason)
            if not before.cancel_requested:  # a repeated request changes nothing
                message = "Cancelled the training job."
                audit.record_action(connection, viewer, AuditAction.JOB_CANCELLED, job.id, message, reason)
            return job

        return await self.store.write(unit)

    async def retry(self, viewer: Viewer, job_id: str) -> TrainingJob:
        """Create a job with the request of a failed or cancelled one, on today's feedback.

        Raises:
            NotFound, NotRetryable: There is no such job, or it neither failed nor was cancelled.
            RequestRejected: The request is not valid any more.
        """

        def read_spec(connection: Connection) -> TrainingSpec:
            old = jobs.get_job_or_raise(connection, viewer.workspace_id, job_id)
            if old.status not in (JobStatus.FAILED, JobStatus.CANCELLED):
                raise NotRetryable(
                    f"Only a job that FAILED or was CANCELLED can be tried again; this one is {old.status.name}.",
                    ("job_id",),
                )
            judge = judges.get_judge_by_pk(connection, old.judge_pk)
            return replace(rebuild_spec(old, judge.id), idempotency_key=None)

        spec = await self.store.read(read_spec)  # a job that has ended does not change any more
        figures = await self._read_figures(viewer, spec)
        return await self.store.write(lambda connection: _submit(connection, viewer, spec, figures, retry_of=job_id)[0])

    async def _read_figures(self, viewer: Viewer, spec: TrainingSpec) -> FeedbackFigures | None:
        return await read_figures(self.store, self._figures, viewer.workspace_id, spec)

    def _validate(self, spec: TrainingSpec) -> TrainingSpec:
        spec = spec.validated()
        url = spec.options.webhook_url
        if url is not None and not self.allow_private_targets and _has_private_host(url):
            raise RequestRejected(
                Invalid(
                    "webhookUrl names a private or loopback address, to which this server sends nothing; an operator "
                    "can allow it with JUDGESMITH_ALLOW_PRIVATE_TARGETS.",
                    ("execution_options", "webhook_url"),
                )
            )
        return spec


def rebuild_spec(job: TrainingJob, judge_id: str) -> TrainingSpec:
    """Rebuild the request that a job was created from."""
    return TrainingSpec(
        judge_id=judge_id,
        training_type=job.training_type,
        config=TrainingConfig.from_stored(job.config.value),
        options=replace(ExecutionOptions.from_stored(job.options.value), auto_start=True),
    )


def _submit(
    connection: Connection,
    viewer: Viewer,
    spec: TrainingSpec,
    figures: FeedbackFigures | None,
    retry_of: str | None = None,
) -> tuple[TrainingJob, tuple[TrainingWarning, ...]]:
    digest = spec.digest()
    if spec.idempotency_key is not None:
        earlier = jobs.find_by_idempotency_key(connection, viewer.workspace_id, spec.idempotency_key)
        if earlier is not None:
            return _require_same_request(earlier, digest), ()
    # locked, because no feedback may arrive between the figures and the job's bounds
    judge = judges.find_judge(connection, viewer.workspace_id, spec.judge_id, lock=True)
    plan = build_plan(connection, judge, spec, figures)
    if isinstance(plan, RejectedPlan):
        raise RequestRejected(*plan.errors)
    config = structs.replace(spec.config.to_stored(), target_criteria=[c.id for c in plan.targets] or None)
    job = jobs.create_job(
        connection,
        jobs.NewJob(
            workspace_id=viewer.workspace_id,
            judge_pk=plan.judge.pk,
            training_type=spec.training_type,
            priority=int(spec.options.priority),
            config=config,
            options=spec.options.to_stored(),
            idempotency_key=spec.idempotency_key,
            request_digest=digest,
            base_version_id=plan.base.id if plan.base is not None else None,
            feedback_after=plan.bounds.after_seq,
            feedback_upto=plan.judge.feedback_seq,
            summary=_to_snapshot(plan.summary),
            estimated_seconds=plan.seconds + plan.seconds_ahead,
            retry_of=retry_of,
            created_by=viewer.user_id,
        ),
        [_to_event(warning) for warning in plan.warnings],
        start=spec.options.auto_start,
    )
    _record_submission(connection, viewer, job, plan.judge.id)
    return job, plan.warnings


def _record_submission(connection: Connection, viewer: Viewer, job: TrainingJob, judge_id: str) -> None:
    kind = job.training_type.name
    if job.retry_of is None:
        action = AuditAction.JOB_CREATED
        message = f"Created a training job of the type {kind} for {judge_id}."
    else:
        action = AuditAction.JOB_RETRIED
        message = f"Retried {job.retry_of} with a training job of the type {kind} for {judge_id}."
    audit.record_action(connection, viewer, action, job.id, message)


def _require_same_request(earlier: TrainingJob, digest: str) -> TrainingJob:
    if earlier.request_digest != digest:
        raise RequestRejected(
            IdempotencyMismatch(
                f"The idempotency key was used for {earlier.id}, with another request. Use a new key.",
                ("idempotency_key",),
            )
        )
    return earlier


def _to_snapshot(summary: Summary) -> FeedbackSnapshot:
    return FeedbackSnapshot(
        total=summary.total,
        corrections=summary.corrections,
        ratings=summary.ratings,
        usable=summary.usable,
        earliest=summary.earliest.isoformat() if summary.earliest else None,
        latest=summary.latest.isoformat() if summary.latest else None,
    )


def _to_event(warning: TrainingWarning) -> NewEvent:
    return NewEvent(EventKind.WARNING, warning.message, WarningBody(warning.code))


def _has_private_host(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False
