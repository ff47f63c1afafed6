"""Whole jobs with real training processes, from feedback to a proven version, on both databases."""

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import update

from models.job import EventKind, JobEvent, TrainingJob, TrainingType
from models.job_status import JobStatus
from models.judge import JudgeVersion, VersionStatus
from models.specs.training_jobs import ExecutionOptions
from models.stored.events import DeploymentBody, EpochBody
from runner.dataset.dataset import to_scales
from runner.jobs.manager import JobManager
from runner.processes import spawn as process
from store import jobs, judges
from store.database.open import open_store
from store.database.store import Store
from tests.conftest import make_database
from tests.factories import (
    World,
    job_now,
    log_of,
    make_version,
    make_world,
    new_feedback,
    retract_all,
    submit,
    training_spec,
)
from tests.runner.scripted_processes import is_running
from tests.runner.training_examples import add_biased_corrections, add_items
from tests.runner.worker_harness import running_worker, status_history, wait_for_end, wait_for_job, wait_for_status
from tests.waiting import finish
from trainer.data import Items
from trainer.model.version import Version

KINDS = ["sqlite", "postgres"]


async def create(world: World, training_type: TrainingType, options: ExecutionOptions, **config: Any) -> TrainingJob:
    spec = replace(training_spec(world, training_type, **config), options=options)
    job, _ = await JobManager(world.store).submit(world.viewer, spec)
    return job


@dataclass(frozen=True)
class FinishedJob:
    """Completed job with its log and the version it created."""

    job: TrainingJob
    log: list[JobEvent]
    statuses: list[str]
    version: JudgeVersion | None
    content: bytes | None

    def messages(self, kind: EventKind) -> list[str]:
        return [event.message for event in self.log if event.kind is kind]


async def run_job(world: World, training_type: TrainingType, *, deploy: bool = False, **config: Any) -> FinishedJob:
    """Run one job to its end with the worker of the world's store.

    Args:
        world: the world.
        training_type: type of the job.
        deploy: deploy the version if it is proven better.
        config: options of the training configuration.
    """
    store = world.store
    job = await wait_for_end(store, await create(world, training_type, ExecutionOptions(auto_deploy=deploy), **config))
    log, statuses = await log_of(store, job), await status_history(store, job)
    version_id = job.result_version_id
    if version_id is None:
        return FinishedJob(job, log, statuses, None, None)
    version = await store.read(lambda c: judges.find_version(c, job.workspace_id, version_id))
    return FinishedJob(
        job, log, statuses, version, await store.read(lambda c: judges.read_version_content(c, version_id))
    )


@dataclass(frozen=True)
class History:
    """Jobs of one judge in the order in which they ran."""

    world: World
    retrained: FinishedJob
    validated: FinishedJob
    incremental: FinishedJob
    tuned: FinishedJob
    blind: FinishedJob
    burst: FinishedJob


async def live(url: str) -> History:
    async with open_store(url) as store:
        world, other = await make_world(store), await make_world(store)
        await add_biased_corrections(world, range(60))
        extra = await add_items(world, range(200, 203))
        await submit(world, new_feedback(extra[0], rating=3), new_feedback(extra[1]), new_feedback(extra[2], rating=1))
        await add_biased_corrections(other, range(40), bias=0.0)
        async with running_worker(store):
            retrained = await run_job(world, TrainingType.FULL_RETRAIN, deploy=True)
            validated = await run_job(world, TrainingType.VALIDATION)
            await add_biased_corrections(world, range(60, 90), bias=0.5)
            return History(
                world,
                retrained,
                validated,
                await run_job(world, TrainingType.INCREMENTAL),
                await run_job(world, TrainingType.FINE_TUNE, target_criteria=("crit_accuracy",)),
                await run_job(other, TrainingType.FULL_RETRAIN, deploy=True, learning_rate=0.1, max_epochs=7),
                await run_job(other, TrainingType.FULL_RETRAIN, learning_rate=1.0, max_epochs=50),
            )


