"""Completion of a successful job: version, evidence, gate and deployment in one transaction under the claim's fence."""

import hashlib

from msgspec import structs
from sqlalchemy import Connection

from models.base import now
from models.job import EventKind, TrainingJob
from models.job_status import JobStatus
from models.judge import Judge, JudgeVersion
from models.stored.events import DeploymentBody, VersionBody, WarningBody
from models.stored.training_job import DeploymentDecision
from runner.training.messages import OutcomeReport
from runner.versions.deployment import deploy_if_proven
from runner.workers.reports import PHASE_MESSAGES
from store import jobs, judges
from store.event_log.events import NewEvent


def publish_result(connection: Connection, job_id: str, fence: int, outcome: OutcomeReport) -> TrainingJob:
    """Complete a job and keep its result. If a cancellation was requested meanwhile, cancel the job and keep nothing.

    Args:
        connection: of a writing unit.
        job_id: the job.
        fence: the fence of the caller's claim.
        outcome: the outcome that the training process reported.

    Returns:
        The job's new row.

    Raises:
        StaleClaim: The job is no longer claimed under this fence. Nothing is kept.
    """
    # Kept in one piece: everything that ends a job in one transaction, in the order of its events.
    job = jobs.lock_claimed(connection, job_id, fence)
    if job.cancel_requested:
        return jobs.transition(connection, job, JobStatus.CANCELLED, jobs.cancellation_message(job), fence=fence)
    judge = judges.lock_judge(connection, job.judge_pk)
    events = [NewEvent(EventKind.WARNING, w.message, WarningBody(w.code)) for w in outcome.warnings]
    version_id: str | None = None
    deployment: DeploymentDecision | None = None
    if outcome.version is not None:
        version = _add_version(connection, job, outcome, outcome.version)
        version_id = version.id
        events.append(NewEvent(EventKind.VERSION, f"Created version {version.number}.", VersionBody(version.id)))
        if job.options.value.auto_deploy:
            deployment = _deploy_version(connection, job, judge, version)
            body = DeploymentBody(deployment.deployed, deployment.reason)
            events.append(NewEvent(EventKind.DEPLOYMENT, deployment.reason, body))
    progress = structs.replace(job.progress.value, fraction=1.0) if job.progress is not None else None
    jobs.log_events(connection, job, events)
    if job.status is not JobStatus.VALIDATING:
        phase = JobStatus.VALIDATING
        job = jobs.transition(connection, job, phase, PHASE_MESSAGES[phase], fence=fence)
    return jobs.transition(
        connection,
        job,
        JobStatus.COMPLETED,
        "The job is complete.",
        fence=fence,
        evidence=outcome.evidence,
        chosen=outcome.chosen,
        result_version_id=version_id,
        deployment=deployment,
        progress=progress,
    )


def _deploy_version(
    connection: Connection, job: TrainingJob, judge: Judge, version: JudgeVersion
) -> DeploymentDecision:
    backup = job.options.value.backup_current_version
    deployed, reason = deploy_if_proven(connection, judge, version, backup=backup, by=job.created_by)
    return DeploymentDecision(deployed, reason, now().isoformat())


def _add_version(connection: Connection, job: TrainingJob, outcome: OutcomeReport, content: bytes) -> JudgeVersion:
    return judges.add_version(
        connection,
        job.judge_pk,
        content,
        judges.NewVersion(
            job_id=job.id,
            parent_id=job.base_version_id,
            evidence=outcome.evidence,
            proven_against=job.base_version_id,
            watermark=job.feedback_upto,
            lineage=structs.replace(
                outcome.lineage,
                training_type=job.training_type.value,
                config=job.config.value,
                chosen=outcome.chosen,
                file_digest=hashlib.sha256(content).hexdigest(),
            ),
            created_by=job.created_by,
        ),
    )
