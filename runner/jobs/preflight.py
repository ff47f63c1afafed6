"""Preflight: the checks and figures of a training job, the same for a dry run and for the submission."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from models.errors import DomainError, InsufficientFeedback, NotFound
from models.feedback import FeedbackBounds, Summary
from models.job import TrainingType
from models.judge import Criterion, Judge, JudgeVersion
from models.scoring import Scorecard
from models.specs.training_jobs import TrainingSpec
from runner.dataset.bounds import feedback_bounds
from runner.jobs.detectable_effect import detectable_change
from runner.jobs.duration import fit_throughput
from runner.jobs.feedback_figures import FeedbackFigures, FeedbackState, FigureCache
from runner.jobs.feedback_quality import FeedbackAssessment
from runner.jobs.warnings import TrainingWarning, collect_warnings
from store import judges
from store.counters import totals
from store.database.store import Store
from store.summary.summary import summarise


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """Everything a job would use, with its warnings and estimates."""

    judge: Judge
    base: JudgeVersion | None
    """Version that the job continues from; None for the judge's raw scores."""
    targets: tuple[Criterion, ...]
    bounds: FeedbackBounds
    summary: Summary
    quality: FeedbackAssessment
    warnings: tuple[TrainingWarning, ...]
    seconds: float
    """Estimated time from the job's start to its end."""
    seconds_ahead: float
    """Estimated time of the jobs that are ahead in the queue."""
    detectable_change: float | None
    """Smallest provable change of the mean absolute error, as a share (0 to 1) of the range; None if unknown."""


@dataclass(frozen=True, slots=True)
class RejectedPlan:
    """Reasons why a request cannot become a job.

    ``plan`` holds the figures that a preflight shows all the same; None if the judge does not exist.
    """

    errors: tuple[DomainError, ...]
    plan: TrainingPlan | None = None


def build_plan(
    connection: Connection, judge: Judge | None, spec: TrainingSpec, figures: FeedbackFigures | None
) -> TrainingPlan | RejectedPlan:
    """Check a well-formed request against the judge and its feedback.

    Args:
        connection: of a unit.
        judge: the row of the judge that the request names; None if there is none.
        spec: the request.
        figures: figures of the feedback that the request would learn from, by ``read_figures``.
    """
    if judge is None:
        return RejectedPlan((NotFound(f"There is no judge {spec.judge_id!r}.", ("judge_id",)),))
    criteria = judges.list_criteria(connection, judge.pk)
    targets, errors = _find_targets(criteria, spec)
    base, bounds = _find_base_and_bounds(connection, judge, spec, targets)
    if figures is not None and figures.state == FeedbackState.of(judge, len(criteria), bounds):
        summary = figures.summary
    else:  # the feedback changed after the figures were read
        summary = summarise(connection, judge.pk, criteria, bounds)
    quality = figures.quality if figures is not None else FeedbackAssessment()
    required = spec.config.minimum_feedback_count
    if summary.usable < required:
        errors = (*errors, _insufficient_feedback(summary.usable, required, spec, base))
    throughput = fit_throughput(connection)
    ahead = totals.work_ahead(connection, spec.options.priority)
    plan = TrainingPlan(
        judge=judge,
        base=base,
        targets=targets,
        bounds=bounds,
        summary=summary,
        quality=quality,
        warnings=collect_warnings(spec, summary, quality, base, criteria),
        seconds=throughput.estimate_seconds(summary.usable),
        seconds_ahead=throughput.estimate_total_seconds(*ahead),
        detectable_change=detectable_change(
            summary.spread, quality.group_correlation, spec.config.validation_split or 1.0
        ),
    )
    return RejectedPlan(errors, plan) if errors else plan


async def read_figures(
    store: Store, cache: FigureCache, workspace_id: str, spec: TrainingSpec
) -> FeedbackFigures | None:
    """Return the figures of the feedback that a request would learn from, or None if there is no such judge.

    They are read ahead, so that no write waits for them.

    Args:
        store: the database.
        cache: the figures that are known already.
        workspace_id: workspace of the caller.
        spec: the request.
    """

    def unit(connection: Connection) -> tuple[FeedbackState, tuple[Criterion, ...]] | None:
        judge = judges.find_judge(connection, workspace_id, spec.judge_id)
        if judge is None:
            return None
        criteria = judges.list_criteria(connection, judge.pk)
        targets, _ = _find_targets(criteria, spec)
        _, bounds = _find_base_and_bounds(connection, judge, spec, targets)
        return FeedbackState.of(judge, len(criteria), bounds), criteria

    found = await store.read(unit)
    return await cache.find(*found) if found is not None else None


def _find_base_and_bounds(
    connection: Connection, judge: Judge, spec: TrainingSpec, targets: tuple[Criterion, ...]
) -> tuple[JudgeVersion | None, FeedbackBounds]:
    """Return the version that a job would continue from, and the bounds of its feedback.

    Args:
        connection: of a unit.
        judge: the judge.
        spec: the request.
        targets: criteria whose feedback is counted; none for all.
    """
    active = judge.active_version_id
    base = judges.find_version(connection, judge.workspace_id, active) if active is not None else None
    ordinals = tuple(sorted(c.ordinal for c in targets)) or None
    cutoff = spec.config.feedback_cutoff_date
    return base, feedback_bounds(spec.training_type, cutoff, ordinals, base, judge.feedback_seq)


def _find_targets(
    criteria: tuple[Criterion, ...], spec: TrainingSpec
) -> tuple[tuple[Criterion, ...], tuple[DomainError, ...]]:
    scorecard = Scorecard(criteria)
    found: dict[str, Criterion] = {}
    errors = []
    for number, name in enumerate(spec.config.target_criteria or ()):
        criterion = scorecard.find(name)
        if criterion is None:
            known = ", ".join(c.key for c in criteria[:10])
            at = ("training_config", "target_criteria", str(number))
            errors.append(NotFound(f"The judge has no criterion {name!r}; it has {known}.", at))
        else:
            found[criterion.id] = criterion
    return tuple(found.values()), tuple(errors)


def _insufficient_feedback(
    usable: int, required: int, spec: TrainingSpec, base: JudgeVersion | None
) -> InsufficientFeedback:
    since: datetime | None = spec.config.feedback_cutoff_date
    where = ""
    if since is not None:
        where = f" given since {since.isoformat()}"
    elif spec.training_type is TrainingType.INCREMENTAL and base is not None:
        where = f" since version {base.number}, which an incremental job continues from"
    return InsufficientFeedback(
        f"There are {usable} usable items of feedback{where}; this job asks for at least {required}. Usable are "
        "corrections, ratings of 4 or 5, and positive approvals. Collect more, or lower minimumFeedbackCount.",
        ("training_config", "minimum_feedback_count"),
        usable=usable,
        required=required,
    )
