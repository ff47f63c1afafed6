"""Real processes to be killed: servers and workers on one database, and a client that puts jobs in."""

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

HOME = Path(__file__).parent.parent.parent
LEASE = 3.0


@dataclass
class Process:
    """A server or a worker."""

    kind: str
    popen: "subprocess.Popen[bytes]"
    port: int | None = None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.popen.poll() is None

    def children(self) -> list[int]:
        """Its training processes."""
        return children_of(self.popen.pid)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send it a signal; SIGKILL is waited for."""
        with contextlib.suppress(ProcessLookupError):
            self.popen.send_signal(number)
        if number == signal.SIGKILL:
            self.popen.wait()


@dataclass
class Cluster:
    """Servers and workers that share a database; what dies is started again by `keep_up`."""

    database_url: str
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)

    def serve(self, *, runner: bool = True, port: int | None = None, wait: bool = True) -> Process:
        """Start a server."""
        port = port or free_port()
        process = self._start("serve", "--port", str(port), *([] if runner else ["--no-runner"]))
        process.port = port
        if wait:
            wait_until(lambda: answers(port), 60, "the server answers")
        return process

    def work(self) -> Process:
        """Start a worker."""
        return self._start("work")

    def restart(self, process: Process) -> Process:
        """Start again what has died."""
        self.processes.remove(process)
        if process.kind == "work":
            return self.work()
        return self.serve(port=process.port, wait=False)

    def stop(self) -> None:
        """Kill everything."""
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
    """A cluster without processes yet; all are killed at the end."""
    made = Cluster(database_url, folder, environment)
    try:
        yield made
    finally:
        made.stop()


class Client:
    """Puts jobs in over GraphQL; a server that is away is tried again, with an idempotency key."""

    def __init__(self, ports: list[int], key: str) -> None:
        self.ports = ports
        self.headers = {"authorization": f"Bearer {key}"}

    def run(self, query: str, seconds: float = 90, **variables: Any) -> dict[str, Any]:
        """The data of a query; waits for a server that answers."""
        end = time.monotonic() + seconds
        number = 0
        while True:
            port = self.ports[number % len(self.ports)]
            number += 1
            try:
                answer = httpx.post(
                    f"http://127.0.0.1:{port}/graphql",
                    json={"query": query, "variables": variables},
                    headers=self.headers,
                    timeout=20,
                ).json()
                if "errors" not in answer:
                    return dict(answer["data"])
                if time.monotonic() > end:
                    raise AssertionError(answer["errors"])
            except (httpx.TransportError, ValueError):
                if time.monotonic() > end:
                    raise
            time.sleep(0.1)

    def submit(self, judge: str, key: str, *, seconds: float = 90, **config: Any) -> str:
        """Create a job; its id once a server has said that it is accepted."""
        made = self.run(
            """mutation($in: CreateTrainingJobInput!) {
                createTrainingJob(input: $in) { trainingJob { id } userErrors { message code } } }""",
            seconds,
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
        """A job's state."""
        found = self.run("query($id: ID!) { trainingJob(id: $id) { status } }", id=job_id)
        return str(found["trainingJob"]["status"])


def children_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, task.read_text().split())
    return found


def training(pid: int) -> bool:
    """Whether a process has begun to train: it has read its order, and computes."""
    with contextlib.suppress(OSError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return fields[0] == "R"
    return False


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether a server is ready."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def wait_until(condition: Any, seconds: float, what: str) -> None:
    """Wait for something that must come."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"It did not come: {what}.")
        time.sleep(0.05)
