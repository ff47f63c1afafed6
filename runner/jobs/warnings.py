"""Non-blocking warnings about a job, shown by the preflight and written to its log."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.feedback import Summary
from models.job import TrainingType
from models.job_codes import WarningCode
from models.judge import Criterion, JudgeVersion
from models.specs.training_jobs import TrainingSpec
from runner.jobs.detectable_effect import count_measured_groups
from runner.jobs.feedback_quality import FeedbackAssessment

MIN_SAMPLE = 10
"""Labels, items or groups below which the sample is too small for any other warning."""
MIN_CONFIRMED_SHARE = 0.05
"""Share of confirmed scores below which the feedback seems to cover only the judge's errors."""
MAX_EQUAL_LABELS_SHARE = 0.8
"""Share of equal labels from which a criterion is reported as imbalanced."""
MIN_RATER_AGREEMENT = 0.667
MAX_DOUBTED_EQUAL_SHARE = 0.95  # of raters' scores; from here up a low alpha only shows that nearly all are the same
"""Alpha below which not even tentative conclusions hold (Krippendorff, Content Analysis, 2004, section 11.4)."""


@dataclass(frozen=True, slots=True)
class TrainingWarning:
    """Non-blocking warning; ``field`` is the path of the input that it refers to."""

    code: WarningCode
    message: str
    field: tuple[str, ...] | None = None


def collect_warnings(
    spec: TrainingSpec,
    summary: Summary,
    quality: FeedbackAssessment,
    base: JudgeVersion | None,
    criteria: Sequence[Criterion],
) -> tuple[TrainingWarning, ...]:
    """Return all warnings about a job.

    Args:
        spec: the request.
        summary: counts of the feedback within the job's bounds.
        quality: assessment of that feedback.
        base: version that the job continues from; None for the judge's raw scores.
        criteria: the judge's criteria.
    """
    found = [
        *_warn_of_missing_base(spec, base),
        *_warn_of_small_sample(spec, summary),
        *_warn_of_rater_behaviour(summary, quality),
    ]
    return (*found, *_warn_of_labels(quality, criteria))


def _warn_of_missing_base(spec: TrainingSpec, base: JudgeVersion | None) -> Iterator[TrainingWarning]:
    effects = {
        TrainingType.INCREMENTAL: "this incremental job learns from all feedback",
        TrainingType.FINE_TUNE: "criteria that are not tuned keep the raw scores",
        TrainingType.VALIDATION: "this job measures the raw scores",
    }
    if base is None and spec.training_type in effects:
        yield TrainingWarning(WarningCode.NO_ACTIVE_VERSION, f"No version is active, so {effects[spec.training_type]}.")


def _warn_of_small_sample(spec: TrainingSpec, summary: Summary) -> Iterator[TrainingWarning]:
    if summary.usable and summary.evaluations < MIN_SAMPLE:
        yield TrainingWarning(
            WarningCode.FEW_ITEMS,
            f"The feedback is about {summary.evaluations} items only: just a large change could be proven.",
        )
    elif summary.spread is not None:
        split = spec.config.validation_split
        groups = count_measured_groups(summary.spread, split or 1.0)
        held = " only" if split is None else f", of which {groups} would be held out for the proof"
        if groups < MIN_SAMPLE:
            yield TrainingWarning(
                WarningCode.FEW_GROUPS,
                f"The corrected items come from {summary.spread.groups} groups{held}: just a large change could be "
                "proven. Feedback on items of other groups would help more.",
            )


def _warn_of_rater_behaviour(summary: Summary, quality: FeedbackAssessment) -> Iterator[TrainingWarning]:
    corrected, agreeing, confirmed = quality.corrected, quality.agreeing, quality.confirmed
    if corrected >= MIN_SAMPLE and agreeing + confirmed < MIN_CONFIRMED_SHARE * (corrected + confirmed):
        besides = f"{confirmed:,} more were confirmed" if confirmed else "nobody confirmed one"
        yield TrainingWarning(
            WarningCode.ONLY_ERRORS,
            f"{'None' if not agreeing else f'Only {agreeing:,}'} of {corrected:,} corrected scores "
            f"({agreeing / corrected:.0%}) agree with the judge, and {besides}. Feedback on errors alone makes a judge "
            "look worse than it is and proves nothing: a version is not deployed on it. Collect approvals or high "
            "ratings of good verdicts too, or review all scores of a random sample.",
        )
    if summary.doubts:
        yield TrainingWarning(
            WarningCode.DOUBT_WITHOUT_DIRECTION,
            f"{summary.doubts} low ratings or rejections report a wrong verdict without the right score. They count as "
            "doubt; corrections would help more.",
        )
    if summary.conflicts:
        yield TrainingWarning(
            WarningCode.CONFLICTING_FEEDBACK,
            f"On {summary.conflicts} scores two people are more than one step of the scale apart.",
        )
    alpha, equal = summary.rater_agreement, summary.agreement.equal_share
    if alpha is not None and alpha < MIN_RATER_AGREEMENT and (equal is None or equal < MAX_DOUBTED_EQUAL_SHARE):
        yield TrainingWarning(
            WarningCode.LOW_AGREEMENT,
            f"People agree little with each other (Krippendorff's alpha {alpha:.2f}, wanted "
            f"{MIN_RATER_AGREEMENT:g} or more): a single person's score says little, so that a proof needs "
            "more feedback. Clearer criteria help.",
        )


def _warn_of_labels(quality: FeedbackAssessment, criteria: Sequence[Criterion]) -> Iterator[TrainingWarning]:
    scope = "" if quality.whole else f", of the newest {quality.examined:,} items of feedback"
    if quality.repeated:
        yield TrainingWarning(
            WarningCode.DUPLICATE_FEEDBACK,
            f"{quality.repeated:,} scores or verdicts were given again by the same person{scope}; only the latest "
            "of each counts.",
        )
    if quality.copies:
        yield TrainingWarning(
            WarningCode.DUPLICATE_ITEMS,
            f"{quality.copies:,} evaluations have the same input and output as another one. Copies count as one group, "
            "whatever their groups are: feedback on different items would prove more.",
        )
    for balance in quality.balance:
        criterion, share = criteria[balance.ordinal], balance.count / balance.labels
        if balance.labels >= MIN_SAMPLE and share >= MAX_EQUAL_LABELS_SHARE:
            yield TrainingWarning(
                WarningCode.CLASS_IMBALANCE,
                f"{share:.0%} of the {balance.labels:,} labels of {criterion.key} are {balance.commonest:g}"
                f"{scope}: there is little to learn about other scores. Feedback on other items would help more.",
            )
