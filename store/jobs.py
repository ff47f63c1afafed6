"""Training jobs in the database. ``transition`` is the only way to change a job's state.

Every change is guarded in its UPDATE's WHERE clause, and its event is written in the same transaction. Writes of a
worker carry the fence that its claim raised. A write whose fence is no longer the job's changes nothing and raises
``StaleClaim``.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, TypedDict, Unpack, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Integer,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import aliased

from models.base import new_id
from models.errors import NotCancellable
from models.job import EventKind, JobCheckpoint, TrainingJob, TrainingType
from models.job_codes import FailureCode
from models.job_status import ACTIVE, TERMINAL, WAITING, JobStatus, source_statuses
from models.proof_text import summarize_proof
from models.stored.events import StatusBody
from models.stored.evidence import TrainingEvidence
from models.stored.notification import CompletedJob, CompletionMessage, JobFailure
from models.stored.training_job import (
    ChosenSettings,
    DeploymentDecision,
    FeedbackSnapshot,
    JobConfig,
    JobOptions,
    JobProgress,
)
from store import outbox
from store.counters import totals
from store.database.clock import database_now
from store.database.rows import (
    Columns,
    ColumnValues,
    Query,
    add_columns,
    fetch_all,
    fetch_existing,
    fetch_first,
    found_or_raise,
    in_constants,
    with_columns,
)
from store.database.signals import Topic, touch
from store.database.upsert import insert_on_conflict
from store.event_log.events import NewEvent, append_events

MAX_ATTEMPTS = 3  # times that training begins
MAX_CLAIMS = 10


class StaleClaim(Exception):
    """The caller's claim of the job is no longer valid: the job has another fence, or has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """The columns of a new job: its request, its snapshot of the feedback, and its estimate."""

    workspace_id: str
    judge_pk: int
    training_type: TrainingType
    priority: int
    config: JobConfig
    options: JobOptions
    request_digest: str
    summary: FeedbackSnapshot
    created_by: str
    feedback_after: int
    feedback_upto: int
    base_version_id: str | None = None
    estimated_seconds: float | None = None
    idempotency_key: str | None = None
    retry_of: str | None = None


class JobChanges(TypedDict, total=False):
    """Columns that change together with a job's state."""

    owner: str | None
    lease_until: datetime | None
    started_at: datetime
    claims: int
    attempt: int
    cancel_requested: bool
    cancel_reason: str | None
    error_code: str
    error_message: str
    progress: JobProgress | None
    evidence: TrainingEvidence
    chosen: ChosenSettings
    result_version_id: str | None
    deployment: DeploymentDecision | None


def in_workspace(workspace_id: str) -> Query:
    """Return a select of a workspace's jobs."""
    return select(TrainingJob).where(TrainingJob.workspace_id == workspace_id)


def find_job(connection: Connection, workspace_id: str, job_id: str, columns: Columns = None) -> TrainingJob | None:
    """Return the workspace's job of this id, or None.

    Args:
        connection: the connection to read from.
        workspace_id: the workspace.
        job_id: the job.
        columns: the columns to read; None for all.
    """
    statement = in_workspace(workspace_id).where(TrainingJob.id == job_id)
    return fetch_first(connection, with_columns(statement, add_columns(columns, TrainingJob.id)), TrainingJob)


def get_job_or_raise(connection: Connection, workspace_id: str, job_id: str, columns: Columns = None) -> TrainingJob:
    """Return the workspace's job of this id.

    Args:
        connection: the connection to read from.
        workspace_id: the workspace.
        job_id: the job.
        columns: the columns to read; None for all.

    Raises:
        NotFound: the workspace has no such job.
    """
    job = find_job(connection, workspace_id, job_id, columns)
    return found_or_raise(job, f"There is no training job {job_id!r}.", "job_id")


