"""Judges with their criteria, versions and deployments."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute

from models.base import new_id, now
from models.counters.tables import RULES_EDITION
from models.errors import Conflict
from models.judge import (
    Criterion,
    Deployment,
    DeploymentAction,
    Judge,
    JudgeVersion,
    VersionContent,
    VersionStatus,
)
from models.specs.judges import CriterionSpec, JudgeSpec
from models.stored.evidence import TrainingEvidence
from models.stored.training_job import Lineage
from store.database.keyset import Keyset, parse_key_number
from store.database.rows import (
    Columns,
    Query,
    add_columns,
    fetch_all,
    fetch_existing,
    fetch_first,
    found_or_raise,
    with_columns,
)

JUDGES = Keyset(Judge, "judge", Judge.pk, parse=parse_key_number)
VERSIONS = Keyset(JudgeVersion, "version", JudgeVersion.number, descending=True, parse=parse_key_number)


def in_workspace(workspace_id: str) -> Query:
    """Return a select of a workspace's judges."""
    return select(Judge).where(Judge.workspace_id == workspace_id)


def find_judge(
    connection: Connection, workspace_id: str, judge_id: str, columns: Columns = None, *, lock: bool = False
) -> Judge | None:
    """Return the workspace's judge of this id, or None.

    Args:
        connection: the connection to read from.
        workspace_id: the workspace.
        judge_id: the judge.
        columns: the columns to read; None for all.
        lock: lock the row until the transaction ends.
    """
    statement = with_columns(in_workspace(workspace_id).where(Judge.id == judge_id), add_columns(columns, Judge.pk))
    return fetch_first(connection, statement.with_for_update(key_share=True) if lock else statement, Judge)


def get_judge_or_raise(connection: Connection, workspace_id: str, judge_id: str) -> Judge:
    """Return the workspace's judge of this id.

    Args:
        connection: the connection to read from.
        workspace_id: the workspace.
        judge_id: the judge.

    Raises:
        NotFound: the workspace has no such judge.
    """
    return found_or_raise(
        find_judge(connection, workspace_id, judge_id), f"There is no judge {judge_id!r}.", "judge_id"
    )


def get_judge_by_pk(connection: Connection, judge_pk: int) -> Judge:
    """Return the judge of this key, which is known to exist."""
    return fetch_existing(connection, select(Judge).where(Judge.pk == judge_pk), Judge)


def lock_judge(connection: Connection, judge_pk: int) -> Judge:
    """Lock the judge's row until the transaction ends, and return its newest state."""
    statement = select(Judge).where(Judge.pk == judge_pk).with_for_update(key_share=True)
    return fetch_existing(connection, statement, Judge)


def reserve_seqs(connection: Connection, judge_pk: int, counter: InstrumentedAttribute[int], count: int) -> int:
    """Raise one of a judge's counters, and return its value before.

    The update also locks the judge's row until the transaction ends. Places in the order of ingestion are therefore
    committed in order, and a gap among them is never filled later.

    Args:
        connection: the connection of a writing unit.
        judge_pk: the judge.
        counter: ``Judge.feedback_seq`` or ``Judge.evaluation_seq``.
        count: how many places to reserve.
    """
    count_mark, pk_mark = ("$1", "$2") if connection.dialect.name == "postgresql" else ("?1", "?2")
    name = counter.key
    raised = f"UPDATE judges SET {name} = {name} + {count_mark} WHERE pk = {pk_mark} RETURNING {name}"  # noqa: S608
    last: int = connection.exec_driver_sql(raised, (count, judge_pk)).scalar_one()
    return last - count


def list_criteria_by_judge(connection: Connection, judge_pks: list[int]) -> dict[int, tuple[Criterion, ...]]:
    """Return the criteria of judges by the judges' keys, in order."""
    statement = (
        select(Criterion).where(Criterion.judge_pk.in_(judge_pks)).order_by(Criterion.judge_pk, Criterion.ordinal)
    )
    found: dict[int, list[Criterion]] = {pk: [] for pk in judge_pks}
    for criterion in fetch_all(connection, statement, Criterion):
        found[criterion.judge_pk].append(criterion)
    return {pk: tuple(criteria) for pk, criteria in found.items()}


