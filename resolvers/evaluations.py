"""Recording of evaluations, and scoring of items with a judge version."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.errors import DomainError, NotFound
from models.evaluation import Evaluation, Scores, score_at, shown_score_at
from models.judge import Criterion, Judge, JudgeVersion
from models.scoring import Scorecard, overall_score
from models.specs.checks import check_batch_size
from models.specs.evaluations import EvaluationSpec
from resolvers.batch import BatchResult, split_rows
from resolvers.context import Context
from store import evaluations, judges
from store.database.rows import Columns
from store.evaluations import NewEvaluation


@dataclass(frozen=True, slots=True)
class ScoredCriterion:
    """Score on one criterion; None for values that are unknown."""

    criterion: Criterion
    raw_score: float | None
    score: float
    expected: float | None = None
    verdict: float | None = None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True, slots=True)
class ScoredItem:
    """Scores of one item; ``overall`` is their weighted mean, from 0 to 100."""

    external_id: str | None
    evaluation: Evaluation | None
    overall: float
    scores: tuple[ScoredCriterion, ...]


@dataclass(frozen=True, slots=True)
class EvaluatedItems:
    """Result of ``evaluate_items`` by index of the input; None for a rejected item."""

    version: JudgeVersion | None
    results: tuple[ScoredItem | None, ...]
    errors: tuple[DomainError, ...]


@dataclass(frozen=True, slots=True)
class _ValidItems:
    """The valid items of a call, by index: their raw scores in the order of the judge's criteria.

    ``errors`` are the problems of all other items.
    """

    judge: Judge
    criteria: tuple[Criterion, ...]
    raw: dict[int, Scores]
    errors: list[DomainError]


ItemScores = dict[int, tuple[ScoredCriterion, ...]]


async def find_evaluation(ctx: Context, evaluation_id: str, columns: Columns = None) -> Evaluation | None:
    """Return the workspace's evaluation with this id.

    Args:
        ctx: The context of the operation.
        evaluation_id: The evaluation.
        columns: The columns to read; None for all.
    """
    return await ctx.read(
        lambda connection: evaluations.find_evaluation(connection, ctx.workspace_id, evaluation_id, columns)
    )


def list_shown_scores(evaluation: Evaluation, criteria: tuple[Criterion, ...]) -> tuple[ScoredCriterion, ...]:
    """Return an evaluation's scores: the raw ones and those that people were shown."""
    scores = []
    for criterion in criteria:
        shown = shown_score_at(evaluation, criterion.ordinal)
        if shown is not None:
            scores.append(ScoredCriterion(criterion, score_at(evaluation.scores, criterion.ordinal), shown))
    return tuple(scores)


async def record_evaluations(ctx: Context, judge_id: str, specs: tuple[EvaluationSpec, ...]) -> BatchResult[Evaluation]:
    """Store evaluations; each item is accepted or rejected on its own.

    Args:
        ctx: The context of the operation.
        judge_id: The judge that gave the scores.
        specs: The items.

    Raises:
        RequestRejected, NotFound: The call as a whole is rejected.
    """
    valid = await _check_items(ctx, judge_id, specs, "evaluations")
    shown = await _compute_shown_by_index(ctx, valid, specs)
    items = [NewEvaluation(specs[index], raw, shown.get(index)) for index, raw in valid.raw.items()]
    stored, new_count = await _store_items(ctx, valid, items, "evaluations")
    records = tuple(stored.get(index) for index in range(len(specs)))
    return BatchResult(records, new_count, tuple(valid.errors), valid.judge.pk)


async def evaluate_items(
    ctx: Context, judge_id: str, version_id: str | None, specs: tuple[EvaluationSpec, ...], *, record: bool
) -> EvaluatedItems:
    """Score items with a version; without any version the raw scores are returned.

    Args:
        ctx: The context of the operation.
        judge_id: The judge that gave the raw scores.
        version_id: The version to score with; None for the active one.
        specs: The items.
        record: Whether to store the items as evaluations too.

    Raises:
        RequestRejected, NotFound, Invalid: The call as a whole is rejected.
    """
    if record:
        ctx.require("Mutation.evaluate(record)")
    valid = await _check_items(ctx, judge_id, specs, "items")
    chosen = version_id or valid.judge.active_version_id
    version = await get_version(ctx, valid.judge, chosen, ("version_id",)) if chosen is not None else None
    if version is not None:
        scores = await _score_items(ctx, valid, specs, version)
    else:
        scores = {index: _raw_scores(valid.criteria, raw) for index, raw in valid.raw.items()}
    stored: dict[int, Evaluation] = {}
    if record:
        items = _build_evaluations(valid, specs, scores, version)
        stored, _ = await _store_items(ctx, valid, items, "items")
    results: list[ScoredItem | None] = [None] * len(specs)
    for index, of_item in scores.items():
        if index in stored or not record:
            overall = overall_score([s.criterion for s in of_item], [s.score for s in of_item])
            results[index] = ScoredItem(specs[index].external_id, stored.get(index), overall, of_item)
    return EvaluatedItems(version, tuple(results), tuple(valid.errors))


async def compute_shown_scores(
    ctx: Context,
    judge: Judge,
    version: JudgeVersion,
    specs: Sequence[EvaluationSpec],
    raw: Sequence[Scores],
    criteria: tuple[Criterion, ...],
) -> list[Scores]:
    """Return the scores that a version shows for items. They need not be stored, since versions never change.

    Args:
        ctx: The context of the operation.
        judge: The judge.
        version: One of its versions.
        specs: The items.
        raw: Their raw scores in the order of the criteria.
        criteria: The judge's criteria.
    """
    valid = _ValidItems(judge, criteria, dict(enumerate(raw)), [])
    scores = await _score_items(ctx, valid, tuple(specs), version)
    return [_point_estimates(criteria, scores[index]) for index in valid.raw]