def find_by_idempotency_key(connection: Connection, workspace_id: str, key: str) -> TrainingJob | None:
    """Return the job that was created with this key, or None.

    Args:
        connection: the connection to read from.
        workspace_id: the workspace.
        key: the idempotency key.
    """
    return fetch_first(connection, in_workspace(workspace_id).where(TrainingJob.idempotency_key == key), TrainingJob)


def create_job(connection: Connection, new: NewJob, events: list[NewEvent], *, start: bool) -> TrainingJob:
    """Create a job with its first events.

    Args:
        connection: the connection of a writing unit.
        new: the job.
        events: events to log after the one of the creation.
        start: whether to queue the job at once.
    """
    moment = database_now(connection)
    log = [_status_event("The job was created.", None, JobStatus.CREATED), *events]
    if start:
        log.append(_status_event("The job waits for a worker.", JobStatus.CREATED, JobStatus.QUEUED))
        touch(connection, Topic.JOBS)
    row: ColumnValues = {column.name: getattr(new, column.name) for column in fields(new)}
    row |= {
        "id": new_id("job"),
        "status": JobStatus.QUEUED if start else JobStatus.CREATED,
        "created_at": moment,
        "event_seq": len(log),
        "fence": 0,
        "claims": 0,
        "attempt": 0,
        "cancel_requested": False,
    }
    job = _returned(connection.execute(_INSERT, row))
    assert job is not None
    append_events(connection, job, 0, log, moment)
    totals.add_job(connection, job)
    return job


def transition(
    connection: Connection,
    job: TrainingJob,
    to: JobStatus,
    message: str,
    *,
    fence: int | None = None,
    raise_fence: bool = False,
    **changes: Unpack[JobChanges],
) -> TrainingJob:
    """Move a job to another state and log the event of it.

    Args:
        connection: the connection of a writing unit.
        job: any row of the job; only its id is used.
        to: the new state.
        message: a sentence for people about what happened.
        fence: the fence of the caller's claim; None if the caller is not a worker.
        raise_fence: raise the job's fence by one, which makes every earlier claim stale.
        changes: other columns to set.

    Returns:
        The job's new row.

    Raises:
        StaleClaim: no transition leads from the job's state to ``to``, or the job has another fence.
    """
    # Kept in one piece: the only way to change a state, with all that belongs to it in one transaction.
    now = _reload(connection, job.id, lock=True)
    moment = database_now(connection)
    columns: ColumnValues = {"status": to, "event_seq": TrainingJob.event_seq + 1, **changes}
    if raise_fence:
        columns["fence"] = now.fence + 1
    if to in TERMINAL:
        columns |= {"finished_at": moment, "owner": None, "lease_until": None}
    guard = [TrainingJob.id == job.id, TrainingJob.status == now.status, TrainingJob.status.in_(source_statuses(to))]
    if fence is not None:
        guard.append(TrainingJob.fence == fence)
    change = update(TrainingJob).where(*guard).values(columns).returning(TrainingJob)
    moved = _returned(connection.execute(change))
    if moved is None:
        raise StaleClaim(f"{job.id} is {now.status} and can't become {to} under fence {fence}; its own is {now.fence}.")
    append_events(connection, moved, now.event_seq, [_status_event(message, now.status, to)], moment)
    totals.move_job(connection, moved, now.status)
    if to in TERMINAL:
        connection.execute(delete(JobCheckpoint).where(JobCheckpoint.job_id == job.id))
        outbox.enqueue_deliveries(connection, moved, completion_payload(moved), moment)
    touch(connection, Topic.JOBS)
    return moved


def completion_payload(job: TrainingJob) -> CompletionMessage:
    """Return the notification that is sent when a job ends."""
    evidence = job.evidence.value if job.evidence is not None else None
    return CompletionMessage(
        type=f"training_job.{job.status.value}",
        timestamp=job.finished_at.isoformat() if job.finished_at else None,
        data=CompletedJob(
            job_id=job.id,
            training_type=job.training_type.value,
            status=job.status.value,
            result_version_id=job.result_version_id,
            improved=evidence.improved if evidence is not None else None,
            mae_change=evidence.mae_change if evidence is not None else None,
            deployment=job.deployment.value if job.deployment is not None else None,
            error=JobFailure(job.error_code, job.error_message) if job.error_code else None,
            summary=summarize_proof(evidence) if evidence is not None else None,
        ),
    )


