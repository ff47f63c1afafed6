"""Retracted feedback does not influence later training."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from models.feedback import Feedback, FeedbackBounds
from models.job import TrainingJob
from runner.dataset.bounds import feedback_bounds_for_job
from runner.dataset.dataset import Dataset, load_dataset, to_scales
from runner.jobs.manager import JobManager
from store.database.snapshot import snapshot
from store.database.store import Store
from store.summary.excluded import count_excluded
from tests.factories import World, make_world, new_feedback, submit, training_spec
from tests.runner.training_examples import add_biased_corrections, add_items
from trainer.task import Task, TrainingConfig
from trainer.train import train


async def retract(world: World, seq: int, at: datetime | None = None) -> None:
    """Retract an item of feedback.

    Args:
        world: the world.
        seq: position of the item in the order of ingestion.
        at: time of the retraction; now by default.
    """
    moment = at or datetime.now(UTC)
    await world.store.write(
        lambda c: c.execute(
            update(Feedback).where(Feedback.judge_pk == world.judge.pk, Feedback.seq == seq).values(retracted_at=moment)
        )
    )


async def feedback_of(world: World, job: TrainingJob | None = None) -> Dataset:
    bounds = FeedbackBounds() if job is None else feedback_bounds_for_job(job)
    return await world.store.read(snapshot(lambda c: load_dataset(c, world.judge.pk, 2, bounds, 0)))


def learned(world: World, data: Dataset) -> bytes:
    scales = to_scales(world.criteria)
    task = Task(scales, data.items, data.labels, data.doubts, len(data.raters), TrainingConfig("full_retrain"))
    version = train(task, lambda _: None).version
    assert version is not None
    return version


async def test_a_full_retrain_after_a_retraction_equals_one_without_the_feedback(store: Store) -> None:
    clean, other = await make_world(store), await make_world(store)
    await add_biased_corrections(clean, range(30))
    await add_biased_corrections(other, range(17))
    [odd] = await add_items(other, range(100, 101))
    await submit(other, new_feedback(odd, scores=[1.0, 5.0], by="zed"), new_feedback(odd, rating=1, by="yan"))
    await add_biased_corrections(other, range(17, 30))
    noticed = learned(other, await feedback_of(other))
    await retract(other, 18)
    await retract(other, 19)
    never, after = await feedback_of(clean), await feedback_of(other)

    assert after.digest == never.digest
    assert after.raters == never.raters
    assert learned(other, after) == learned(clean, never) != noticed


async def test_a_retraction_restores_the_feedback_it_had_replaced(store: Store) -> None:
    world = await make_world(store)
    [evaluation] = await add_items(world, range(1))
    await submit(world, *(new_feedback(evaluation, scores=[score, None]) for score in (2.0, 5.0)))
    await retract(world, 2)
    data = await feedback_of(world)

    assert data.labels.score.tolist() == [2.0]
    assert data.excluded == {}


async def test_retracted_feedback_is_excluded_from_a_waiting_job_and_counted(store: Store) -> None:
    world = await make_world(store)
    await add_biased_corrections(world, range(4))
    await retract(world, 4, at=datetime.now(UTC) - timedelta(days=1))
    job, _ = await JobManager(store).submit(world.viewer, training_spec(world))
    await retract(world, 2)
    data = await feedback_of(world, job)
    waited = (job.created_at, datetime.now(UTC))
    around = await store.read(lambda c: count_excluded(c, world.judge.pk, feedback_bounds_for_job(job), waited))

    assert len(data.items) == 2
    assert around == {"retracted since the job was created": 1}
