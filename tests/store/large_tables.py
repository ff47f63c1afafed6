"""Large tables for tests of plans, filled by ``INSERT ... SELECT`` in a second or two."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, func, inspect, select, text

from models.access import ApiKey, User
from models.base import Base
from models.counters.tables import RULES_EDITION, Review
from models.evaluation import Evaluation
from models.feedback import Feedback
from models.job import Delivery, JobEvent, TrainingJob
from models.job_status import JobStatus
from models.judge import Deployment, Judge, JudgeVersion
from store import access, jobs, judges
from store.counters import recount, totals
from store.database.rows import fetch_existing
from tests.factories import World, add_evaluations, make_job, make_version, make_world, new_feedback, submit

ROWS = 20_000  # of each large table
MINUTE = 60_000_000  # in microseconds


@dataclass(frozen=True)
class LargeTables:
    """A workspace with two judges: nearly all rows belong to the first one, and few to the second one."""

    world: World
    quiet: World
    rare_user: User
    active: TrainingJob
    queued: TrainingJob
    completed: TrainingJob
    middle: TrainingJob
    evaluations: list[Evaluation]


def numbered(prefix: str) -> str:
    """Return the SQL expression of an id with a prefix and the row's number."""
    return f"'{prefix}_' || substr(CAST(100000000 + n AS TEXT), 2)"


def later(column: str, minutes: str) -> str:
    """Return the SQL expression of the template's moment plus a number of minutes."""
    return f"template.{column} + CAST({minutes} AS BIGINT) * {MINUTE}"


