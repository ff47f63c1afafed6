"""Lifecycle of a job under a worker: all ends, kills, cancellation, leases and fences."""

import asyncio
import os
import signal
from asyncio.subprocess import Process
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from models.job import Delivery, EventKind, TrainingJob, TrainingType
from models.job_status import JobStatus
from models.judge import JudgeVersion
from models.stored.events import DeploymentBody, EpochBody, StatusBody
from models.stored.json_column import Stored
from models.stored.training_job import ChosenSettings, JobProgress
from runner.jobs.manager import JobManager
from runner.workers.completion import publish_result
from runner.workers.leases import LeasePolicy
from store import jobs, judges
from store.database.rows import fetch_all
from store.database.store import Store
from store.jobs import StaleClaim
from tests.factories import World, job_now, log_of, make_job, make_version, make_world
from tests.runner.scripted_processes import (
    BEGUN,
    LOADED,
    TRAINED,
    ScriptedProcesses,
    is_running,
    outcome,
    outcome_report,
    progress_report,
    scripted,
)
from tests.runner.worker_harness import running_worker, status_history, wait_for_end, wait_for_job, wait_for_status
from tests.waiting import finish

__all__ = ["scripted"]

TARGETS = {"notification_email": "ann@example.org", "webhook_url": "https://example.org/hook"}
FULL = ["created", "queued", "preparing", "training", "validating", "completed"]


async def versions_of(world: World) -> list[JudgeVersion]:
    statement = judges.versions_for_judge(world.judge.pk).order_by(JudgeVersion.number)
    return await world.store.read(lambda c: fetch_all(c, statement, JudgeVersion))


async def pending_deliveries(store: Store) -> list[Delivery]:
    return await store.read(lambda c: fetch_all(c, select(Delivery), Delivery))


async def wait_for_exit(process: Process) -> None:
    await finish(process.wait(), "the end of the process")


# --- completion


async def test_all_events_of_a_job_precede_its_end(store: Store, scripted: ScriptedProcesses) -> None:
    scripted.add_script(*TRAINED, outcome_report(warnings=({"code": "ODD", "message": "Odd."},)))
    world = await make_world(store)
    job = await make_job(world, feedback_upto=7)
    async with running_worker(store):
        done = await wait_for_end(store, job)
    [version] = await versions_of(world)
    log = await log_of(store, job)

    assert await status_history(store, job) == FULL
    assert [event.kind.value for event in log] == [
        "status", "status", "status", "note", "status", "epoch", "epoch", "status", "note", "warning", "version",
        "status",
    ]  # fmt: skip
    assert log[3].message == "3 labels on 2 items were prepared. Excluded: 1 comments."
    assert [event.body.read_as(EpochBody).epoch for event in log if event.kind is EventKind.EPOCH] == [1, 2]
    assert (done.attempt, done.claims, done.result_version_id) == (1, 1, version.id)
    assert done.progress == Stored.of(JobProgress(epoch=2, max_epochs=9, loss=0.5, fraction=1.0))
    assert done.evidence == version.evidence
    assert done.chosen == Stored.of(ChosenSettings(max_epochs=2))
    assert (version.job_id, version.number, version.watermark, version.proven_against) == (job.id, 1, 7, None)
    assert version.lineage.value.seed == 0
    assert await store.read(lambda c: judges.read_version_content(c, version.id)) == b"learned"


async def test_a_validation_skips_training_and_makes_no_version(store: Store, scripted: ScriptedProcesses) -> None:
    scripted.add_script(LOADED, progress_report("validating", 0.5), outcome_report(None))
    world = await make_world(store)
    job = await make_job(world, training_type=TrainingType.VALIDATION, options={"auto_deploy": True})
    async with running_worker(store):
        done = await wait_for_end(store, job)

    assert await status_history(store, job) == ["created", "queued", "preparing", "validating", "completed"]
    assert (done.attempt, done.result_version_id, done.deployment) == (1, None, None)
    assert done.evidence is not None
    assert await versions_of(world) == []


async def test_a_failure_is_stored_with_the_message_of_the_process(store: Store, scripted: ScriptedProcesses) -> None:
    scripted.add_script(*BEGUN, {"failed": {"code": "DIVERGED", "message": "The loss exploded."}})
    world = await make_world(store)
    job = await make_job(world)
    async with running_worker(store):
        failed = await wait_for_end(store, job)

    assert (failed.status, failed.error_code, failed.error_message) == (
        JobStatus.FAILED,
        "DIVERGED",
        "The loss exploded.",
    )
    assert (await log_of(store, job))[-1].message == "The loss exploded."
    assert await versions_of(world) == []