def claim_next(connection: Connection, owner: str, lease: timedelta) -> TrainingJob | None:
    """Claim the next job: the oldest one of the highest priority whose judge has no active job.

    Args:
        connection: the connection of a writing unit.
        owner: the identity of the claiming process.
        lease: how long the claim is valid without a renewal.

    Returns:
        The claimed job, or None if no job can be claimed.

    Raises:
        IntegrityError: another worker claimed a job of the same judge at the same moment.
    """
    job = fetch_first(connection, _CLAIMABLE, TrainingJob)
    if job is None:
        return None
    moment = database_now(connection)
    return transition(
        connection,
        job,
        JobStatus.PREPARING,
        "A worker claimed the job and prepares its data.",
        owner=owner,
        raise_fence=True,
        claims=job.claims + 1,
        lease_until=moment + lease,
        started_at=job.started_at or moment,
    )


def renew_lease(connection: Connection, job_id: str, fence: int, lease: timedelta) -> TrainingJob:
    """Renew the lease of a claimed job.

    Args:
        connection: the connection of a writing unit.
        job_id: the job.
        fence: the fence of the caller's claim.
        lease: how long the claim is valid from now on.

    Returns:
        The job's new row, which also states whether cancellation was requested.

    Raises:
        StaleClaim: the caller's claim is no longer valid.
    """
    renewed = connection.execute(
        update(TrainingJob)
        .where(TrainingJob.id == job_id, TrainingJob.fence == fence, _is_in(ACTIVE))
        .values(lease_until=database_now(connection) + lease)
        .returning(TrainingJob)
    )
    job = _returned(renewed)
    if job is None:
        raise StaleClaim(job_id)
    return job


def save_progress(
    connection: Connection,
    job_id: str,
    fence: int,
    lease: timedelta,
    progress: JobProgress | None,
    checkpoint: bytes | None,
) -> TrainingJob:
    """Save a worker's progress, and renew its lease.

    Args:
        connection: the connection of a writing unit.
        job_id: the job.
        fence: the fence of the caller's claim.
        lease: how long the claim is valid from now on.
        progress: the new progress; None to keep the old one.
        checkpoint: the new checkpoint; None to keep the old one.

    Returns:
        The job's row after the renewal.

    Raises:
        StaleClaim: the caller's claim is no longer valid.
    """
    job = renew_lease(connection, job_id, fence, lease)
    if progress is not None:
        connection.execute(update(TrainingJob).where(TrainingJob.id == job_id).values(progress=progress))
    if checkpoint is not None:
        upsert = insert_on_conflict(connection, JobCheckpoint).values(job_id=job_id, content=checkpoint)
        connection.execute(
            upsert.on_conflict_do_update(index_elements=[JobCheckpoint.job_id], set_={"content": checkpoint})
        )
    return job


def lock_claimed(connection: Connection, job_id: str, fence: int) -> TrainingJob:
    """Lock the row of a claimed job until the transaction ends, and return it.

    Args:
        connection: the connection of a writing unit.
        job_id: the job.
        fence: the fence of the caller's claim.

    Raises:
        StaleClaim: the caller's claim is no longer valid.
    """
    job = _reload(connection, job_id, lock=True)
    if job.fence != fence or job.status not in ACTIVE:
        raise StaleClaim(job_id)
    return job


def log_events(connection: Connection, job: TrainingJob, events: list[NewEvent]) -> None:
    """Add events to a job's log.

    Args:
        connection: the connection of a writing unit that holds the job's row.
        job: the job.
        events: the events in order.
    """
    if events:
        _append_events(connection, job, events, database_now(connection))


