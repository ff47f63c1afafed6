"""Cluster of real server and worker processes on one database, and a client that submits jobs."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.waiting import STALLED_SECONDS, Patience, size_of_files, wait_until

HOME = Path(__file__).parent.parent.parent
LEASE = 15.0
"""Seconds of a lease, long enough to be renewed in time on a busy machine.

A dead process is detected at once, so only a frozen one makes other workers wait for the end of its lease.
"""


@dataclass
class Process:
    """Server or worker process."""

    kind: str
    popen: "subprocess.Popen[bytes]"
    port: int | None = None

    @property
    def alive(self) -> bool:
        """Return whether the process runs."""
        return self.popen.poll() is None

    def children(self) -> list[int]:
        """Return the ids of its training processes."""
        return children_of(self.popen.pid)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal, and wait for the end of the process if the signal is SIGKILL."""
        with contextlib.suppress(ProcessLookupError):
            self.popen.send_signal(number)
        if number == signal.SIGKILL:
            self.popen.wait()


@dataclass
class Cluster:
    """Servers and workers that share a database."""

    database_url: str
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)

    def serve(self, *, runner: bool = True, port: int | None = None, wait: bool = True) -> Process:
        """Start a server.

        Args:
            runner: the server also runs training jobs.
            port: port to listen on; a free one by default.
            wait: return only when the server is ready.
        """
        port = port or free_port()
        process = self._start("serve", "--port", str(port), *([] if runner else ["--no-runner"]))
        process.port = port
        if wait:
            wait_until(lambda: answers(port), "the server to be ready", progress=self.progress)
        return process

    def work(self) -> Process:
        """Start a worker process."""
        return self._start("work")

    def restart(self, process: Process) -> Process:
        """Replace a process that has died."""
        self.processes.remove(process)
        if process.kind == "work":
            return self.work()
        return self.serve(port=process.port, wait=False)

    def progress(self) -> int:
        """Return a number that grows as long as processes write their logs."""
        return size_of_files(self.folder)

    def stop(self) -> None:
        """Kill all processes."""
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                process.popen.send_signal(signal.SIGCONT)
            process.kill()

    def _start(self, command: str, *options: str) -> Process:
        log = (self.folder / f"{command}.log").open("ab")
        popen = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "cli.start",
                command,
                "--database-url",
                self.database_url,
                "--data-dir",
                str(self.folder),
                *options,
            ],
            cwd=HOME,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=os.environ | {"JUDGESMITH_LEASE_SECONDS": str(LEASE)} | self.environment,
        )
        log.close()
        process = Process(command, popen)
        self.processes.append(process)
        return process


@contextlib.contextmanager
def cluster(database_url: str, folder: Path, **environment: str) -> Iterator[Cluster]:
    """Make a cluster without processes, and kill all its processes at the end.

    Args:
        database_url: address of the database.
        folder: data directory of all processes, in which they also write their logs.
        environment: additional environment variables.
    """
    made = Cluster(database_url, folder, environment)
    try:
        yield made
    finally:
        made.stop()


class Client:
    """GraphQL client that tries all servers in turn until one answers; submissions carry an idempotency key."""

    def __init__(self, ports: list[int], key: str) -> None:
        self.ports = ports
        self.headers = {"authorization": f"Bearer {key}"}

    def run(self, query: str, *, retry: bool = True, **variables: Any) -> dict[str, Any]:
        """Return the data of a query.

        Args:
            query: the document.
            retry: try again while no server answers without errors.
            variables: variables of the document.
        """
        patience = Patience("a server that answers")
        number = 0
        while True:
            port = self.ports[number % len(self.ports)]
            number += 1
            try:
                answer = httpx.post(
                    f"http://127.0.0.1:{port}/graphql",
                    json={"query": query, "variables": variables},
                    headers=self.headers,
                    timeout=STALLED_SECONDS,
                ).json()
                if "errors" not in answer:
                    return dict(answer["data"])
                if not retry:
                    raise AssertionError(answer["errors"])
            except (httpx.TransportError, ValueError):
                if not retry:
                    raise
            patience.check()
            time.sleep(0.1)

    def submit(self, judge: str, key: str, *, retry: bool = True, **config: Any) -> str:
        """Create a job, and return its id when a server has accepted it.

        Args:
            judge: id of the judge.
            key: idempotency key.
            retry: try again while no server answers without errors.
            config: options of the training configuration.
        """
        made = self.run(
            """mutation($in: CreateTrainingJobInput!) {
                createTrainingJob(input: $in) { trainingJob { id } userErrors { message code } } }""",
            retry=retry,
            **{
                "in": {
                    "judgeId": judge,
                    "trainingType": "FULL_RETRAIN",
                    "trainingConfig": {"minimumFeedbackCount": 1} | config,
                    "idempotencyKey": key,
                }
            },
        )["createTrainingJob"]
        assert made["userErrors"] == []
        return str(made["trainingJob"]["id"])

    def status(self, job_id: str) -> str:
        """Return a job's status."""
        found = self.run("query($id: ID!) { trainingJob(id: $id) { status } }", id=job_id)
        return str(found["trainingJob"]["status"])


def any_trains(client: Client, jobs: set[str]) -> bool:
    """Return whether one of the jobs is in training."""
    return any(client.status(job) == "TRAINING" for job in jobs)


def children_of(pid: int) -> list[int]:
    """Return the ids of a process's children."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, task.read_text().split())
    return found


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Return whether a server is ready."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=20).status_code == 200
    except httpx.TransportError:
        return False
