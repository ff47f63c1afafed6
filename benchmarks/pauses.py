"""Latency of other requests while a server answers hostile requests and its largest pages.

usage: python -m benchmarks.pauses

Starts a server with a new data folder and requests `/healthz` without a pause on a separate connection, while the
requests of `tests/server/graphql/test_event_loop.py` and a few large queries are sent. Prints the longest latency of
`/healthz` during each request, in milliseconds: of the first try and the best of three.
"""

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.server.api import Api
from tests.server.graphql.test_event_loop import BODIES, DOCUMENTS
from tests.server.processes import run_server

PAGES = {
    "100 judges with 30 criteria each": "{ judges(first: 100) { nodes { name criteria { id key name weight } } } }",
    "100 judges with their versions and jobs": "{ judges(first: 100) { nodes { id versions { nodes { id } } "
    "trainingJobs { nodes { id } } createdBy { name } } } }",
}


def main() -> None:
    """Run the benchmark and print a table."""
    with tempfile.TemporaryDirectory() as name, run_server(Path(name), "--no-runner") as server:
        api = Api(server.url, server.admin_key)
        with api.http, _watch_latency(server.url) as longest:
            for number in range(100):
                criteria = [{"name": f"Criterion {index}"} for index in range(30)]
                api.run("CreateJudge", input={"name": f"Judge {number}", "criteria": criteria})
            longest()
            time.sleep(2)
            print(f"{'no other request':46} {longest():7.0f}")
            for label, query in (DOCUMENTS | PAGES).items():
                _measure(label, api, longest, lambda n, query=query: json.dumps({"query": f"{query} # {n}"}).encode())
            for label, body in BODIES.items():
                _measure(label, api, longest, lambda _, body=body: body)


def _measure(label: str, api: Api, longest: Callable[[], float], body: Callable[[int], bytes]) -> None:
    waits = []
    for number in range(3):
        longest()
        api.http.post("/graphql", content=body(number), headers={"content-type": "application/json"})
        time.sleep(0.2)  # the requests that waited have been answered by then
        waits.append(longest())
    print(f"{label:46} {waits[0]:7.0f} {min(waits):7.0f}")


@contextmanager
def _watch_latency(url: str) -> Iterator[Callable[[], float]]:
    """Request `/healthz` continuously, and yield a function that returns the longest latency since its last call.

    The latency is in milliseconds.
    """
    worst, stop = [0.0], threading.Event()

    def request() -> None:
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            while not stop.is_set():
                started = time.perf_counter()
                client.get("/healthz")
                worst[0] = max(worst[0], time.perf_counter() - started)

    def longest() -> float:
        found, worst[0] = worst[0], 0.0
        return 1000 * found

    thread = threading.Thread(target=request)
    thread.start()
    try:
        yield longest
    finally:
        stop.set()
        thread.join()


if __name__ == "__main__":
    main()
