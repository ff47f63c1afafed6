"""How soon a job begins and how soon a cancelled one is gone, on an idle embedded server.

usage: python -m benchmarks.latency [RUNS]

Starts a server with a fresh data folder, asks over GraphQL as a frontend would, and watches the job's live events over
the socket. Prints medians, 99th percentiles and worst cases in milliseconds.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection

from tests.faults.cluster import Client, Process, cluster
from tests.faults.conftest import create_scenario
from tests.faults.test_events import open_socket, subscribe

LONG = {"maxEpochs": 10_000, "earlyStopping": False, "learningRate": 0.001}
CANCEL = "mutation($id: ID!) { cancelTrainingJob(input: {jobId: $id}) { userErrors { message } } }"


def main() -> None:
    """Measure, and print a table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with cluster(
            f"sqlite+aiosqlite:///{folder / 'judgesmith.sqlite'}", folder, JUDGESMITH_LEASE_SECONDS="10"
        ) as it:
            server = it.serve()
            scenario = asyncio.run(create_scenario(it.database_url, 1))
            begun, cancelled = asyncio.run(_measure(server, scenario.key, scenario.judges[0], runs))
    print(f"{runs} runs, milliseconds                 median     p99   worst")
    for what, times in (
        ("createTrainingJob to TRAINING, seen", begun),
        ("cancelTrainingJob to process gone  ", cancelled),
    ):
        ordered = sorted(1000 * seconds for seconds in times)
        p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
        print(f"{what}  {statistics.median(ordered):7.0f} {p99:7.0f} {ordered[-1]:7.0f}")


async def _measure(server: Process, key: str, judge: str, runs: int) -> tuple[list[float], list[float]]:
    client = Client([server.port or 0], key)
    begun: list[float] = []
    cancelled: list[float] = []
    async with open_socket(server.port or 0, key) as socket:
        for number in range(runs + 1):
            started = time.perf_counter()
            job = await asyncio.to_thread(client.submit, judge, f"latency-{number}", **LONG)
            await subscribe(socket, job, None, number)
            await _until(socket, "TRAINING")
            begun.append(time.perf_counter() - started)
            await asyncio.sleep(0.3 + 0.05 * (number % 7))
            started = time.perf_counter()
            await asyncio.to_thread(client.run, CANCEL, id=job)
            await _until(socket, "CANCELLED")  # told after its process was killed and waited for
            cancelled.append(time.perf_counter() - started)
            await asyncio.sleep(1.5)  # an idle server has its next process ready
    return begun[1:], cancelled[1:]


async def _until(socket: ClientConnection, status: str) -> None:
    async for text in socket:
        message: dict[str, Any] = json.loads(text)
        data = message.get("payload", {}) if message["type"] == "next" else {}
        if data and data["data"]["trainingJobStatus"]["trainingJob"]["status"] == status:
            return


if __name__ == "__main__":
    main()
