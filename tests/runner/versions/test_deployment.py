"""Deployment gate, forced deployment and rollback."""

import asyncio
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import Connection, select

from models.audit import AuditAction, AuditEntry
from models.errors import Conflict, Invalid, NotAnImprovement, NotFound, NothingToRollBack, SelectionBias
from models.judge import Deployment, Judge, JudgeVersion
from models.stored.evidence import AgreementWindow, Interval, SelectionEvidence, SelectionVerdict, TrainingEvidence
from runner.versions.deployment import DeployRequest, deploy, deploy_if_proven, rollback
from store import audit, judges
from store.database.rows import fetch_all
from store.database.store import Store
from tests.factories import World, evidence, make_version, make_viewer, make_world


async def deploy_version(world: World, version: JudgeVersion, **values: Any) -> Judge:
    request = DeployRequest(version.id, **values)
    return await world.store.write(lambda c: deploy(c, world.viewer, request))


async def force(world: World, version: JudgeVersion, **values: Any) -> Judge:
    return await deploy_version(world, version, force=True, reason="for the test", **values)


async def go_back(world: World, reason: str | None = None, expected: str | None = None) -> Judge:
    return await world.store.write(lambda c: rollback(c, world.viewer, world.judge.id, reason, expected))


async def statuses(world: World) -> list[str]:
    """Return the statuses of the judge's versions, oldest first."""
    statement = judges.versions_for_judge(world.judge.pk).order_by(JudgeVersion.number)
    return [v.status.value for v in await world.store.read(lambda c: fetch_all(c, statement, JudgeVersion))]


async def active(world: World) -> str | None:
    return (await world.store.read(lambda c: judges.get_judge_by_pk(c, world.judge.pk))).active_version_id


async def log(world: World) -> list[Deployment]:
    return await world.store.read(lambda c: fetch_all(c, select(Deployment).order_by(Deployment.pk), Deployment))


# --- deployment


async def test_a_version_proven_better_than_the_active_one_is_deployed(store: Store) -> None:
    world = await make_world(store)
    first = await make_version(world)
    assert (await deploy_version(world, first)).active_version_id == first.id
    second = await make_version(world, proven_against=first.id)
    await deploy_version(world, second, reason="better")

    assert await statuses(world) == ["backup", "active"]
    assert [(entry.action.value, entry.version_id, entry.previous_id, entry.reason) for entry in await log(world)] == [
        ("deploy", first.id, None, None),
        ("deploy", second.id, first.id, "better"),
    ]


async def test_without_a_backup_the_replaced_version_is_archived(store: Store) -> None:
    world = await make_world(store)
    first = await make_version(world)
    await deploy_version(world, first)
    await deploy_version(world, await make_version(world, proven_against=first.id), backup=False)

    assert await statuses(world) == ["archived", "active"]


@pytest.mark.parametrize(
    ("proof", "why"),
    [
        (None, "no proof"),
        (evidence(improved=False), r"changed by \+5.0% \(\+1.0% to \+9.0%\) of the range .* not below 0"),
        (
            evidence(worsened=True),
            r"by -10.0% \(-14.0% to -6.0%\) .* worse on 1 of .* crit_clarity by \+0.20 points \(\+0.10 to \+0.30\)",
        ),
        (structs.replace(evidence(improved=False), mae_change=None), "Nothing was compared"),
    ],
)
async def test_a_version_that_is_not_proven_better_is_rejected_with_the_reason(
    store: Store, proof: TrainingEvidence | None, why: str
) -> None:
    world = await make_world(store)
    with pytest.raises(NotAnImprovement, match=why) as refused:
        await deploy_version(world, await make_version(world, evidence=proof))

    assert refused.value.field == ("version_id",)
    assert refused.value.details.get("mae_change") == (proof.mae_change if proof is not None else None)
    assert await statuses(world) == ["candidate"]
    assert await log(world) == []


