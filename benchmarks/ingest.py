"""Speed and memory of importing files, and the latency of other requests meanwhile.

usage: python -m benchmarks.ingest [--postgres] [--evaluations 100000] [--words 400] [--per-item 3] [--alone] [--again]

Writes an evaluations file and a feedback file of generated text, the feedback submitted over two years; starts a server
with a new database, and loads both with `judgesmith import`. Prints rows per second from end to end, the processor time
of all processes in seconds (which is more informative if other programs use the machine), the peak resident memory of
server and client, and the latency of other clients' requests during the load; then the result of `check-counters`. With
`--alone` there are no other clients; with `--again` it also prints the rates of loading the same files again and of
exporting them.
"""

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson

from tests.postgres import run_postgres, run_sql
from tests.server.api import Api
from tests.server.processes import PROJECT_ROOT, environment, run_command, run_server

CRITERIA = ("clarity", "accuracy", "relevance", "depth")
PROBE_INTERVAL_SECONDS = 0.05
# Setting of PostgreSQL that tests turn off.
SETTINGS = {"fsync": "on"}


def main() -> None:
    """Run the benchmark and print the results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--evaluations", type=int, default=100_000)
    parser.add_argument("--words", type=int, default=400)
    parser.add_argument("--per-item", type=int, default=3)
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--again", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        evaluations, feedback = write_files(folder, chosen.evaluations, chosen.words, chosen.per_item)
        for path in (evaluations, feedback):
            print(f"{path.name}: {path.stat().st_size / 2**20:,.0f} MiB")
        with (
            _database(on_postgres=chosen.postgres) as (url, database),
            run_server(folder / "data", "--no-runner", database_url=url) as server,
        ):
            api = Api(server.url, server.admin_key)
            rows = chosen.evaluations * (1 + chosen.per_item)
            probes = () if chosen.alone else ("healthz", "query", "mutation")
            judge = _measure(api, server.process.pid, database, evaluations, feedback, rows, probes)
            started = time.perf_counter()
            print(run_command("check-counters", database_url=server.database_url).stdout.strip(), end=" ")
            print(f"({time.perf_counter() - started:.0f} s)")
            if chosen.again:
                _measure_again(api, server.process.pid, judge, evaluations, feedback, rows)


def write_files(folder: Path, items: int, words: int, per_item: int) -> tuple[Path, Path]:
    """Write files of evaluations with long texts, and of corrections of all their criteria.

    Args:
        folder: to write to.
        items: number of evaluations.
        words: words of a text.
        per_item: corrections of an evaluation.

    Returns:
        The paths of the evaluations file and of the feedback file.
    """
    chance = random.Random(1)
    vocabulary = [f"word{n}" if n % 3 else f"w{n}" for n in range(5_000)]
    texts = [" ".join(chance.choices(vocabulary, k=words)) for _ in range(500)]
    evaluations, feedback = folder / "evaluations.jsonl", folder / "feedback.jsonl"
    first, interval = datetime(2024, 1, 1, tzinfo=UTC), timedelta(days=730) / (items * per_item)
    with evaluations.open("wb") as items_file, feedback.open("wb") as feedback_file:
        for number in range(items):
            item = {
                "external_id": f"item-{number}",
                "group": f"group {number // 5}",
                "source": f"writer {number % 7}",
                "output": f"{number} {texts[number % len(texts)]}",
                "scores": {name: chance.randint(1, 5) for name in CRITERIA},
                "evaluated_at": "2026-01-05T09:00:00Z",
            }
            items_file.write(orjson.dumps(item) + b"\n")
            for rater in range(per_item):
                correction = {
                    "evaluation": f"item-{number}",
                    "type": "correction",
                    "corrected_scores": {name: chance.randint(1, 5) for name in CRITERIA},
                    "submitted_by": f"rater {(number + rater) % 50}",
                    "submitted_at": first + (number * per_item + rater) * interval,
                    "external_id": f"feedback-{number}-{rater}",
                }
                feedback_file.write(orjson.dumps(correction) + b"\n")
    return evaluations, feedback


@contextmanager
def _database(*, on_postgres: bool) -> Iterator[tuple[str | None, int | None]]:
    """Yield the address of a database other than the embedded one, and the id of its process."""
    if not on_postgres:
        yield None, None
        return
    with run_postgres(**SETTINGS) as server:
        asyncio.run(run_sql(server.address, "CREATE DATABASE ingest"))
        assert server.server is not None
        yield server.address.replace("postgresql:", "postgresql+asyncpg:") + "/ingest", server.server.pid


def _measure(
    api: Api, server: int, database: int | None, evaluations: Path, feedback: Path, rows: int, kinds: Sequence[str]
) -> str:
    """Load both files into a new judge.

    Args:
        api: of the server.
        server: id of its process.
        database: id of the database's process, if it has one.
        evaluations: file to load.
        feedback: file to load.
        rows: of both files.
        kinds: of the requests of other clients.

    Returns:
        The id of the judge.
    """
    spec = {"name": "Judge", "criteria": [{"name": name} for name in CRITERIA]}
    judge, other = (api.run("CreateJudge", input=spec)["judge"]["id"] for _ in range(2))
    probes = [Probe(api, other, kind) for kind in kinds]
    for probe in probes:
        probe.start()
    print(f"load average: {os.getloadavg()[0]:.1f}")
    total = 0.0
    for kind, path in (("evaluations", evaluations), ("feedback", feedback)):
        before = _processor_seconds(server), _processor_seconds(database)
        ran = _run(api, "import", "--judge", judge, f"--{kind}", path, "--json")
        answer = orjson.loads(ran.output)[kind]
        assert answer["refused"] == 0, answer
        total += ran.seconds
        memory = _peak_memory(server)
        print(f"{kind}: {answer['new']:,} rows, {ran.describe(answer['new'])}; the server's {memory:,.0f} MiB")
        served, stored = _processor_seconds(server) - before[0], _processor_seconds(database) - before[1]
        print(
            f"  processor time: server {served:.1f} s, client {ran.processor_seconds:.1f} s, PostgreSQL {stored:.1f} s"
        )
    print(f"together: {rows:,} rows in {total:.1f} s, {rows / total:,.0f}/s")
    for probe in probes:
        print(probe.finish())
    return judge


def _measure_again(api: Api, server: int, judge: str, evaluations: Path, feedback: Path, rows: int) -> None:
    again = _run(api, "import", "--judge", judge, "--evaluations", evaluations, "--feedback", feedback)
    print(f"loading all of it again: {again.describe(rows)}")
    out = evaluations.parent / "out"
    exported = _run(api, "export", "--judge", judge, "--evaluations", f"{out}.e", "--feedback", f"{out}.f")
    print(f"exporting all of it: {exported.describe(rows)}; the server's {_peak_memory(server):,.0f} MiB")


@dataclass
class _Ran:
    """Finished command."""

    output: bytes
    seconds: float
    memory: float
    processor_seconds: float

    def describe(self, rows: int) -> str:
        """Return the time and the rate as text."""
        return f"{self.seconds:.1f} s, {rows / self.seconds:,.0f}/s; the client's memory {self.memory:,.0f} MiB"


def _run(api: Api, *words: object) -> _Ran:
    started = time.perf_counter()
    client = subprocess.Popen(
        [sys.executable, "-m", "cli.start", *map(str, words)],
        cwd=PROJECT_ROOT,
        env=environment(url=api.url, api_key=api.key or ""),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert client.stdout is not None
    memory = busy = 0.0
    while client.poll() is None:
        memory, busy = max(memory, _peak_memory(client.pid)), max(busy, _processor_seconds(client.pid))
        time.sleep(0.1)
    assert client.returncode == 0, words
    return _Ran(client.stdout.read(), time.perf_counter() - started, memory, busy)


class Probe(threading.Thread):
    """Client that repeats one request at a fixed interval."""

    def __init__(self, api: Api, judge: str, kind: str) -> None:
        super().__init__(daemon=True)
        self._api = Api(api.url, api.key)
        self._judge = judge
        self._kind = kind
        self._times: list[float] = []
        self._stop = threading.Event()

    def run(self) -> None:
        """Send requests until `finish` is called."""
        number = 0
        while not self._stop.wait(PROBE_INTERVAL_SECONDS):
            number += 1
            started = time.perf_counter()
            self._send(number)
            self._times.append(1000 * (time.perf_counter() - started))

    def finish(self) -> str:
        """Stop, and return the latencies as text."""
        self._stop.set()
        self.join()
        ordered = sorted(self._times)
        late = sum(1 for t in ordered if t > 200)
        p99 = ordered[int(0.99 * (len(ordered) - 1))]
        return (
            f"{self._kind:9} {len(ordered):5} requests: median {statistics.median(ordered):4.0f} ms, p99 {p99:4.0f}, "
            f"worst {ordered[-1]:4.0f}, over 200 ms: {late}"
        )

    def _send(self, number: int) -> None:
        if self._kind == "healthz":
            assert self._api.http.get("/healthz").status_code == httpx.codes.OK
        elif self._kind == "query":
            self._api.run("Judge", id=self._judge)
        else:
            scores = [{"criterionId": "crit_clarity", "score": 3}]
            item: dict[str, Any] = {"externalId": f"probe {number}", "output": "Text", "scores": scores}
            self._api.run("RecordEvaluations", input={"judgeId": self._judge, "evaluations": [item]})


def _peak_memory(pid: int) -> float:
    """Return the peak resident memory of a process so far, in MiB; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


def _processor_seconds(pid: int | None) -> float:
    """Return the processor time used by a process and its children, ended ones included, in seconds."""
    if pid is None:
        return 0.0
    found = 0.0
    for name in (str(pid), *_children(pid)):
        try:
            fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return found


def _children(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []


if __name__ == "__main__":
    main()
