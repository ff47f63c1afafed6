"""Latency of starting and of cancelling a job on an idle embedded server.

usage: python -m benchmarks.latency [RUNS]

Starts a server with a new data folder, sends GraphQL requests as a frontend would, and follows the job's live events
over a WebSocket. Prints medians, 99th percentiles and worst cases in milliseconds.
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
    """Run the benchmark and print a table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with cluster(
            f"sqlite+aiosqlite:///{folder / 'judgesmith.sqlite'}", folder, JUDGESMITH_LEASE_SECONDS="10"
        ) as it:
            server = it.serve()
            scenario = asyncio.run(create_scenario(it.database_url, 1))
            start_times, cancel_times = asyncio.run(_measure(server, scenario.key, scenario.judges[0], runs))
    print(f"{runs} runs, milliseconds                 median     p99   worst")
    for label, times in (
        ("createTrainingJob to TRAINING, seen", start_times),
        ("cancelTrainingJob to process gone  ", cancel_times),
    ):
        ordered = sorted(1000 * seconds for seconds in times)
        p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
        print(f"{label}  {statistics.median(ordered):7.0f} {p99:7.0f} {ordered[-1]:7.0f}")


async def _measure(server: Process, key: str, judge: str, runs: int) -> tuple[list[float], list[float]]:
    client = Client([server.port or 0], key)
    start_times: list[float] = []
    cancel_times: list[float] = []
    async with open_socket(server.port or 0, key) as socket:
        for number in range(runs + 1):
            started = time.perf_counter()
            job = await asyncio.to_thread(client.submit, judge, f"latency-{number}", **LONG)
            await subscribe(socket, job, None, number)
            await _wait_for_status(socket, "TRAINING")
            start_times.append(time.perf_counter() - started)
            await asyncio.sleep(0.3 + 0.05 * (number % 7))
            started = time.perf_counter()
            await asyncio.to_thread(client.run, CANCEL, id=job)
            await _wait_for_status(socket, "CANCELLED")  # reported after its process has ended
            cancel_times.append(time.perf_counter() - started)
            await asyncio.sleep(1.5)  # an idle server has its next process ready
    return start_times[1:], cancel_times[1:]


async def _wait_for_status(socket: ClientConnection, status: str) -> None:
    async for text in socket:
        message: dict[str, Any] = json.loads(text)
        data = message.get("payload", {}) if message["type"] == "next" else {}
        if data and data["data"]["trainingJobStatus"]["trainingJob"]["status"] == status:
            return


if __name__ == "__main__":
    main()
