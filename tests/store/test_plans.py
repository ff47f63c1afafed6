"""Plans of the hot statements over large tables: each one walks an index, and its work does not grow with the tables.

Each operation runs as the server runs it, and the statements that it sends are recorded. They are then explained with
their parameters, on SQLite without statistics (as in production), on SQLite with them, and on PostgreSQL. No plan scans
a large table, and the work is bounded: the steps of SQLite's virtual machine, or the rows that PostgreSQL's plan
visits.
"""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Connection, event, select, text

from models.evaluation import Evaluation
from models.feedback import FeedbackBounds, FeedbackType
from models.job import JobEvent, TrainingType
from models.job_status import ACTIVE, JobStatus
from models.specs.evaluations import EvaluationSpec
from models.specs.listings import EvaluationFilter, FeedbackFilter
from models.stored.training_job import JobProgress
from store import (
    access,
    audit,
    evaluations,
    external_ids,
    feedback,
    health,
    job_list,
    jobs,
    judges,
    listings,
    outbox,
    review_queue,
)
from store.counters import totals
from store.database.keyset import encode_cursor
from store.database.open import open_store
from store.database.store import Store
from store.evaluations import NewEvaluation
from store.event_log import events
from store.job_list import JobFilter
from store.summary import summary
from tests.conftest import make_database
from tests.factories import job_values, make_world, new_feedback
from tests.store.large_tables import LARGE, ROWS, LargeTables, make_large_tables

LEASE = timedelta(seconds=30)
PAGE = 50
MAX_STEPS = 5_000  # of SQLite's virtual machine in one operation; a scan of a large table takes ten times as many
MAX_ROWS = 500  # that the plan of one statement of PostgreSQL visits

Operation = Callable[[Connection, LargeTables], object]


def job_list_with(**conditions: Any) -> Operation:
    """Return an operation that reads a page of a list of jobs from its middle."""

    def read(connection: Connection, data: LargeTables) -> object:
        after = encode_cursor(job_list.CURSOR_KIND, data.middle.id)
        return job_list.fetch_page(connection, data.middle.workspace_id, JobFilter(**conditions), PAGE, after)

    return read


def evaluations_with(**conditions: Any) -> Operation:
    return lambda c, d: listings.list_evaluations(c, d.world.judge.pk, EvaluationFilter(**conditions), PAGE, None)


def feedback_with(**conditions: Any) -> Operation:
    return lambda c, d: listings.list_feedback(c, d.world.judge.pk, FeedbackFilter(**conditions), PAGE, None)


def filtered(connection: Connection, data: LargeTables, **conditions: Any) -> object:
    return job_list_with(**conditions)(connection, data)


def create_job(connection: Connection, data: LargeTables) -> object:
    return jobs.create_job(connection, jobs.NewJob(**job_values(data.world)), [], start=True)


def claim_while_all_judges_are_busy(connection: Connection, _data: LargeTables) -> None:
    assert jobs.claim_next(connection, "worker", LEASE) is not None  # the quiet judge's job
    assert jobs.claim_next(connection, "worker", LEASE) is None


def claim_after_an_end(connection: Connection, data: LargeTables) -> None:
    jobs.transition(connection, data.active, JobStatus.FAILED, "It failed.")
    claimed = jobs.claim_next(connection, "worker", LEASE)
    assert claimed is not None
    assert claimed.judge_pk == data.world.judge.pk


def record_evaluations(connection: Connection, data: LargeTables) -> object:
    items = [NewEvaluation(EvaluationSpec(f"O{n}", (), external_id=f"new{n}"), [3.0, 3.0]) for n in range(3)]
    return evaluations.record_evaluations(connection, data.world.judge.pk, data.world.viewer.user_id, items)


def submit_feedback(connection: Connection, data: LargeTables) -> object:
    items = [new_feedback(evaluation, scores=[2.0, None], by="cy") for evaluation in data.evaluations]
    viewer = data.world.viewer
    return feedback.submit_feedback(connection, data.world.judge.pk, viewer.user_id, viewer.user_name, items)


def find_by_external_ids(connection: Connection, data: LargeTables) -> object:
    items = [NewEvaluation(EvaluationSpec("O", (), external_id=f"ext_{n:08d}"), []) for n in (1, 5)]
    return external_ids.find_existing(connection, Evaluation, data.world.judge.pk, items)


