"""Figures of the feedback of a job: computed once for each state of the judge's feedback."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from models.base import now
from models.job import TrainingType
from models.specs.judges import CriterionSpec, JudgeChange
from models.specs.training_jobs import TrainingSpec
from runner.jobs import feedback_figures
from runner.jobs.manager import JobManager
from runner.jobs.preflight import RejectedPlan, TrainingPlan
from store.database.store import Store
from store.judge_updates import update_judge
from tests.factories import (
    World,
    add_evaluations,
    make_version,
    make_world,
    new_feedback,
    retract,
    submit,
    training_spec,
)


async def plan_of(manager: JobManager, world: World, spec: TrainingSpec | None = None) -> TrainingPlan:
    result = await manager.preflight(world.viewer, spec or training_spec(world))
    plan = result.plan if isinstance(result, RejectedPlan) else result
    assert plan is not None
    return plan


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the computations that ran."""
    names: list[str] = []

    def record(name: str) -> None:
        run: Callable[..., Any] = getattr(feedback_figures, name)

        def recorded(*args: Any) -> Any:
            names.append(name)
            return run(*args)

        monkeypatch.setattr(feedback_figures, name, recorded)

    record("examine_feedback")
    record("summarise")
    return names


async def test_jobs_and_preflights_on_the_same_feedback_share_one_computation(
    store: Store, computed: list[str]
) -> None:
    world, manager = await make_world(store), JobManager(store)
    evaluated = await add_evaluations(world, 12)
    await submit(world, *(new_feedback(e, scores=[5.0, None]) for e in evaluated))
    plans = await asyncio.gather(*(plan_of(manager, world) for _ in range(5)))
    job, _ = await manager.submit(world.viewer, training_spec(world))

    assert sorted(computed) == ["examine_feedback", "summarise"]
    assert len({plan.quality.examined for plan in plans}) == 1
    assert job.summary.value.corrections == 12


async def test_target_criteria_share_the_assessment_but_not_the_summary(store: Store, computed: list[str]) -> None:
    world, manager = await make_world(store), JobManager(store)
    [evaluation] = await add_evaluations(world, 1)
    await submit(world, new_feedback(evaluation, scores=[5.0, None]))
    everything = await plan_of(manager, world)
    targeted = training_spec(world, TrainingType.FINE_TUNE, target_criteria=(world.criteria[1].id,))
    accuracy = await plan_of(manager, world, targeted)

    assert sorted(computed) == ["examine_feedback", "summarise", "summarise"]
    assert (everything.summary.corrections, accuracy.summary.corrections) == (1, 0)
    assert everything.quality == accuracy.quality


async def test_every_change_of_the_feedback_is_in_the_next_plan(store: Store) -> None:
    world, manager = await make_world(store), JobManager(store)
    evaluated = await add_evaluations(world, 3)
    seen = [await plan_of(manager, world)]
    [item, *_], _ = await submit(world, *(new_feedback(e, scores=[5.0, None]) for e in evaluated))
    seen.append(await plan_of(manager, world))
    assert isinstance(item, tuple)
    await retract(world, item.id)
    seen.append(await plan_of(manager, world))

    assert [(plan.summary.usable, plan.quality.corrected) for plan in seen] == [(0, 0), (3, 3), (2, 2)]


async def test_a_new_version_is_in_the_next_plan(store: Store) -> None:
    world, manager = await make_world(store), JobManager(store)
    [evaluation] = await add_evaluations(world, 1)
    await submit(world, new_feedback(evaluation, scores=[5.0, None]))
    before = await plan_of(manager, world)
    await make_version(world, watermark=1)
    after = await plan_of(manager, world)

    assert (before.summary.new_since_last_training, after.summary.new_since_last_training) == (1, 0)


async def test_an_added_criterion_is_in_the_next_plan(store: Store) -> None:
    world, manager = await make_world(store), JobManager(store)
    before = await plan_of(manager, world)
    change = JudgeChange(world.judge.id, add_criteria=(CriterionSpec("Tone"),))
    await store.write(lambda connection: update_judge(connection, world.viewer.workspace_id, change))
    after = await plan_of(manager, world)

    assert (len(before.summary.criteria), len(after.summary.criteria)) == (2, 3)


async def test_feedback_that_arrives_after_the_figures_were_read_counts_for_the_job(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, manager = await make_world(store), JobManager(store)
    evaluated = await add_evaluations(world, 4)
    await submit(world, *(new_feedback(e, scores=[5.0, None]) for e in evaluated[:3]))
    read = manager._read_figures

    async def read_and_submit(*args: Any) -> Any:
        figures = await read(*args)
        await submit(world, new_feedback(evaluated[3], scores=[4.0, None]))
        return figures

    monkeypatch.setattr(manager, "_read_figures", read_and_submit)
    job, _ = await manager.submit(world.viewer, training_spec(world))

    assert (job.summary.value.usable, job.feedback_upto) == (4, 4)


async def test_a_failed_computation_is_repeated(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    world, manager = await make_world(store), JobManager(store)

    def fail(*_: Any) -> None:
        raise RuntimeError("broken")

    with monkeypatch.context() as broken:
        broken.setattr(feedback_figures, "summarise", fail)
        with pytest.raises(RuntimeError, match="broken"):
            await plan_of(manager, world)

    assert (await plan_of(manager, world)).summary.usable == 0


async def test_a_bounded_number_of_states_is_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback_figures, "MAX_CACHED", 2)
    world, manager = await make_world(store), JobManager(store)
    [evaluation] = await add_evaluations(world, 1)
    for _ in range(4):
        await submit(world, new_feedback(evaluation, scores=[5.0, None], submitted_at=now()))
        await plan_of(manager, world)

    assert len(manager._figures._figures) == len(manager._figures._assessments) == 2
