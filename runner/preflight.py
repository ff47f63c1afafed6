"""What a training job would start from: the same checks for a dry run and for the real thing."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from models.errors import DomainError, InsufficientFeedback, NotFound
from models.feedback import Bounds, Summary
from models.job import TrainingType
from models.judge import Criterion, Judge, JudgeVersion
from models.scoring import Scorecard
from models.spec import TrainingSpec
from runner.bounds import bounds_of
from runner.estimate import pace
from store import jobs, judges
from store.summary import summarise

FEW_GROUPS = 10
ONLY_ERRORS_BELOW = 0.05


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that does not stop a job, but that a person should know."""

    code: str
    message: str
    field: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a job would use, what is wrong with that, and how long it would take."""

    judge: Judge | None
    base: JudgeVersion | None
    targets: tuple[Criterion, ...]
    bounds: Bounds
    summary: Summary | None
    errors: tuple[DomainError, ...]
    warnings: tuple[Notice, ...]
    seconds: float | None
    seconds_ahead: float


def plan(connection: Connection, workspace_id: str, spec: TrainingSpec) -> Plan:
    """Check a request that is well-formed by itself against the judge and its feedback."""
    judge = judges.get(connection, workspace_id, spec.judge_id)
    if judge is None:
        missing = NotFound(f"There is no judge {spec.judge_id!r}.", ("judge_id",))
        return Plan(None, None, (), Bounds(), None, (missing,), (), None, 0.0)
    criteria = judges.criteria(connection, judge.pk)
    targets, errors = _targets(criteria, spec)
    base = judges.version(connection, workspace_id, judge.active_version_id) if judge.active_version_id else None
    bounds = bounds_of(
        spec.training_type,
        spec.config.feedback_cutoff_date,
        tuple(sorted(c.ordinal for c in targets)) or None,
        base,
        judge.feedback_seq,
    )
    summary = summarise(connection, judge.pk, criteria, bounds)
    needed = spec.config.minimum_feedback_count
    if summary.usable < needed:
        errors = (*errors, _too_little(summary.usable, needed, spec, base))
    ours = pace(connection)
    return Plan(
        judge,
        base,
        targets,
        bounds,
        summary,
        errors,
        tuple(_notices(spec, summary, base)),
        ours.seconds(summary.usable),
        sum(ours.seconds(usable) for usable in jobs.ahead(connection, spec.options.priority)),
    )


def _targets(
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


def _too_little(usable: int, needed: int, spec: TrainingSpec, base: JudgeVersion | None) -> InsufficientFeedback:
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


def _notices(spec: TrainingSpec, summary: Summary, base: JudgeVersion | None) -> list[Notice]:
    notices = []
    if base is None and spec.training_type is TrainingType.INCREMENTAL:
        notices.append(
            Notice("NO_ACTIVE_VERSION", "No version is active, so this incremental job learns from all feedback.")
        )
    if base is None and spec.training_type is TrainingType.FINE_TUNE:
        notices.append(
            Notice("NO_ACTIVE_VERSION", "No version is active, so criteria that are not tuned keep the raw scores.")
        )
    if base is None and spec.training_type is TrainingType.VALIDATION:
        notices.append(Notice("NO_ACTIVE_VERSION", "No version is active, so this job measures the raw scores."))
    corrected = sum(shift.correction_count for shift in summary.criteria)
    confirmed = summary.usable - summary.corrections
    if corrected >= FEW_GROUPS and confirmed <= 0 and summary.agreeing < ONLY_ERRORS_BELOW * corrected:
        notices.append(
            Notice(
                "ONLY_ERRORS",
                f"Only {summary.agreeing} of {corrected} corrected scores agree with the judge, and nobody confirmed "
                "one. Feedback on errors alone makes a judge look worse than it is: collect approvals or high ratings "
                "of good verdicts too.",
            )
        )
    if summary.doubts:
        notices.append(
            Notice(
                "DOUBT_WITHOUT_DIRECTION",
                f"{summary.doubts} low ratings or refusals say that a verdict was wrong, not how. They count as doubt; "
                "corrections would teach more.",
            )
        )
    if summary.conflicts:
        notices.append(
            Notice(
                "CONFLICTING_FEEDBACK",
                f"On {summary.conflicts} scores two people are more than one step of the scale apart.",
            )
        )
    if summary.usable and summary.evaluations < FEW_GROUPS:
        notices.append(
            Notice(
                "FEW_ITEMS",
                f"The feedback is about {summary.evaluations} items only: just a large change could be proven.",
            )
        )
    return notices