def multiply(connection: Connection, record: type[Base], key: Any, count: int, **expressions: str) -> None:
    """Copy a row.

    Args:
        connection: the connection of a writing unit.
        record: the record of the row.
        key: the row's primary key.
        count: the number of copies.
        expressions: SQL expressions of columns that differ, in which ``n`` is the number of the copy.
    """
    table = inspect(record).local_table
    assert isinstance(table, Table)
    [primary] = table.primary_key
    names = [column.name for column in table.columns]
    values = ", ".join(expressions.get(name, f'template."{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    connection.execute(
        text(
            f"INSERT INTO {table.name} ({columns}) WITH RECURSIVE numbers(n) AS "
            f"(SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) "
            f'SELECT {values} FROM numbers CROSS JOIN {table.name} AS template WHERE template."{primary.name}" = :key'
        ),
        {"key": key},
    )


async def make_large_tables(world: World) -> LargeTables:
    """Fill the tables of a database."""
    store = world.store
    quiet = World(store, world.viewer, world.key, (await make_world(store)).judge, world.criteria)
    rare = await store.write(lambda c: access.ensure_user(c, world.viewer.workspace_id, "rare"))
    template = await make_job(world, idempotency_key="first")
    evaluations = await add_evaluations(world, 3)
    await submit(world, new_feedback(evaluations[0], scores=[4.0, None]))
    version = await make_version(world)
    for _ in range(3):
        await make_job(quiet)

    def fill(connection: Connection) -> LargeTables:
        _multiply_jobs(connection, template, rare, version.id)
        _multiply_feedback(connection, world, quiet)
        _multiply_access(connection, world)
        totals.rebuild(connection)
        recount.rebuild_stale(connection)

        def job(number: int) -> TrainingJob:
            return jobs.get_job_or_raise(connection, world.viewer.workspace_id, f"job_{number:08d}")

        judge = judges.get_judge_by_pk(connection, world.judge.pk)
        full = World(store, world.viewer, world.key, judge, world.criteria)
        rows = (job(number) for number in (ROWS, ROWS - 1, 7, ROWS // 2))
        return LargeTables(full, quiet, rare, *rows, evaluations)

    return await store.write(fill)


def _multiply_jobs(connection: Connection, template: TrainingJob, rare: User, version_id: str) -> None:
    queued = ROWS - ROWS // 10
    multiply(
        connection, TrainingJob, template.id, ROWS,
        id=numbered("job"),
        status=f"CASE WHEN n = {ROWS} THEN 'training' WHEN n > {queued} THEN 'queued' WHEN n % 5000 = 1 THEN 'failed' "
        "ELSE 'completed' END",
        training_type="CASE WHEN n % 5000 = 2 THEN 'validation' ELSE 'full_retrain' END",
        created_by=f"CASE WHEN n % 5000 = 3 THEN '{rare.id}' ELSE template.created_by END",
        idempotency_key=numbered("key"), priority="n % 3", fence="1", owner="'worker'",
        created_at=later("created_at", "n"), started_at=later("created_at", "n"),
        finished_at=later("created_at", "n + 1"), lease_until=f"template.created_at + {ROWS * MINUTE}",
        error_message=f"'{'x' * 1000}'",
    )  # fmt: skip
    event = select(JobEvent.position).where(JobEvent.job_id == template.id).order_by(JobEvent.position).limit(1)
    first = connection.execute(event).scalar_one()
    multiply(connection, JobEvent, first, ROWS, position="1000 + n", job_id=numbered("job"))
    job = jobs.get_job_or_raise(connection, template.workspace_id, template.id)
    delivery = {
        "id": "msg_first", "job_id": job.id, "channel": "email", "target": "ann@example.org", "status": "delivered",
        "attempts": 1, "due_at": 0, "created_at": 0, "payload": "{}",
    }  # fmt: skip
    names = ", ".join(delivery)
    given = ", ".join(f":{name}" for name in delivery)
    connection.execute(text(f"INSERT INTO deliveries ({names}) VALUES ({given})"), delivery)
    status = "CASE WHEN n % 5000 = 1 THEN 'pending' ELSE 'delivered' END"
    multiply(connection, Delivery, "msg_first", ROWS, id=numbered("msg"), job_id=numbered("job"), status=status)
    multiply(
        connection, JudgeVersion, version_id, ROWS,
        id=numbered("ver"), number="n + 1", watermark="n", job_id="NULL", replaced_at="n",
        status="CASE n WHEN 5 THEN 'candidate' WHEN 6 THEN 'backup' ELSE 'archived' END",
    )  # fmt: skip
    text_of_deployment = (
        "INSERT INTO deployments (judge_pk, action, version_id, at, by) "
        "SELECT judge_pk, 'deploy', id, created_at, created_by FROM judge_versions"
    )
    connection.execute(text(text_of_deployment))


def _multiply_feedback(connection: Connection, world: World, quiet: World) -> None:
    pk = world.judge.pk
    evaluation = fetch_existing(connection, select(Evaluation).where(Evaluation.judge_pk == pk).limit(1), Evaluation)
    multiply(
        connection, Evaluation, evaluation.id, ROWS,
        id=numbered("evl"), seq="10 + n", external_id=numbered("ext"), created_at=later("created_at", "n"),
    )  # fmt: skip
    item = fetch_existing(connection, select(Feedback).where(Feedback.judge_pk == pk).limit(1), Feedback)
    multiply(
        connection, Feedback, item.id, ROWS,
        id=numbered("fbk"), seq="10 + n", external_id=numbered("ext"), evaluation_id=numbered("evl"),
        about_at=later("about_at", "n"), about_seq="10 + n",
        submitted_at=later("submitted_at", "n"),
        submitted_by="CASE WHEN n % 5000 = 1 THEN 'rare' ELSE 'ben' END",
    )  # fmt: skip
    connection.execute(
        text("UPDATE judges SET evaluation_seq = :last, feedback_seq = :last, counted = 0 WHERE pk IN (:pk, :quiet)"),
        {"last": ROWS + 10, "pk": pk, "quiet": quiet.judge.pk},
    )
    assert RULES_EDITION > 0
    assert connection.execute(select(func.count()).select_from(Review)).scalar_one() == len((1, 2, 3))


def _multiply_access(connection: Connection, world: World) -> None:
    key = fetch_existing(connection, select(ApiKey).where(ApiKey.id == world.viewer.key_id), ApiKey)
    multiply(connection, ApiKey, key.id, ROWS, id=numbered("key"), digest=numbered("digest"), revoked_at="1")
    multiply(connection, User, world.viewer.user_id, ROWS, id=numbered("usr"), name=numbered("name"))
    multiply(connection, Judge, world.judge.pk, ROWS, pk=f"{world.judge.pk} + 1000 + n", id=numbered("jdg"),
             counted=str(RULES_EDITION))  # fmt: skip


KINDS_OF_ROWS = (TrainingJob, JobEvent, Delivery, JudgeVersion, Deployment, Evaluation, Feedback, ApiKey, User, Judge)
LARGE = frozenset(record.__tablename__ for record in KINDS_OF_ROWS) | {Review.__tablename__}
STATUSES = tuple(JobStatus)
