"""Graceful stop of a server: it closes its sockets, releases its jobs and ends."""

import asyncio
import contextlib
import signal
from contextlib import AsyncExitStack
from pathlib import Path

from websockets.exceptions import ConnectionClosed

from tests.faults.cluster import Client, Process, cluster
from tests.faults.conftest import Scenario
from tests.faults.test_events import open_socket, subscribe
from tests.waiting import STALLED_SECONDS, finish

LONG = {"maxEpochs": 700, "earlyStopping": False, "learningRate": 0.001}
ATTEMPT = "query($id: ID!) { trainingJob(id: $id) { attempt } }"


def test_a_stopped_server_closes_sockets_with_1012_and_releases_its_job(scenario: Scenario, tmp_path: Path) -> None:
    with cluster(scenario.url, tmp_path) as machines:
        server = machines.serve()
        client = Client([server.port or 0], scenario.key)
        job = client.submit(scenario.judges[0], "stopped", **LONG)
        scenario.wait_until(lambda: client.status(job) == "TRAINING", "training")
        codes = asyncio.run(finish(_listen_while_it_stops(server, scenario.key, job), "the sockets to be closed"))
        status = server.popen.wait(timeout=STALLED_SECONDS)

        assert codes == [1012] * 3
        assert status in (0, -signal.SIGTERM, 128 + signal.SIGTERM)
        second = machines.restart(server)
        client = Client([second.port or 0], scenario.key)
        scenario.wait_until(lambda: client.status(job) == "COMPLETED", "completion")
        attempt = client.run(ATTEMPT, id=job)["trainingJob"]["attempt"]

    assert attempt == 1
    assert scenario.check({job}).violations == ()


async def _listen_while_it_stops(server: Process, key: str, job: str) -> list[int | None]:
    """Return the close codes of three subscribers' sockets, while two other subscribers do not read.

    Args:
        server: the server, which is sent SIGTERM.
        key: API key.
        job: id of a job in training.
    """
    port = server.port or 0

    async def code(number: int) -> int | None:
        async with open_socket(port, key) as socket:
            await subscribe(socket, job, None, number)
            with contextlib.suppress(ConnectionClosed):
                async for _ in socket:
                    begun.set()
            return socket.close_code

    begun = asyncio.Event()
    async with AsyncExitStack() as stack:
        for number in range(2):
            socket = await stack.enter_async_context(open_socket(port, key))
            socket.transport.pause_reading()
            stack.callback(socket.transport.abort)
            await subscribe(socket, job, None, number)
        readers = [asyncio.create_task(code(number)) for number in range(3)]
        await begun.wait()
        server.kill(signal.SIGTERM)
        codes = list(await asyncio.gather(*readers))
        await asyncio.to_thread(server.popen.wait, STALLED_SECONDS)
    return codes
