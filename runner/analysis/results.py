"""Results of analyses, as the analysis process sends them. Lists of scores have one entry per criterion."""

import msgspec

CriterionScores = list[float | None]


class VersionScores(msgspec.Struct, frozen=True):
    """Scores of one item by one version; None for a criterion without a score."""

    point: CriterionScores
    expected: CriterionScores
    verdict: CriterionScores
    lower: CriterionScores
    upper: CriterionScores


class ChangedItem(msgspec.Struct, frozen=True):
    """Item on which the verdicts of two versions differ on ``flips`` criteria."""

    evaluation_id: str
    flips: int
    old: VersionScores
    new: VersionScores


class VerdictChange(msgspec.Struct, frozen=True):
    """Differences of the verdicts on one criterion: new minus old, in points of its scale."""

    ordinal: int
    compared: int
    raised: int
    lowered: int
    mean_change: float
    mean_absolute_change: float


class Comparison(msgspec.Struct, frozen=True):
    """Differences of two versions on the newest evaluations."""

    evaluations: int
    flipped: int
    criteria: list[VerdictChange]
    items: list[ChangedItem]


class Estimate(msgspec.Struct, frozen=True):
    """Estimate with its 95% interval."""

    estimate: float
    lower: float
    upper: float


class CurvePoint(msgspec.Struct, frozen=True):
    """Agreement with human scores after learning from ``labels`` labels; 0 labels: of the judge's raw scores."""

    labels: int
    mae: Estimate
    spearman: Estimate | None


class LearningCurveResult(msgspec.Struct, frozen=True):
    """Learning curve; ``labels`` is their number in the feedback that was used."""

    labels: int
    points: list[CurvePoint]


class SuggestedItem(msgspec.Struct, frozen=True):
    """Item that is worth a review; see ``trainer.active_learning.Suggestion``."""

    evaluation_id: str
    gain: float
    uncertainty: float
    novelty: float
    reason: str


class Suggestions(msgspec.Struct, frozen=True):
    """Items that are worth a review, best first."""

    items: list[SuggestedItem]
