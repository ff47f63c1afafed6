"""Processes are killed at random while jobs run; afterwards the database alone must prove that nothing went wrong."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.faults.cluster import LEASE, Client, Process, cluster, wait_until
from tests.faults.conftest import Scenario
from tests.faults.storm import run_storm

# A storm of any size: STORM_JOBS=200 for the long one.
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
    """Stop a worker at a moment at which it does not hold SQLite's write lock: nobody could write until it woke."""
    worker.kill(signal.SIGSTOP)
    while not scenario.is_writable():
        worker.kill(signal.SIGCONT)
        time.sleep(0.05)
        worker.kill(signal.SIGSTOP)


def test_a_worker_that_slept_past_its_lease_writes_nothing_when_it_wakes(scenario: Scenario, tmp_path: Path) -> None:
    with cluster(scenario.url, tmp_path) as machines:
        server = machines.serve(runner=False)
        sleeper = machines.work()
        client = Client([server.port or 0], scenario.key)
        job = client.submit(scenario.judges[0], "slept")
        wait_until(lambda: client.status(job) in ("PREPARING", "TRAINING", "VALIDATING", "COMPLETED"), 60, "a claim")
        freeze(sleeper, scenario)
        machines.work()
        wait_until(lambda: client.status(job) == "COMPLETED", 60 + LEASE, "the other worker's completion")
        before = scenario.check({job})
        sleeper.kill(signal.SIGCONT)
        second = client.submit(scenario.judges[0], "after")
        wait_until(lambda: client.status(second) == "COMPLETED", 60, "a job after the sleeper woke")

    assert before.violations == ()
    assert scenario.check({job, second}).violations == ()


def test_a_graceful_stop_hands_the_job_back_and_costs_no_attempt(scenario: Scenario, tmp_path: Path) -> None:
    with cluster(scenario.url, tmp_path) as machines:
        server = machines.serve(runner=False)
        worker = machines.work()
        client = Client([server.port or 0], scenario.key)
        job = client.submit(scenario.judges[0], "handed back", maxEpochs=700, earlyStopping=False, learningRate=0.001)
        wait_until(lambda: client.status(job) == "TRAINING", 60, "training")
        worker.kill(signal.SIGTERM)
        assert worker.popen.wait(timeout=10) == 0
        assert client.status(job) == "QUEUED"
        machines.work()
        wait_until(lambda: client.status(job) == "COMPLETED", 120, "completion")
        attempt = client.run("query($id: ID!) { trainingJob(id: $id) { attempt } }", id=job)["trainingJob"]["attempt"]

    assert attempt == 1
    assert scenario.check({job}).violations == ()
