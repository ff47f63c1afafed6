"""Database with judges and corrections, on which processes will be killed, and the table of results."""

import asyncio
import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import pytest
from sqlalchemy import Connection, func, select

from models.feedback import FeedbackType
from models.job import JobEvent, TrainingJob
from models.job_status import TERMINAL
from models.specs.evaluations import EvaluationSpec
from models.specs.feedback import FeedbackSpec
from models.specs.judges import CriterionSpec, JudgeSpec
from store import evaluations, feedback, judges
from store.database.open import open_store
from store.database.store import Store
from store.evaluations import NewEvaluation
from store.feedback import NewFeedback
from tests.factories import make_viewer
from tests.faults.invariants import InvariantReport, check_invariants
from tests.waiting import wait_until

T = TypeVar("T")

ITEMS = 60
JUDGES = int(os.environ.get("STORM_JUDGES", "5"))


@dataclass(frozen=True)
class Scenario:
    """Database with judges, and the API key of a user."""

    url: str
    key: str
    judges: tuple[str, ...]

    def read(self, unit: Callable[[Connection], T]) -> T:
        """Return the result of a reading unit."""

        async def run() -> T:
            store = open_store(self.url)
            try:
                return await store.read(unit)
            finally:
                await store.close()

        return asyncio.run(run())

    def count_ended(self) -> int:
        """Return the number of jobs that have ended."""
        return self.read(
            lambda c: c.execute(
                select(func.count()).select_from(TrainingJob).where(TrainingJob.status.in_(TERMINAL))
            ).scalar_one()
        )

    def count_events(self) -> int:
        """Return the number of events of all jobs, which grows while jobs advance."""
        return self.read(lambda c: c.execute(select(func.count()).select_from(JobEvent)).scalar_one())

    def wait_until(self, predicate: Callable[[], object], what: str) -> None:
        """Wait until a predicate holds, as long as jobs advance."""
        wait_until(predicate, what, progress=self.count_events)

    def wait_for_ends(self, count: int) -> None:
        """Wait until a number of jobs have ended."""
        self.wait_until(lambda: self.count_ended() >= count, f"the end of {count} jobs")

    def is_writable(self) -> bool:
        """Return whether SQLite's write lock is free or becomes free within a second."""
        if not self.url.startswith("sqlite"):
            return True
        with contextlib.closing(sqlite3.connect(self.url.partition("///")[2], timeout=1, isolation_level=None)) as file:
            try:
                file.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            file.execute("ROLLBACK")
        return True

    def check(self, accepted: set[str]) -> InvariantReport:
        """Return the report on all invariants, after all accepted jobs have ended."""
        found = self.read(lambda c: check_invariants(c, accepted))
        _reports.append(found)
        return found


_reports: list[InvariantReport] = []  # reports of the running test


@pytest.fixture(autouse=True)
def _row(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Iterator[None]:
    """Record a row of the table of results with the last report of the test."""
    _reports.clear()
    begun = time.monotonic()
    yield
    if _reports:
        what = request.node.originalname.removeprefix("test_").replace("_", " ")
        callspec = getattr(request.node, "callspec", None)
        kind = callspec.params.get("database_kind", "postgres") if callspec is not None else "postgres"
        check, seconds = _reports[-1], time.monotonic() - begun
        held = "BROKEN" if check.violations else "held"
        row = f"| {what} | {kind} | {check.jobs} | {check.requeued} | {seconds:.0f} | {held} |"
        record_property("row", row)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of results that docs/reliability.md shows."""
    rows = [
        row
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "teardown"
        for name, row in report.user_properties
        if name == "row"
    ]
    if rows:
        terminalreporter.section("injected faults")
        heading = "| Test | Database | Jobs | Released | Seconds | Invariants |"
        terminalreporter.write("\n".join([heading, "|---|---|--:|--:|--:|---|", *sorted(rows)]) + "\n")


@pytest.fixture
def scenario(database_url: str) -> Scenario:
    """Create judges with sixty corrected evaluations each."""
    return asyncio.run(create_scenario(database_url, JUDGES))


async def create_scenario(url: str, number: int) -> Scenario:
    """Create judges with corrected evaluations.

    Args:
        url: address of the database.
        number: number of judges.
    """
    async with open_store(url) as store:
        viewer, key = await make_viewer(store)
        made = []
        for n in range(number):
            spec = JudgeSpec(f"Judge {n}", (CriterionSpec("Clarity"),)).validated()
            judge = await store.write(
                lambda c, spec=spec: judges.create_judge(c, viewer.workspace_id, viewer.user_id, spec)
            )
            await _add_corrections(store, judge.pk, viewer.user_id)
            made.append(judge.id)
    return Scenario(url, key, tuple(made))


async def _add_corrections(store: Store, judge_pk: int, user_id: str) -> None:
    """Add corrections by which the judge is two points too strict on short texts, and one point on others."""
    items = [
        NewEvaluation(
            EvaluationSpec("word " * (1 + n % 30), (), external_id=f"e{n}", group=f"g{n % 20}"), [1.0 + n % 3]
        )
        for n in range(ITEMS)
    ]
    rows, _ = await store.write(lambda c: evaluations.record_evaluations(c, judge_pk, user_id, items))
    corrections = [
        NewFeedback(
            FeedbackSpec(FeedbackType.CORRECTION, evaluation_id=row.id, submitted_by=f"p{n % 3}"),
            row,
            [min(5.0, (row.scores[0] or 0) + (2.0 if n % 30 < 15 else 1.0))],
        )
        for n, row in enumerate(rows)
        if not isinstance(row, Exception)
    ]
    await store.write(lambda c: feedback.submit_feedback(c, judge_pk, user_id, "ann", corrections))