@pytest.mark.parametrize("end", ["completed", "failed", "cancelled"])
async def test_the_end_of_a_job_enqueues_one_message_per_target(
    store: Store, scripted: ScriptedProcesses, end: str
) -> None:
    scripted.add_script(*BEGUN, code=1)
    if end == "failed":
        scripted.add_script({"failed": {"code": "DIVERGED", "message": "No."}})
    else:
        scripted.add_script(*TRAINED, *([outcome_report()] if end == "completed" else []), hold=end == "cancelled")
    world = await make_world(store)
    job = await make_job(world, options=TARGETS)
    async with running_worker(store):
        if end == "cancelled":
            await wait_for_status(store, job, JobStatus.VALIDATING)
            assert await pending_deliveries(store) == []
            await JobManager(store).cancel(world.viewer, job.id, None)
        await wait_for_end(store, job)

    assert sorted((row.channel, row.payload.value.type) for row in await pending_deliveries(store)) == [
        ("email", f"training_job.{end}"),
        ("webhook", f"training_job.{end}"),
    ]


async def test_workers_on_two_servers_finish_every_job_once(
    store: Store, other_store: Store, scripted: ScriptedProcesses
) -> None:
    scripted.add_script(*TRAINED, outcome_report())
    worlds = [await make_world(store) for _ in range(3)]
    made = [await make_job(world) for world in worlds for _ in range(3)]
    async with running_worker(store, slots=2), running_worker(other_store, slots=2):
        done = [await wait_for_end(store, job) for job in made]

    assert [job.attempt for job in done] == [1] * 9
    assert [await status_history(store, job) for job in made] == [FULL] * 9
    assert [len(await versions_of(world)) for world in worlds] == [3, 3, 3]


# --- deployment


async def train_with_auto_deploy(store: Store, world: World, **options: object) -> TrainingJob:
    job = await make_job(world, options={"auto_deploy": True} | options)
    async with running_worker(store):
        return await wait_for_end(store, job)


async def active_version_id(world: World) -> str | None:
    return (await world.store.read(lambda c: judges.get_judge_by_pk(c, world.judge.pk))).active_version_id


async def test_a_version_that_is_proven_better_is_deployed_with_the_job(
    store: Store, scripted: ScriptedProcesses
) -> None:
    scripted.add_script(*TRAINED, outcome_report())
    world = await make_world(store)
    job = await train_with_auto_deploy(store, world)
    log = await log_of(store, job)

    assert job.deployment is not None
    assert job.deployment.value.deployed
    assert await active_version_id(world) == job.result_version_id
    assert [event.kind.value for event in log[-3:]] == ["version", "deployment", "status"]
    assert log[-2].body.read_as(DeploymentBody) == DeploymentBody(True, job.deployment.value.reason)


@pytest.mark.parametrize(
    ("proof", "why"), [({"improved": False}, "Not proven better"), ({"worsened": True}, "proven worse on 1")]
)
async def test_a_version_that_is_not_proven_better_stays_a_candidate_with_the_reason(
    store: Store, scripted: ScriptedProcesses, proof: dict[str, bool], why: str
) -> None:
    scripted.add_script(*TRAINED, outcome_report(**proof))
    world = await make_world(store)
    job = await train_with_auto_deploy(store, world)
    [version] = await versions_of(world)

    assert job.status is JobStatus.COMPLETED
    assert job.deployment is not None
    assert not job.deployment.value.deployed
    assert why in job.deployment.value.reason
    assert await active_version_id(world) is None
    assert version.status.value == "candidate"


async def test_evidence_against_a_version_that_is_no_longer_active_deploys_nothing(
    store: Store, scripted: ScriptedProcesses
) -> None:
    scripted.add_script(*TRAINED, outcome_report())
    world = await make_world(store)
    other = await make_version(world)
    job = await make_job(world, options={"auto_deploy": True}, base_version_id=other.id)
    async with running_worker(store):
        done = await wait_for_end(store, job)

    assert done.deployment is not None
    assert not done.deployment.value.deployed
    assert "another version" in done.deployment.value.reason
    assert await active_version_id(world) is None


async def test_nothing_is_deployed_without_auto_deploy(store: Store, scripted: ScriptedProcesses) -> None:
    scripted.add_script(*TRAINED, outcome_report())
    world = await make_world(store)
    job = await train_with_auto_deploy(store, world, auto_deploy=False)

    assert job.deployment is None
    assert await active_version_id(world) is None


# --- dying processes