def read_checkpoint(connection: Connection, job_id: str) -> bytes | None:
    """Return the checkpoint from which the job's training can resume, or None."""
    content: bytes | None = connection.execute(
        select(JobCheckpoint.content).where(JobCheckpoint.job_id == job_id)
    ).scalar_one_or_none()
    return content


def release(connection: Connection, job: TrainingJob, fence: int, reason: str, *, attempt_spent: bool) -> TrainingJob:
    """Release a claimed job whose worker is lost or stops.

    The job becomes QUEUED again. It becomes CANCELLED if cancellation was requested, and FAILED after ``MAX_ATTEMPTS``
    attempts or ``MAX_CLAIMS`` claims.

    Args:
        connection: the connection of a writing unit.
        job: the job.
        fence: the fence of the claim to release.
        reason: why the claim ended, as the end of a sentence.
        attempt_spent: whether the attempt counts towards ``MAX_ATTEMPTS``.

    Raises:
        StaleClaim: the job has another fence.
    """
    current = _reload(connection, job.id, lock=True)
    changes: JobChanges = {"owner": None, "lease_until": None}
    if current.cancel_requested:
        message = cancellation_message(current)
        return transition(connection, job, JobStatus.CANCELLED, message, fence=fence, raise_fence=True, **changes)
    if not attempt_spent and current.status is not JobStatus.PREPARING:
        changes["attempt"] = max(0, current.attempt - 1)
    spent = current.attempt >= MAX_ATTEMPTS and attempt_spent
    if spent or current.claims >= MAX_CLAIMS:
        tries = f"{current.attempt} attempts" if spent else f"{current.claims} claims"
        message = f"The job failed after {tries}; the last one ended because {reason}. It can be retried."
        changes |= {"error_code": FailureCode.WORKER_LOST, "error_message": message}
        return transition(connection, job, JobStatus.FAILED, message, fence=fence, raise_fence=True, **changes)
    message = f"The job is queued again: {reason}."
    return transition(connection, job, JobStatus.QUEUED, message, fence=fence, raise_fence=True, **changes)


def find_abandoned(connection: Connection, is_gone: Callable[[str], bool], *, lock: bool) -> list[TrainingJob]:
    """Return the jobs whose worker did not renew its lease in time, or whose worker's process has ended.

    Args:
        connection: the connection of a unit.
        is_gone: returns whether the process of an owner has ended.
        lock: lock the jobs, and skip those that another transaction has locked.
    """
    statement = select(TrainingJob).where(_is_in(ACTIVE))
    if lock:
        statement = statement.with_for_update(skip_locked=True)
    moment = database_now(connection)
    return [
        job
        for job in fetch_all(connection, statement, TrainingJob)
        if job.lease_until is None or job.lease_until < moment or is_gone(job.owner or "")
    ]


def request_cancellation(connection: Connection, workspace_id: str, job_id: str, reason: str | None) -> TrainingJob:
    """Cancel a waiting job at once, or ask the worker of a running job to stop.

    Args:
        connection: the connection of a writing unit.
        workspace_id: the workspace.
        job_id: the job.
        reason: the reason that the user gave.

    Raises:
        NotFound: the workspace has no such job.
        NotCancellable: the job has ended.
    """
    get_job_or_raise(connection, workspace_id, job_id)
    job = _reload(connection, job_id, lock=True)
    if job.status in TERMINAL:
        raise NotCancellable(f"The job has ended: its status is {job.status.name}.", ("job_id",))
    asked: JobChanges = {"cancel_requested": True, "cancel_reason": reason}
    if job.status in WAITING:
        message = "The job was cancelled" + (f": {reason}" if reason else ".")
        return transition(connection, job, JobStatus.CANCELLED, message, **asked)
    if not job.cancel_requested:
        connection.execute(update(TrainingJob).where(TrainingJob.id == job_id).values(asked))
        _append_events(
            connection, job, [NewEvent(EventKind.NOTE, "Cancellation was requested.")], database_now(connection)
        )
        touch(connection, Topic.JOBS)
    return _reload(connection, job_id)


