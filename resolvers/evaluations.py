"""Record evaluations, and score items with a judge version."""

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
from resolvers.batch import BatchResult
from resolvers.context import Context
from store import evaluations, judges
from store.evaluations import NewEvaluation


@dataclass(frozen=True, slots=True)
class ScoredCriterion:
    """One criterion's score; None where something is not known."""

    criterion: Criterion
    raw_score: float | None
    score: float
    expected: float | None = None
    verdict: float | None = None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True, slots=True)
class ScoredItem:
    """One item's scores; ``overall`` is their weighted mean, 0..100."""

    external_id: str | None
    evaluation: Evaluation | None
    overall: float
    scores: tuple[ScoredCriterion, ...]


@dataclass(frozen=True, slots=True)
class EvaluatedItems:
    """What ``evaluate_items`` gives, by index of its input; None for a refused item."""

    version: JudgeVersion | None
    results: tuple[ScoredItem | None, ...]
    errors: tuple[DomainError, ...]


@dataclass(frozen=True, slots=True)
class _Checked:
    """The items of a call that are well-formed, by index, with their scores in the judge's order."""

    judge: Judge
    criteria: tuple[Criterion, ...]
    raw: dict[int, Scores]
    errors: list[DomainError]


async def find_evaluation(ctx: Context, evaluation_id: str) -> Evaluation | None:
    """The workspace's evaluation of this id."""
    return await ctx.store.read(
        lambda connection: evaluations.find_evaluation(connection, ctx.workspace_id, evaluation_id)
    )


def list_shown_scores(evaluation: Evaluation, criteria: tuple[Criterion, ...]) -> tuple[ScoredCriterion, ...]:
    """An evaluation's scores: the judge's own, and what people were shown."""
    found = []
    for criterion in criteria:
        shown = shown_score_at(evaluation, criterion.ordinal)
        if shown is not None:
            found.append(ScoredCriterion(criterion, score_at(evaluation.scores, criterion.ordinal), shown))
    return tuple(found)


async def record_evaluations(ctx: Context, judge_id: str, specs: tuple[EvaluationSpec, ...]) -> BatchResult[Evaluation]:
    """Keep evaluations; a refused one keeps no other from being kept.

    Raises:
        RequestRejected, NotFound: the call as a whole can't be met.
    """
    checked = await _check(ctx, judge_id, specs, "evaluations")
    shown = await _shown(ctx, checked, specs)
    items = [NewEvaluation(specs[index], raw, shown.get(index)) for index, raw in checked.raw.items()]
    kept, new = await _keep(ctx, checked, items)
    return BatchResult(
        tuple(kept.get(index) for index in range(len(specs))), new, tuple(checked.errors), checked.judge.pk
    )


async def evaluate_items(
    ctx: Context, judge_id: str, version_id: str | None, specs: tuple[EvaluationSpec, ...], *, record: bool
) -> EvaluatedItems:
    """Score items with a version, the active one unless another is named; without any the raw scores stand.

    Raises:
        RequestRejected, NotFound, Invalid: the call as a whole can't be met.
    """
    if record:
        ctx.require("Mutation.evaluate(record)")
    checked = await _check(ctx, judge_id, specs, "items")
    wanted = version_id or checked.judge.active_version_id
    version = await get_version(ctx, checked.judge, wanted, ("version_id",)) if wanted is not None else None
    if version is not None:
        scored = await _score(ctx, checked, specs, version)
    else:
        scored = {index: _as_they_are(checked.criteria, raw) for index, raw in checked.raw.items()}
    kept: dict[int, Evaluation] = {}
    if record:
        items = [
            NewEvaluation(
                replace(specs[index], version_id=version.id if version is not None else None),
                raw,
                _point_estimates(checked.criteria, scored[index]) if version is not None else None,
            )
            for index, raw in checked.raw.items()
        ]
        kept, _ = await _keep(ctx, checked, items, field="items")
    results: list[ScoredItem | None] = [None] * len(specs)
    for index, scores in scored.items():
        if record and index not in kept:
            continue
        total = overall_score([s.criterion for s in scores], [s.score for s in scores])
        results[index] = ScoredItem(specs[index].external_id, kept.get(index), total, scores)
    return EvaluatedItems(version, tuple(results), tuple(checked.errors))


async def compute_shown_scores(
    ctx: Context,
    judge: Judge,
    version: JudgeVersion,
    specs: Sequence[EvaluationSpec],
    raw: Sequence[Scores],
    criteria: tuple[Criterion, ...],
) -> list[Scores]:
    """What people were shown where a version's scores were: computed again, since versions never change."""
    checked = _Checked(judge, criteria, dict(enumerate(raw)), [])
    scored = await _score(ctx, checked, tuple(specs), version)
    return [_point_estimates(criteria, scored[index]) for index in checked.raw]