OPERATIONS: dict[str, Operation] = {
    "claim": lambda c, _: jobs.claim_next(c, "worker", LEASE),
    "claim while all judges are busy": claim_while_all_judges_are_busy,
    "claim after an end": claim_after_an_end,
    "renew": lambda c, d: jobs.renew_lease(c, d.active.id, d.active.fence, LEASE),
    "save progress": lambda c, d: jobs.save_progress(c, d.active.id, d.active.fence, LEASE, JobProgress(0.5), b"state"),
    "find abandoned jobs": lambda c, _: jobs.find_abandoned(c, lambda _: True, lock=True),
    "release": lambda c, d: jobs.release(c, d.active, d.active.fence, "it stopped", attempt_spent=True),
    "create job": create_job,
    "cancel job": lambda c, d: jobs.request_cancellation(c, d.queued.workspace_id, d.queued.id, "Why."),
    "end job": lambda c, d: jobs.transition(c, d.active, JobStatus.FAILED, "It failed."),
    "job by id": lambda c, d: jobs.find_job(c, d.middle.workspace_id, d.middle.id),
    "job by key": lambda c, d: jobs.find_by_idempotency_key(c, d.middle.workspace_id, "key_00000005"),
    "work ahead": lambda c, _: totals.work_ahead(c, 1),
    "recent runs": lambda c, _: jobs.list_recent_runs(c, 30),
    "job counts": lambda c, _: totals.count_jobs(c),
    "delivery counts": lambda c, _: totals.count_deliveries(c),
    "readiness": lambda c, _: health.check_readable(c),
    "jobs": job_list_with(),
    "jobs of a judge": lambda c, d: filtered(c, d, judge_id=d.world.judge.id),
    "jobs of a quiet judge": lambda c, d: filtered(c, d, judge_id=d.quiet.judge.id),
    "failed jobs": job_list_with(statuses=(JobStatus.FAILED,)),
    "jobs with a state that none has": job_list_with(statuses=(JobStatus.CANCELLED,)),
    "waiting and active jobs": job_list_with(statuses=(JobStatus.CREATED, JobStatus.QUEUED, *sorted(ACTIVE))),
    "failed jobs of a judge": lambda c, d: filtered(
        c, d, judge_id=d.world.judge.id, statuses=(JobStatus.FAILED, JobStatus.CANCELLED)
    ),
    "jobs of a rare type": job_list_with(training_types=(TrainingType.VALIDATION,)),
    "failed jobs of a rare type": job_list_with(
        statuses=(JobStatus.FAILED,), training_types=(TrainingType.VALIDATION,)
    ),
    "jobs of a creator": lambda c, d: filtered(c, d, created_by=d.world.viewer.user_id),
    "jobs of a rare creator": lambda c, d: filtered(c, d, created_by=d.rare_user.id),
    "failed jobs of a creator": lambda c, d: filtered(
        c, d, created_by=d.world.viewer.user_id, statuses=(JobStatus.FAILED,)
    ),
    "jobs of a period": lambda c, d: filtered(
        c, d, created_after=d.completed.created_at, created_before=d.completed.created_at + timedelta(minutes=5)
    ),
    "jobs of a judge in a period": lambda c, d: filtered(
        c, d, judge_id=d.world.judge.id, created_before=d.completed.created_at
    ),
    "jobs of a type in a period": lambda c, d: filtered(
        c, d, training_types=(TrainingType.FULL_RETRAIN,), created_before=d.completed.created_at
    ),
    "events of a job": lambda c, d: events.fetch_after(c, events.for_job(d.middle.id), 0, PAGE),
    "events of a workspace": lambda c, d: events.fetch_after(
        c, events.in_workspace(d.middle.workspace_id), ROWS // 2, PAGE
    ),
    "events of a quiet judge": lambda c, d: events.fetch_after(
        c, events.in_workspace(d.middle.workspace_id, d.quiet.judge.pk), 0, PAGE
    ),
    "events of all jobs": lambda c, _: events.fetch_after(c, select(JobEvent), ROWS // 2, PAGE),
    "newest event": lambda c, _: events.last_position(c),
    "page of events": lambda c, d: events.EVENTS.fetch_page(c, events.for_job(d.middle.id), PAGE, None),
    "due deliveries": lambda c, _: (outbox.has_due(c), outbox.claim_due(c, 10, LEASE)),
    "deliveries of a job": lambda c, d: outbox.list_for_job(c, d.middle.id),
    "viewer by key": lambda c, d: access.find_viewer(c, d.world.key),
    "use of a key": lambda c, d: access.record_key_use(c, d.world.viewer.key_id),
    "any key": lambda c, _: access.has_no_keys(c),
    "keys": lambda c, d: access.KEYS.fetch_page(c, access.keys_in_workspace(d.middle.workspace_id), PAGE, None),
    "users": lambda c, d: access.USERS.fetch_page(c, access.users_in_workspace(d.middle.workspace_id), PAGE, None),
    "audit log": lambda c, d: audit.ENTRIES.fetch_page(
        c, audit.in_workspace(d.middle.workspace_id, audit.AuditFilter()), PAGE, None
    ),
    "judge by id": lambda c, d: judges.find_judge(c, d.middle.workspace_id, d.world.judge.id),
    "judges": lambda c, d: judges.JUDGES.fetch_page(c, judges.in_workspace(d.middle.workspace_id), PAGE, None),
    "criteria": lambda c, d: judges.list_criteria(c, d.world.judge.pk),
    "versions": lambda c, d: judges.VERSIONS.fetch_page(c, judges.versions_for_judge(d.world.judge.pk), PAGE, None),
    "version by id": lambda c, d: judges.find_version(c, d.middle.workspace_id, "ver_00000005"),
    "watermark": lambda c, d: judges.read_watermark(c, d.world.judge.pk),
    "newest candidate": lambda c, d: judges.find_newest_candidate(c, d.world.judge.pk),
    "newest backup": lambda c, d: judges.find_newest_backup(c, d.world.judge.pk),
    "deployment": lambda c, d: judges.find_deployment(c, d.world.judge.pk, "ver_00000005"),
    "evaluations": evaluations_with(),
    "evaluations without feedback": evaluations_with(has_feedback=False),
    "evaluations of a rare rater": evaluations_with(rater="rare"),
    "evaluations with a type": evaluations_with(types=(FeedbackType.CORRECTION, FeedbackType.RATING)),
    "evaluations with a corrected criterion": evaluations_with(criterion=0),
    "evaluations with a word": evaluations_with(search="1"),
    "feedback": feedback_with(),
    "feedback of a rare rater": feedback_with(rater="rare"),
    "feedback of a type": feedback_with(types=(FeedbackType.CORRECTION,)),
    "feedback of a type that has none": feedback_with(types=(FeedbackType.APPROVAL,)),
    "feedback on an evaluation": lambda c, d: feedback.FEEDBACK.fetch_page(
        c, feedback.for_evaluation(d.middle.workspace_id, d.evaluations[0].id), PAGE, None
    ),
    "evaluation by id": lambda c, d: evaluations.find_evaluation(c, d.middle.workspace_id, "evl_00000005"),
    "evaluations by ids": lambda c, d: evaluations.find_evaluations(
        c, d.world.judge.pk, ["evl_00000005"], ["ext_00000006"]
    ),
    "evaluations by external ids": find_by_external_ids,
    "newest evaluations": lambda c, d: review_queue.list_newest(c, d.world.judge.pk, "evl_00010000", PAGE),
    "newest evaluation": lambda c, d: review_queue.newest_evaluation_id(c, d.world.judge.pk),
    "evaluations to review": lambda c, d: review_queue.list_newest_by_label(
        c, d.world.judge.pk, None, PAGE, labelled=True, among=100
    ),
    "record evaluations": record_evaluations,
    "submit feedback": submit_feedback,
    "retract feedback": lambda c, d: feedback.retract_feedback(
        c, d.world.judge.pk, "fbk_00000005", d.world.viewer.user_id, "Wrong."
    ),
    "summary": lambda c, d: summary.summarise(c, d.world.judge.pk, d.world.criteria, FeedbackBounds()),
    "new feedback": lambda c, d: summary.count_new(c, d.world.judge.pk, d.world.criteria, FeedbackBounds()),
    "raters": lambda c, d: summary.list_raters(c, d.world.judge.pk, d.world.criteria, FeedbackBounds(), 10),
}


class Statement(NamedTuple):
    """A statement as the driver received it."""

    sql: str
    parameters: Any
    many: bool


@dataclass
class Explained:
    """The scans of large tables in an operation's plans, and the work that it took."""

    work: int = 0
    scans: list[str] = field(default_factory=list)


class Database(NamedTuple):
    """A database with large tables."""

    url: str
    data: LargeTables


@contextmanager
def recorded(connection: Connection) -> Iterator[list[Statement]]:
    """Record the statements of a connection."""
    found: list[Statement] = []

    def record(_connection: Any, _cursor: Any, sql: str, parameters: Any, _context: Any, many: bool) -> None:
        found.append(Statement(sql, parameters, many))

    event.listen(connection, "before_cursor_execute", record)
    try:
        yield found
    finally:
        event.remove(connection, "before_cursor_execute", record)


def explain_sqlite(connection: Connection, operation: Operation, data: LargeTables) -> Explained:
    """Run an operation, count the steps of the virtual machine, and explain its statements."""
    result = Explained()
    raw: Any = connection.connection.dbapi_connection
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    run_in_thread = hasattr(raw, "_conn")  # a connection of aiosqlite
    plain: sqlite3.Connection = raw._conn if run_in_thread else raw
    with recorded(connection) as statements:
        plain.set_progress_handler(count, 10)
        try:
            operation(connection, data)
        finally:
            plain.set_progress_handler(None, 10)
    result.work = steps * 10
    for statement in statements:
        if statement.sql.lstrip().startswith(("SELECT", "WITH", "UPDATE", "DELETE", "INSERT")):
            parameters = statement.parameters[0] if statement.many else statement.parameters
            for *_, detail in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement.sql}", parameters):
                words = detail.split()
                is_scan = words[0] == "SCAN" and "USING" not in words and "VIRTUAL" not in words
                if is_scan and words[1].removesuffix("_1").removesuffix("_2").removesuffix("_3") in LARGE:
                    result.scans.append(f"{detail}: {statement.sql}")
    return result


