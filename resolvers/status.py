"""Live status: replay a log after a cursor, then follow it. No gap, no duplicate."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, select

from models.errors import NotFound
from models.feedback import Summary
from models.job import EventKind, JobEvent, TrainingJob
from models.judge import Judge
from models.state import TERMINAL, JobStatus
from resolvers import summary
from resolvers.context import Context
from store import events, jobs, judges
from store.signals import Topic
from store.store import Query, every

CHUNK = 200
SUMMARY_PAUSE = 0.4  # seconds between two pushes of a summary, at least


@dataclass(frozen=True, slots=True)
class Update:
    """An event with its cursor, and the job as it stands now."""

    cursor: str
    event: JobEvent
    job: TrainingJob


async def job_status(ctx: Context, job_id: str, after: str | None) -> AsyncIterator[Update]:
    """Every event of one job in order; ends with the job.

    Raises:
        NotFound: there is no such job.
        Invalid: ``after`` is no cursor of an event.
    """
    position = events.parse_cursor(after) if after is not None else 0
    await ctx.store.read(lambda connection: jobs.need(connection, ctx.workspace_id, job_id))
    with ctx.store.signals.listen(Topic.EVENTS) as listener:
        while True:
            updates, over = await ctx.store.read(partial(_of_job, ctx.workspace_id, job_id, position))
            for update in updates:
                position = update.event.position
                yield update
                if _ends(update.event):
                    return
            if over and not updates:  # the cursor was that of the last event
                return
            if len(updates) < CHUNK:
                await listener.wait(ctx.store.safety_interval)


async def activity(ctx: Context, judge_id: str | None, after: str | None) -> AsyncIterator[Update]:
    """Events of all jobs of the workspace, or of one judge, from now on or after a cursor; never ends.

    Raises:
        NotFound: there is no such judge.
        Invalid: ``after`` is no cursor of an event.
    """
    judge_pk: int | None = None
    if judge_id is not None:
        judge = await ctx.store.read(lambda connection: judges.need(connection, ctx.workspace_id, judge_id))
        judge_pk = judge.pk
    position = events.parse_cursor(after) if after is not None else await ctx.store.read(events.last_position)
    statement = events.of_workspace(ctx.workspace_id, judge_pk)
    with ctx.store.signals.listen(Topic.EVENTS) as listener:
        while True:
            updates = await ctx.store.read(partial(_with_jobs, statement, position))
            for update in updates:
                position = update.event.position
                yield update
            if len(updates) < CHUNK:
                await listener.wait(ctx.store.safety_interval)


async def summary_changed(ctx: Context, judge_id: str) -> AsyncIterator[tuple[Judge, Summary]]:
    """A judge's feedback summary, now and whenever it changes; a few times a second at most.

    Raises:
        NotFound: there is no such judge.
    """
    last: Summary | None = None
    with ctx.store.signals.listen(Topic.FEEDBACK, Topic.JOBS) as listener:
        while True:
            found = await summary.of_judge(ctx, judge_id, None, None, None)
            if found is None:
                raise NotFound(f"There is no judge {judge_id!r}.", ("judge_id",))
            if found[1] != last:
                last = found[1]
                yield found
            await asyncio.sleep(SUMMARY_PAUSE)
            while not await listener.wait(ctx.store.safety_interval):
                pass


def _ends(event: JobEvent) -> bool:
    return event.kind is EventKind.STATUS and JobStatus(event.body["to"]) in TERMINAL


def _of_job(workspace_id: str, job_id: str, position: int, connection: Connection) -> tuple[list[Update], bool]:
    job = jobs.need(connection, workspace_id, job_id)
    statement = events.of_job(job_id).where(JobEvent.position > position).order_by(JobEvent.position).limit(CHUNK)
    found = every(connection, statement, JobEvent)
    return [Update(events.cursor_of(event), event, job) for event in found], job.status in TERMINAL


def _with_jobs(statement: Query, position: int, connection: Connection) -> list[Update]:
    found = events.after(connection, statement, position, CHUNK)
    named = select(TrainingJob).where(TrainingJob.id.in_({event.job_id for event in found}))
    by_id = {job.id: job for job in every(connection, named, TrainingJob)} if found else {}
    return [Update(events.cursor_of(event), event, by_id[event.job_id]) for event in found]