def with_selection(verdict: SelectionVerdict, *, improved: bool) -> TrainingEvidence:
    windows = (AgreementWindow(steps=0.5, observed=4.0, expected=21.0, z=-4.2),)
    test = SelectionEvidence(verdict=verdict, label_count=100, coverage=0.1, windows=windows)
    change = Interval(estimate=-0.05, lower=-0.07, upper=-0.03)
    return structs.replace(evidence(improved=improved), squared_error_change=change, selection=test)


async def test_selectively_reported_feedback_closes_the_gate_unless_forced(store: Store) -> None:
    world = await make_world(store)
    version = await make_version(world, evidence=with_selection(SelectionVerdict.BIASED, improved=False))
    with pytest.raises(SelectionBias, match="4 of 100 scores agree with the judge; about 21 would") as refused:
        await deploy_version(world, version)
    await force(world, version)

    assert refused.value.code == "SELECTION_BIAS"
    assert refused.value.details["squared_error_change"].upper == -0.03
    assert await active(world) == version.id
    assert [entry.action.value for entry in await log(world)] == ["force"]


async def test_uncertain_selection_makes_a_job_wait_but_not_a_person(store: Store) -> None:
    world = await make_world(store)
    version = await make_version(world, evidence=with_selection(SelectionVerdict.UNCERTAIN, improved=True))

    def end_of_job(connection: Connection) -> tuple[bool, str]:
        judge = judges.lock_judge(connection, world.judge.pk)
        return deploy_if_proven(connection, judge, version, backup=True, by=world.viewer.user_id)

    deployed, reason = await store.write(end_of_job)

    assert not deployed
    assert "by hand" in reason
    assert (await deploy_version(world, version)).active_version_id == version.id


async def test_evidence_counts_only_while_its_base_version_is_active(store: Store) -> None:
    world = await make_world(store)
    first, rival = await make_version(world), await make_version(world)
    await deploy_version(world, first)
    against_first = await make_version(world, proven_against=first.id)
    with pytest.raises(Conflict, match="another version"):
        await deploy_version(world, rival)  # its evidence is against the raw scores
    await go_back(world)
    with pytest.raises(Conflict, match="another version"):
        await deploy_version(world, against_first)

    assert await active(world) is None


@pytest.mark.parametrize("reason", [None, "", "  "])
async def test_force_needs_a_reason(store: Store, reason: str | None) -> None:
    world = await make_world(store)
    unproven = await make_version(world, evidence=None)
    with pytest.raises(Invalid) as refused:
        await deploy_version(world, unproven, force=True, reason=reason)

    assert refused.value.field == ("reason",)
    assert await active(world) is None


async def test_a_forced_deployment_is_logged_with_its_user_and_reason(store: Store) -> None:
    world = await make_world(store)
    unproven = await make_version(world, evidence=None)
    await deploy_version(world, unproven, force=True, reason="we know better")
    [entry] = await log(world)

    assert await active(world) == unproven.id
    assert (entry.action.value, entry.reason, entry.by) == ("force", "we know better", world.viewer.user_id)


async def test_an_unexpected_active_version_is_a_conflict(store: Store) -> None:
    world = await make_world(store)
    first, second = await make_version(world), await make_version(world)
    with pytest.raises(Conflict) as refused:
        await force(world, second, expected_active_id=first.id)
    await deploy_version(world, first)
    await force(world, second, expected_active_id=first.id)

    assert refused.value.field == ("expected_active_version_id",)
    assert await active(world) == second.id


async def test_deploying_the_active_version_again_changes_nothing(store: Store) -> None:
    world = await make_world(store)
    version = await make_version(world)
    await deploy_version(world, version)
    again = await deploy_version(world, version)

    assert again.active_version_id == version.id
    assert len(await log(world)) == 1


async def test_an_archived_version_can_be_deployed_again(store: Store) -> None:
    world = await make_world(store)
    version = await make_version(world)
    await deploy_version(world, version)
    await go_back(world)
    await deploy_version(world, version)

    assert await statuses(world) == ["active"]