async def get_version(ctx: Context, judge: Judge, version_id: str, field: tuple[str, ...]) -> JudgeVersion:
    """Return a judge's version.

    Args:
        ctx: The context of the operation.
        judge: The judge.
        version_id: The id of the version.
        field: The path of the id in the input, for the error.

    Raises:
        NotFound: The judge has no such version.
    """
    version = await ctx.read(lambda connection: judges.find_version(connection, ctx.workspace_id, version_id))
    if version is None or version.judge_pk != judge.pk:
        raise NotFound(f"The judge has no version {version_id!r}.", field)
    return version


async def _check_items(ctx: Context, judge_id: str, specs: tuple[EvaluationSpec, ...], field: str) -> _ValidItems:
    check_batch_size(field, len(specs), ctx.sizes.batch)
    judge, criteria = await ctx.load_judge(judge_id)
    scorecard = Scorecard(criteria)
    valid = _ValidItems(judge, criteria, {}, [])
    for index, spec in enumerate(specs):
        placed, misplaced = scorecard.arrange_scores(spec.scores, "scores")
        problems = [*spec.problems(), *misplaced]
        if problems:
            valid.errors.extend(problem.within(field, str(index)) for problem in problems)
        else:
            valid.raw[index] = placed
    return valid


def _build_evaluations(
    valid: _ValidItems, specs: tuple[EvaluationSpec, ...], scores: ItemScores, version: JudgeVersion | None
) -> list[NewEvaluation]:
    """Return the evaluations to record.

    Args:
        valid: The valid items.
        specs: All items.
        scores: The scores of the valid items.
        version: The version whose scores people are shown; None for the raw scores.
    """
    version_id = version.id if version is not None else None
    return [
        NewEvaluation(
            replace(specs[index], version_id=version_id),
            raw,
            _point_estimates(valid.criteria, scores[index]) if version is not None else None,
        )
        for index, raw in valid.raw.items()
    ]


async def _store_items(
    ctx: Context, valid: _ValidItems, items: list[NewEvaluation], field: str
) -> tuple[dict[int, Evaluation], int]:
    if not items:
        return {}, 0
    rows, new_count = await ctx.store.write(
        lambda connection: evaluations.record_evaluations(connection, valid.judge.pk, ctx.viewer.user_id, items)
    )
    return split_rows(valid.raw, rows, field, valid.errors), new_count


async def _compute_shown_by_index(
    ctx: Context, valid: _ValidItems, specs: tuple[EvaluationSpec, ...]
) -> dict[int, Scores]:
    """Return the scores that people were shown, for items that name a version.

    Items with an unknown version are moved from the valid ones to the errors.

    Args:
        ctx: The context of the operation.
        valid: The valid items.
        specs: All items.
    """
    by_version: dict[str, list[int]] = {}
    for index in valid.raw:
        version_id = specs[index].version_id
        if version_id is not None:
            by_version.setdefault(version_id, []).append(index)
    shown: dict[int, Scores] = {}
    for version_id, indices in by_version.items():
        try:
            version = await get_version(ctx, valid.judge, version_id, ("version_id",))
        except NotFound as error:
            for index in indices:
                del valid.raw[index]
                valid.errors.append(error.within("evaluations", str(index)))
            continue
        chosen, raw = [specs[index] for index in indices], [valid.raw[index] for index in indices]
        estimates = await compute_shown_scores(ctx, valid.judge, version, chosen, raw, valid.criteria)
        shown |= dict(zip(indices, estimates, strict=True))
    return shown


async def _score_items(
    ctx: Context, valid: _ValidItems, specs: tuple[EvaluationSpec, ...], version: JudgeVersion
) -> ItemScores:
    if not valid.raw:
        return {}
    chosen = [specs[index] for index in valid.raw]
    arrays = await ctx.scorer.score(version.id, chosen, list(valid.raw.values()), valid.criteria)
    columns = np.stack([arrays.point, arrays.expected, arrays.verdict, arrays.lower, arrays.upper], axis=-1).tolist()
    scores: ItemScores = {}
    for row, (index, raw) in zip(columns, valid.raw.items(), strict=True):
        of_item = []
        for criterion, (point, *others) in zip(valid.criteria, row, strict=True):
            raw_score = raw[criterion.ordinal]
            if raw_score is not None:
                of_item.append(ScoredCriterion(criterion, raw_score, point, *map(_none_if_nan, others)))
        scores[index] = tuple(of_item)
    return scores


def _raw_scores(criteria: tuple[Criterion, ...], raw: Scores) -> tuple[ScoredCriterion, ...]:
    scores = []
    for criterion in criteria:
        score = raw[criterion.ordinal]
        if score is not None:
            steps = round((score - criterion.minimum) / criterion.step)
            verdict = min(criterion.maximum, criterion.minimum + steps * criterion.step)
            scores.append(ScoredCriterion(criterion, score, score, expected=score, verdict=verdict))
    return tuple(scores)


def _point_estimates(criteria: tuple[Criterion, ...], scores: tuple[ScoredCriterion, ...]) -> Scores:
    points: Scores = [None] * len(criteria)
    for scored in scores:
        points[scored.criterion.ordinal] = scored.score
    return points


def _none_if_nan(value: float) -> float | None:
    return value if math.isfinite(value) else None
