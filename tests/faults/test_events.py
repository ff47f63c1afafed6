"""Subscriptions deliver each event exactly once, also when servers are killed."""

import asyncio
import contextlib
import json
import os
import resource
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.faults.cluster import LEASE, Client, Cluster, Process, cluster
from tests.faults.conftest import Scenario
from tests.waiting import STALLED_SECONDS, finish

READERS = int(os.environ.get("STORM_READERS", "150"))
LONG = {"maxEpochs": 1_500, "earlyStopping": False, "learningRate": 0.001}
STATUS = """subscription($id: ID!, $after: String) {
    trainingJobStatus(jobId: $id, after: $after) { cursor event { __typename id } trainingJob { status } } }"""
EVENTS = """query($id: ID!, $after: String) { trainingJob(id: $id) {
    events(first: 100, after: $after) { edges { cursor } pageInfo { hasNextPage endCursor } } } }"""


@asynccontextmanager
async def open_socket(port: int, key: str) -> AsyncIterator[ClientConnection]:
    """Open a WebSocket and wait for its acknowledgement."""
    protocol = Subprotocol("graphql-transport-ws")
    address = f"ws://127.0.0.1:{port}/graphql"
    async with connect(address, subprotocols=[protocol], open_timeout=STALLED_SECONDS, ping_interval=None) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"Authorization": f"Bearer {key}"}}))
        if json.loads(await socket.recv())["type"] != "connection_ack":
            raise ConnectionError
        yield socket


async def subscribe(socket: ClientConnection, job: str, after: str | None, number: int = 0) -> None:
    """Subscribe to a job's events.

    Args:
        socket: an acknowledged socket.
        job: id of the job.
        after: cursor of the last event that was received; None for all events.
        number: number of the subscription within the socket.
    """
    payload = {"query": STATUS, "variables": {"id": job, "after": after}}
    await socket.send(json.dumps({"type": "subscribe", "id": f"s{number}", "payload": payload}))


def all_cursors(client: Client, job: str) -> list[str]:
    """Return the cursors of a job's whole log."""
    cursors: list[str] = []
    after = None
    while True:
        page: dict[str, Any] = client.run(EVENTS, id=job, after=after)["trainingJob"]["events"]
        cursors += [edge["cursor"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return cursors
        after = page["pageInfo"]["endCursor"]


def test_a_subscriber_that_resumes_on_other_servers_after_kills_receives_each_event_once(
    scenario: Scenario, tmp_path: Path
) -> None:
    with cluster(scenario.url, tmp_path) as machines:
        servers = [machines.serve(), machines.serve(runner=False)]
        client = Client([server.port or 0 for server in servers], scenario.key)
        job = client.submit(scenario.judges[0], "watched", **LONG)
        watch = _watch_and_kill(machines, servers, scenario.key, job)
        seen = asyncio.run(finish(watch, "the end of the subscription", progress=machines.progress))
        assert seen == all_cursors(client, job)
    assert scenario.check({job}).violations == ()


async def _watch_and_kill(machines: Cluster, servers: list[Process], key: str, job: str) -> list[str]:
    """Return the cursors received while following a job to its end; four times, the connected server is killed.

    Args:
        machines: the cluster.
        servers: its servers, which are used in turn.
        key: API key.
        job: id of the job.
    """
    seen: list[str] = []
    turn = 0
    while True:
        server = servers[turn % len(servers)]
        turn += 1
        with contextlib.suppress(OSError, ConnectionClosed):
            async with open_socket(server.port or 0, key) as socket:
                await subscribe(socket, job, seen[-1] if seen else None)
                async for text in socket:
                    message = json.loads(text)
                    if message["type"] == "complete":
                        return seen
                    seen.append(message["payload"]["data"]["trainingJobStatus"]["cursor"])
                    if turn <= 4 and len(seen) >= 3 * turn:
                        server.kill()
                        servers[(turn - 1) % len(servers)] = await asyncio.to_thread(machines.restart, server)
                        break
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_many_subscribers_are_served_in_bounded_memory_although_some_do_not_read(
    scenario: Scenario, tmp_path: Path
) -> None:
    readers, idlers = READERS, 10
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with cluster(scenario.url, tmp_path, JUDGESMITH_LEASE_SECONDS=str(2 * LEASE)) as machines:
        server = machines.serve()
        client = Client([server.port or 0], scenario.key)
        job = client.submit(scenario.judges[0], "crowd", **LONG | {"maxEpochs": 150})
        before = _memory(server)
        crowd = _crowd(server.port or 0, scenario.key, job, readers, idlers)
        seen = asyncio.run(finish(crowd, "all subscribers", progress=machines.progress))
        grown = _memory(server) - before
        wanted = all_cursors(client, job)

    assert [wanted] * readers == seen
    assert grown < 30 * 2**20 + 180_000 * (readers + idlers)  # bytes; it grows with the sockets, not with the events


async def _crowd(port: int, key: str, job: str, readers: int, idlers: int) -> list[list[str]]:
    """Return the cursors that each reading subscriber received.

    Args:
        port: port of the server.
        key: API key.
        job: id of the job.
        readers: number of subscribers that read.
        idlers: number of subscribers that do not read.
    """

    async def read() -> list[str]:
        cursors = []
        async with open_socket(port, key) as socket:
            await subscribe(socket, job, None)
            async for text in socket:
                message = json.loads(text)
                if message["type"] == "complete":
                    break
                cursors.append(message["payload"]["data"]["trainingJobStatus"]["cursor"])
        return cursors

    async with AsyncExitStack() as stack:
        for _ in range(idlers):
            socket = await stack.enter_async_context(open_socket(port, key))
            socket.transport.pause_reading()
            stack.callback(socket.transport.abort)
            await subscribe(socket, job, None)
        return list(await asyncio.gather(*(read() for _ in range(readers))))


def _memory(process: Process) -> int:
    """Return a process's resident memory in bytes."""
    pages = int(Path(f"/proc/{process.popen.pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()
