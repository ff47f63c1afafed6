"""Deployment: the gate that a version must pass to become active, forced deployment and rollback."""

from dataclasses import dataclass

from sqlalchemy import Connection

from models.access import Viewer
from models.audit import AuditAction, KeylessActor
from models.errors import Conflict, DomainError, Invalid, NotAnImprovement, NotFound, NothingToRollBack, SelectionBias
from models.judge import Criterion, DeploymentAction, Judge, JudgeVersion, VersionStatus
from models.proof_text import describe_selection, format_interval, is_selective, summarize_proof
from models.stored.evidence import CriterionEvidence, SelectionVerdict
from store import audit, judges


def check_gate(connection: Connection, judge: Judge, version: JudgeVersion) -> None:
    """Check that a version is proven better than the active one on unselected feedback, and on no criterion worse.

    Args:
        connection: of a unit.
        judge: the judge.
        version: the version to deploy.

    Raises:
        Conflict: The evidence was measured against another version than the active one.
        SelectionBias: People reported mostly the judge's errors.
        NotAnImprovement: The version has no evidence, or its evidence does not prove an improvement.
    """
    if version.evidence is None:
        raise NotAnImprovement(f"Version {version.number} has no proof; train the judge to get one.", ("version_id",))
    if version.proven_against != judge.active_version_id:
        raise Conflict(
            f"Version {version.number} was measured against another version than the one that is active now. Train "
            "again, so that the proof is against the version that would be replaced.",
            ("version_id",),
        )
    evidence = version.evidence.value
    changes = {"mae_change": evidence.mae_change, "squared_error_change": evidence.squared_error_change}
    if not evidence.improved:
        rejection = SelectionBias if is_selective(evidence) else NotAnImprovement
        raise rejection(f"Version {version.number}: {summarize_proof(evidence)}", ("version_id",), **changes)
    worse = [criterion for criterion in evidence.criteria if criterion.worsened]
    if worse:
        raise NotAnImprovement(
            f"Version {version.number} is better on the whole (the mean error changed by "
            f"{format_interval(evidence.mae_change)} of the range, 95% interval), but proven worse on {len(worse)} of "
            f"its criteria: {_format_changes(worse, judges.list_criteria(connection, judge.pk))}.",
            ("version_id",),
            **changes,
        )


def _format_changes(proofs: list[CriterionEvidence], criteria: tuple[Criterion, ...]) -> str:
    """Format the changes of criteria, in points of their scales."""
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
    """Request to deploy a version."""

    version_id: str
    force: bool = False
    reason: str | None = None
    backup: bool = True
    expected_active_id: str | None = None


def deploy(connection: Connection, viewer: Viewer, request: DeployRequest) -> Judge:
    """Activate a version.

    Args:
        connection: of a writing unit.
        viewer: the caller.
        request: the version and the options.

    Returns:
        The judge's new row.

    Raises:
        NotFound, Conflict, NotAnImprovement, Invalid: The version cannot be deployed.
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
    """Activate the newest BACKUP version, or the raw scores after a first deployment.

    Args:
        connection: of a writing unit.
        viewer: the caller.
        judge_id: the judge.
        reason: reason given by the caller, for the audit log.
        expected_active_id: version that the caller believes to be active; None to skip this check.

    Returns:
        The judge's new row.

    Raises:
        NotFound, Conflict, NothingToRollBack: There is nothing to roll back to, or the judge was changed.
    """
    judge = judges.lock_judge(connection, judges.get_judge_or_raise(connection, viewer.workspace_id, judge_id).pk)
    _check_expected(judge, expected_active_id)
    if judge.active_version_id is None:
        raise NothingToRollBack("No version is active: raw scores are in use.", ("judge_id",))
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
    """Deploy a job's version if it passes the gate; return whether it was deployed, and the reason.

    A version whose feedback may have been selected, which cannot be excluded, waits for a person's decision.
    """
    try:
        check_gate(connection, judge, version)
    except DomainError as rejection:
        return False, rejection.message
    assert version.evidence is not None
    evidence = version.evidence.value
    if evidence.selection is not None and evidence.selection.verdict is SelectionVerdict.UNCERTAIN:
        doubt = describe_selection(evidence.selection)
        return False, f"Version {version.number} is proven better, but waits to be deployed by hand: {doubt}"
    reason = summarize_proof(evidence)
    message = f"{version.job_id} deployed version {version.number} of {judge.id}, as its options request."
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
        active = judge.active_version_id or "none: raw scores are in use"
        raise Conflict(f"The active version is {active}, not {expected}.", ("expected_active_version_id",))
