"""A storm: real processes are killed at random, by a seed, while jobs run. Without a seed, the same in calm weather."""

import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.cluster import Client, Cluster, cluster

if TYPE_CHECKING:
    from tests.faults.conftest import Scenario

PAUSE = (1.0, 3.0)  # seconds between two kills
CHILDREN = 0.4  # share of the kills that meet a training process, where one is there


@dataclass(frozen=True)
class Storm:
    """What went through it: the ids of all accepted jobs, from the first request to the last end in seconds."""

    accepted: set[str]
    seconds: float
    kills: int


def run_storm(scenario: "Scenario", folder: Path, jobs: int, seed: int | None) -> Storm:
    """Put jobs in and see them all end; with a seed, kill a server, a worker or a child every now and then."""
    rng = random.Random(seed)
    kills = 0
    with cluster(scenario.url, folder) as machines:
        server = machines.serve()
        machines.work()
        client = Client([server.port or 0], scenario.key)
        begun = time.monotonic()
        accepted = {client.submit(scenario.judges[n % len(scenario.judges)], f"storm-{n}") for n in range(jobs)}
        assert len(accepted) == jobs
        while (ended := scenario.count_ended()) < jobs:
            assert time.monotonic() < begun + 60 + 10 * jobs, f"{ended} of {jobs} jobs have ended"
            if seed is None:
                time.sleep(0.2)
            else:
                time.sleep(rng.uniform(*PAUSE))
                _kill_something(machines, rng)
                kills += 1
    return Storm(accepted, time.monotonic() - begun, kills)


def _kill_something(machines: Cluster, rng: random.Random) -> None:
    """Kill something, and start again what is gone."""
    victim = rng.choice(machines.processes)
    children = victim.children()
    if children and rng.random() < CHILDREN:
        os.kill(rng.choice(children), signal.SIGKILL)
    else:
        victim.kill()
    for process in [process for process in machines.processes if not process.alive]:
        machines.restart(process)
