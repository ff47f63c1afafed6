"""Submission, start and retry of jobs: checks, fixed bounds and idempotency."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from models.errors import DomainError, NotFound, NotRetryable, NotStartable, RequestRejected
from models.job import EventKind, Priority, TrainingJob, TrainingType
from models.job_status import JobStatus
from models.judge import DeploymentAction, VersionStatus
from models.specs.training_jobs import ExecutionOptions, TrainingSpec
from models.stored.events import StatusBody, WarningBody
from models.stored.training_job import FeedbackSnapshot
from runner.dataset.bounds import feedback_bounds_for_job
from runner.jobs.duration import round_up_to_minutes
from runner.jobs.manager import JobManager
from runner.jobs.preflight import RejectedPlan, TrainingPlan
from store import jobs, judges
from store.database.snapshot import snapshot
from store.database.store import Store
from store.summary.summary import summarise
from tests.factories import (
    World,
    add_corrections,
    add_evaluations,
    job_now,
    log_of,
    make_version,
    make_viewer,
    make_world,
    new_feedback,
    put_job,
    retract_all,
    submit,
    training_spec,
)
from tests.runner.preflight import preflight_plan

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


async def ready_world(store: Store, items: int = 30, **values: Any) -> World:
    """Return a world with enough feedback for a job."""
    world = await make_world(store, **values)
    await add_corrections(world, await add_evaluations(world, items))
    return world


async def create(world: World, spec: TrainingSpec | None = None, store: Store | None = None) -> TrainingJob:
    job, _ = await JobManager(store or world.store).submit(world.viewer, spec or training_spec(world))
    return job


async def rejection_of(world: World, spec: TrainingSpec) -> tuple[DomainError, ...]:
    """Return the errors of a rejected request, which must equal those of the preflight; nothing may be stored."""
    before = await count_jobs(world.store)
    with pytest.raises(RequestRejected) as refused:
        await create(world, spec)
    rejected = await JobManager(world.store).preflight(world.viewer, spec)

    assert await count_jobs(world.store) == before
    assert isinstance(rejected, RejectedPlan)
    assert [(e.code, e.field) for e in rejected.errors] == [(e.code, e.field) for e in refused.value.errors]
    return refused.value.errors


async def count_jobs(store: Store) -> int:
    return await store.read(lambda c: c.execute(select(func.count()).select_from(TrainingJob)).scalar_one())


async def activate(world: World, **values: Any) -> str:
    """Activate a new version."""
    version = await make_version(world, **values)
    await world.store.write(
        lambda c: judges.activate_version(
            c,
            judges.lock_judge(c, world.judge.pk),
            version.id,
            action=DeploymentAction.DEPLOY,
            replaced=VersionStatus.BACKUP,
            by=world.viewer.user_id,
        )
    )
    return version.id


# --- submit


async def test_the_feedback_of_a_job_is_fixed_at_its_creation(store: Store) -> None:
    world = await ready_world(store, 30)
    base = await activate(world, watermark=30)
    job = await create(world)
    await add_corrections(world, await add_evaluations(world, 5, start=100))
    await activate(world, watermark=35)
    later = await job_now(store, job)

    assert (later.base_version_id, later.feedback_after, later.feedback_upto) == (base, 0, 30)
    assert later.summary.value.usable == 30
    assert feedback_bounds_for_job(later).upto_seq == 30


async def test_an_incremental_job_uses_feedback_after_the_active_versions_watermark(store: Store) -> None:
    world = await ready_world(store, 30)
    await activate(world, watermark=20)
    job = await create(world, training_spec(world, TrainingType.INCREMENTAL))

    assert (job.feedback_after, job.feedback_upto, job.summary.value.usable) == (20, 30, 10)


async def test_an_incremental_job_with_a_cutoff_date_uses_the_date_only(store: Store) -> None:
    world = await ready_world(store, 10)
    [evaluation, *_] = await add_evaluations(world, 10)
    await submit(world, new_feedback(evaluation, rating=5, submitted_at=NOON))
    await activate(world, watermark=11)
    spec = training_spec(world, TrainingType.INCREMENTAL, feedback_cutoff_date=NOON + timedelta(microseconds=1))
    job = await create(world, spec)

    assert (job.feedback_after, job.summary.value.usable) == (0, 10)
    assert feedback_bounds_for_job(job).since == NOON + timedelta(microseconds=1)


@pytest.mark.parametrize("training_type", [TrainingType.INCREMENTAL, TrainingType.FINE_TUNE, TrainingType.VALIDATION])
async def test_without_an_active_version_there_is_a_warning(store: Store, training_type: TrainingType) -> None:
    world = await ready_world(store)
    targets = {"target_criteria": ("crit_clarity",)} if training_type is TrainingType.FINE_TUNE else {}
    job, warnings = await JobManager(store).submit(world.viewer, training_spec(world, training_type, **targets))
    told = [
        event.body.read_as(WarningBody).code for event in await log_of(store, job) if event.kind is EventKind.WARNING
    ]

    assert "NO_ACTIVE_VERSION" in [warning.code for warning in warnings]
    assert [warning.code for warning in warnings] == told
    assert (job.base_version_id, job.feedback_after) == (None, 0)


async def test_target_criteria_are_named_by_key_or_id_and_stored_as_ids(store: Store) -> None:
    world = await ready_world(store)
    clarity, accuracy = world.criteria
    spec = training_spec(world, TrainingType.FINE_TUNE, target_criteria=(accuracy.id, "crit_clarity", accuracy.key))
    job = await create(world, spec)

    assert set(job.config.value.target_criteria or ()) == {clarity.id, accuracy.id}


async def test_too_little_feedback_is_rejected_with_both_numbers(store: Store) -> None:
    world = await ready_world(store, 19)
    spec = training_spec(world, minimum_feedback_count=20)
    [error] = await rejection_of(world, spec)

    assert error.code.value == "INSUFFICIENT_FEEDBACK"
    assert error.field == ("training_config", "minimum_feedback_count")
    assert error.details == {"usable": 19, "required": 20}

    [evaluation, *_] = await add_evaluations(world, 1)
    await submit(world, new_feedback(evaluation, approved=True, by="cy"))
    assert (await create(world, spec)).status is JobStatus.QUEUED


async def test_retracted_feedback_does_not_count(store: Store) -> None:
    world = await ready_world(store, 5)
    await retract_all(world, after=3)
    [error] = await rejection_of(world, training_spec(world, minimum_feedback_count=4))

    assert error.details == {"usable": 3, "required": 4}


async def test_a_retraction_changes_only_jobs_that_have_not_started(store: Store) -> None:
    world = await ready_world(store, 5)
    job = await create(world)

    async def seen(job: TrainingJob) -> int:
        return (
            await store.read(
                snapshot(lambda c: summarise(c, world.judge.pk, world.criteria, feedback_bounds_for_job(job)))
            )
        ).total

    await retract_all(world, after=4)
    before = await seen(job)
    started = await store.write(lambda c: jobs.claim_next(c, "worker", timedelta(seconds=10)))
    assert started is not None
    await retract_all(world, after=2)

    assert (before, await seen(started)) == (4, 4)


async def test_only_feedback_on_the_targets_counts_for_fine_tuning(store: Store) -> None:
    world = await ready_world(store, 10)
    spec = training_spec(world, TrainingType.FINE_TUNE, target_criteria=("crit_accuracy",))
    [error] = await rejection_of(world, spec)

    assert error.details == {"usable": 0, "required": 1}


async def test_an_unknown_judge_or_criterion_is_rejected_with_its_field_path(store: Store) -> None:
    world = await ready_world(store)
    stranger = await ready_world(store, workspace="elsewhere")
    targets = ("crit_clarity", "crit_x")
    [judge] = await rejection_of(world, replace(training_spec(world), judge_id="jdg_none"))
    [foreign] = await rejection_of(world, replace(training_spec(world), judge_id=stranger.judge.id))
    [criterion] = await rejection_of(world, training_spec(world, TrainingType.VALIDATION, target_criteria=targets))

    assert (judge.code.value, judge.field) == (foreign.code.value, foreign.field) == ("NOT_FOUND", ("judge_id",))
    assert (criterion.code.value, criterion.field) == ("NOT_FOUND", ("training_config", "target_criteria", "1"))


async def test_a_malformed_request_is_rejected_by_the_preflight_too(store: Store) -> None:
    world = await ready_world(store)
    with pytest.raises(RequestRejected):
        await JobManager(store).preflight(world.viewer, training_spec(world, max_epochs=0))
    with pytest.raises(RequestRejected):
        await create(world, training_spec(world, max_epochs=0))


async def test_the_preflight_reports_what_the_job_starts_from(store: Store) -> None:
    world = await ready_world(store)
    spec = training_spec(world)
    plan = await JobManager(store).preflight(world.viewer, spec)
    job, warnings = await JobManager(store).submit(world.viewer, spec)

    assert isinstance(plan, TrainingPlan)
    assert plan.warnings == warnings
    assert (plan.summary.total, plan.summary.usable) == (job.summary.value.total, job.summary.value.usable)
    assert plan.seconds == job.estimated_seconds


PRIVATE = [
    "http://localhost/hook",
    "http://api.localhost:8080/",
    "http://127.0.0.1/",
    "https://10.1.2.3/",
    "http://169.254.169.254/latest/meta-data",
    "http://[::1]:9000/",
    "http://[fe80::1]/",
    "http://0.0.0.0/",
]


async def test_private_addresses_are_rejected_unless_an_operator_permits_them(store: Store) -> None:
    world = await ready_world(store)
    for url in PRIVATE:
        spec = replace(training_spec(world), options=ExecutionOptions(webhook_url=url))
        with pytest.raises(RequestRejected) as refused:
            await create(world, spec)
        allowed, _ = await JobManager(store, allow_private_targets=True).submit(world.viewer, spec)

        assert [error.field for error in refused.value.errors] == [("execution_options", "webhook_url")]
        assert allowed.options.value.webhook_url == url


async def test_a_host_that_does_not_resolve_yet_is_accepted(store: Store) -> None:
    world = await ready_world(store)
    spec = replace(training_spec(world), options=ExecutionOptions(webhook_url="https://not-there.invalid/hook"))

    assert (await create(world, spec)).status is JobStatus.QUEUED


# --- idempotency


async def test_fifty_concurrent_submissions_with_one_key_create_one_job(store: Store, other_store: Store) -> None:
    world = await ready_world(store)
    spec = replace(training_spec(world), idempotency_key="once")
    made = await asyncio.gather(*(create(world, spec, s) for s in (store, other_store) for _ in range(25)))

    assert len({job.id for job in made}) == 1
    assert await count_jobs(store) == 1
    assert len(await log_of(store, made[0])) == made[0].event_seq


async def test_a_repeated_key_returns_the_first_job_although_the_feedback_has_changed(store: Store) -> None:
    world = await ready_world(store)
    spec = replace(training_spec(world), idempotency_key="once")
    first = await create(world, spec)
    await JobManager(store).cancel(world.viewer, first.id, None)
    await retract_all(world)
    again = await create(world, spec)

    assert (again.id, again.status) == (first.id, JobStatus.CANCELLED)


async def test_a_key_with_another_request_is_rejected_and_changes_nothing(store: Store) -> None:
    world = await ready_world(store)
    spec = replace(training_spec(world), idempotency_key="once")
    first = await create(world, spec)
    with pytest.raises(RequestRejected) as refused:
        await create(world, replace(training_spec(world, seed=1), idempotency_key="once"))
    [error] = refused.value.errors

    assert (error.code.value, error.field) == ("IDEMPOTENCY_MISMATCH", ("idempotency_key",))
    assert first.id in error.message
    assert await count_jobs(store) == 1


async def test_a_key_belongs_to_its_workspace(store: Store) -> None:
    here, there = await ready_world(store), await ready_world(store, workspace="there")
    one, two = [await create(w, replace(training_spec(w), idempotency_key="once")) for w in (here, there)]

    assert one.id != two.id


async def test_without_a_key_every_request_creates_a_job(store: Store) -> None:
    world = await ready_world(store)

    assert (await create(world)).id != (await create(world)).id


# --- start and retry


async def test_a_job_without_auto_start_is_started_once(store: Store, other_store: Store) -> None:
    world = await ready_world(store)
    job = await create(world, replace(training_spec(world), options=ExecutionOptions(auto_start=False)))
    outcomes = await asyncio.gather(
        *(JobManager(s).start(world.viewer, job.id) for s in (store, other_store) for _ in range(3)),
        return_exceptions=True,
    )

    assert job.status is JobStatus.CREATED
    assert sum(isinstance(outcome, NotStartable) for outcome in outcomes) == 5
    assert (await job_now(store, job)).status is JobStatus.QUEUED
    assert [
        event.body.read_as(StatusBody).to for event in await log_of(store, job) if event.kind is EventKind.STATUS
    ] == [
        "created",
        "queued",
    ]


@pytest.mark.parametrize("status", [status for status in JobStatus if status is not JobStatus.CREATED])
async def test_a_queued_job_cannot_be_started(store: Store, status: JobStatus) -> None:
    world = await make_world(store)
    job = await put_job(world, status)
    with pytest.raises(NotStartable, match=status.name):
        await JobManager(store).start(world.viewer, job.id)

    assert await job_now(store, job) == job


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.CANCELLED])
async def test_a_retry_repeats_the_request_on_todays_feedback(store: Store, status: JobStatus) -> None:
    world = await ready_world(store)
    spec = training_spec(world, seed=7, max_epochs=5, learning_rate=0.1, feedback_cutoff_date=NOON)
    options = ExecutionOptions(Priority.HIGH, auto_deploy=True, webhook_url="https://example.org/")
    first = await create(world, replace(spec, options=options, idempotency_key="once"))
    await store.write(lambda c: c.execute(update(TrainingJob).where(TrainingJob.id == first.id).values(status=status)))
    await add_corrections(world, await add_evaluations(world, 5, start=100))
    again = await JobManager(store).retry(world.viewer, first.id)

    assert (again.retry_of, again.status, again.idempotency_key) == (first.id, JobStatus.QUEUED, None)
    assert (again.config, again.options, again.priority) == (first.config, first.options, first.priority)
    assert (again.feedback_upto, again.summary.value.usable) == (35, 35)


@pytest.mark.parametrize(
    "status", [status for status in JobStatus if status not in (JobStatus.FAILED, JobStatus.CANCELLED)]
)
async def test_only_failed_or_cancelled_jobs_are_retried(store: Store, status: JobStatus) -> None:
    world = await ready_world(store)
    job = await put_job(world, status)
    with pytest.raises(NotRetryable, match=status.name):
        await JobManager(store).retry(world.viewer, job.id)

    assert await count_jobs(store) == 1


async def test_a_retry_that_is_no_longer_valid_is_rejected(store: Store) -> None:
    world = await ready_world(store)
    job = await create(world)
    await JobManager(store).cancel(world.viewer, job.id, None)
    await retract_all(world)
    with pytest.raises(RequestRejected) as refused:
        await JobManager(store).retry(world.viewer, job.id)

    assert [error.code.value for error in refused.value.errors] == ["INSUFFICIENT_FEEDBACK"]


async def test_another_workspaces_job_is_unknown_to_every_command(store: Store) -> None:
    world = await ready_world(store)
    job = await create(world)
    stranger, _ = await make_viewer(store, workspace="elsewhere")
    manager = JobManager(store)
    for verb in (manager.start, manager.retry, lambda viewer, job_id: manager.cancel(viewer, job_id, None)):
        with pytest.raises(NotFound):
            await verb(stranger, job.id)

    assert await job_now(store, job) == job


# --- estimated duration


async def test_the_estimate_counts_each_job_ahead_once(store: Store) -> None:
    world = await ready_world(store)
    seconds = [(await create(world)).estimated_seconds or 0.0 for _ in range(6)]

    assert seconds == pytest.approx([seconds[0] * n for n in range(1, 7)])


async def test_the_estimate_counts_only_jobs_that_are_ahead(store: Store) -> None:
    world = await ready_world(store)
    alone = (await create(world)).estimated_seconds
    for _ in range(3):
        await create(world)
    urgent = await create(world, replace(training_spec(world), options=ExecutionOptions(Priority.HIGH)))

    assert urgent.estimated_seconds == alone


async def finished(world: World, usable: int, seconds: float) -> None:
    """Return a completed job.

    Args:
        world: its world.
        usable: usable items of feedback.
        seconds: duration of the job.
    """
    summary = FeedbackSnapshot(usable, usable, 0, usable, None, None)
    await put_job(
        world,
        JobStatus.COMPLETED,
        summary=summary,
        started_at=NOON,
        finished_at=NOON + timedelta(seconds=seconds),
    )


async def estimate(world: World) -> float:
    return (await preflight_plan(world, training_spec(world))).seconds


async def test_the_estimate_follows_the_measured_durations(store: Store) -> None:
    world = await ready_world(store)
    unmeasured = await estimate(world)
    for _ in range(10):
        await finished(world, 30, 20.0)
    slow = await estimate(world)
    for _ in range(30):  # only the latest jobs are measured
        await finished(world, 30, 0.5)
    fast = await estimate(world)

    assert fast < unmeasured < slow
    assert slow == pytest.approx(20.0, rel=0.5)


async def test_the_estimate_never_falls_with_the_amount_of_feedback(store: Store) -> None:
    small, large = await ready_world(store, 5), await ready_world(store, 200)
    await finished(small, 10, 100.0)
    await finished(small, 100_000, 1.0)

    assert 0 < await estimate(small) <= await estimate(large)


@pytest.mark.parametrize(("seconds", "expected"), [(0, 1), (0.4, 1), (60, 1), (60.1, 2), (119, 2), (3600, 60)])
def test_minutes_are_whole_and_at_least_one(seconds: float, expected: int) -> None:
    assert round_up_to_minutes(seconds) == expected


async def test_the_queue_ahead_includes_the_jobs_of_all_judges(store: Store) -> None:
    one, two = await ready_world(store), await ready_world(store, workspace="elsewhere")
    first, second = await create(one), await create(two)

    assert second.estimated_seconds == pytest.approx(2 * (first.estimated_seconds or 0))
    assert await store.read(lambda c: jobs.find_job(c, one.viewer.workspace_id, second.id)) is None