async def test_a_job_whose_process_is_killed_is_retried(store: Store, scripted: ScriptedProcesses) -> None:
    scripted.add_script(*BEGUN, hold=True)
    scripted.add_script(*TRAINED, outcome_report())
    job = await make_job(await make_world(store))
    async with running_worker(store):
        await wait_for_status(store, job, JobStatus.TRAINING)
        os.kill(scripted.started[0].pid, signal.SIGKILL)
        done = await wait_for_end(store, job)

    assert (done.status, done.attempt, done.claims) == (JobStatus.COMPLETED, 2, 2)
    assert await status_history(store, job) == [*FULL[:4], "queued", "preparing", "training", "validating", "completed"]


async def test_a_job_whose_processes_all_die_fails_after_three_attempts(
    store: Store, scripted: ScriptedProcesses
) -> None:
    scripted.add_script(*BEGUN, code=1)
    job = await make_job(await make_world(store))
    async with running_worker(store):
        failed = await wait_for_end(store, job)

    assert (failed.status, failed.error_code, failed.attempt) == (JobStatus.FAILED, "WORKER_LOST", 3)
    assert "3 attempts" in (failed.error_message or "")
    assert (await status_history(store, job)).count("training") == 3


async def test_a_job_whose_processes_die_early_fails_after_its_last_claim(
    store: Store, scripted: ScriptedProcesses
) -> None:
    scripted.add_script(code=1)
    job = await make_job(await make_world(store))
    async with running_worker(store):
        failed = await wait_for_end(store, job)

    assert (failed.status, failed.error_code, failed.attempt, failed.claims) == (
        JobStatus.FAILED,
        "WORKER_LOST",
        0,
        jobs.MAX_CLAIMS,
    )


async def test_an_abandoned_job_is_released_and_completed_by_another_worker(
    store: Store, scripted: ScriptedProcesses
) -> None:
    scripted.add_script(*TRAINED, outcome_report())
    job = await make_job(await make_world(store))
    vanished = await store.write(lambda c: jobs.claim_next(c, "elsewhere:1:1", timedelta(0)))
    assert vanished is not None
    async with running_worker(store):
        done = await wait_for_end(store, job)

    assert (done.status, done.claims, done.fence) == (JobStatus.COMPLETED, 2, 3)
    assert "its worker was lost" in [event.message for event in await log_of(store, job)][3]


# --- cancelling and stopping


async def test_cancelling_a_running_job_ends_its_process(store: Store, scripted: ScriptedProcesses) -> None:
    scripted.add_script(*BEGUN, hold=True)
    world = await make_world(store)
    job = await make_job(world)
    async with running_worker(store):
        await wait_for_status(store, job, JobStatus.TRAINING)
        await JobManager(store).cancel(world.viewer, job.id, "enough")
        cancelled = await wait_for_end(store, job)
        await wait_for_exit(scripted.started[0])

    assert cancelled.status is JobStatus.CANCELLED
    assert (await log_of(store, job))[-1].message == "The job was cancelled: enough"
    assert await versions_of(world) == []


async def test_cancelling_from_another_server_reaches_the_worker(
    store: Store, other_store: Store, scripted: ScriptedProcesses
) -> None:
    scripted.add_script(*BEGUN, hold=True)
    world = await make_world(store)
    job = await make_job(world)
    async with running_worker(store):
        await wait_for_status(other_store, job, JobStatus.TRAINING)
        await JobManager(other_store).cancel(world.viewer, job.id, None)
        cancelled = await wait_for_end(other_store, job)

    assert cancelled.status is JobStatus.CANCELLED


async def test_a_queued_job_that_was_cancelled_is_never_started(store: Store, scripted: ScriptedProcesses) -> None:
    scripted.add_script(*TRAINED, outcome_report())
    world = await make_world(store)
    cancelled, kept = await make_job(world), await make_job(world)
    await JobManager(store).cancel(world.viewer, cancelled.id, None)
    async with running_worker(store):
        await wait_for_end(store, kept)

    assert await status_history(store, cancelled) == ["created", "queued", "cancelled"]


async def test_a_cancellation_before_completion_takes_precedence(store: Store) -> None:
    world = await make_world(store)
    await make_job(world, options={"auto_deploy": True})
    job = await store.write(lambda c: jobs.claim_next(c, "w", timedelta(minutes=1)))
    assert job is not None
    await JobManager(store).cancel(world.viewer, job.id, "stop")
    done = await store.write(lambda c: publish_result(c, job.id, job.fence, outcome(b"learned")))

    assert done.status is JobStatus.CANCELLED
    assert await versions_of(world) == []
    assert await active_version_id(world) is None


