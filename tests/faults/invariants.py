"""Invariants of training jobs that hold whatever was killed, checked from the database alone."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import Connection, select

from models.job import EventKind, JobEvent, TrainingJob, TrainingType
from models.job_status import TERMINAL, TRANSITIONS, JobStatus
from models.judge import Judge, JudgeVersion
from models.stored.events import StatusBody
from store.database.rows import fetch_all


@dataclass(frozen=True)
class InvariantReport:
    """Violated invariants, as sentences, and how often jobs were released."""

    violations: tuple[str, ...]
    requeued: int
    jobs: int


def check_invariants(connection: Connection, accepted: set[str]) -> InvariantReport:
    """Check the database after all jobs have ended.

    Args:
        connection: of a reading unit.
        accepted: ids of all jobs that a server has accepted.
    """
    jobs = {job.id: job for job in fetch_all(connection, select(TrainingJob), TrainingJob)}
    violations = [f"{job_id} was accepted and is missing" for job_id in accepted - jobs.keys()]
    logs: dict[str, list[JobEvent]] = {job_id: [] for job_id in jobs}
    for event in fetch_all(connection, select(JobEvent).order_by(JobEvent.position), JobEvent):
        logs[event.job_id].append(event)
    versions = Counter(
        version.job_id for version in fetch_all(connection, select(JudgeVersion), JudgeVersion) if version.job_id
    )
    requeued = 0
    for job_id, job in jobs.items():
        violations += _find_log_violations(job, logs[job_id])
        wanted = job.status is JobStatus.COMPLETED and job.training_type is not TrainingType.VALIDATION
        if versions[job_id] != wanted:
            violations.append(f"{job_id} is {job.status} and has {versions[job_id]} versions")
        requeued += sum(
            _transitions(logs[job_id])[i][1] is JobStatus.QUEUED for i in range(2, len(_transitions(logs[job_id])))
        )
    for judge in fetch_all(connection, select(Judge), Judge):
        numbers = sorted(
            v.number
            for v in fetch_all(connection, select(JudgeVersion).where(JudgeVersion.judge_pk == judge.pk), JudgeVersion)
        )
        if numbers != list(range(1, len(numbers) + 1)):
            violations.append(f"{judge.id} has versions {numbers}")
    return InvariantReport(tuple(violations), requeued, len(jobs))


def _transitions(log: list[JobEvent]) -> list[tuple[JobStatus | None, JobStatus]]:
    return [_transition(event) for event in log if event.kind is EventKind.STATUS]


def _find_log_violations(job: TrainingJob, log: list[JobEvent]) -> list[str]:
    violations = []
    if job.status not in TERMINAL:
        violations.append(f"{job.id} has not ended: it is {job.status}")
    if [event.seq for event in log] != list(range(1, len(log) + 1)):
        violations.append(f"{job.id} has a gap in its log")
    if job.event_seq != len(log):
        violations.append(f"{job.id} counts {job.event_seq} events and has {len(log)}")
    transitions = _transitions(log)
    if not transitions or transitions[0] != (None, JobStatus.CREATED):
        violations.append(f"{job.id} does not begin with CREATED")
    for (_, before), (reported, after) in pairwise(transitions):
        if reported is not before or after not in TRANSITIONS[before]:
            violations.append(f"{job.id} moved from {reported} to {after} when it was {before}")
    ends = [event for event in log if event.kind is EventKind.STATUS and _transition(event)[1] in TERMINAL]
    if job.status in TERMINAL and (len(ends) != 1 or log[-1] is not ends[0]):
        violations.append(f"{job.id} ended {len(ends)} times, or an event follows its end")
    return violations


def _transition(event: JobEvent) -> tuple[JobStatus | None, JobStatus]:
    body = event.body.read_as(StatusBody)
    return JobStatus(body.from_) if body.from_ else None, JobStatus(body.to)
