"""How long others wait while a server answers hostile requests, and the largest pages it gives.

usage: python -m benchmarks.pauses

Starts a server with a fresh data folder and asks it for `/healthz` without a pause, on a connection of its own, while
the requests of `tests/server/graphql/test_event_loop.py` and a few large queries come in. Prints for each the longest
that `/healthz` took, in milliseconds; the first time and the best of three.
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
    """Measure, and print a table."""
    with tempfile.TemporaryDirectory() as name, run_server(Path(name), "--no-runner") as server:
        api = Api(server.url, server.admin_key)
        with api.http, _waiting(server.url) as longest:
            for number in range(100):
                criteria = [{"name": f"Criterion {index}"} for index in range(30)]
                api.run("CreateJudge", input={"name": f"Judge {number}", "criteria": criteria})
            longest()
            time.sleep(2)
            print(f"{'nothing':46} {longest():7.0f}")
            for what, query in (DOCUMENTS | PAGES).items():
                _print(what, api, longest, lambda n, query=query: json.dumps({"query": f"{query} # {n}"}).encode())
            for what, body in BODIES.items():
                _print(what, api, longest, lambda _, body=body: body)


def _print(what: str, api: Api, longest: Callable[[], float], body: Callable[[int], bytes]) -> None:
    waits = []
    for number in range(3):
        longest()
        api.http.post("/graphql", content=body(number), headers={"content-type": "application/json"})
        time.sleep(0.2)  # who waited meanwhile has an answer now
        waits.append(longest())
    print(f"{what:46} {waits[0]:7.0f} {min(waits):7.0f}")


@contextmanager
def _waiting(url: str) -> Iterator[Callable[[], float]]:
    """Ask for `/healthz` all the time; gives the longest wait since it was last called, in milliseconds."""
    worst, over = [0.0], threading.Event()

    def ask() -> None:
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            while not over.is_set():
                begun = time.perf_counter()
                client.get("/healthz")
                worst[0] = max(worst[0], time.perf_counter() - begun)

    def longest() -> float:
        found, worst[0] = worst[0], 0.0
        return 1000 * found

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield longest
    finally:
        over.set()
        asking.join()


if __name__ == "__main__":
    main()
