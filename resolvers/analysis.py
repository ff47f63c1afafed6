"""Analyses: comparisons of versions, learning curves and suggestions for review."""

import asyncio
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from sqlalchemy import Connection

from models.errors import NotFound
from models.evaluation import Evaluation, score_at
from models.feedback import FeedbackBounds, Figure
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
from store.database.rows import Columns, add_columns
from store.review_queue import newest_evaluation_id
from store.summary.summary import read_figures


class DefaultVersion(Enum):
    """Marker for an omitted version; None means the raw scores."""

    DEFAULT = auto()


DEFAULT: Final = DefaultVersion.DEFAULT
VersionChoice = str | DefaultVersion | None


@dataclass(frozen=True, slots=True)
class FlippedEvaluation:
    """An evaluation with different verdicts by two versions, and the scores of both."""

    evaluation: Evaluation
    flips: int
    old: tuple[ScoredCriterion, ...]
    new: tuple[ScoredCriterion, ...]


@dataclass(frozen=True, slots=True)
class ComparedVersions:
    """Comparison of two versions of a judge; None stands for its raw scores."""

    judge: Judge
    old: JudgeVersion | None
    new: JudgeVersion | None
    comparison: Comparison
    items: tuple[FlippedEvaluation, ...]


async def compare_versions(
    ctx: Context, judge_id: str, old: VersionChoice, new: VersionChoice, first: int, columns: Columns = None
) -> ComparedVersions | None:
    """Compare the verdicts of two versions; return None if there is no such judge.

    Args:
        ctx: The context of the operation.
        judge_id: The judge.
        old: The version to start from. Default: the active version, or the raw scores if that is ``new``.
        new: The version to compare. Default: the newest candidate, or the active version if there is none.
        first: The number of evaluations to list.
        columns: The columns to read of the evaluations; None for all.

    Raises:
        NotFound: The judge has no such version, or none at all.
        Invalid: ``first`` is not allowed.
    """
    check_first(first)

    def unit(connection: Connection) -> tuple[Judge, JudgeVersion | None, JudgeVersion | None, str | None] | None:
        judge = judges.find_judge(connection, ctx.workspace_id, judge_id)
        if judge is None:
            return None
        new_version = _choose_new_find_version(connection, judge, new)
        old_id = judge.active_version_id if old is DEFAULT else old
        if old is DEFAULT and new_version is not None and old_id == new_version.id:
            old_id = None
        old_version = _find_version(connection, judge, old_id, "from")
        return judge, old_version, new_version, newest_evaluation_id(connection, judge.pk)

    found = await ctx.read(unit)
    if found is None:
        return None
    judge, old_version, new_version, newest = found
    request = CompareRequest(judge.pk, _id(old_version), _id(new_version), first, newest)
    comparison = await ctx.analysis.run(request, Comparison)
    criteria = await ctx.loaders.criteria.load(judge.pk)
    needed = add_columns(columns, Evaluation.scores)
    rows = await _load_evaluations(ctx, [item.evaluation_id for item in comparison.items], needed)
    items = tuple(_to_flipped(item, rows[item.evaluation_id], criteria) for item in comparison.items)
    return ComparedVersions(judge, old_version, new_version, comparison, items)


async def compute_learning_curve(ctx: Context, judge_id: str) -> LearningCurveResult | None:
    """Return the agreement for growing amounts of feedback; None if there is no such judge."""

    def unit(connection: Connection) -> LearningCurveRequest | None:
        judge = judges.find_judge(connection, ctx.workspace_id, judge_id)
        if judge is None:
            return None
        return LearningCurveRequest(judge.pk, judge.feedback_seq, _count_effective(connection, judge))

    request = await ctx.read(unit)
    return None if request is None else await ctx.analysis.run(request, LearningCurveResult)


async def suggest_evaluations(
    ctx: Context, judge_id: str, first: int, columns: Columns = None
) -> list[tuple[Evaluation, SuggestedItem]] | None:
    """Return the evaluations whose review is expected to help most, best first; None if there is no such judge.

    Args:
        ctx: The context of the operation.
        judge_id: The judge.
        first: The number of evaluations.
        columns: The columns to read of the evaluations; None for all.

    Raises:
        Invalid: ``first`` is not allowed.
    """
    check_first(first)

    def unit(connection: Connection) -> SuggestionsRequest | None:
        judge = judges.find_judge(connection, ctx.workspace_id, judge_id)
        if judge is None:
            return None
        newest, effective_count = newest_evaluation_id(connection, judge.pk), _count_effective(connection, judge)
        return SuggestionsRequest(judge.pk, judge.active_version_id, first, newest, judge.feedback_seq, effective_count)

    request = await ctx.read(unit)
    if request is None:
        return None
    items = (await ctx.analysis.run(request, Suggestions)).items
    rows = await _load_evaluations(ctx, [item.evaluation_id for item in items], columns)
    return [(rows[item.evaluation_id], item) for item in items]


def _count_effective(connection: Connection, judge: Judge) -> int:
    """Return the number of effective items of feedback. With the watermark it identifies a state of the feedback."""
    return read_figures(connection, [judge.pk], FeedbackBounds(), (Figure.TOTAL,))[judge.pk].total


def _id(version: JudgeVersion | None) -> str | None:
    return None if version is None else version.id


def _choose_new_find_version(connection: Connection, judge: Judge, choice: VersionChoice) -> JudgeVersion | None:
    if choice is not DEFAULT:
        return _find_version(connection, judge, choice, "to")
    candidate = judges.find_newest_candidate(connection, judge.pk)
    if candidate is None and judge.active_version_id is None:
        raise NotFound("The judge has no candidate to compare: train it, or name a version with to.", ("to",))
    return candidate or _find_version(connection, judge, judge.active_version_id, "to")


def _find_version(connection: Connection, judge: Judge, version_id: str | None, field: str) -> JudgeVersion | None:
    if version_id is None:
        return None
    version = judges.find_version(connection, judge.workspace_id, version_id)
    if version is None or version.judge_pk != judge.pk:
        raise NotFound(f"The judge has no version {version_id!r}.", (field,))
    return version


async def _load_evaluations(ctx: Context, ids: list[str], columns: Columns) -> dict[str, Evaluation]:
    rows = await asyncio.gather(*(ctx.loaders.evaluations.load(evaluation_id, columns) for evaluation_id in ids))
    return dict(zip(ids, rows, strict=True))


def _to_flipped(item: ChangedItem, row: Evaluation, criteria: tuple[Criterion, ...]) -> FlippedEvaluation:
    return FlippedEvaluation(row, item.flips, _to_scores(item.old, row, criteria), _to_scores(item.new, row, criteria))


def _to_scores(side: VersionScores, row: Evaluation, criteria: tuple[Criterion, ...]) -> tuple[ScoredCriterion, ...]:
    columns = zip(criteria, side.point, side.expected, side.verdict, side.lower, side.upper, strict=True)
    return tuple(
        ScoredCriterion(criterion, score_at(row.scores, criterion.ordinal), point, expected, verdict, lower, upper)
        for criterion, point, expected, verdict, lower, upper in columns
        if point is not None
    )
