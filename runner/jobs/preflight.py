"""What a training job would start from: the same checks for a dry run and for the real thing."""

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
from runner.jobs.feedback_quality import FeedbackAssessment, examine_feedback
from runner.jobs.warnings import TrainingWarning, collect_warnings
from store import jobs, judges
from store.database.store import Store
from store.summary.summary import summarise


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What a job would use, what is wrong with that, and how long it would take."""

    judge: Judge | None
    base: JudgeVersion | None
    targets: tuple[Criterion, ...]
    bounds: FeedbackBounds
    summary: Summary | None
    quality: FeedbackAssessment
    errors: tuple[DomainError, ...]
    warnings: tuple[TrainingWarning, ...]
    seconds: float | None
    seconds_ahead: float
    detectable_change: float | None  # smallest one of the mean absolute error, as a share (0 to 1) of the range


def build_plan(
    connection: Connection, workspace_id: str, spec: TrainingSpec, quality: FeedbackAssessment
) -> TrainingPlan:
    """Check a request that is well-formed by itself against the judge and its feedback, whose quality is known."""
    judge = judges.find_judge(connection, workspace_id, spec.judge_id)
    if judge is None:
        missing = NotFound(f"There is no judge {spec.judge_id!r}.", ("judge_id",))
        return TrainingPlan(None, None, (), FeedbackBounds(), None, quality, (missing,), (), None, 0.0, None)
    criteria = judges.list_criteria(connection, judge.pk)
    targets, errors = _find_targets(criteria, spec)
    base, bounds = _find_base_and_bounds(connection, judge, spec, targets)
    summary = summarise(connection, judge.pk, criteria, bounds)
    needed = spec.config.minimum_feedback_count
    if summary.usable < needed:
        errors = (*errors, _insufficient_feedback(summary.usable, needed, spec, base))
    ours = fit_throughput(connection)
    return TrainingPlan(
        judge,
        base,
        targets,
        bounds,
        summary,
        quality,
        errors,
        collect_warnings(spec, summary, quality, base, criteria),
        ours.seconds(summary.usable),
        sum(ours.seconds(usable) for usable in jobs.usable_counts_ahead(connection, spec.options.priority)),
        detectable_change(summary.spread, quality.likeness, spec.config.validation_split or 1.0),
    )


async def assess_feedback(store: Store, workspace_id: str, spec: TrainingSpec) -> FeedbackAssessment:
    """How good the feedback is that a request would learn from, read apart: a write must not wait for it."""

    def unit(connection: Connection) -> tuple[int, tuple[Criterion, ...], FeedbackBounds] | None:
        judge = judges.find_judge(connection, workspace_id, spec.judge_id)
        if judge is None:
            return None
        return (
            judge.pk,
            judges.list_criteria(connection, judge.pk),
            _find_base_and_bounds(connection, judge, spec, ())[1],
        )

    found = await store.read(unit)
    return await examine_feedback(store, *found) if found is not None else FeedbackAssessment()


def _find_base_and_bounds(
    connection: Connection, judge: Judge, spec: TrainingSpec, targets: tuple[Criterion, ...]
) -> tuple[JudgeVersion | None, FeedbackBounds]:
    """The version a job would go on from, and which feedback it would use."""
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
    usable: int, needed: int, spec: TrainingSpec, base: JudgeVersion | None
) -> InsufficientFeedback:
    since: datetime | None = spec.config.feedback_cutoff_date
    where = ""
    if since is not None:
        where = f" given since {since.isoformat()}"
    elif spec.training_type is TrainingType.INCREMENTAL and base is not None:
        where = f" since version {base.number}, from which an incremental job goes on"
    return InsufficientFeedback(
        f"There are {usable} usable items of feedback{where}; this job asks for at least {needed}. Usable are "
        "corrections, ratings of 4 or 5, and approvals that approve. Collect more, or lower minimumFeedbackCount.",
        ("training_config", "minimum_feedback_count"),
        usable=usable,
        required=needed,
    )
