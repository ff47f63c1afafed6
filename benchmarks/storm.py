"""Cost of process failures: the same jobs without failures and while processes are killed every 1 to 3 seconds.

usage: python -m benchmarks.storm [JOBS] [JUDGES] [SEED]

One server and one worker run, first on SQLite, then on a PostgreSQL started for the benchmark. Prints seconds and their
ratio, and the invariants that the database violates afterwards.
"""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.factories import migrate
from tests.faults.conftest import create_scenario
from tests.faults.storm import Storm, run_storm
from tests.postgres import run_postgres, run_sql


def main() -> None:
    """Run the benchmark and print a table."""
    jobs, judges, seed = (int(text) for text in (*sys.argv[1:4], *("200", "20", "0")[len(sys.argv) - 1 :]))
    print(f"{jobs} jobs, {judges} judges  calm s  storm s  ratio  kills    requeued  broken")
    for kind in ("sqlite", "postgres"):
        calm, _, _ = _run_jobs(kind, jobs, judges, None)
        storm, requeued, broken = _run_jobs(kind, jobs, judges, seed)
        ratio = storm.seconds / calm.seconds
        print(
            f"{kind:22} {calm.seconds:7.0f}  {storm.seconds:7.0f}  {ratio:5.2f}  {storm.kills:5}  {requeued:10}  "
            f"{'; '.join(broken) or 'nothing'}",
            flush=True,
        )


def _run_jobs(kind: str, jobs: int, judges: int, seed: int | None) -> tuple[Storm, int, tuple[str, ...]]:
    with tempfile.TemporaryDirectory() as name, _database(kind, Path(name)) as url:
        scenario = asyncio.run(create_scenario(url, judges))
        passed = run_storm(scenario, Path(name), jobs, seed)
        verdict = scenario.check(passed.accepted)
    return passed, verdict.requeued, verdict.violations


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        url = f"sqlite+aiosqlite:///{folder / 'judgesmith.sqlite'}"
        asyncio.run(migrate(url))
        yield url
        return
    with run_postgres() as server:
        asyncio.run(run_sql(server.address, "CREATE DATABASE storm"))
        url = f"{server.address.replace('postgresql:', 'postgresql+asyncpg:')}/storm"
        asyncio.run(migrate(url))
        yield url


if __name__ == "__main__":
    main()