@pytest.fixture(scope="module")
def histories(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, History]:
    """Return the same sequence of jobs on both databases."""
    urls = [make_database(request, kind, tmp_path_factory.mktemp("history")) for kind in KINDS]

    async def both() -> list[History]:
        return await asyncio.gather(*(live(url) for url in urls))

    return dict(zip(KINDS, asyncio.run(both()), strict=True))


@pytest.fixture(params=KINDS)
def history(request: pytest.FixtureRequest, histories: dict[str, History]) -> History:
    return histories[request.param]


def score(content: bytes | None, world: World, raw: list[list[float]]) -> np.ndarray:
    """Return a version's point estimates.

    Args:
        content: the version as bytes.
        world: the world of its judge.
        raw: raw scores of the items by criterion.
    """
    assert content is not None
    number = len(raw)
    absent: list[str | None] = [None] * number
    items = Items([""] * number, absent, absent, absent, ["text"] * number, absent, np.array(raw))
    return Version.loads(content).score(items, to_scales(world.criteria)).point


# --- the types of jobs


def test_a_full_retrain_learns_the_bias_and_proves_it(history: History) -> None:
    done = history.retrained
    points = score(done.content, history.world, [[1.0, 1.0], [2.0, 3.0]])

    assert done.job.status is JobStatus.COMPLETED
    assert done.version is not None
    assert np.abs(points - [[2.0, 2.0], [3.0, 4.0]]).max() < 0.5
    assert done.job.evidence == done.version.evidence
    assert done.job.evidence is not None
    assert done.job.evidence.value.improved
    assert done.job.evidence.value.after is not None
    assert done.job.evidence.value.after.mean_absolute_error < done.job.evidence.value.raw.mean_absolute_error
    assert {part.criterion for part in done.job.evidence.value.criteria} == {c.id for c in history.world.criteria}


def test_the_log_has_all_transitions_in_legal_order_with_the_end_last(history: History) -> None:
    done = history.retrained

    assert done.statuses == ["created", "queued", "preparing", "training", "validating", "completed"]
    assert [event.seq for event in done.log] == list(range(1, len(done.log) + 1))
    assert [event.position for event in done.log] == sorted(event.position for event in done.log)
    assert [event.kind.value for event in done.log[-3:]] == ["version", "deployment", "status"]
    assert done.job.started_at is not None
    assert done.job.finished_at is not None
    assert done.job.created_at <= done.job.started_at <= done.job.finished_at


def test_every_epoch_is_logged_with_its_loss(history: History) -> None:
    done = history.blind
    epochs = [event for event in done.log if event.kind is EventKind.EPOCH]

    bodies = [event.body.read_as(EpochBody) for event in epochs]
    assert [body.epoch for body in bodies] == list(range(1, len(epochs) + 1))
    assert 1 <= len(epochs) <= 7
    assert all(body.loss > 0 and body.max_epochs == 7 for body in bodies)
    assert done.job.progress is not None
    assert (done.job.progress.value.fraction, done.job.progress.value.epoch) == (1.0, len(epochs))
    assert done.job.chosen is not None
    assert (done.job.chosen.value.learning_rate, done.job.chosen.value.max_epochs) == (0.1, 7)


def test_a_learning_rate_that_is_too_high_fails_the_job_with_advice(history: History) -> None:
    done = history.burst

    assert (done.job.status, done.job.error_code) == (JobStatus.FAILED, "DIVERGED")
    assert "the learning rate 1 is too high: try 0.1" in str(done.job.error_message)
    assert done.version is None


def test_excluded_feedback_is_logged_with_the_reason(history: History) -> None:
    [told] = [message for message in history.retrained.messages(EventKind.NOTE) if "prepared" in message]

    assert told.startswith("120 labels on 6")
    assert "1 low ratings or rejections count as doubt." in told
    assert "1 comments" in told
    assert "1 neutral ratings of 3" in told


