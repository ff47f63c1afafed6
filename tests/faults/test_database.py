"""Loss of the database while jobs run: of connections, of the server, of the disk."""

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
from tests.faults.cluster import Client, any_trains, cluster
from tests.faults.conftest import Scenario, create_scenario
from tests.postgres import run_postgres, run_sql

LONG = {"maxEpochs": 1_000, "earlyStopping": False, "learningRate": 0.001}


@pytest.mark.parametrize("database_kind", ["postgres"])
def test_lost_connections_even_of_the_listener_cost_no_job_and_no_event(tmp_path: Path, scenario: Scenario) -> None:
    address, _, name = scenario.url.replace("+asyncpg", "").rpartition("/")
    with cluster(scenario.url, tmp_path) as machines:
        server = machines.serve(runner=False)
        machines.work()
        client = Client([server.port or 0], scenario.key)
        accepted = {client.submit(judge, f"cut-{n}", **LONG) for n, judge in enumerate(scenario.judges[:2])}
        for _ in range(5):
            scenario.wait_until(lambda: any_trains(client, accepted) or scenario.count_ended() == 2, "training")
            cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            asyncio.run(run_sql(address, cut))
        scenario.wait_for_ends(len(accepted))
        late = client.submit(scenario.judges[2], "after the cuts")
        scenario.wait_until(lambda: client.status(late) == "COMPLETED", "a job after the cuts")

    assert scenario.check(accepted | {late}).violations == ()


def test_jobs_complete_after_a_crash_and_restart_of_the_database_server(tmp_path: Path) -> None:
    with run_postgres() as database:
        asyncio.run(run_sql(database.address, "CREATE DATABASE crashing"))
        url = f"{database.address.replace('postgresql:', 'postgresql+asyncpg:')}/crashing"
        asyncio.run(migrate(url))
        scenario = asyncio.run(create_scenario(url, 2))
        with cluster(scenario.url, tmp_path) as machines:
            server = machines.serve()
            client = Client([server.port or 0], scenario.key)
            accepted = {client.submit(judge, f"crash-{n}", **LONG) for n, judge in enumerate(scenario.judges)}
            scenario.wait_until(lambda: any_trains(client, accepted), "training")
            database.stop(signal.SIGQUIT)
            database.start()
            scenario.wait_for_ends(len(accepted))
        assert scenario.check(accepted).violations == ()


@pytest.mark.parametrize("database_kind", ["postgres"])
async def test_a_machine_frozen_within_a_transaction_does_not_block_other_writers(
    store: Store, other_store: Store
) -> None:
    frozen, other = [await make_job(await make_world(store)) for _ in range(2)]
    note = NewEvent(EventKind.NOTE, "Never committed.")

    async with other_store._writer.connect() as connection:
        await connection.run_sync(lambda c: jobs.log_events(c, frozen, [note]))  # locks the log and then stops
        moved = await store.write(lambda c: jobs.request_cancellation(c, other.workspace_id, other.id, None))
        with pytest.raises(DBAPIError):
            await connection.commit()
        await connection.invalidate()

    assert moved.status is JobStatus.CANCELLED
    assert note.message not in [event.message for event in await log_of(store, frozen)]


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_full_disk_loses_no_accepted_job(scenario: Scenario, tmp_path: Path) -> None:
    with cluster(scenario.url, tmp_path) as machines:
        server = machines.serve()
        client = Client([server.port or 0], scenario.key)
        accepted = {client.submit(judge, f"full-{n}", **LONG) for n, judge in enumerate(scenario.judges[:2])}
        scenario.wait_until(lambda: any_trains(client, accepted), "training")
        pid, unlimited = server.popen.pid, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))  # no file may grow any more
        scenario.wait_until(lambda: _rejects(client, scenario.judges[3]), "a rejection for lack of space")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)
        late = client.submit(scenario.judges[4], "after the disk was cleared")
        accepted.add(late)
        scenario.wait_for_ends(len(accepted))

    assert scenario.check(accepted).violations == ()


def _rejects(client: Client, judge: str) -> bool:
    """Return whether a new job is answered with an error, not with a promise that cannot be kept."""
    try:
        client.submit(judge, "while the disk is full", retry=False)
    except AssertionError as rejection:
        return "INTERNAL" in str(rejection)
    return False
