"""Storm: jobs run while real processes are killed at random, by a seed. Without a seed, nothing is killed."""

import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.cluster import Client, Cluster, cluster
from tests.waiting import Patience

if TYPE_CHECKING:
    from tests.faults.conftest import Scenario

PAUSE = (1.0, 3.0)
"""Shortest and longest pause between two kills, in seconds."""
CHILDREN = 0.4
"""Share of the kills that hit a training process, if there is one."""


@dataclass(frozen=True)
class Storm:
    """Ids of all accepted jobs, seconds from the first request to the last end, and the number of kills."""

    accepted: set[str]
    seconds: float
    kills: int


def run_storm(scenario: "Scenario", folder: Path, jobs: int, seed: int | None) -> Storm:
    """Submit jobs and wait for the end of all; with a seed, kill servers, workers and training processes meanwhile.

    After each kill, the next one waits until the jobs have advanced, so that a slow machine is not hit before the
    replacement of the killed process runs.

    Args:
        scenario: database with judges.
        folder: data directory of the processes.
        jobs: number of jobs.
        seed: seed of the kills; None for none.
    """
    rng = random.Random(seed)
    kills = 0
    with cluster(scenario.url, folder) as machines:
        server = machines.serve()
        machines.work()
        client = Client([server.port or 0], scenario.key)
        begun = time.monotonic()
        accepted = {client.submit(scenario.judges[n % len(scenario.judges)], f"storm-{n}") for n in range(jobs)}
        assert len(accepted) == jobs
        patience = Patience("the end of all jobs", scenario.count_events)
        while scenario.count_ended() < jobs:
            patience.check()
            if seed is None:
                time.sleep(0.2)
            else:
                time.sleep(rng.uniform(*PAUSE))
                before = scenario.count_events()
                _kill_something(machines, rng)
                kills += 1
                scenario.wait_until(
                    lambda before=before: scenario.count_events() > before or scenario.count_ended() == jobs,
                    "an event after a kill",
                )
    return Storm(accepted, time.monotonic() - begun, kills)


def _kill_something(machines: Cluster, rng: random.Random) -> None:
    """Kill a process, and replace all dead servers and workers."""
    victim = rng.choice(machines.processes)
    children = victim.children()
    if children and rng.random() < CHILDREN:
        os.kill(rng.choice(children), signal.SIGKILL)
    else:
        victim.kill()
    for process in [process for process in machines.processes if not process.alive]:
        machines.restart(process)
