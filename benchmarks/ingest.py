"""How fast files go in, what memory that takes, and how long other requests wait meanwhile.

usage: python -m benchmarks.ingest [--postgres] [--evaluations 100000] [--words 400] [--per-item 3]

Writes an evaluations file and a feedback file of made-up text, starts a server with a fresh database, and loads both by
`judgesmith import`, as anybody would. Prints rows a second from end to end, the largest resident memory of both
processes, and the latency of other clients' requests while the load ran; then the rates of loading the same again and
of exporting it.
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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson

from tests.postgres import postgres, run_sql
from tests.server.api import Api
from tests.server.processes import HOME, environment, running

CRITERIA = ("clarity", "accuracy", "relevance", "depth")
PROBE_EVERY = 0.05  # seconds


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--evaluations", type=int, default=100_000)
    parser.add_argument("--words", type=int, default=400)
    parser.add_argument("--per-item", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        evaluations, feedback = write_files(folder, chosen.evaluations, chosen.words, chosen.per_item)
        for path in (evaluations, feedback):
            print(f"{path.name}: {path.stat().st_size / 2**20:,.0f} MiB")
        with (
            _database(on_postgres=chosen.postgres) as url,
            running(folder / "data", "--no-runner", database_url=url) as server,
        ):
            api = Api(server.url, server.admin_key)
            rows = chosen.evaluations * (1 + chosen.per_item)
            _measure(api, server.process.pid, evaluations, feedback, rows)


def write_files(folder: Path, items: int, words: int, per_item: int) -> tuple[Path, Path]:
    """Files of evaluations with long texts, and of corrections of all their criteria."""
    chance = random.Random(1)
    vocabulary = [f"word{n}" if n % 3 else f"w{n}" for n in range(5_000)]
    texts = [" ".join(chance.choices(vocabulary, k=words)) for _ in range(500)]
    evaluations, feedback = folder / "evaluations.jsonl", folder / "feedback.jsonl"
    with evaluations.open("wb") as items_file, feedback.open("wb") as said_file:
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
                said = {
                    "evaluation": f"item-{number}",
                    "type": "correction",
                    "corrected_scores": {name: chance.randint(1, 5) for name in CRITERIA},
                    "submitted_by": f"rater {(number + rater) % 50}",
                    "submitted_at": "2026-02-05T09:00:00Z",
                    "external_id": f"said-{number}-{rater}",
                }
                said_file.write(orjson.dumps(said) + b"\n")
    return evaluations, feedback


@contextmanager
def _database(*, on_postgres: bool) -> Iterator[str | None]:
    if not on_postgres:
        yield None
        return
    with postgres() as server:
        asyncio.run(run_sql(server.address, "CREATE DATABASE ingest"))
        yield server.address.replace("postgresql:", "postgresql+asyncpg:") + "/ingest"


def _measure(api: Api, server: int, evaluations: Path, feedback: Path, rows: int) -> None:
    spec = {"name": "Judge", "criteria": [{"name": name} for name in CRITERIA]}
    judge, other = (api.run("CreateJudge", input=spec)["judge"]["id"] for _ in range(2))
    probes = [Probe(api, other, kind) for kind in ("healthz", "query", "mutation")]
    for probe in probes:
        probe.start()
    print(f"load average: {os.getloadavg()[0]:.1f}")
    total = 0.0
    for kind, path in (("evaluations", evaluations), ("feedback", feedback)):
        ran = _run(api, "import", "--judge", judge, f"--{kind}", path, "--json")
        answer = orjson.loads(ran.said)[kind]
        assert answer["refused"] == 0, answer
        total += ran.seconds
        print(f"{kind}: {answer['new']:,} rows, {ran.told(answer['new'])}; the server's {_peak(server):,.0f} MiB")
    print(f"together: {rows:,} rows in {total:.1f} s, {rows / total:,.0f}/s")
    for probe in probes:
        print(probe.finish())
    again = _run(api, "import", "--judge", judge, "--evaluations", evaluations, "--feedback", feedback)
    print(f"loading all of it again: {again.told(rows)}")
    out = evaluations.parent / "out"
    exported = _run(api, "export", "--judge", judge, "--evaluations", f"{out}.e", "--feedback", f"{out}.f")
    print(f"exporting all of it: {exported.told(rows)}; the server's {_peak(server):,.0f} MiB")


@dataclass
class _Ran:
    """A command that ran to its end."""

    said: bytes
    seconds: float
    memory: float

    def told(self, rows: int) -> str:
        """How long it took for so many rows."""
        return f"{self.seconds:.1f} s, {rows / self.seconds:,.0f}/s; the client's memory {self.memory:,.0f} MiB"


def _run(api: Api, *words: object) -> _Ran:
    began = time.perf_counter()
    client = subprocess.Popen(
        [sys.executable, "-m", "cli.start", *map(str, words)],
        cwd=HOME,
        env=environment(url=api.url, api_key=api.key or ""),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert client.stdout is not None
    memory = 0.0
    while client.poll() is None:
        memory = max(memory, _peak(client.pid))
        time.sleep(0.1)
    assert client.returncode == 0, words
    return _Ran(client.stdout.read(), time.perf_counter() - began, memory)


class Probe(threading.Thread):
    """Another client, which asks for one thing again and again."""

    def __init__(self, api: Api, judge: str, kind: str) -> None:
        super().__init__(daemon=True)
        self._api = Api(api.url, api.key)
        self._judge = judge
        self._kind = kind
        self._times: list[float] = []
        self._over = threading.Event()

    def run(self) -> None:
        """Ask until told to stop."""
        number = 0
        while not self._over.wait(PROBE_EVERY):
            number += 1
            began = time.perf_counter()
            self._ask(number)
            self._times.append(1000 * (time.perf_counter() - began))

    def finish(self) -> str:
        """Stop, and say how long answers took."""
        self._over.set()
        self.join()
        ordered = sorted(self._times)
        late = sum(1 for t in ordered if t > 200)
        p99 = ordered[int(0.99 * (len(ordered) - 1))]
        return (
            f"{self._kind:9} {len(ordered):5} requests: median {statistics.median(ordered):4.0f} ms, p99 {p99:4.0f}, "
            f"worst {ordered[-1]:4.0f}, over 200 ms: {late}"
        )

    def _ask(self, number: int) -> None:
        if self._kind == "healthz":
            assert self._api.http.get("/healthz").status_code == httpx.codes.OK
        elif self._kind == "query":
            self._api.run("Judge", id=self._judge)
        else:
            scores = [{"criterionId": "crit_clarity", "score": 3}]
            item: dict[str, Any] = {"externalId": f"probe {number}", "output": "Text", "scores": scores}
            self._api.run("RecordEvaluations", input={"judgeId": self._judge, "evaluations": [item]})


def _peak(pid: int) -> float:
    """The largest resident memory of a process so far, in MiB; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


if __name__ == "__main__":
    main()
