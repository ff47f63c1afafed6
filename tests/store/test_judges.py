"""Judges and versions: ids within a workspace, numbers without gaps, one active version."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from models.errors import Conflict, NotFound
from models.judge import Deployment, DeploymentAction, Judge, JudgeVersion, VersionStatus
from models.specs.judges import CriterionSpec, JudgeSpec
from store import judges
from store.database.rows import fetch_all
from store.database.store import Store
from tests.factories import World, make_version, make_viewer, make_world

SPEC = JudgeSpec(
    "Judge", (CriterionSpec("B", minimum=0, maximum=1, step=0.1), CriterionSpec("A")), "jdg_mine"
).validated()


async def create(store: Store, workspace: str, spec: JudgeSpec = SPEC) -> Judge:
    viewer, _ = await make_viewer(store, workspace=workspace)
    return await store.write(lambda c: judges.create_judge(c, viewer.workspace_id, viewer.user_id, spec))


async def test_judge_is_created_as_specified(store: Store) -> None:
    judge = await create(store, "a", replace(SPEC, description="What it does"))
    criteria = await store.read(lambda c: judges.list_criteria(c, judge.pk))

    assert (judge.id, judge.name, judge.description) == ("jdg_mine", "Judge", "What it does")
    assert judge.active_version_id is None
    assert [(c.key, c.minimum, c.maximum, c.step, c.weight) for c in criteria] == [
        ("crit_b", 0.0, 1.0, 0.1, 1.0),
        ("crit_a", 1.0, 5.0, 1.0, 1.0),
    ]


async def test_judge_ids_are_unique_within_a_workspace(store: Store) -> None:
    await create(store, "a")
    with pytest.raises(Conflict) as refused:
        await create(store, "a")
    elsewhere = await create(store, "b")

    assert refused.value.field == ("id",)
    assert elsewhere.id == "jdg_mine"


async def test_one_of_two_concurrent_judges_with_the_same_id_is_rejected(store: Store, other_store: Store) -> None:
    await make_viewer(store, workspace="a")
    outcomes = await asyncio.gather(
        *(create(s, "a") for s in (store, other_store) for _ in range(5)), return_exceptions=True
    )

    assert sum(not isinstance(outcome, Exception) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 9


async def test_judge_of_another_workspace_is_not_found(store: Store) -> None:
    await create(store, "a")
    stranger, _ = await make_viewer(store, workspace="b")
    messages = []
    for judge_id in ("jdg_mine", "jdg_none"):
        with pytest.raises(NotFound) as refused:
            await store.read(lambda c, judge_id=judge_id: judges.get_judge_or_raise(c, stranger.workspace_id, judge_id))
        messages.append(str(refused.value).replace(judge_id, "?"))

    assert messages[0] == messages[1]


async def test_concurrent_versions_are_numbered_without_gaps(store: Store, other_store: Store) -> None:
    world = await make_world(store)
    elsewhere = World(other_store, world.viewer, world.key, world.judge, world.criteria)
    made = await asyncio.gather(*(make_version(w) for w in (world, elsewhere) for _ in range(10)))

    assert sorted(version.number for version in made) == list(range(1, 21))
    assert {version.status for version in made} == {VersionStatus.CANDIDATE}


async def test_version_content_is_stored_and_hidden_from_other_workspaces(store: Store) -> None:
    world = await make_world(store, workspace="a")
    stranger, _ = await make_viewer(store, workspace="b")
    made = await make_version(world)

    assert await store.read(lambda c: judges.read_version_content(c, made.id)) == b"learned"
    assert await store.read(lambda c: judges.find_version(c, world.viewer.workspace_id, made.id)) == made
    assert await store.read(lambda c: judges.find_version(c, stranger.workspace_id, made.id)) is None


async def test_job_creates_at_most_one_version(store: Store) -> None:
    world = await make_world(store)
    await make_version(world, job_id="job_1")
    with pytest.raises(IntegrityError):
        await make_version(world, job_id="job_1")

    assert (await store.read(lambda c: judges.get_judge_by_pk(c, world.judge.pk))).version_seq == 1


async def activate(world: World, version: JudgeVersion | None, replaced: VersionStatus = VersionStatus.BACKUP) -> None:
    def unit(connection: Connection) -> None:
        judges.activate_version(
            connection,
            judges.lock_judge(connection, world.judge.pk),
            version.id if version is not None else None,
            action=DeploymentAction.DEPLOY,
            replaced=replaced,
            by=world.viewer.user_id,
        )

    await world.store.write(unit)


async def statuses(world: World) -> list[str]:
    statement = judges.versions_for_judge(world.judge.pk).order_by(JudgeVersion.number)
    return [v.status.value for v in await world.store.read(lambda c: fetch_all(c, statement, JudgeVersion))]


async def test_judge_never_has_two_active_versions(store: Store) -> None:
    world = await make_world(store)
    first, second = await make_version(world), await make_version(world)
    await activate(world, first)
    with pytest.raises(IntegrityError):
        await store.write(
            lambda c: c.execute(
                update(JudgeVersion).where(JudgeVersion.id == second.id).values(status=VersionStatus.ACTIVE)
            )
        )
    await activate(world, second, replaced=VersionStatus.ARCHIVED)

    assert await statuses(world) == ["archived", "active"]


async def test_concurrent_deployments_leave_one_active_version_and_a_complete_log(
    store: Store, other_store: Store
) -> None:
    world = await make_world(store)
    elsewhere = World(other_store, world.viewer, world.key, world.judge, world.criteria)
    made = [await make_version(world) for _ in range(8)]
    await asyncio.gather(*(activate(w, v) for w, v in zip([world, elsewhere] * 4, made, strict=True)))

    judge = await store.read(lambda c: judges.get_judge_by_pk(c, world.judge.pk))
    log = await store.read(lambda c: fetch_all(c, select(Deployment).order_by(Deployment.pk), Deployment))
    assert sorted(await statuses(world)) == ["active"] + ["backup"] * 7
    assert [entry.previous_id for entry in log] == [None, *(entry.version_id for entry in log[:-1])]
    assert judge.active_version_id == log[-1].version_id


async def test_newest_backup_is_the_version_replaced_last(store: Store) -> None:
    world = await make_world(store)
    one, two, three = [await make_version(world) for _ in range(3)]
    for version in (two, one, three):
        await activate(world, version)
    backup = await store.read(lambda c: judges.find_newest_backup(c, world.judge.pk))

    assert backup is not None
    assert backup.id == one.id
