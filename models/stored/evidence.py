"""Evidence of a training job: agreement with people before and after, with intervals.

The keys are those of ``trainer.evidence.report.Evidence``, except that criteria are named by their ids.
"""

import msgspec


class Interval(msgspec.Struct, frozen=True):
    """An estimate and its 95% interval."""

    estimate: float
    lower: float
    upper: float


class CalibrationPoint(msgspec.Struct, frozen=True):
    """One bin of the calibration curve: mean score and mean of people's scores, in points, and the number of items."""

    score: float
    people: float
    count: int


class ConfusionMatrix(msgspec.Struct, frozen=True):
    """Numbers of items by people's score (rows) and verdict (columns); ``levels`` in points."""

    levels: list[float]
    counts: list[list[int]]


class AgreementReport(msgspec.Struct, frozen=True):
    """Agreement of a set of scores with people's scores."""

    mean_absolute_error: float
    spearman: float | None
    quadratic_weighted_kappa: float | None
    exact_agreement: float
    within_one_agreement: float
    bias: float
    calibration_error: float | None
    calibration: tuple[CalibrationPoint, ...] = ()
    confusion: ConfusionMatrix | None = None


class UnseenSourcesEvidence(msgspec.Struct, frozen=True):
    """Agreement on items of sources and groups that were left out of learning."""

    raw: AgreementReport
    after: AgreementReport
    mae_change: Interval
    spearman_change: Interval | None
    source_count: int
    held_out_count: int


class CriterionEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """Evidence on one criterion, named by its id; errors and changes in points of its scale."""

    criterion: str
    raw: AgreementReport
    before: AgreementReport
    after: AgreementReport | None
    constant_baseline: AgreementReport | None = None  # missing in evidence made before it was measured
    rater_agreement: float | None = None  # missing in older evidence
    mae_change: Interval | None
    spearman_change: Interval | None
    improved: bool
    worsened: bool
    held_out_count: int


class TrainingEvidence(msgspec.Struct, frozen=True):
    """Means over criteria (errors as shares of the range), and the evidence on each criterion."""

    raw: AgreementReport
    before: AgreementReport
    after: AgreementReport | None
    constant_baseline: AgreementReport
    mae_change: Interval | None
    spearman_change: Interval | None
    improved: bool
    held_out_count: int
    group_count: int
    method: str
    criteria: tuple[CriterionEvidence, ...]
    rater_agreement: float | None = None  # missing in older evidence
    unseen_sources: UnseenSourcesEvidence | None = None  # missing in older evidence
