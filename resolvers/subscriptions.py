"""Live status: replay a log after a cursor, then follow it. No gap, no duplicate."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from models.errors import NotFound
from models.feedback import FeedbackBounds, FeedbackTotals
from models.job import EventKind, JobEvent, TrainingJob
from models.job_status import TERMINAL, JobStatus
from models.judge import Judge
from models.stored.events import StatusBody
from resolvers import summary
from resolvers.context import Context
from store import jobs, judges
from store.database.rows import Query
from store.database.signals import Topic
from store.event_log import events
from store.event_log.entry import LogEntry

SUMMARY_INTERVAL_SECONDS = 0.4  # seconds between two pushes of a summary, at least


@dataclass(frozen=True, slots=True)
class JobUpdate:
    """An event with its cursor, and the job as it stands now; ``result_cache`` is shared by all subscribers."""

    cursor: str
    event: JobEvent
    job: TrainingJob
    result_cache: dict[Hashable, Any]


async def follow_job(ctx: Context, job_id: str, after: str | None) -> AsyncGenerator[JobUpdate, None]:
    """Every event of one job in order; ends with the job.

    Raises:
        NotFound: there is no such job.
        Invalid: ``after`` is no cursor of an event.
    """
    position = events.decode_event_cursor(after) if after is not None else 0
    status = await ctx.store.read(lambda connection: jobs.get_job_or_raise(connection, ctx.workspace_id, job_id).status)
    selection = events.for_job(job_id), ("job", job_id)
    log = _Log(ctx, *selection, lambda event: event.job_id == job_id, position)
    async with aclosing(log.replay() if status in TERMINAL else log.follow()) as updates:
        async for update in updates:
            is_last = _ends(update.event)
            yield update
            if is_last:
                return
            del update


async def follow_activity(ctx: Context, judge_id: str | None, after: str | None) -> AsyncGenerator[JobUpdate, None]:
    """Events of all jobs of the workspace, or of one judge, from now on or after a cursor; never ends.

    Raises:
        NotFound: there is no such judge.
        Invalid: ``after`` is no cursor of an event.
    """
    judge_pk: int | None = None
    if judge_id is not None:
        judge = await ctx.store.read(
            lambda connection: judges.get_judge_or_raise(connection, ctx.workspace_id, judge_id)
        )
        judge_pk = judge.pk
    position = events.decode_event_cursor(after) if after is not None else await ctx.store.read(events.last_position)
    workspace_id = ctx.workspace_id

    def is_meant(event: JobEvent) -> bool:
        return event.workspace_id == workspace_id and judge_pk in (None, event.judge_pk)

    selection = events.in_workspace(workspace_id, judge_pk), ("workspace", workspace_id, judge_pk)
    log = _Log(ctx, *selection, is_meant, position)
    async with aclosing(log.follow()) as updates:
        async for update in updates:
            yield update
            del update


class _Log:
    """One subscriber's way through a selection of the log.

    Most subscribers wait most of the time, and there may be thousands: while one waits, it holds on to no event.
    """

    def __init__(
        self, ctx: Context, selection: Query, name: Hashable, is_meant: Callable[[JobEvent], bool], position: int
    ) -> None:
        self.feed = ctx.feed
        self.safety_interval = ctx.store.safety_interval
        self.selection = selection
        self.name = name
        self.is_meant = is_meant
        self.position = position  # all of the selection up to here was given

    async def replay(self) -> AsyncGenerator[JobUpdate, None]:
        """What there is by now. The tail may not have heard of all of it yet, so the log itself is read."""
        more = True
        while more:
            entries, more = await self._read_on(require_latest=True)
            while entries:
                await self.feed.scheduler.wait_turn()
                yield _update(entries.pop())

    async def follow(self) -> AsyncGenerator[JobUpdate, None]:
        """What there is, then what comes; never ends."""
        with self.feed.tail.follow() as listener:
            while True:
                entries, more = await self._next()
                while entries:
                    await self.feed.scheduler.wait_turn()
                    yield _update(entries.pop())
                if not more:
                    await listener.wait(self.safety_interval)

    async def _next(self) -> tuple[list[LogEntry], bool]:
        """What comes next, the last first, from the tail or from further back; whether more is known to be there."""
        tail = self.feed.tail
        known = tail.position
        kept = tail.entries_after(self.position, self.is_meant)
        if kept is not None:
            self.position = max(self.position, known)
            return kept[::-1], False
        return await self._read_on(require_latest=False)

    async def _read_on(self, *, require_latest: bool) -> tuple[list[LogEntry], bool]:
        page = await self.feed.replay.page(self.selection, self.name, self.position, require_latest=require_latest)
        self.position = page.position
        return list(page.entries[::-1]), page.more


async def follow_summary(
    ctx: Context, judge_id: str
) -> AsyncGenerator[tuple[Judge, FeedbackTotals, FeedbackBounds], None]:
    """A judge's feedback summary, now and whenever it changes; a few times a second at most.

    What changes while nobody looks is told with the next push, so the last state is always told.

    Raises:
        NotFound: there is no such judge.
    """
    last: tuple[FeedbackTotals, int] | None = None
    with ctx.store.signals.listen(Topic.FEEDBACK, Topic.JOBS) as listener:
        while True:
            found = await summary.summarize_judge(ctx, judge_id, None, None, None)
            if found is None:
                raise NotFound(f"There is no judge {judge_id!r}.", ("judge_id",))
            judge, figures, _ = found
            if (figures, judge.feedback_seq) != last:
                last = figures, judge.feedback_seq
                yield found
            await asyncio.sleep(SUMMARY_INTERVAL_SECONDS)
            while not await listener.wait(ctx.store.safety_interval):
                seen = await ctx.loaders.judges.load(judge.pk)
                if (seen.feedback_seq, seen.version_seq) != (judge.feedback_seq, judge.version_seq):
                    break  # a signal was lost


def _update(entry: LogEntry) -> JobUpdate:
    return JobUpdate(events.encode_event_cursor(entry.event), *entry)


def _ends(event: JobEvent) -> bool:
    return event.kind is EventKind.STATUS and JobStatus(event.body.read_as(StatusBody).to) in TERMINAL