async def test_a_stopping_worker_releases_its_job_without_spending_an_attempt(
    store: Store, scripted: ScriptedProcesses
) -> None:
    scripted.add_script(*BEGUN, hold=True)
    scripted.add_script(*BEGUN, hold=True)  # for the process started ahead of need
    scripted.add_script(*TRAINED, outcome_report())
    job = await make_job(await make_world(store))
    async with running_worker(store):
        await wait_for_status(store, job, JobStatus.TRAINING)
    released = await job_now(store, job)

    assert (released.status, released.attempt, released.owner) == (JobStatus.QUEUED, 0, None)
    assert not any(is_running(process) for process in scripted.started)

    async with running_worker(store):
        done = await wait_for_end(store, job)

    assert (done.status, done.attempt, done.claims) == (JobStatus.COMPLETED, 1, 2)


async def test_a_job_is_released_while_its_process_is_starting(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    starting = asyncio.Event()

    async def never_starts() -> Process:
        starting.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def no_spare(_self: object) -> Process:
        return await never_starts()

    monkeypatch.setattr("runner.processes.spawn.WarmProcess.prepare", lambda _self: None)
    monkeypatch.setattr("runner.processes.spawn.WarmProcess.take", no_spare)
    job = await make_job(await make_world(store))
    async with running_worker(store):
        await finish(starting.wait(), "the start of a process")
    released = await job_now(store, job)

    assert (released.status, released.attempt) == (JobStatus.QUEUED, 0)


async def test_a_stopped_worker_leaves_no_process_behind(store: Store, scripted: ScriptedProcesses) -> None:
    scripted.add_script(*TRAINED, outcome_report())
    job = await make_job(await make_world(store))
    async with running_worker(store):
        await wait_for_end(store, job)

    assert scripted.started
    assert not any(is_running(process) for process in scripted.started)


# --- fences and leases


async def test_a_worker_that_lost_its_claim_writes_nothing_and_kills_its_process(
    store: Store, scripted: ScriptedProcesses
) -> None:
    scripted.add_script(*BEGUN, hold=True)
    world = await make_world(store)
    job = await make_job(world)

    def take_over(connection: Connection) -> TrainingJob | None:
        held = jobs.get_job_or_raise(connection, job.workspace_id, job.id)
        jobs.release(connection, held, held.fence, "it was cut off", attempt_spent=True)
        return jobs.claim_next(connection, "another", timedelta(minutes=5))

    async with running_worker(store):
        await wait_for_job(store, job, lambda row: row.progress is not None and row.progress.value.epoch == 1)
        taken = await store.write(take_over)
        assert taken is not None
        before = await log_of(store, job)
        await wait_for_exit(scripted.started[0])

    assert await job_now(store, job) == taken
    assert await log_of(store, job) == before


async def test_a_result_under_an_old_fence_publishes_nothing(store: Store) -> None:
    world = await make_world(store)
    await make_job(world, options=TARGETS | {"auto_deploy": True})
    old = await store.write(lambda c: jobs.claim_next(c, "w1", timedelta(minutes=1)))
    assert old is not None
    await store.write(lambda c: jobs.release(c, old, old.fence, "it was lost", attempt_spent=True))
    new = await store.write(lambda c: jobs.claim_next(c, "w2", timedelta(minutes=1)))
    assert new is not None
    with pytest.raises(StaleClaim):
        await store.write(lambda c: publish_result(c, old.id, old.fence, outcome(b"old")))
    before = await log_of(store, old)
    await store.write(lambda c: publish_result(c, new.id, new.fence, outcome(b"new")))
    [version] = await versions_of(world)

    assert before[-1].body.read_as(StatusBody).to == "preparing"
    assert await store.read(lambda c: judges.read_version_content(c, version.id)) == b"new"
    assert len(await pending_deliveries(store)) == 2


async def test_the_lease_of_a_job_without_reports_is_renewed(store: Store, scripted: ScriptedProcesses) -> None:
    scripted.add_script(*BEGUN, hold=True)
    job = await make_job(await make_world(store))
    async with running_worker(store, LeasePolicy(tick_seconds=0.02)):
        first = await wait_for_status(store, job, JobStatus.TRAINING)
        assert first.lease_until is not None
        later = await wait_for_job(
            store,
            job,
            lambda row: row.lease_until is not None and row.lease_until > first.lease_until + timedelta(seconds=3),
        )

    assert (later.status, later.claims) == (JobStatus.TRAINING, 1)


async def test_a_checkpoint_is_kept_for_the_next_attempt(store: Store, scripted: ScriptedProcesses) -> None:
    scripted.add_script(*BEGUN, {"checkpoint": "aGFsZg=="}, progress_report("training", 0.5, 2), hold=True)
    job = await make_job(await make_world(store))
    async with running_worker(store):
        await wait_for_job(store, job, lambda row: row.progress is not None and row.progress.value.epoch == 2)
    kept = await store.read(lambda c: jobs.read_checkpoint(c, job.id))

    assert kept == b"half"
