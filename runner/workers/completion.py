"""Completion of a successful job: version, evidence, gate and deployment in one transaction under the claim's fence."""

import hashlib
from typing import Any

from sqlalchemy import Connection

from models.base import now
from models.job import EventKind, TrainingJob
from models.job_status import JobStatus
from models.judge import JudgeVersion
from runner.versions.deployment import deploy_if_proven
from runner.workers.reports import PHASE_MESSAGES
from store import jobs, judges
from store.event_log.events import NewEvent


def publish_result(
    connection: Connection, job_id: str, fence: int, outcome: dict[str, Any], content: bytes | None
) -> TrainingJob:
    """Complete a job and keep its result. If a cancellation was requested meanwhile, cancel the job and keep nothing.

    Args:
        connection: of a writing unit.
        job_id: the job.
        fence: the fence of the caller's claim.
        outcome: the outcome that the training process reported.
        content: the version as bytes; None for a job that makes none, such as a validation.

    Returns:
        The job's new row.

    Raises:
        StaleClaim: The job is no longer claimed under this fence. Nothing is kept.
    """
    job = jobs.lock_claimed(connection, job_id, fence)
    if job.cancel_requested:
        return jobs.transition(connection, job, JobStatus.CANCELLED, jobs.cancellation_message(job), fence=fence)
    judge = judges.lock_judge(connection, job.judge_pk)
    events = [NewEvent(EventKind.WARNING, w["message"], {"code": w["code"]}) for w in outcome["warnings"]]
    changes: dict[str, Any] = {"evidence": outcome["evidence"], "chosen": outcome["chosen"]}
    if content is not None:
        version = _add_version(connection, job, outcome, content)
        changes["result_version_id"] = version.id
        events.append(NewEvent(EventKind.VERSION, f"Created version {version.number}.", {"version_id": version.id}))
        if job.options["auto_deploy"]:
            backup = job.options["backup_current_version"]
            deployed, reason = deploy_if_proven(connection, judge, version, backup=backup, by=job.created_by)
            changes["deployment"] = {"deployed": deployed, "reason": reason, "decided_at": now().isoformat()}
            events.append(NewEvent(EventKind.DEPLOYMENT, reason, {"deployed": deployed, "reason": reason}))
    if job.progress is not None:
        changes["progress"] = job.progress | {"fraction": 1.0}
    jobs.log_events(connection, job, events)
    if job.status is not JobStatus.VALIDATING:
        phase = JobStatus.VALIDATING
        job = jobs.transition(connection, job, phase, PHASE_MESSAGES[phase], fence=fence)
    return jobs.transition(connection, job, JobStatus.COMPLETED, "The job is complete.", fence=fence, **changes)


def _add_version(connection: Connection, job: TrainingJob, outcome: dict[str, Any], content: bytes) -> JudgeVersion:
    return judges.add_version(
        connection,
        job.judge_pk,
        content,
        job_id=job.id,
        parent_id=job.base_version_id,
        evidence=outcome["evidence"],
        proven_against=job.base_version_id,
        watermark=job.feedback_upto,
        lineage=outcome["lineage"] | _describe_origin(job, outcome, content),
        created_by=job.created_by,
    )


def _describe_origin(job: TrainingJob, outcome: dict[str, Any], content: bytes) -> dict[str, Any]:
    return {
        "training_type": job.training_type.value,
        "config": job.config,
        "chosen": outcome["chosen"],
        "file_digest": hashlib.sha256(content).hexdigest(),
    }
