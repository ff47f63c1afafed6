"""Live updates: replay of a log after a cursor, followed by new entries, without gaps or duplicates."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from models.errors import NotFound
from models.feedback import FeedbackBounds, Figure, Summary
from models.job import EventKind, JobEvent, TrainingJob
from models.job_status import TERMINAL, JobStatus
from models.judge import Judge
from models.stored.events import StatusBody
from resolvers import summary
from resolvers.context import Context
from store import jobs, judges
from store.database.rows import Columns, Query
from store.database.signals import Topic
from store.event_log import events
from store.event_log.entry import LogEntry

COUNTS = (Figure.CORRECTIONS, Figure.RATINGS, Figure.APPROVALS, Figure.COMMENTS, Figure.USABLE)

SUMMARY_INTERVAL_SECONDS = 0.4  # minimum time between two updates of a summary


@dataclass(frozen=True, slots=True)
class JobUpdate:
    """An event with its cursor and the current job. All subscribers share ``result_cache``."""

    cursor: str
    event: JobEvent
    job: TrainingJob
    result_cache: dict[Hashable, Any]


async def follow_job(
    ctx: Context, job_id: str, after: str | None, columns: Columns = None
) -> AsyncGenerator[JobUpdate, None]:
    """Yield every event of one job in order; end with the job.

    Args:
        ctx: The context of the operation.
        job_id: The job.
        after: The cursor after which to start; None for the first event.
        columns: The columns of the job to read; None for all.

    Raises:
        NotFound: There is no such job.
        Invalid: ``after`` is not the cursor of an event.
    """
    position = events.decode_event_cursor(after) if after is not None else 0
    status = await ctx.store.read(
        lambda connection: jobs.get_job_or_raise(connection, ctx.workspace_id, job_id, (TrainingJob.status,)).status
    )
    selection = events.for_job(job_id), ("job", job_id)
    log = _Log(ctx, *selection, lambda event: event.job_id == job_id, position, columns)
    async with aclosing(log.replay() if status in TERMINAL else log.follow()) as updates:
        async for update in updates:
            is_last = _ends(update.event)
            yield update
            if is_last:
                return
            del update


async def follow_activity(
    ctx: Context, judge_id: str | None, after: str | None, columns: Columns = None
) -> AsyncGenerator[JobUpdate, None]:
    """Yield events of all jobs of the workspace, or of one judge, without end.

    Args:
        ctx: The context of the operation.
        judge_id: The judge; None for all judges.
        after: The cursor after which to start; None for new events only.
        columns: The columns of the jobs to read; None for all.

    Raises:
        NotFound: There is no such judge.
        Invalid: ``after`` is not the cursor of an event.
    """
    judge_pk: int | None = None
    if judge_id is not None:
        judge = await ctx.store.read(
            lambda connection: judges.get_judge_or_raise(connection, ctx.workspace_id, judge_id)
        )
        judge_pk = judge.pk
    position = events.decode_event_cursor(after) if after is not None else await ctx.store.read(events.last_position)
    workspace_id = ctx.workspace_id

    def matches(event: JobEvent) -> bool:
        return event.workspace_id == workspace_id and judge_pk in (None, event.judge_pk)

    selection = events.in_workspace(workspace_id, judge_pk), ("workspace", workspace_id, judge_pk)
    log = _Log(ctx, *selection, matches, position, columns)
    async with aclosing(log.follow()) as updates:
        async for update in updates:
            yield update
            del update


class _Log:
    """Position of one subscriber in a selection of the log.

    There may be thousands of subscribers, most of them waiting. A waiting subscriber references no event,
    so that its memory can be released; entries are kept in reverse order and removed one by one.
    """

    def __init__(
        self,
        ctx: Context,
        selection: Query,
        name: Hashable,
        matches: Callable[[JobEvent], bool],
        position: int,
        columns: Columns,
    ) -> None:
        self.feed = ctx.feed
        self.safety_interval = ctx.store.safety_interval
        self.selection = selection
        self.name = name
        self.matches = matches
        self.columns = columns
        self.position = position  # all entries of the selection up to here were yielded

    async def replay(self) -> AsyncGenerator[JobUpdate, None]:
        """Yield the existing entries. They are read from the log itself, because the tail may lag behind it."""
        more = True
        while more:
            entries, more = await self._read_page(require_latest=True)
            while entries:
                await self.feed.scheduler.wait_turn()
                yield _update(entries.pop())

    async def follow(self) -> AsyncGenerator[JobUpdate, None]:
        """Yield the existing entries, then new ones, without end."""
        with self.feed.tail.follow(self.columns) as listener:
            while True:
                entries, more = await self._next()
                while entries:
                    await self.feed.scheduler.wait_turn()
                    yield _update(entries.pop())
                if not more:
                    await listener.wait(self.safety_interval)

    async def _next(self) -> tuple[list[LogEntry], bool]:
        """Return the next entries in reverse order, and whether more exist already."""
        tail = self.feed.tail
        known = tail.position
        kept = tail.entries_after(self.position, self.matches)
        if kept is not None:
            self.position = max(self.position, known)
            return kept[::-1], False
        return await self._read_page(require_latest=False)

    async def _read_page(self, *, require_latest: bool) -> tuple[list[LogEntry], bool]:
        page = await self.feed.replay.page(
            self.selection, self.name, self.position, self.columns, require_latest=require_latest
        )
        self.position = page.position
        return list(page.entries[::-1]), page.more


async def follow_summary(
    ctx: Context, judge_id: str, selected: tuple[Figure, ...]
) -> AsyncGenerator[tuple[Judge, Summary, FeedbackBounds], None]:
    """Yield some figures of a judge's feedback now and after each change, at most a few times per second.

    Changes during the interval are part of the next update, so that the last state is always sent.

    Args:
        ctx: The context of the operation.
        judge_id: The judge.
        selected: The figures to read. The counts are read too, because they show every change.

    Raises:
        NotFound: There is no such judge.
    """
    last: tuple[Summary, int] | None = None
    figures_read = tuple(dict.fromkeys((*selected, *COUNTS)))
    with ctx.store.signals.listen(Topic.FEEDBACK, Topic.JOBS) as listener:
        while True:
            found = await summary.summarize_judge(ctx, judge_id, None, None, None, figures_read)
            if found is None:
                raise NotFound(f"There is no judge {judge_id!r}.", ("judge_id",))
            judge, figures, _ = found
            if (figures, judge.feedback_seq) != last:
                last = figures, judge.feedback_seq
                yield found
            await asyncio.sleep(SUMMARY_INTERVAL_SECONDS)
            while not await listener.wait(ctx.store.safety_interval):
                seen = await ctx.loaders.judges.load(judge.pk, (Judge.feedback_seq, Judge.version_seq))
                if (seen.feedback_seq, seen.version_seq) != (judge.feedback_seq, judge.version_seq):
                    break  # a signal was lost


def _update(entry: LogEntry) -> JobUpdate:
    return JobUpdate(events.encode_event_cursor(entry.event), *entry)


def _ends(event: JobEvent) -> bool:
    return event.kind is EventKind.STATUS and JobStatus(event.body.read_as(StatusBody).to) in TERMINAL