def test_a_version_records_its_lineage(history: History) -> None:
    version = history.retrained.version
    assert version is not None

    assert (version.number, version.parent_id, version.proven_against) == (1, None, None)
    assert version.watermark == 63
    assert version.job_id == history.retrained.job.id
    assert (version.lineage.value.labels, version.lineage.value.doubts) == (120, 1)
    assert version.lineage.value.seed == 0
    assert len(version.lineage.value.feedback_digest or "") == 64
    assert version.lineage.value.code


def test_a_proven_version_is_deployed_and_another_is_kept_with_the_reason(history: History) -> None:
    better, blind = history.retrained, history.blind
    assert better.version is not None
    assert blind.version is not None

    assert better.job.deployment is not None
    assert better.job.deployment.value.deployed
    assert better.version.status is VersionStatus.ACTIVE
    assert blind.job.deployment is not None
    assert not blind.job.deployment.value.deployed
    assert "Not proven better" in blind.job.deployment.value.reason
    assert blind.version.status is VersionStatus.CANDIDATE
    assert [
        event.body.read_as(DeploymentBody).deployed for event in blind.log if event.kind is EventKind.DEPLOYMENT
    ] == [False]


def test_a_validation_measures_the_active_version_and_changes_absent(history: History) -> None:
    done = history.validated

    assert done.statuses == ["created", "queued", "preparing", "validating", "completed"]
    assert done.version is None
    assert done.job.base_version_id == history.retrained.job.result_version_id
    assert done.job.evidence is not None
    assert done.job.evidence.value.mae_change is None
    assert done.job.evidence.value.after == done.job.evidence.value.before
    assert (done.job.deployment, done.messages(EventKind.VERSION)) == (None, [])


def test_an_incremental_job_learns_only_from_feedback_after_the_watermark(history: History) -> None:
    done = history.incremental
    assert done.version is not None
    assert history.retrained.version is not None

    assert done.job.feedback_after == history.retrained.version.watermark
    assert "63 received before the base version" in " ".join(done.messages(EventKind.NOTE))
    assert done.version.lineage.value.labels == 60
    assert done.version.parent_id == done.version.proven_against == history.retrained.version.id
    assert done.version.watermark == 93


def test_fine_tuning_leaves_the_other_criteria_bit_identical(history: History) -> None:
    raw = [[1.0, 1.0], [2.0, 3.0], [4.0, 2.5], [5.0, 5.0]]
    before = score(history.retrained.content, history.world, raw)
    after = score(history.tuned.content, history.world, raw)

    assert before[:, 0].tobytes() == after[:, 0].tobytes()
    assert (before[:, 1] != after[:, 1]).any()


def test_the_same_feedback_and_seed_give_the_same_version_on_both_databases(histories: dict[str, History]) -> None:
    one, two = (histories[kind] for kind in KINDS)

    for name in ("retrained", "incremental", "tuned", "blind"):
        first, second = (getattr(h, name) for h in (one, two))
        assert first.version.lineage.value.feedback_digest == second.version.lineage.value.feedback_digest
        assert first.content == second.content


# --- interruptions of real processes

LONG: dict[str, Any] = {"learning_rate": 0.05, "max_epochs": 250, "early_stopping": False}


@asynccontextmanager
async def school(url: str) -> AsyncIterator[tuple[World, TrainingJob]]:
    """Return a world whose judge has a job that takes a few seconds."""
    async with open_store(url) as store:
        world = await make_world(store)
        await add_biased_corrections(world, range(40))
        yield world, await create(world, TrainingType.FULL_RETRAIN, ExecutionOptions(), **LONG)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    """Return the training processes in the order of their start."""
    seen: list[Process] = []
    start = process.start_process

    async def noted() -> Process:
        seen.append(await start())
        return seen[-1]

    monkeypatch.setattr(process, "start_process", noted)
    return seen


def epochs(number: int) -> Callable[[TrainingJob], bool]:
    return lambda job: ((job.progress is not None and job.progress.value.epoch) or 0) >= number


async def content_of(world: World, job: TrainingJob) -> bytes:
    done = await job_now(world.store, job)
    assert done.result_version_id is not None
    version_id = done.result_version_id
    return await world.store.read(lambda c: judges.read_version_content(c, version_id))