async def test_another_workspaces_version_is_unknown(store: Store) -> None:
    world = await make_world(store, workspace="a")
    version = await make_version(world)
    stranger, _ = await make_viewer(store, workspace="b")
    with pytest.raises(NotFound):
        await store.write(lambda c: deploy(c, stranger, DeployRequest(version.id, force=True, reason="mine")))
    with pytest.raises(NotFound):
        await store.write(lambda c: rollback(c, stranger, world.judge.id, None, None))

    assert await active(world) is None


async def test_of_two_versions_proven_against_the_same_base_one_is_deployed(store: Store, other_store: Store) -> None:
    world = await make_world(store)
    elsewhere = World(other_store, world.viewer, world.key, world.judge, world.criteria)
    rivals = [await make_version(world) for _ in range(6)]
    outcomes = await asyncio.gather(
        *(deploy_version(w, v) for w, v in zip([world, elsewhere] * 3, rivals, strict=True)), return_exceptions=True
    )

    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 5
    assert sorted(await statuses(world)) == ["active"] + ["candidate"] * 5


async def test_concurrent_deployments_and_rollbacks_are_serialized(store: Store, other_store: Store) -> None:
    world = await make_world(store)
    elsewhere = World(other_store, world.viewer, world.key, world.judge, world.criteria)
    made = [await make_version(world) for _ in range(8)]
    verbs = [force(w, v) for w, v in zip([world, elsewhere] * 4, made, strict=True)]
    verbs += [go_back(w) for w in [elsewhere, world] * 3]
    outcomes = await asyncio.gather(*verbs[::2], *verbs[1::2], return_exceptions=True)
    entries = await log(world)

    assert all(isinstance(o, NothingToRollBack) for o in outcomes if isinstance(o, BaseException))
    assert len(entries) == sum(not isinstance(outcome, BaseException) for outcome in outcomes) >= 8
    assert [entry.previous_id for entry in entries] == [None, *(entry.version_id for entry in entries[:-1])]
    assert await active(world) == entries[-1].version_id
    assert (await statuses(world)).count("active") == (entries[-1].version_id is not None)


async def test_concurrent_deployments_by_a_job_and_a_user_pass_the_same_gate(store: Store, other_store: Store) -> None:
    world = await make_world(store)
    by_hand, by_job = await make_version(world), await make_version(world)

    def end_of_job(connection: Connection) -> tuple[bool, str]:
        judge = judges.lock_judge(connection, world.judge.pk)
        return deploy_if_proven(connection, judge, by_job, backup=True, by=world.viewer.user_id)

    hand, job = await asyncio.gather(
        deploy_version(world, by_hand), other_store.write(end_of_job), return_exceptions=True
    )

    assert not isinstance(job, BaseException)
    assert isinstance(hand, Conflict) == job[0]
    assert job[0] or "measured against another version" in job[1]
    assert await active(world) == (by_job.id if job[0] else by_hand.id)


# --- rollback


async def test_rolling_back_restores_the_backup_and_archives_what_it_replaces(store: Store) -> None:
    world = await make_world(store)
    first, second = await make_version(world), await make_version(world)
    await force(world, first)
    await force(world, second)
    await go_back(world, reason="worse in practice")
    last = (await log(world))[-1]

    assert await statuses(world) == ["active", "archived"]
    assert (last.action.value, last.version_id, last.previous_id, last.reason) == (
        "rollback",
        first.id,
        second.id,
        "worse in practice",
    )


async def test_rolling_back_a_first_deployment_restores_the_raw_scores(store: Store) -> None:
    world = await make_world(store)
    await force(world, await make_version(world))
    judge = await go_back(world)

    assert judge.active_version_id is None
    assert await statuses(world) == ["archived"]


