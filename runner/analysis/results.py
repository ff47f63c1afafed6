"""What is answered in a process of its own, as it comes over the wire. Arrays of scores are by the judge's criteria."""

import msgspec

CriterionScores = list[float | None]


class VersionScores(msgspec.Struct, frozen=True):
    """What one version says of one item, by criterion; None where there is nothing to say."""

    point: CriterionScores
    expected: CriterionScores
    verdict: CriterionScores
    lower: CriterionScores
    upper: CriterionScores


class ChangedItem(msgspec.Struct, frozen=True):
    """An item of which two versions give another verdict on ``flips`` criteria."""

    evaluation_id: str
    flips: int
    old: VersionScores
    new: VersionScores


class VerdictChange(msgspec.Struct, frozen=True):
    """How the verdicts on one criterion differ: new minus old, in points."""

    ordinal: int
    compared: int
    raised: int
    lowered: int
    mean_change: float
    mean_absolute_change: float


class Comparison(msgspec.Struct, frozen=True):
    """How two versions differ on the newest evaluations."""

    evaluations: int
    flipped: int
    criteria: list[VerdictChange]
    items: list[ChangedItem]


class Estimate(msgspec.Struct, frozen=True):
    """An estimate with its 95 % interval."""

    estimate: float
    lower: float
    upper: float


class CurvePoint(msgspec.Struct, frozen=True):
    """Agreement with people after learning from so many labels; with 0, the judge's own."""

    labels: int
    mae: Estimate
    spearman: Estimate | None


class LearningCurveResult(msgspec.Struct, frozen=True):
    """A learning curve; ``labels``: how many there are in the feedback that was looked at."""

    labels: int
    points: list[CurvePoint]


class SuggestedItem(msgspec.Struct, frozen=True):
    """An item worth a person's look; see ``trainer.active_learning.Suggestion``."""

    evaluation_id: str
    gain: float
    uncertainty: float
    novelty: float
    reason: str


class Suggestions(msgspec.Struct, frozen=True):
    """Items worth a person's look, best first."""

    items: list[SuggestedItem]