def explain_postgres(connection: Connection, operation: Operation, data: LargeTables) -> Explained:
    """Run an operation, undo it, and run its statements again with their plans."""
    result = Explained()
    with recorded(connection) as statements:
        attempt = connection.begin_nested()
        operation(connection, data)
        attempt.rollback()
    explained = [s for s in statements if s.sql.lstrip().startswith(("SELECT", "WITH", "UPDATE", "DELETE", "INSERT"))]
    for statement in explained:
        parameters = statement.parameters[0] if statement.many else statement.parameters
        rows = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.sql}", parameters)
        plan = rows.scalar_one()
        [root] = json.loads(plan) if isinstance(plan, str) else plan
        for node in nodes(root["Plan"]):
            visited = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            visited += node.get("Rows Removed by Index Recheck", 0) + node.get("Rows Removed by Join Filter", 0)
            visited = int(visited * node["Actual Loops"])
            result.work = max(result.work, visited)
            if node["Node Type"].endswith("Seq Scan") and node["Relation Name"] in LARGE and visited > 1:
                result.scans.append(f"{node['Relation Name']}: {statement.sql}")
    return result


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a node of a plan and all nodes below it."""
    yield node
    for below in node.get("Plans", ()):
        yield from nodes(below)


@pytest.fixture(scope="module", params=["sqlite", "sqlite with statistics", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """Return a database with large tables."""
    kind: str = request.param
    folder: Path = tmp_path_factory.mktemp("large")
    url = make_database(request, kind.split()[0], folder)

    async def fill() -> LargeTables:
        async with open_store(url) as store:
            data = await make_large_tables(await make_world(store))
            if kind != "sqlite":
                await store.write(lambda c: c.execute(text("ANALYZE")))
            return data

    return Database(url, asyncio.run(fill()))


async def run_and_undo(store: Store, unit: Callable[[Connection], Explained]) -> Explained:
    """Run a unit in a transaction that is rolled back."""
    found: list[Explained] = []

    def run(connection: Connection) -> None:
        found.append(unit(connection))
        raise InterruptedError

    with pytest.raises(InterruptedError):
        await store.write(run)
    return found[-1]


@pytest.mark.parametrize("name", OPERATIONS)
async def test_work_of_a_hot_operation_does_not_grow_with_the_tables(database: Database, name: str) -> None:
    explain = explain_sqlite if "sqlite" in database.url else explain_postgres
    async with open_store(database.url) as store:
        unit = partial(explain, operation=OPERATIONS[name], data=database.data)
        explained = await run_and_undo(store, unit)

    assert explained.scans == []
    assert explained.work <= (MAX_STEPS if "sqlite" in database.url else MAX_ROWS)