async def test_rolling_back_step_by_step_ends_at_the_raw_scores(store: Store) -> None:
    world = await make_world(store)
    made = [await make_version(world) for _ in range(3)]
    for version in made:
        await force(world, version)
    way = [(await go_back(world)).active_version_id for _ in range(3)]

    assert way == [made[1].id, made[0].id, None]
    assert await statuses(world) == ["archived"] * 3


async def test_raw_scores_cannot_be_rolled_back(store: Store) -> None:
    world = await make_world(store)
    await make_version(world)
    with pytest.raises(NothingToRollBack) as refused:
        await go_back(world)

    assert refused.value.field == ("judge_id",)
    assert await log(world) == []


async def test_without_a_backup_there_is_nothing_to_roll_back(store: Store) -> None:
    world = await make_world(store)
    await force(world, await make_version(world))
    kept = await make_version(world)
    await force(world, kept, backup=False)
    with pytest.raises(NothingToRollBack, match="BACKUP"):
        await go_back(world)

    assert await active(world) == kept.id


async def test_of_several_backups_the_newest_is_restored(store: Store) -> None:
    world = await make_world(store)
    made = [await make_version(world) for _ in range(4)]
    await force(world, made[0])
    await force(world, made[1])
    await force(world, made[2], backup=True)
    await force(world, made[3], backup=False)  # the third is archived
    judge = await go_back(world)

    assert judge.active_version_id == made[1].id
    assert await statuses(world) == ["backup", "active", "archived", "archived"]


async def test_rolling_back_a_version_that_was_replaced_is_a_conflict(store: Store) -> None:
    world = await make_world(store)
    first, second = await make_version(world), await make_version(world)
    await force(world, first)
    await force(world, second)
    with pytest.raises(Conflict) as refused:
        await go_back(world, expected=first.id)

    assert refused.value.field == ("expected_active_version_id",)
    assert (await go_back(world, expected=second.id)).active_version_id == first.id


async def test_two_concurrent_rollbacks_of_one_version_roll_back_once(store: Store, other_store: Store) -> None:
    world = await make_world(store)
    elsewhere = World(other_store, world.viewer, world.key, world.judge, world.criteria)
    made = [await make_version(world) for _ in range(3)]
    for version in made:
        await force(world, version)
    outcomes = await asyncio.gather(
        *(go_back(w, expected=made[2].id) for w in (world, elsewhere)), return_exceptions=True
    )

    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 1
    assert await active(world) == made[1].id


async def test_the_audit_log_has_deployments_with_their_reasons_and_no_rejections(store: Store) -> None:
    world = await make_world(store)
    proven = await make_version(world)
    unproven = await make_version(world, evidence=evidence(improved=False))
    await deploy_version(world, proven, reason="better")
    with pytest.raises(Conflict):
        await deploy_version(world, unproven)
    await deploy_version(world, unproven, force=True, reason="a hunch")
    await go_back(world, "it was wrong")
    by_job = await make_version(world, proven_against=proven.id)
    await store.write(
        lambda c: deploy_if_proven(
            c, judges.lock_judge(c, world.judge.pk), by_job, backup=True, by=world.viewer.user_id
        )
    )

    wanted = audit.in_workspace(world.viewer.workspace_id, audit.AuditFilter(user_id=world.viewer.user_id))
    told = await store.read(lambda c: fetch_all(c, wanted.order_by(AuditEntry.pk), AuditEntry))
    assert [(entry.action, entry.target_id, entry.reason, entry.key_id) for entry in told[:3]] == [
        (AuditAction.VERSION_DEPLOYED, proven.id, "better", world.viewer.key_id),
        (AuditAction.VERSION_FORCED, unproven.id, "a hunch", world.viewer.key_id),
        (AuditAction.JUDGE_ROLLED_BACK, world.judge.id, "it was wrong", world.viewer.key_id),
    ]
    (last,) = told[3:]
    assert (last.action, last.target_id, last.key_id) == (AuditAction.VERSION_DEPLOYED, by_job.id, None)
    assert last.reason is not None
    assert last.reason.startswith("Proven better")
