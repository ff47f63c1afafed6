"""Pages of a workspace's training jobs, newest first.

Every page is read by walking indexes from the last job of the page before, so each page costs the same. The filter
decides which indexes are walked:

- Jobs of the workspace, of a judge or of a creator have an index each, in the order of the list.
- A filter by status or training type walks a second index for each wanted pair of both, and merges the walks.

A filter by judge and creator walks the judge's jobs and checks the creator on the rows.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple, TypeVar, cast

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Integer,
    Select,
    String,
    bindparam,
    false,
    func,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from models.access import User
from models.job import TrainingJob, TrainingType
from models.job_status import JobStatus
from models.judge import Judge
from store.database.keyset import (
    MAX_FIRST,
    KeysetPage,
    check_first,
    decode_cursor,
    encode_cursor,
    invalid_cursor,
)
from store.database.rows import Columns, ColumnValues, add_columns, in_constants, with_columns

CURSOR_KIND = "job"
_ORDER = (TrainingJob.created_at, TrainingJob.id)
_DESCENDING = (TrainingJob.created_at.desc(), TrainingJob.id.desc())

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Conditions on training jobs; a condition that is None matches every job."""

    judge_id: str | None = None
    statuses: tuple[JobStatus, ...] | None = None
    training_types: tuple[TrainingType, ...] | None = None
    created_by: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


class _Shape(NamedTuple):
    """The parts of a list that decide its statement; all other values are parameters."""

    judge: bool
    creator: bool
    since: bool
    until: bool
    statuses: tuple[JobStatus, ...] | None
    types: tuple[TrainingType, ...] | None


def fetch_page(
    connection: Connection,
    workspace_id: str,
    job_filter: JobFilter,
    first: int,
    after: str | None,
    max_first: int = MAX_FIRST,
    columns: Columns = None,
) -> KeysetPage[TrainingJob]:
    """Return one page of the workspace's jobs that match a filter.

    Args:
        connection: the connection to read from.
        workspace_id: the workspace.
        job_filter: the filter.
        first: the size of the page.
        after: the cursor after which the page begins; None for the first page.
        max_first: the largest size that is allowed.
        columns: the columns to read; None for all.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    check_first(first, max_first)
    parameters = _parameters(workspace_id, job_filter) | {"limit": first + 1}
    if after is not None:
        parameters |= _read_position(connection, workspace_id, after)
    statement = _select_page(_shape_of(job_filter), add_columns(columns, TrainingJob.id), after=after is not None)
    rows = cast("list[TrainingJob]", connection.execute(statement, parameters).all())
    shown = tuple(rows[:first])
    cursors = tuple(encode_cursor(CURSOR_KIND, job.id) for job in shown)
    return KeysetPage(shown, cursors, has_next=len(rows) > first, has_previous=after is not None)


def count_jobs(connection: Connection, workspace_id: str, job_filter: JobFilter) -> int:
    """Return the number of the workspace's jobs that match a filter.

    Args:
        connection: the connection to read from.
        workspace_id: the workspace.
        job_filter: the filter.
    """
    conditions = _conditions(_shape_of(job_filter))
    if job_filter.statuses is not None:
        conditions.append(in_constants(TrainingJob.status, job_filter.statuses))
    if job_filter.training_types is not None:
        conditions.append(in_constants(TrainingJob.training_type, job_filter.training_types))
    statement = select(func.count()).select_from(TrainingJob).where(*conditions)
    return connection.execute(statement, _parameters(workspace_id, job_filter)).scalar_one()


def _shape_of(job_filter: JobFilter) -> _Shape:
    statuses, types = job_filter.statuses, job_filter.training_types
    return _Shape(
        job_filter.judge_id is not None,
        job_filter.created_by is not None,
        job_filter.created_after is not None,
        job_filter.created_before is not None,
        None if statuses is None else tuple(sorted(set(statuses))),
        None if types is None else tuple(sorted(set(types))),
    )


def _parameters(workspace_id: str, job_filter: JobFilter) -> ColumnValues:
    names = ("judge_id", "created_by", "created_after", "created_before")
    values = {name: getattr(job_filter, name) for name in names}
    return {"workspace_id": workspace_id} | {name: value for name, value in values.items() if value is not None}


def _read_position(connection: Connection, workspace_id: str, after: str) -> ColumnValues:
    """Return the parameters by which a page begins after the job of a cursor."""
    job_id = decode_cursor(CURSOR_KIND, after)
    here = (TrainingJob.id == job_id, TrainingJob.workspace_id == workspace_id)
    created_at = connection.execute(select(TrainingJob.created_at).where(*here)).scalar_one_or_none()
    if created_at is None:
        raise invalid_cursor("this list")
    return {"after_created_at": created_at, "after_id": job_id}


@lru_cache(maxsize=256)  # to build a statement with many walks takes ten times as long as to run it
def _select_page(shape: _Shape, columns: Columns, *, after: bool) -> Select[Any]:
    """Return a select of the newest jobs that match a filter, at most as many as the parameter ``limit``.

    Args:
        shape: the shape of the filter.
        columns: the columns to read; None for all.
        after: whether the jobs come after the position that the parameters ``after_...`` state.
    """
    conditions = _conditions(shape)
    if after:
        position = (_parameter("after_created_at", TrainingJob.created_at), _parameter("after_id", TrainingJob.id))
        conditions.append(tuple_(*_ORDER) < tuple_(*position))
    limit = bindparam("limit", type_=Integer)
    jobs = with_columns(select(TrainingJob), columns).order_by(*_DESCENDING)
    if shape.statuses is None and shape.types is None:
        return jobs.where(*conditions).limit(limit)
    pairs = product(
        tuple(JobStatus) if shape.statuses is None else shape.statuses,
        tuple(TrainingType) if shape.types is None else shape.types,
    )
    walks = [
        select(*_ORDER)
        .where(in_constants(TrainingJob.status, {status}), in_constants(TrainingJob.training_type, {kind}), *conditions)
        .order_by(*_DESCENDING)
        .limit(limit)
        for status, kind in pairs
    ]
    if not walks:
        return jobs.where(false())
    merged = union_all(*(select(walk.subquery()) for walk in walks)).subquery()
    newest = select(merged.c.id).order_by(merged.c.created_at.desc(), merged.c.id.desc()).limit(limit)
    return jobs.where(TrainingJob.id.in_(newest))


def _conditions(shape: _Shape) -> list[ColumnElement[bool]]:
    """Return the conditions on the judge, the creator and the period."""
    # Scalar subqueries, because an index keeps the order of the list only for a single judge or creator.
    conditions: list[ColumnElement[bool]] = []
    workspace_id = bindparam("workspace_id", type_=String)
    if shape.judge:
        judge = select(Judge.pk).where(Judge.workspace_id == workspace_id, Judge.id == _parameter("judge_id", Judge.id))
        conditions.append(TrainingJob.judge_pk == judge.scalar_subquery())
    if shape.creator:
        creator = select(User.id).where(User.workspace_id == workspace_id, User.id == _parameter("created_by", User.id))
        conditions.append(TrainingJob.created_by == creator.scalar_subquery())
    if not conditions:
        conditions.append(TrainingJob.workspace_id == workspace_id)
    if shape.since:
        conditions.append(TrainingJob.created_at >= _parameter("created_after", TrainingJob.created_at))
    if shape.until:
        conditions.append(TrainingJob.created_at < _parameter("created_before", TrainingJob.created_at))
    return conditions


def _parameter(name: str, column: InstrumentedAttribute[T]) -> BindParameter[T]:
    return bindparam(name, type_=column.type)
