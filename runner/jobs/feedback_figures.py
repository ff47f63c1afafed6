"""Figures of the feedback that a job would learn from, kept for each state of a judge's feedback.

Key objects:
    ``FeedbackState``: everything that the figures depend on. It is the key of the cache.
    ``FeedbackFigures``: the summary and the assessment of one state.
    ``FigureCache``: computes the figures of a state once, also for requests that come at the same time.

Why: the figures cost a read of up to ``feedback_quality.MAX_EXAMINED`` items, and most jobs and preflights of a judge
find the feedback unchanged.

Invariants:
    - Every change of a judge's feedback raises ``Judge.feedback_seq``, a retraction too, and every new version raises
      ``Judge.version_seq``. Figures of an earlier state are therefore never found again.
    - Figures are read from commits only, never within a writing unit, whose changes may be rolled back.
    - A unit that uses figures compares their state with the judge's row that it reads itself.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection

from models.feedback import FeedbackBounds, Summary
from models.judge import Criterion, Judge
from runner.jobs.feedback_quality import FeedbackAssessment, examine_feedback
from store.database.snapshot import snapshot
from store.database.store import Store
from store.judges import get_judge_by_pk
from store.summary.summary import summarise

T = TypeVar("T")

MAX_CACHED = 256
"""States whose figures are kept."""


@dataclass(frozen=True, slots=True)
class FeedbackState:
    """A selection of a judge's feedback at one moment. ``bounds`` end at the last item of feedback."""

    judge_pk: int
    bounds: FeedbackBounds
    criteria: int  # number of the judge's criteria, which are only ever added
    versions: int  # number of the judge's versions, since the summary counts the items after the newest one

    @classmethod
    def of(cls, judge: Judge, criteria: int, bounds: FeedbackBounds) -> "FeedbackState":
        """Return the state that a judge's row shows.

        Args:
            judge: the judge's row.
            criteria: the number of its criteria.
            bounds: the selection; its end is replaced by the judge's last item.
        """
        return cls(judge.pk, replace(bounds, upto_seq=judge.feedback_seq), criteria, judge.version_seq)


@dataclass(frozen=True, slots=True)
class FeedbackFigures:
    """Figures of a state. The assessment ignores target criteria, and may be older than the summary."""

    state: FeedbackState
    summary: Summary
    quality: FeedbackAssessment


class FigureCache:
    """Figures of the latest states, computed once each."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._figures: OrderedDict[FeedbackState, asyncio.Task[FeedbackFigures]] = OrderedDict()
        self._assessments: OrderedDict[FeedbackState, asyncio.Task[FeedbackAssessment]] = OrderedDict()

    async def find(self, state: FeedbackState, criteria: tuple[Criterion, ...]) -> FeedbackFigures:
        """Return the figures of a state, or of a later one if the feedback has changed meanwhile.

        Args:
            state: the state, as a reading unit found it.
            criteria: the judge's criteria.
        """
        task = self._figures.get(state)
        if task is None:
            task = _keep(self._figures, state, asyncio.create_task(self._compute(state, criteria)))
        self._figures.move_to_end(state)
        return await asyncio.shield(task)

    async def _compute(self, state: FeedbackState, criteria: tuple[Criterion, ...]) -> FeedbackFigures:
        untargeted = replace(state, bounds=replace(state.bounds, criteria=None))
        task = self._assessments.get(untargeted)
        if task is None:
            examining = examine_feedback(self._store, state.judge_pk, criteria, untargeted.bounds)
            task = _keep(self._assessments, untargeted, asyncio.create_task(examining))
        quality = await asyncio.shield(task)

        def unit(connection: Connection) -> tuple[FeedbackState, Summary]:
            judge = get_judge_by_pk(connection, state.judge_pk)
            current = FeedbackState.of(judge, len(criteria), state.bounds)  # one that counters cover
            return current, summarise(connection, judge.pk, criteria, current.bounds)

        current, summary = await self._store.read(snapshot(unit))
        return FeedbackFigures(current, summary, quality)


def _keep(
    cache: "OrderedDict[FeedbackState, asyncio.Task[T]]", state: FeedbackState, task: "asyncio.Task[T]"
) -> "asyncio.Task[T]":
    """Add a computation to a cache, evict the oldest ones, and forget it if it fails.

    Args:
        cache: the cache.
        state: the state whose figures are computed.
        task: the computation.
    """
    cache[state] = task
    while len(cache) > MAX_CACHED:
        cache.popitem(last=False)
    task.add_done_callback(partial(_forget_failure, cache, state))
    return task


def _forget_failure(
    cache: "OrderedDict[FeedbackState, asyncio.Task[T]]", state: FeedbackState, task: "asyncio.Task[T]"
) -> None:
    if (task.cancelled() or task.exception() is not None) and cache.get(state) is task:
        del cache[state]
