"""Kills of servers, workers and training processes while jobs run; the invariants are checked from the database."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.faults.cluster import Client, Process, cluster
from tests.faults.conftest import Scenario
from tests.faults.storm import run_storm
from tests.waiting import STALLED_SECONDS

# Environment variables set the size of the storm; STORM_JOBS=200 is a long one.
JOBS = int(os.environ.get("STORM_JOBS", "12"))
SEEDS = range(int(os.environ.get("STORM_SEEDS", "1")))


@pytest.mark.parametrize("seed", SEEDS)
def test_jobs_survive_random_kills_of_server_worker_and_child_exactly_once(
    scenario: Scenario, tmp_path: Path, seed: int
) -> None:
    storm = run_storm(scenario, tmp_path, JOBS, seed)

    check = scenario.check(storm.accepted)
    assert check.violations == ()
    assert check.jobs == JOBS


def freeze(worker: Process, scenario: Scenario) -> None:
    """Freeze a worker while it does not hold SQLite's write lock, which would block all others."""
    worker.kill(signal.SIGSTOP)
    while not scenario.is_writable():
        worker.kill(signal.SIGCONT)
        time.sleep(0.05)
        worker.kill(signal.SIGSTOP)


def test_a_worker_frozen_past_its_lease_writes_nothing_when_it_resumes(scenario: Scenario, tmp_path: Path) -> None:
    with cluster(scenario.url, tmp_path) as machines:
        server = machines.serve(runner=False)
        frozen = machines.work()
        client = Client([server.port or 0], scenario.key)
        job = client.submit(scenario.judges[0], "frozen")
        scenario.wait_until(lambda: client.status(job) not in ("CREATED", "QUEUED"), "a claim")
        freeze(frozen, scenario)
        machines.work()
        scenario.wait_until(lambda: client.status(job) == "COMPLETED", "the other worker's completion")
        before = scenario.check({job})
        frozen.kill(signal.SIGCONT)
        second = client.submit(scenario.judges[0], "after")
        scenario.wait_until(lambda: client.status(second) == "COMPLETED", "a job after the frozen worker resumed")

    assert before.violations == ()
    assert scenario.check({job, second}).violations == ()


def test_a_graceful_stop_releases_the_job_and_costs_no_attempt(scenario: Scenario, tmp_path: Path) -> None:
    with cluster(scenario.url, tmp_path) as machines:
        server = machines.serve(runner=False)
        worker = machines.work()
        client = Client([server.port or 0], scenario.key)
        job = client.submit(scenario.judges[0], "released", maxEpochs=700, earlyStopping=False, learningRate=0.001)
        scenario.wait_until(lambda: client.status(job) == "TRAINING", "training")
        worker.kill(signal.SIGTERM)
        assert worker.popen.wait(timeout=STALLED_SECONDS) == 0
        assert client.status(job) == "QUEUED"
        machines.work()
        scenario.wait_until(lambda: client.status(job) == "COMPLETED", "completion")
        attempt = client.run("query($id: ID!) { trainingJob(id: $id) { attempt } }", id=job)["trainingJob"]["attempt"]

    assert attempt == 1
    assert scenario.check({job}).violations == ()