async def _check(ctx: Context, judge_id: str, specs: tuple[EvaluationSpec, ...], field: str) -> _Checked:
    check_batch_size(field, len(specs), ctx.sizes.batch)
    judge = await ctx.store.read(lambda connection: judges.get_judge_or_raise(connection, ctx.workspace_id, judge_id))
    criteria = await ctx.loaders.criteria.load(judge.pk)
    scorecard = Scorecard(criteria)
    checked = _Checked(judge, criteria, {}, [])
    for index, spec in enumerate(specs):
        placed, problems = scorecard.arrange_scores(spec.scores, "scores")
        problems = [*spec.problems(), *problems]
        if problems:
            checked.errors.extend(problem.within(field, str(index)) for problem in problems)
        else:
            checked.raw[index] = placed
    return checked


async def _keep(
    ctx: Context, checked: _Checked, items: list[NewEvaluation], field: str = "evaluations"
) -> tuple[dict[int, Evaluation], int]:
    if not items:
        return {}, 0
    rows, new = await ctx.store.write(
        lambda connection: evaluations.record_evaluations(connection, checked.judge.pk, ctx.viewer.user_id, items)
    )
    kept: dict[int, Evaluation] = {}
    for index, row in zip(checked.raw, rows, strict=True):
        if isinstance(row, DomainError):
            checked.errors.append(row.within(field, str(index)))
        else:
            kept[index] = row
    return kept, new


async def get_version(ctx: Context, judge: Judge, version_id: str, field: tuple[str, ...]) -> JudgeVersion:
    """A judge's version.

    Raises:
        NotFound: the judge has none of this id.
    """
    version = await ctx.store.read(lambda connection: judges.find_version(connection, ctx.workspace_id, version_id))
    if version is None or version.judge_pk != judge.pk:
        raise NotFound(f"The judge has no version {version_id!r}.", field)
    return version


async def _shown(ctx: Context, checked: _Checked, specs: tuple[EvaluationSpec, ...]) -> dict[int, Scores]:
    """What people were shown, of those that name a version."""
    by_version: dict[str, list[int]] = {}
    for index in checked.raw:
        version_id = specs[index].version_id
        if version_id is not None:
            by_version.setdefault(version_id, []).append(index)
    shown: dict[int, Scores] = {}
    for version_id, indices in by_version.items():
        try:
            version = await get_version(ctx, checked.judge, version_id, ("version_id",))
        except NotFound as error:
            for index in indices:
                del checked.raw[index]
                checked.errors.append(error.within("evaluations", str(index)))
            continue
        chosen, raw = [specs[index] for index in indices], [checked.raw[index] for index in indices]
        estimates = await compute_shown_scores(ctx, checked.judge, version, chosen, raw, checked.criteria)
        shown |= dict(zip(indices, estimates, strict=True))
    return shown


async def _score(
    ctx: Context, checked: _Checked, specs: tuple[EvaluationSpec, ...], version: JudgeVersion
) -> dict[int, tuple[ScoredCriterion, ...]]:
    if not checked.raw:
        return {}
    chosen = [specs[index] for index in checked.raw]
    arrays = await ctx.scorer.score(version.id, chosen, list(checked.raw.values()), checked.criteria)
    columns = np.stack([arrays.point, arrays.expected, arrays.verdict, arrays.lower, arrays.upper], axis=-1).tolist()
    scored = {}
    for row, (index, raw) in zip(columns, checked.raw.items(), strict=True):
        scores = []
        for criterion, (point, expected, verdict, lower, upper) in zip(checked.criteria, row, strict=True):
            own = raw[criterion.ordinal]
            if own is not None:
                scores.append(ScoredCriterion(criterion, own, point, *map(_known, (expected, verdict, lower, upper))))
        scored[index] = tuple(scores)
    return scored


def _as_they_are(criteria: tuple[Criterion, ...], raw: Scores) -> tuple[ScoredCriterion, ...]:
    scores = []
    for criterion in criteria:
        own = raw[criterion.ordinal]
        if own is not None:
            steps = round((own - criterion.minimum) / criterion.step)
            verdict = min(criterion.maximum, criterion.minimum + steps * criterion.step)
            scores.append(ScoredCriterion(criterion, own, own, expected=own, verdict=verdict))
    return tuple(scores)


def _point_estimates(criteria: tuple[Criterion, ...], scores: tuple[ScoredCriterion, ...]) -> Scores:
    points: Scores = [None] * len(criteria)
    for scored in scores:
        points[scored.criterion.ordinal] = scored.score
    return points


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
