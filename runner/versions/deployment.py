"""Deployment: only what is proven better replaces what counts, and what was replaced can come back."""

from dataclasses import dataclass

from sqlalchemy import Connection

from models.access import Viewer
from models.audit import AuditAction, KeylessActor
from models.errors import Conflict, DomainError, Invalid, NotAnImprovement, NotFound, NothingToRollBack
from models.judge import Criterion, DeploymentAction, Judge, JudgeVersion, VersionStatus
from models.stored.evidence import CriterionEvidence, Interval
from store import audit, judges


def check_gate(connection: Connection, judge: Judge, version: JudgeVersion) -> None:
    """Pass a version that is proven better than what is active, with no criterion proven worse.

    Raises:
        Conflict: the proof was made against another version than the one that is active by now.
        NotAnImprovement: the proof is missing or does not hold.
    """
    if version.evidence is None:
        raise NotAnImprovement(f"Version {version.number} carries no proof; train a judge to get one.", ("version_id",))
    if version.proven_against != judge.active_version_id:
        raise Conflict(
            f"Version {version.number} was measured against another version than the one that is active now. Train "
            "again, so that the proof is against what would be replaced.",
            ("version_id",),
        )
    evidence = version.evidence.value
    change = _format_interval(evidence.mae_change)
    if not evidence.improved:
        raise NotAnImprovement(
            f"Version {version.number} is not proven better: the mean error changed by {change} of the "
            "range (95 % interval), and its upper end is not below 0. More feedback would tell.",
            ("version_id",),
            mae_change=evidence.mae_change,
        )
    worse = [criterion for criterion in evidence.criteria if criterion.worsened]
    if worse:
        raise NotAnImprovement(
            f"Version {version.number} is better on the whole (the mean error changed by {change} "
            f"of the range, 95 % interval), but proven worse on {len(worse)} of its criteria: "
            f"{_format_changes(worse, judges.list_criteria(connection, judge.pk))}.",
            ("version_id",),
            mae_change=evidence.mae_change,
        )


def _format_interval(change: Interval | None) -> str:
    if change is None:
        return "an unknown share"
    return f"{change.estimate:+.1%} ({change.lower:+.1%} to {change.upper:+.1%})"


def _format_changes(proofs: list[CriterionEvidence], criteria: tuple[Criterion, ...]) -> str:
    """What is proven of criteria, in points of their scales."""
    keys = {criterion.id: criterion.key for criterion in criteria}
    changes = [
        (keys.get(proof.criterion, proof.criterion), proof.mae_change)
        for proof in proofs
        if proof.mae_change is not None
    ]
    return ", ".join(
        f"{key} by {change.estimate:+.2f} points ({change.lower:+.2f} to {change.upper:+.2f})"
        for key, change in changes
    )


@dataclass(frozen=True, slots=True)
class DeployRequest:
    """What is to be deployed, and how."""

    version_id: str
    force: bool = False
    reason: str | None = None
    backup: bool = True
    expected_active_id: str | None = None


def deploy(connection: Connection, viewer: Viewer, request: DeployRequest) -> Judge:
    """Make a version the one that counts.

    Raises:
        NotFound, Conflict, NotAnImprovement, Invalid: it can't be, and why.
    """
    version = judges.find_version(connection, viewer.workspace_id, request.version_id)
    if version is None:
        raise NotFound(f"There is no judge version {request.version_id!r}.", ("version_id",))
    judge = judges.lock_judge(connection, version.judge_pk)
    if judge.active_version_id == version.id:
        return judge
    _check_expected(judge, request.expected_active_id)
    if request.force:
        if not (request.reason and request.reason.strip()):
            raise Invalid("force needs a reason, which is kept.", ("reason",))
    else:
        check_gate(connection, judge, version)
    action = AuditAction.VERSION_FORCED if request.force else AuditAction.VERSION_DEPLOYED
    proof = " without proof" if request.force else ""
    message = f"Deployed version {version.number} of {judge.id}{proof}."
    audit.record_action(connection, viewer, action, version.id, message, request.reason)
    return judges.activate_version(
        connection,
        judge,
        version.id,
        action=DeploymentAction.FORCE if request.force else DeploymentAction.DEPLOY,
        replaced=VersionStatus.BACKUP if request.backup else VersionStatus.ARCHIVED,
        by=viewer.user_id,
        reason=request.reason,
    )


def rollback(
    connection: Connection, viewer: Viewer, judge_id: str, reason: str | None, expected_active_id: str | None
) -> Judge:
    """Go back to the newest BACKUP, or to the raw scores after a first deployment.

    Raises:
        NotFound, Conflict, NothingToRollBack: it can't be, and why.
    """
    judge = judges.lock_judge(connection, judges.get_judge_or_raise(connection, viewer.workspace_id, judge_id).pk)
    _check_expected(judge, expected_active_id)
    if judge.active_version_id is None:
        raise NothingToRollBack("No version is active: the raw scores stand.", ("judge_id",))
    backup = judges.find_newest_backup(connection, judge.pk)
    if backup is None:
        deployed = judges.find_deployment(connection, judge.pk, judge.active_version_id)
        if deployed is None or deployed.previous_id is not None:
            raise NothingToRollBack(
                "No version was kept as a BACKUP; any version can still be deployed by its id.", ("judge_id",)
            )
    back = f"version {backup.number}" if backup is not None else "the raw scores"
    message = f"Rolled {judge.id} back to {back}."
    audit.record_action(connection, viewer, AuditAction.JUDGE_ROLLED_BACK, judge.id, message, reason)
    return judges.activate_version(
        connection,
        judge,
        backup.id if backup is not None else None,
        action=DeploymentAction.ROLLBACK,
        replaced=VersionStatus.ARCHIVED,
        by=viewer.user_id,
        reason=reason,
    )


def deploy_if_proven(
    connection: Connection, judge: Judge, version: JudgeVersion, *, backup: bool, by: str
) -> tuple[bool, str]:
    """Deploy a job's version if it passes the gate; whether it was, and why."""
    try:
        check_gate(connection, judge, version)
    except DomainError as refusal:
        return False, refusal.message
    assert version.evidence is not None
    change = _format_interval(version.evidence.value.mae_change)
    reason = f"Proven better: the mean error changed by {change} of the range (95 % interval)."
    message = f"{version.job_id} deployed version {version.number} of {judge.id}, as it was asked to."
    audit.record_action(
        connection, KeylessActor(judge.workspace_id, by), AuditAction.VERSION_DEPLOYED, version.id, message, reason
    )
    judges.activate_version(
        connection,
        judge,
        version.id,
        action=DeploymentAction.DEPLOY,
        replaced=VersionStatus.BACKUP if backup else VersionStatus.ARCHIVED,
        by=by,
        reason=reason,
        job_id=version.job_id,
    )
    return True, reason


def _check_expected(judge: Judge, expected: str | None) -> None:
    if expected is not None and judge.active_version_id != expected:
        active = judge.active_version_id or "none: the raw scores stand"
        raise Conflict(f"The active version is {active}, not {expected}.", ("expected_active_version_id",))