def list_criteria(connection: Connection, judge_pk: int) -> tuple[Criterion, ...]:
    """Return the criteria of one judge, in order."""
    return list_criteria_by_judge(connection, [judge_pk])[judge_pk]


def create_judge(connection: Connection, workspace_id: str, user_id: str, spec: JudgeSpec) -> Judge:
    """Create a judge with its criteria.

    Args:
        connection: the connection of a writing unit.
        workspace_id: the workspace.
        user_id: the user who creates the judge.
        spec: the checked spec.

    Raises:
        Conflict: the workspace already has a judge of this id.
    """
    judge_id = spec.id or new_id("jdg")
    values = {
        "workspace_id": workspace_id,
        "id": judge_id,
        "name": spec.name,
        "description": spec.description,
        "feedback_seq": 0,
        "evaluation_seq": 0,
        "counted": RULES_EDITION,
        "version_seq": 0,
        "created_at": now(),
        "created_by": user_id,
    }
    taken = Conflict(f"The id {judge_id} is taken by another judge of this workspace.", ("id",))
    if find_judge(connection, workspace_id, judge_id) is not None:
        raise taken
    try:
        pk: int = connection.execute(insert(Judge).values(values).returning(Judge.pk)).scalar_one()
    except IntegrityError:
        raise taken from None
    add_criteria(connection, pk, spec.criteria)
    return get_judge_or_raise(connection, workspace_id, judge_id)


def add_criteria(connection: Connection, judge_pk: int, criteria: Sequence[CriterionSpec], start: int = 0) -> None:
    """Add criteria to a judge.

    Args:
        connection: the connection of a writing unit.
        judge_pk: the judge.
        criteria: the criteria, each with its key.
        start: the ordinal of the first one.
    """
    rows = [
        {
            "id": new_id("cri"),
            "judge_pk": judge_pk,
            "ordinal": ordinal,
            "key": criterion.key,
            "name": criterion.name,
            "description": criterion.description,
            "minimum": criterion.minimum,
            "maximum": criterion.maximum,
            "step": criterion.step,
            "weight": criterion.weight,
        }
        for ordinal, criterion in enumerate(criteria, start)
    ]
    if rows:
        connection.execute(insert(Criterion), rows)


def versions_for_judge(judge_pk: int) -> Query:
    """Return a select of a judge's versions."""
    return select(JudgeVersion).where(JudgeVersion.judge_pk == judge_pk)


def find_version(
    connection: Connection, workspace_id: str, version_id: str, columns: Columns = None
) -> JudgeVersion | None:
    """Return the workspace's judge version of this id, or None.

    Args:
        connection: the connection to read from.
        workspace_id: the workspace.
        version_id: the version.
        columns: the columns to read; None for all.
    """
    statement = (
        select(JudgeVersion)
        .join(Judge, Judge.pk == JudgeVersion.judge_pk)
        .where(JudgeVersion.id == version_id, Judge.workspace_id == workspace_id)
    )
    return fetch_first(connection, with_columns(statement, add_columns(columns, JudgeVersion.id)), JudgeVersion)


def read_watermark(connection: Connection, judge_pk: int) -> int:
    """Return the ``seq`` of the last feedback that the newest version knew, or 0 if the judge has no version."""
    newest = select(func.coalesce(func.max(JudgeVersion.watermark), 0)).where(JudgeVersion.judge_pk == judge_pk)
    return int(connection.execute(newest).scalar_one())