async def test_killed_and_released_jobs_end_in_the_version_of_an_undisturbed_one(
    request: pytest.FixtureRequest, tmp_path: Path, started: list[Process]
) -> None:
    urls = await asyncio.to_thread(lambda: [make_database(request, kind, tmp_path) for kind in KINDS])
    async with school(urls[0]) as (world, undisturbed), running_worker(world.store):
        await wait_for_end(world.store, undisturbed)
        expected = await content_of(world, undisturbed)
        assert (await job_now(world.store, undisturbed)).attempt == 1
    del started[:]
    async with school(urls[1]) as (world, disturbed):
        async with running_worker(world.store):
            await wait_for_job(world.store, disturbed, epochs(5))
            os.kill(started[0].pid, signal.SIGKILL)
            await wait_for_job(world.store, disturbed, lambda job: job.attempt == 2)
        handed_back = await job_now(world.store, disturbed)
        assert (handed_back.status, handed_back.attempt) == (JobStatus.QUEUED, 1)
        assert await world.store.read(lambda c: jobs.read_checkpoint(c, disturbed.id)) is not None
        assert not any(is_running(child) for child in started)
        async with running_worker(world.store):
            done = await wait_for_end(world.store, disturbed)

        assert (done.status, done.attempt, done.claims) == (JobStatus.COMPLETED, 2, 3)
        assert expected == await content_of(world, disturbed)


async def test_a_cancellation_ends_the_training_process(store: Store, started: list[Process]) -> None:
    world = await make_world(store)
    await add_biased_corrections(world, range(40))
    job = await create(world, TrainingType.FULL_RETRAIN, ExecutionOptions(), **LONG | {"max_epochs": 10_000})
    async with running_worker(store):
        await wait_for_status(store, job, JobStatus.TRAINING)
        await JobManager(store).cancel(world.viewer, job.id, "enough")
        cancelled = await wait_for_end(store, job)
        await finish(started[0].wait(), "the end of the process")

    assert cancelled.status is JobStatus.CANCELLED
    assert not is_running(started[0])
    assert await store.read(lambda c: jobs.read_checkpoint(c, job.id)) is None


async def test_a_job_without_labels_fails(store: Store) -> None:
    world = await make_world(store)
    await add_biased_corrections(world, range(2))
    job = await create(world, TrainingType.FULL_RETRAIN, ExecutionOptions())
    await retract_all(world)
    async with running_worker(store):
        failed = await wait_for_end(store, job)

    assert (failed.status, failed.error_code) == (JobStatus.FAILED, "NO_LABELS")


async def test_a_damaged_base_version_fails_the_job_at_once_and_is_named(store: Store) -> None:
    world = await make_world(store)
    await add_biased_corrections(world, range(4))
    version = await make_version(world)  # with content that no version has
    job = await create(world, TrainingType.INCREMENTAL, ExecutionOptions())
    goes_on = update(TrainingJob).where(TrainingJob.id == job.id).values(base_version_id=version.id)
    await store.write(lambda c: c.execute(goes_on))
    async with running_worker(store):
        failed = await wait_for_end(store, job)

    assert (failed.status, failed.error_code, failed.claims) == (JobStatus.FAILED, "BASE_VERSION_DAMAGED", 1)
    assert version.id in str(failed.error_message)
    assert "FULL_RETRAIN" in str(failed.error_message)


async def test_an_unexpected_error_is_not_retried(store: Store, capfd: pytest.CaptureFixture[str]) -> None:
    world = await make_world(store)
    await add_biased_corrections(world, range(4))
    job = await create(world, TrainingType.FULL_RETRAIN, ExecutionOptions())
    broken = update(TrainingJob).where(TrainingJob.id == job.id).values(config={"seed": 1})
    await store.write(lambda c: c.execute(broken))
    async with running_worker(store):
        failed = await wait_for_end(store, job)

    assert (failed.status, failed.error_code, failed.claims) == (JobStatus.FAILED, "INTERNAL", 1)
    assert "The training process failed: ValidationError: Object missing required field" in capfd.readouterr().err