def cancellation_message(job: TrainingJob) -> str:
    """Return the sentence that states why a job was cancelled."""
    return "The job was cancelled" + (f": {job.cancel_reason}" if job.cancel_reason else ".")


class CompletedRun(NamedTuple):
    """Size and duration of a completed job."""

    usable: int
    seconds: float


def list_recent_runs(connection: Connection, limit: int) -> list[CompletedRun]:
    """Return the sizes and durations of the newest completed jobs, newest first."""
    rows: Iterable[Any] = connection.execute(_RECENT_RUNS, {"limit": limit})
    return [
        CompletedRun(summary.value.usable, (finished_at - started_at).total_seconds())
        for summary, started_at, finished_at in rows
    ]


def _is_in(statuses: Collection[JobStatus], record: type[TrainingJob] = TrainingJob) -> ColumnElement[bool]:
    return in_constants(record.status, statuses)


def _select_claimable() -> Query:
    """Return a select of the first job in the queue whose judge has no active job, which is locked.

    The work depends on the number of judges whose jobs wait, not on the number of jobs: a recursive query steps through
    an index from judge to judge.
    """
    step, head, active = aliased(TrainingJob), aliased(TrainingJob), aliased(TrainingJob)
    first = select(func.min(TrainingJob.judge_pk).label("judge_pk")).where(_is_in({JobStatus.QUEUED}))
    waiting = first.cte("waiting", recursive=True)
    following = select(func.min(step.judge_pk)).where(
        _is_in({JobStatus.QUEUED}, step), step.judge_pk > waiting.c.judge_pk
    )
    waiting = waiting.union_all(select(following.scalar_subquery()).where(waiting.c.judge_pk.is_not(None)))
    oldest = (
        select(head.id)
        .where(_is_in({JobStatus.QUEUED}, head), head.judge_pk == waiting.c.judge_pk)
        .order_by(head.priority, head.id)
        .limit(1)
    )
    busy = exists().where(active.judge_pk == waiting.c.judge_pk, _is_in(ACTIVE, active))
    heads = select(oldest.scalar_subquery()).where(waiting.c.judge_pk.is_not(None), ~busy)
    return (
        select(TrainingJob)
        .where(TrainingJob.id.in_(heads), _is_in({JobStatus.QUEUED}))
        .order_by(TrainingJob.priority, TrainingJob.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=TrainingJob)
    )


# Each submitted job runs these statements, so they are built once.
_CLAIMABLE: Final = _select_claimable()
_INSERT: Final = insert(TrainingJob).returning(TrainingJob)
_RECENT_RUNS: Final = (
    select(TrainingJob.summary, TrainingJob.started_at, TrainingJob.finished_at)
    .where(_is_in({JobStatus.COMPLETED}))
    .order_by(TrainingJob.id.desc())
    .limit(bindparam("limit", type_=Integer))
)


def _status_event(message: str, source: JobStatus | None, to: JobStatus) -> NewEvent:
    return NewEvent(EventKind.STATUS, message, StatusBody(source.value if source is not None else None, to.value))


def _returned(result: CursorResult[Any]) -> TrainingJob | None:
    """Return the row that a write of one job returns, or None if it changed nothing."""
    return cast("TrainingJob | None", result.first())


def _reload(connection: Connection, job_id: str, *, lock: bool = False) -> TrainingJob:
    statement = select(TrainingJob).where(TrainingJob.id == job_id)
    if lock:
        statement = statement.with_for_update()
    return fetch_existing(connection, statement, TrainingJob)


def _append_events(connection: Connection, job: TrainingJob, events: list[NewEvent], moment: datetime) -> None:
    # The numbers come from a counter in the job's row, so commits cannot reorder a job's events.
    last: int = connection.execute(
        update(TrainingJob)
        .where(TrainingJob.id == job.id)
        .values(event_seq=TrainingJob.event_seq + len(events))
        .returning(TrainingJob.event_seq)
    ).scalar_one()
    append_events(connection, job, last - len(events), events, moment)
