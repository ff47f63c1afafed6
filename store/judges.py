"""Judges, criteria and judge versions in the database."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from models.base import new_id, now
from models.counters.tables import RULES_EDITION
from models.errors import Conflict, NotFound
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
from store.database.keyset import Keyset, parse_key_number
from store.database.rows import Query, fetch_all, fetch_first

JUDGES = Keyset(Judge, "judge", Judge.pk, parse=parse_key_number)
VERSIONS = Keyset(JudgeVersion, "version", JudgeVersion.number, descending=True, parse=parse_key_number)


def in_workspace(workspace_id: str) -> Query:
    """All judges of a workspace."""
    return select(Judge).where(Judge.workspace_id == workspace_id)


def find_judge(connection: Connection, workspace_id: str, judge_id: str) -> Judge | None:
    """The workspace's judge of this id."""
    return fetch_first(connection, in_workspace(workspace_id).where(Judge.id == judge_id), Judge)


def get_judge_or_raise(connection: Connection, workspace_id: str, judge_id: str) -> Judge:
    """The workspace's judge of this id.

    Raises:
        NotFound: there is none.
    """
    judge = find_judge(connection, workspace_id, judge_id)
    if judge is None:
        raise NotFound(f"There is no judge {judge_id!r}.", ("judge_id",))
    return judge


def get_judge_by_pk(connection: Connection, judge_pk: int) -> Judge:
    """The judge of this key, which is known to exist."""
    found = fetch_first(connection, select(Judge).where(Judge.pk == judge_pk), Judge)
    assert found is not None
    return found


def lock_judge(connection: Connection, judge_pk: int) -> Judge:
    """The judge's newest row, kept as it is by others until the transaction ends."""
    found = fetch_first(connection, select(Judge).where(Judge.pk == judge_pk).with_for_update(key_share=True), Judge)
    assert found is not None
    return found


def list_criteria_by_judge(connection: Connection, judge_pks: list[int]) -> dict[int, tuple[Criterion, ...]]:
    """The criteria of judges, in order."""
    statement = (
        select(Criterion).where(Criterion.judge_pk.in_(judge_pks)).order_by(Criterion.judge_pk, Criterion.ordinal)
    )
    found: dict[int, list[Criterion]] = {pk: [] for pk in judge_pks}
    for criterion in fetch_all(connection, statement, Criterion):
        found[criterion.judge_pk].append(criterion)
    return {pk: tuple(criteria) for pk, criteria in found.items()}


def list_criteria(connection: Connection, judge_pk: int) -> tuple[Criterion, ...]:
    """The criteria of one judge, in order."""
    return list_criteria_by_judge(connection, [judge_pk])[judge_pk]


def create_judge(connection: Connection, workspace_id: str, user_id: str, spec: JudgeSpec) -> Judge:
    """Make a judge from a checked spec.

    Raises:
        Conflict: the workspace has a judge of this id.
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
    """Keep criteria, each with its key; their ordinals begin at ``start``."""
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
    """All versions of a judge."""
    return select(JudgeVersion).where(JudgeVersion.judge_pk == judge_pk)


def find_version(connection: Connection, workspace_id: str, version_id: str) -> JudgeVersion | None:
    """The workspace's judge version of this id."""
    statement = (
        select(JudgeVersion)
        .join(Judge, Judge.pk == JudgeVersion.judge_pk)
        .where(JudgeVersion.id == version_id, Judge.workspace_id == workspace_id)
    )
    return fetch_first(connection, statement, JudgeVersion)


def read_watermark(connection: Connection, judge_pk: int) -> int:
    """The place in order of ingestion up to which the newest version knew the judge's feedback; 0 without any."""
    newest = select(func.coalesce(func.max(JudgeVersion.watermark), 0)).where(JudgeVersion.judge_pk == judge_pk)
    return int(connection.execute(newest).scalar_one())


def read_version_content(connection: Connection, version_id: str) -> bytes:
    """What a version learned, as the trainer wrote it."""
    return connection.execute(
        select(VersionContent.content).where(VersionContent.version_id == version_id)
    ).scalar_one()


def add_version(connection: Connection, judge_pk: int, content: bytes, **values: Any) -> JudgeVersion:
    """Keep a new version as CANDIDATE, with the judge's next number."""
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
        **values,
    }
    connection.execute(insert(JudgeVersion).values(row))
    connection.execute(insert(VersionContent).values(version_id=version_id, content=content))
    added = fetch_first(connection, select(JudgeVersion).where(JudgeVersion.id == version_id), JudgeVersion)
    assert added is not None
    return added


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
    """Make a version (None: the raw scores) the one that counts; what was active becomes ``replaced``.

    ``judge`` is a row of ``lock``: deployments of one judge happen one after another.
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
    connection.execute(
        insert(Deployment).values(
            judge_pk=judge.pk,
            action=action,
            version_id=version_id,
            previous_id=judge.active_version_id,
            reason=reason,
            job_id=job_id,
            at=moment,
            by=by,
        )
    )
    return lock_judge(connection, judge.pk)


def find_deployment(connection: Connection, judge_pk: int, version_id: str) -> Deployment | None:
    """The deployment that made this version count, rollbacks aside."""
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
    """The version made last that was never put to use."""
    candidates = versions_for_judge(judge_pk).where(JudgeVersion.status == VersionStatus.CANDIDATE)
    return fetch_first(connection, candidates.order_by(JudgeVersion.number.desc()).limit(1), JudgeVersion)


def find_newest_backup(connection: Connection, judge_pk: int) -> JudgeVersion | None:
    """The BACKUP that was replaced last."""
    statement = (
        versions_for_judge(judge_pk)
        .where(JudgeVersion.status == VersionStatus.BACKUP)
        .order_by(JudgeVersion.replaced_at.desc(), JudgeVersion.number.desc())
        .limit(1)
    )
    return fetch_first(connection, statement, JudgeVersion)