def read_places(connection: Connection, judge_pks: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return the ``seq`` of each judge's last feedback, and of the last feedback that its newest version knew."""
    newest = select(func.coalesce(func.max(JudgeVersion.watermark), 0)).where(JudgeVersion.judge_pk == Judge.pk)
    statement = select(Judge.pk, Judge.feedback_seq, newest.scalar_subquery()).where(Judge.pk.in_(judge_pks))
    return {pk: (last_seq, watermark) for pk, last_seq, watermark in connection.execute(statement)}


def read_version_content(connection: Connection, version_id: str) -> bytes:
    """Return the content of a version's file, as the trainer wrote it."""
    return connection.execute(
        select(VersionContent.content).where(VersionContent.version_id == version_id)
    ).scalar_one()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion:
    """The columns of a new version: its origin and its evidence. An imported version has no job and no evidence."""

    lineage: Lineage
    watermark: int
    created_by: str
    job_id: str | None = None
    parent_id: str | None = None
    evidence: TrainingEvidence | None = None
    proven_against: str | None = None


def add_version(connection: Connection, judge_pk: int, content: bytes, new: NewVersion) -> JudgeVersion:
    """Add a version with the status CANDIDATE and the judge's next number.

    Args:
        connection: the connection of a writing unit.
        judge_pk: the judge.
        content: the content of the version's file.
        new: the version's other columns.
    """
    number: int = connection.execute(
        update(Judge).where(Judge.pk == judge_pk).values(version_seq=Judge.version_seq + 1).returning(Judge.version_seq)
    ).scalar_one()
    version_id = new_id("ver")
    row = {
        "id": version_id,
        "judge_pk": judge_pk,
        "number": number,
        "status": VersionStatus.CANDIDATE,
        "created_at": now(),
        **{column.name: getattr(new, column.name) for column in fields(new)},
    }
    connection.execute(insert(JudgeVersion).values(row))
    connection.execute(insert(VersionContent).values(version_id=version_id, content=content))
    return fetch_existing(connection, select(JudgeVersion).where(JudgeVersion.id == version_id), JudgeVersion)


def activate_version(
    connection: Connection,
    judge: Judge,
    version_id: str | None,
    *,
    action: DeploymentAction,
    replaced: VersionStatus,
    by: str,
    reason: str | None = None,
    job_id: str | None = None,
) -> Judge:
    """Make a version the judge's active one, and log the deployment.

    Args:
        connection: the connection of a writing unit.
        judge: a row of ``lock_judge``, so that deployments of one judge run one after another.
        version_id: the version; None for the raw scores.
        action: the kind of deployment.
        replaced: the new status of the version that was active.
        by: who deploys it.
        reason: the reason that was given.
        job_id: the job that deploys it, if one does.

    Returns:
        The judge's new row.
    """
    moment = now()
    if judge.active_version_id is not None:
        connection.execute(
            update(JudgeVersion)
            .where(JudgeVersion.id == judge.active_version_id)
            .values(status=replaced, replaced_at=moment)
        )
    if version_id is not None:
        connection.execute(
            update(JudgeVersion).where(JudgeVersion.id == version_id).values(status=VersionStatus.ACTIVE)
        )
    connection.execute(update(Judge).where(Judge.pk == judge.pk).values(active_version_id=version_id))
    deployment = {"action": action, "version_id": version_id, "previous_id": judge.active_version_id}
    values = deployment | {"judge_pk": judge.pk, "reason": reason, "job_id": job_id, "at": moment, "by": by}
    connection.execute(insert(Deployment).values(values))
    return lock_judge(connection, judge.pk)


def find_deployment(connection: Connection, judge_pk: int, version_id: str) -> Deployment | None:
    """Return the newest deployment of a version that is no rollback, or None.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        version_id: the version.
    """
    statement = (
        select(Deployment)
        .where(
            Deployment.judge_pk == judge_pk,
            Deployment.version_id == version_id,
            Deployment.action != DeploymentAction.ROLLBACK,
        )
        .order_by(Deployment.pk.desc())
        .limit(1)
    )
    return fetch_first(connection, statement, Deployment)


def find_newest_candidate(connection: Connection, judge_pk: int) -> JudgeVersion | None:
    """Return the newest version with the status CANDIDATE, or None."""
    candidates = versions_for_judge(judge_pk).where(JudgeVersion.status == VersionStatus.CANDIDATE)
    return fetch_first(connection, candidates.order_by(JudgeVersion.number.desc()).limit(1), JudgeVersion)


def find_newest_backup(connection: Connection, judge_pk: int) -> JudgeVersion | None:
    """Return the version with the status BACKUP that was replaced last, or None."""
    statement = (
        versions_for_judge(judge_pk)
        .where(JudgeVersion.status == VersionStatus.BACKUP)
        .order_by(JudgeVersion.replaced_at.desc(), JudgeVersion.number.desc())
        .limit(1)
    )
    return fetch_first(connection, statement, JudgeVersion)
