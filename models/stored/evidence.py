"""Evidence of a training job: agreement with people before and after, with intervals.

The keys are those of ``trainer.evidence.report.Evidence``, except that criteria are named by their ids.
"""

from enum import StrEnum

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
    root_mean_squared_error: float | None = None  # of the expected score; missing in older evidence


class SelectionVerdict(StrEnum):
    """Conclusion of the test for selectively reported feedback. The values are stored in the evidence."""

    COMPLETE = "complete"
    NOT_FOUND = "not_found"
    UNCERTAIN = "uncertain"
    BIASED = "biased"


class AgreementWindow(msgspec.Struct, frozen=True):
    """Labels at most ``steps`` steps from the judge's score: their number, the expected number, and its z score."""

    steps: float
    observed: float
    expected: float
    z: float


class SelectionEvidence(msgspec.Struct, frozen=True):
    """Test of whether people reported mostly the judge's errors.

    ``coverage``: share (0 to 1) of the judge's scores with a label, from the first to the last reviewed evaluation;
    None if unknown.
    """

    verdict: SelectionVerdict
    label_count: int
    coverage: float | None
    windows: tuple[AgreementWindow, ...]


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
    squared_error_change: Interval | None = None  # missing in older evidence


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
    squared_error_change: Interval | None = None  # as a share of the squared range; missing in older evidence
    guard_change: Interval | None = None  # of the MAE, or of wrong verdicts on two levels; missing in older evidence
    selection: SelectionEvidence | None = None  # missing in older evidence
