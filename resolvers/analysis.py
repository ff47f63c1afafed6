"""Before a version is deployed, and before more feedback is collected: what would change, what is worth doing next."""

import asyncio
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from sqlalchemy import Connection

from models.errors import NotFound
from models.evaluation import Evaluation, score_at
from models.feedback import FeedbackBounds
from models.judge import Criterion, Judge, JudgeVersion
from resolvers.context import Context
from resolvers.evaluations import ScoredCriterion
from runner.analysis.requests import CompareRequest, LearningCurveRequest, SuggestionsRequest
from runner.analysis.results import (
    ChangedItem,
    Comparison,
    LearningCurveResult,
    SuggestedItem,
    Suggestions,
    VersionScores,
)
from store import judges
from store.database.keyset import check_first
from store.review_queue import newest_evaluation_id
from store.summary.summary import compute_figures


class DefaultVersion(Enum):
    """No version was named, not even the raw scores."""

    DEFAULT = auto()


DEFAULT: Final = DefaultVersion.DEFAULT
VersionChoice = str | DefaultVersion | None


@dataclass(frozen=True, slots=True)
class FlippedEvaluation:
    """An evaluation of which two versions give other verdicts, with what each says."""

    evaluation: Evaluation
    flips: int
    old: tuple[ScoredCriterion, ...]
    new: tuple[ScoredCriterion, ...]


@dataclass(frozen=True, slots=True)
class ComparedVersions:
    """Two versions of a judge (None: its raw scores), and how their verdicts differ."""

    judge: Judge
    old: JudgeVersion | None
    new: JudgeVersion | None
    comparison: Comparison
    items: tuple[FlippedEvaluation, ...]


async def compare_versions(
    ctx: Context, judge_id: str, old: VersionChoice, new: VersionChoice, first: int
) -> ComparedVersions | None:
    """How the verdicts of two versions differ; None: there is no such judge.

    ``new`` is the newest candidate unless it is named, or the active version where there is none; ``old`` is the
    active version, or the raw scores where that is ``new``.

    Raises:
        NotFound: the judge has no such version, or none at all.
        Invalid: ``first`` is not allowed.
    """
    check_first(first)

    def unit(connection: Connection) -> tuple[Judge, JudgeVersion | None, JudgeVersion | None, str | None] | None:
        judge = judges.find_judge(connection, ctx.workspace_id, judge_id)
        if judge is None:
            return None
        later = _later(connection, judge, new)
        earlier = judge.active_version_id if old is DEFAULT else old
        if old is DEFAULT and later is not None and earlier == later.id:
            earlier = None
        return judge, _version(connection, judge, earlier, "from"), later, newest_evaluation_id(connection, judge.pk)

    found = await ctx.store.read(unit)
    if found is None:
        return None
    judge, earlier, later, newest = found
    question = CompareRequest(judge.pk, _id(earlier), _id(later), first, newest)
    comparison = await ctx.analysis.run(question, Comparison)
    criteria = await ctx.loaders.criteria.load(judge.pk)
    rows = await _evaluations(ctx, [item.evaluation_id for item in comparison.items])
    items = tuple(_flipped(item, rows[item.evaluation_id], criteria) for item in comparison.items)
    return ComparedVersions(judge, earlier, later, comparison, items)


async def compute_learning_curve(ctx: Context, judge_id: str) -> LearningCurveResult | None:
    """How good a version would be with less feedback; None: there is no such judge."""

    def unit(connection: Connection) -> LearningCurveRequest | None:
        judge = judges.find_judge(connection, ctx.workspace_id, judge_id)
        return (
            None if judge is None else LearningCurveRequest(judge.pk, judge.feedback_seq, _standing(connection, judge))
        )

    question = await ctx.store.read(unit)
    return None if question is None else await ctx.analysis.run(question, LearningCurveResult)


async def suggest_evaluations(ctx: Context, judge_id: str, first: int) -> list[tuple[Evaluation, SuggestedItem]] | None:
    """The evaluations that people should look at next, best first; None: there is no such judge.

    Raises:
        Invalid: ``first`` is not allowed.
    """
    check_first(first)

    def unit(connection: Connection) -> SuggestionsRequest | None:
        judge = judges.find_judge(connection, ctx.workspace_id, judge_id)
        if judge is None:
            return None
        newest, effective_count = newest_evaluation_id(connection, judge.pk), _standing(connection, judge)
        return SuggestionsRequest(judge.pk, judge.active_version_id, first, newest, judge.feedback_seq, effective_count)

    question = await ctx.store.read(unit)
    if question is None:
        return None
    items = (await ctx.analysis.run(question, Suggestions)).items
    rows = await _evaluations(ctx, [item.evaluation_id for item in items])
    return [(rows[item.evaluation_id], item) for item in items]


def _standing(connection: Connection, judge: Judge) -> int:
    """How many items of feedback stand: with the watermark it tells whether one was retracted."""
    return compute_figures(connection, judge.pk, judges.list_criteria(connection, judge.pk), FeedbackBounds()).total


def _id(version: JudgeVersion | None) -> str | None:
    return None if version is None else version.id


def _later(connection: Connection, judge: Judge, named: VersionChoice) -> JudgeVersion | None:
    if named is not DEFAULT:
        return _version(connection, judge, named, "to")
    candidate = judges.find_newest_candidate(connection, judge.pk)
    if candidate is None and judge.active_version_id is None:
        raise NotFound("The judge has no candidate to compare: train it, or name a version with to.", ("to",))
    return candidate or _version(connection, judge, judge.active_version_id, "to")


def _version(connection: Connection, judge: Judge, version_id: str | None, field: str) -> JudgeVersion | None:
    if version_id is None:
        return None
    version = judges.find_version(connection, judge.workspace_id, version_id)
    if version is None or version.judge_pk != judge.pk:
        raise NotFound(f"The judge has no version {version_id!r}.", (field,))
    return version


async def _evaluations(ctx: Context, ids: list[str]) -> dict[str, Evaluation]:
    return {row.id: row for row in await asyncio.gather(*map(ctx.loaders.evaluations.load, ids))}


def _flipped(item: ChangedItem, row: Evaluation, criteria: tuple[Criterion, ...]) -> FlippedEvaluation:
    return FlippedEvaluation(row, item.flips, _scored(item.old, row, criteria), _scored(item.new, row, criteria))


def _scored(side: VersionScores, row: Evaluation, criteria: tuple[Criterion, ...]) -> tuple[ScoredCriterion, ...]:
    columns = zip(criteria, side.point, side.expected, side.verdict, side.lower, side.upper, strict=True)
    return tuple(
        ScoredCriterion(criterion, score_at(row.scores, criterion.ordinal), point, expected, verdict, lower, upper)
        for criterion, point, expected, verdict, lower, upper in columns
        if point is not None
    )
