"""The machine's clock jumps while a job runs."""

from pathlib import Path

import pytest

from tests.faults.cluster import Client, cluster, wait_until
from tests.faults.conftest import Scenario

LIBRARY = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
LONG = {"maxEpochs": 2_000, "earlyStopping": False, "learningRate": 0.001}
HOUR = 3600
HOW = "query($id: ID!) { trainingJob(id: $id) { status error { code message } } }"


@pytest.mark.skipif(LIBRARY is None, reason="libfaketime is not here: apt-get install faketime")
@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_clock_that_jumps_costs_a_job_at_most_an_attempt(scenario: Scenario, tmp_path: Path, jump: int) -> None:
    offset = tmp_path / "offset"
    offset.write_text("+0")
    faked = {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "JUDGESMITH_LEASE_SECONDS": "10",  # a faked clock makes processes slow
    }
    with cluster(scenario.url, tmp_path, **faked) as machines:
        server = machines.serve()
        client = Client([server.port or 0], scenario.key)
        accepted = {client.submit(judge, f"jump-{n}", **LONG) for n, judge in enumerate(scenario.judges[:2])}
        wait_until(lambda: any(client.status(job) == "TRAINING" for job in accepted), 60, "training")
        offset.write_text(f"{jump:+d}")
        wait_until(lambda: scenario.count_ended() == len(accepted), 120, "the end of all jobs")
        reported = [client.run(HOW, id=job)["trainingJob"] for job in accepted]

    assert reported == [{"status": "COMPLETED", "error": None}] * len(accepted)
    assert scenario.check(accepted).violations == ()
