"""Jumps of the machine's clock while jobs run."""

from pathlib import Path

import pytest

from tests.faults.cluster import LEASE, Client, any_trains, cluster
from tests.faults.conftest import Scenario

LIBRARY = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
LONG = {"maxEpochs": 2_000, "earlyStopping": False, "learningRate": 0.001}
HOUR = 3600
HOW = "query($id: ID!) { trainingJob(id: $id) { status error { code message } } }"


@pytest.mark.skipif(LIBRARY is None, reason="libfaketime is not installed: apt-get install faketime")
@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_jump_of_the_clock_costs_a_job_at_most_one_attempt(scenario: Scenario, tmp_path: Path, jump: int) -> None:
    offset = tmp_path / "offset"
    offset.write_text("+0")
    faked = {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "JUDGESMITH_LEASE_SECONDS": str(2 * LEASE),  # processes with a faked clock are slow
    }
    with cluster(scenario.url, tmp_path, **faked) as machines:
        server = machines.serve()
        client = Client([server.port or 0], scenario.key)
        accepted = {client.submit(judge, f"jump-{n}", **LONG) for n, judge in enumerate(scenario.judges[:2])}
        scenario.wait_until(lambda: any_trains(client, accepted), "training")
        offset.write_text(f"{jump:+d}")
        scenario.wait_for_ends(len(accepted))
        reported = [client.run(HOW, id=job)["trainingJob"] for job in accepted]

    assert reported == [{"status": "COMPLETED", "error": None}] * len(accepted)
    assert scenario.check(accepted).violations == ()
