"""The database goes away while jobs run: connections, the server, the disk."""

import asyncio
import resource
import signal
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from models.job import EventKind
from models.job_status import JobStatus
from store import jobs
from store.database.store import Store
from store.event_log.events import NewEvent
from tests.factories import log_of, make_job, make_world, migrate
from tests.faults.cluster import LEASE, Client, cluster, wait_until
from tests.faults.conftest import Scenario, create_scenario
from tests.postgres import run_postgres, run_sql

LONG = {"maxEpochs": 1_000, "earlyStopping": False, "learningRate": 0.001}


@pytest.mark.parametrize("database_kind", ["postgres"])
def test_lost_connections_the_listening_one_too_cost_no_job_and_no_event(tmp_path: Path, scenario: Scenario) -> None:
    address, _, name = scenario.url.replace("+asyncpg", "").rpartition("/")
    with cluster(scenario.url, tmp_path) as machines:
        server = machines.serve(runner=False)
        machines.work()
        client = Client([server.port or 0], scenario.key)
        accepted = {client.submit(judge, f"cut-{n}", **LONG) for n, judge in enumerate(scenario.judges[:2])}
        for _ in range(5):
            wait_until(lambda: any(client.status(job) == "TRAINING" for job in accepted), 90, "training")
            cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            asyncio.run(run_sql(address, cut))
        wait_until(lambda: scenario.count_ended() == len(accepted), 120, "the end of all jobs")
        late = client.submit(scenario.judges[2], "after the cuts")
        wait_until(lambda: client.status(late) == "COMPLETED", 60, "a job after the cuts")

    assert scenario.check(accepted | {late}).violations == ()


def test_a_database_server_that_crashes_and_comes_back_finds_its_jobs_unharmed(tmp_path: Path) -> None:
    with run_postgres() as database:
        asyncio.run(run_sql(database.address, "CREATE DATABASE crashing"))
        url = f"{database.address.replace('postgresql:', 'postgresql+asyncpg:')}/crashing"
        asyncio.run(migrate(url))
        scenario = asyncio.run(create_scenario(url, 2))
        with cluster(scenario.url, tmp_path) as machines:
            server = machines.serve()
            client = Client([server.port or 0], scenario.key)
            accepted = {client.submit(judge, f"crash-{n}", **LONG) for n, judge in enumerate(scenario.judges)}
            wait_until(lambda: any(client.status(job) == "TRAINING" for job in accepted), 90, "training")
            database.stop(signal.SIGQUIT)
            database.start()
            wait_until(lambda: scenario.count_ended() == len(accepted), 120 + LEASE, "the end of all jobs")
        assert scenario.check(accepted).violations == ()


@pytest.mark.parametrize("database_kind", ["postgres"])
async def test_a_machine_that_froze_within_a_transaction_holds_nobody_up_for_long(
    store: Store, other_store: Store
) -> None:
    frozen, other = [await make_job(await make_world(store)) for _ in range(2)]
    note = NewEvent(EventKind.NOTE, "Never to be seen.")

    async with other_store._reader.connect() as connection:
        await connection.run_sync(lambda c: jobs.log_events(c, frozen, [note]))  # holds the log, and does not go on
        moved = await store.write(lambda c: jobs.request_cancellation(c, other.workspace_id, other.id, None))
        with pytest.raises(DBAPIError):
            await connection.commit()
        await connection.invalidate()

    assert moved.status is JobStatus.CANCELLED
    assert note.message not in [event.message for event in await log_of(store, frozen)]


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_full_disk_loses_nothing_that_was_accepted(scenario: Scenario, tmp_path: Path) -> None:
    with cluster(scenario.url, tmp_path) as machines:
        server = machines.serve()
        client = Client([server.port or 0], scenario.key)
        accepted = {client.submit(judge, f"full-{n}", **LONG) for n, judge in enumerate(scenario.judges[:2])}
        wait_until(lambda: any(client.status(job) == "TRAINING" for job in accepted), 90, "training")
        pid, unlimited = server.popen.pid, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))  # no file may grow any more
        wait_until(lambda: _refuses(client, scenario.judges[3]), 30, "a refusal for want of room")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)
        late = client.submit(scenario.judges[4], "after the disk was cleared")
        accepted.add(late)
        wait_until(lambda: scenario.count_ended() >= len(accepted), 120 + LEASE, "the end of all jobs")

    assert scenario.check(accepted).violations == ()


def _refuses(client: Client, judge: str) -> bool:
    """Whether a new job is answered with an error, and not with a promise that can't be kept."""
    try:
        client.submit(judge, "while the disk is full", seconds=0)
    except AssertionError as refusal:
        return "INTERNAL" in str(refusal)
    return False
