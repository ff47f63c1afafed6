"""Evidence: the proof that a training job leaves, which compares scores with people's before and after."""

from typing import Any, Self

import strawberry

from models.proof_text import summarize_proof
from models.stored import evidence as stored
from models.stored.evidence import SelectionVerdict
from models.stored.json_column import Stored
from schema.decorators import deprecated_field, field, object_type
from schema.info import Info
from schema.types.criterion import Criterion

_HELD_OUT = (
    "The number of scores in the measurement: items on a criterion, not learned from. If several people scored an "
    "item, their mean counts once."
)


@object_type
class Interval:
    """An estimate with its 95% confidence interval from a paired bootstrap over groups of related items.

    The interval is never narrower than that of Student's t-test on as many groups. With a single group it covers all
    possible values.
    """

    estimate: float = strawberry.field(description="The measured value.")
    lower: float = strawberry.field(description="The lower end of the interval.")
    upper: float = strawberry.field(description="The upper end of the interval.")

    @classmethod
    def of(cls, content: stored.Interval | None) -> Self | None:
        """Return the GraphQL object of a stored interval."""
        if content is None:
            return None
        return cls(estimate=content.estimate, lower=content.lower, upper=content.upper)


@object_type
class CalibrationPoint:
    """A bin of items with similar scores: the mean of the scores and the mean of people's scores."""

    score: float = strawberry.field(description="The mean of the scores, in points of the scale.")
    human_score: float = strawberry.field(
        description="The mean of people's scores for the same items, in points of the scale."
    )
    count: int = strawberry.field(description="The number of items.")

    @deprecated_field("humanScore")
    def people(self) -> float:
        """The mean of people's scores for the same items, in points of the scale."""
        return self.human_score


@object_type
class ConfusionMatrix:
    """The number of items for each combination of people's score and verdict, on at most 21 levels.

    A scale with more than 20 steps is divided into 20 equal ones. If several people scored an item, their mean counts.
    """

    levels: list[float] = strawberry.field(
        description="The scores of the rows and columns in ascending order, in points of the scale."
    )
    counts: list[list[int]] = strawberry.field(
        description=(
            "The numbers of items: one row for each level that people gave, with one column for each level of the "
            "verdict. Agreement is on the diagonal."
        )
    )


@object_type
class AgreementReport:
    """Measures of how well a set of scores agrees with people's scores.

    For a single criterion, errors are in points of its scale. In a report over all criteria each number is the mean
    over the criteria, and `meanAbsoluteError`, `bias` and `calibrationError` are shares of each criterion's range: 0.1
    is a tenth of the scale.
    """

    mean_absolute_error: float = strawberry.field(
        description=(
            "The mean absolute difference between the scores and people's scores (their mean, if several people scored "
            "an item); 0 is perfect."
        )
    )
    spearman: float | None = strawberry.field(
        description=(
            "Spearman's rank correlation with people's scores, from -1 to 1: agreement on the order of items. Null if "
            "undefined, for example if all scores are equal."
        )
    )
    quadratic_weighted_kappa: float | None = strawberry.field(
        description=(
            "Cohen's kappa with quadratic weights: agreement of the verdicts beyond chance, on the points of the scale "
            "or on 20 steps of a finer scale. 1 is perfect, 0 is chance. Null if undefined."
        )
    )
    exact_agreement: float = strawberry.field(
        description="The share (0 to 1) of scores that equal the person's score when rounded to a point of the scale."
    )
    within_one_agreement: float = strawberry.field(
        description=(
            "The share (0 to 1) of scores that are at most one step from the person's score when rounded to a point of "
            "the scale; on scales of more than 20 steps, at most a tenth of the range."
        )
    )
    bias: float = strawberry.field(
        description="The mean difference between the scores and people's scores; positive if the scores are higher."
    )
    calibration_error: float | None = strawberry.field(
        description=(
            "The mean difference between scores and people's mean score among items with similar scores; 0 is perfect. "
            "Measured on up to 10 bins of equally many items, weighted by their counts. Null if undefined."
        )
    )
    calibration: list[CalibrationPoint] = strawberry.field(
        description=(
            "The curve behind `calibrationError`: up to 10 bins of equally many items in ascending order of the score. "
            "Empty in a report over all criteria and in evidence from before it was measured."
        )
    )
    root_mean_squared_error: float | None = strawberry.field(
        description=(
            "The typical error: the root of the mean squared difference between the expected score and people's "
            "scores; 0 is perfect. On a scale of two levels its square is the Brier score. Null in evidence from "
            "before it was measured."
        )
    )
    confusion: ConfusionMatrix | None = strawberry.field(
        description=(
            "The confusion matrix of people's scores and verdicts. Null in a report over all criteria and in evidence "
            "from before it was measured."
        )
    )

    @classmethod
    def of(cls, content: stored.AgreementReport) -> Self:
        """Return the GraphQL object of a stored report."""
        confusion = content.confusion
        return cls(
            mean_absolute_error=content.mean_absolute_error,
            spearman=content.spearman,
            quadratic_weighted_kappa=content.quadratic_weighted_kappa,
            exact_agreement=content.exact_agreement,
            within_one_agreement=content.within_one_agreement,
            bias=content.bias,
            calibration_error=content.calibration_error,
            calibration=[
                CalibrationPoint(score=point.score, human_score=point.people, count=point.count)
                for point in content.calibration
            ],
            root_mean_squared_error=content.root_mean_squared_error,
            confusion=None if confusion is None else ConfusionMatrix(levels=confusion.levels, counts=confusion.counts),
        )

    @classmethod
    def of_optional(cls, content: stored.AgreementReport | None) -> Self | None:
        """Return the GraphQL object of a stored report that may be missing."""
        return None if content is None else cls.of(content)


@object_type
class UnseenSourcesEvidence:
    """Evidence on items of sources and groups that were excluded from learning.

    A source is the author of items. The gain of calibration mostly holds for unseen authors; the gain in ranking by
    texts often does not. The numbers are means over the criteria, as in `TrainingEvidence`.
    """

    raw: AgreementReport = strawberry.field(description="Agreement of the judge's raw scores on these items.")
    after: AgreementReport = strawberry.field(
        description="Agreement of scores that were learned without the items' sources and groups."
    )
    mae_change: Interval = strawberry.field(
        description="`after` minus `raw` of the mean absolute error, as a share of the range; below 0 is better."
    )
    spearman_change: Interval | None = strawberry.field(
        description="`after` minus `raw` of the rank correlation; above 0 is better. Null if undefined."
    )
    source_count: int = strawberry.field(description="The number of sources in the feedback.")
    held_out_count: int = strawberry.field(description=_HELD_OUT)

    @classmethod
    def of(cls, content: stored.UnseenSourcesEvidence | None) -> Self | None:
        """Return the GraphQL object of stored evidence on unseen sources."""
        if content is None:
            return None
        change = Interval.of(content.mae_change)
        assert change is not None
        return cls(
            raw=AgreementReport.of(content.raw),
            after=AgreementReport.of(content.after),
            mae_change=change,
            spearman_change=Interval.of(content.spearman_change),
            source_count=content.source_count,
            held_out_count=content.held_out_count,
        )


@object_type
class AgreementWindow:
    """A count of labels that are close to the score that people were shown."""

    steps: float = strawberry.field(description="The distance in steps of the scale up to which a label counts.")
    observed: float = strawberry.field(description="The number of labels within this distance.")
    expected: float = strawberry.field(
        description="The number that a calibrated judge would have, whether it is good or bad."
    )
    z: float = strawberry.field(
        description="The difference in standard errors. Below -2.58, far fewer labels agree than expected."
    )


@object_type
class FeedbackSelection:
    """A test of whether people reported mostly the judge's errors.

    Such feedback makes any judge look bad, and a version that is worse may seem better on it.
    """

    verdict: SelectionVerdict = strawberry.field(description="The conclusion.")
    label_count: int = strawberry.field(description="The number of labels in the test.")
    coverage: float | None = strawberry.field(
        description=(
            "The share (0 to 1) of the judge's scores that have a label, among the evaluations from the first to the "
            "last reviewed one. From 0.9 on nothing can have been selected. Null if unknown."
        )
    )
    windows: list[AgreementWindow] = strawberry.field(
        description="The counts within half a step and within one and a half steps."
    )

    @classmethod
    def of(cls, content: stored.SelectionEvidence | None) -> Self | None:
        """Return the GraphQL object of a stored test."""
        if content is None:
            return None
        windows = [
            AgreementWindow(steps=w.steps, observed=w.observed, expected=w.expected, z=w.z) for w in content.windows
        ]
        return cls(verdict=content.verdict, label_count=content.label_count, coverage=content.coverage, windows=windows)


@object_type
class _Comparison:
    """The fields that the evidence of a training and of each of its criteria share."""

    raw: AgreementReport = strawberry.field(description="Agreement of the judge's raw scores.")
    before: AgreementReport = strawberry.field(
        description=(
            "Agreement of the scores that were in use before, measured on feedback they had not learned from: the "
            "active version on feedback it never saw, or, if there is too little of that, its recipe refitted out of "
            "fold. Equal to `raw` if no version was active."
        )
    )
    after: AgreementReport | None = strawberry.field(
        description="Agreement of the new version, or of the active version for a `VALIDATION`; null if there is none."
    )
    mae_change: Interval | None = strawberry.field(
        description=(
            "`after` minus `before` of the mean absolute error, in the unit of the reports; below 0 is better. Null if "
            "there are fewer than 5 labels, or if they cannot be compared."
        )
    )
    squared_error_change: Interval | None = strawberry.field(
        description=(
            "`after` minus `before` of the mean squared error of the expected score, in the square of the unit of the "
            "reports; below 0 is better. Null if there are fewer than 5 labels, if they cannot be compared, and in "
            "evidence from before it was measured."
        )
    )
    spearman_change: Interval | None = strawberry.field(
        description=(
            "`after` minus `before` of the rank correlation; above 0 is better. Null if they cannot be compared."
        )
    )
    rater_agreement: float | None = strawberry.field(
        description=(
            "Agreement among people: Krippendorff's alpha for ordinal scores, 1 for perfect agreement, 0 for chance. "
            "It shows how far a single person's score can be trusted. A judge can agree better with the mean of "
            "several people than they agree with each other. Null if no item was scored by several people."
        )
    )
    held_out_count: int = strawberry.field(description=_HELD_OUT)

    # Any: keyword arguments of two classes.
    @staticmethod
    def shared_values(content: stored.CriterionEvidence | stored.TrainingEvidence) -> dict[str, Any]:
        """Return the values of the shared fields as keyword arguments, whose types differ by field."""
        return {
            "raw": AgreementReport.of(content.raw),
            "before": AgreementReport.of(content.before),
            "after": AgreementReport.of_optional(content.after),
            "mae_change": Interval.of(content.mae_change),
            "squared_error_change": Interval.of(content.squared_error_change),
            "spearman_change": Interval.of(content.spearman_change),
            "rater_agreement": content.rater_agreement,
            "held_out_count": content.held_out_count,
        }


@object_type
class CriterionEvidence(_Comparison):
    """The evidence for one criterion. Errors and changes are in points of its scale."""

    criterion: Criterion = strawberry.field(description="The criterion.")
    constant_baseline: AgreementReport | None = strawberry.field(
        description=(
            "Agreement of a constant score, the median of people's scores. Null in evidence from before it was "
            "measured."
        )
    )
    improved: bool = strawberry.field(
        description="True if the scores are proven better, corrected for testing several criteria (Holm)."
    )
    worsened: bool = strawberry.field(
        description="True if the scores are proven worse, corrected for testing several criteria (Holm)."
    )

    @classmethod
    def of(cls, content: stored.CriterionEvidence, criterion: Criterion) -> Self:
        """Return the GraphQL object of one criterion's stored evidence."""
        return cls(
            criterion=criterion,
            constant_baseline=AgreementReport.of_optional(content.constant_baseline),
            improved=content.improved,
            worsened=content.worsened,
            **cls.shared_values(content),
        )


@object_type
class TrainingEvidence(_Comparison):
    """The proof of a training's effect, measured only on feedback that the scores had not learned from.

    The reports are means over the criteria, and errors and changes are shares of the range; `criteria` has the reports
    of each criterion.
    """

    constant_baseline: AgreementReport = strawberry.field(
        description=(
            "Agreement of a constant score, the median of people's scores. Scores that do no better carry no "
            "information about a single item."
        )
    )
    improved: bool = strawberry.field(
        description=(
            "True if the version is proven better: the whole 95% interval of `squaredErrorChange` is below 0, that of "
            "`guardChange` is not above 0, and people did not report mostly the judge's errors. The deployment gate of "
            "`autoDeploy` and `deployJudgeVersion` requires it."
        )
    )
    guard_change: Interval | None = strawberry.field(
        description=(
            "The change that must not be proven above 0: that of the mean absolute error, or, on scales of two levels, "
            "of the share of wrong verdicts. Null if they cannot be compared, and in evidence from before it was "
            "measured."
        )
    )
    selection: FeedbackSelection | None = strawberry.field(
        description=(
            "The test of whether people reported mostly the judge's errors. Null in evidence from before it was made."
        )
    )
    summary: str = strawberry.field(description="The conclusion of the proof with its main figures, for people.")
    group_count: int = strawberry.field(
        description="The number of groups of related items in the measurement; the bootstrap draws whole groups."
    )
    method: str = strawberry.field(
        description="The method of the measurement, such as folds or a held-out share, as a text for people."
    )
    unseen_sources: UnseenSourcesEvidence | None = strawberry.field(
        description=(
            "Evidence for sources excluded from learning. Null if the feedback names fewer than two sources, if there "
            "is too little of it, and for versions that continue from another one, which had seen the sources."
        )
    )
    judge_pk: strawberry.Private[int]
    by_criterion: strawberry.Private[tuple[stored.CriterionEvidence, ...]]

    @field
    async def criteria(self, info: Info) -> list[CriterionEvidence]:
        """The evidence for each criterion that has labels."""
        criteria = {c.id: c for c in await info.context.loaders.criteria.load(self.judge_pk)}
        return [
            CriterionEvidence.of(content, Criterion.of(criteria[content.criterion])) for content in self.by_criterion
        ]

    @classmethod
    def of(cls, column: Stored[stored.TrainingEvidence] | None, judge_pk: int) -> Self | None:
        """Return the GraphQL object of stored evidence."""
        if column is None:
            return None
        content = column.value
        return cls(
            constant_baseline=AgreementReport.of(content.constant_baseline),
            improved=content.improved,
            group_count=content.group_count,
            method=content.method,
            guard_change=Interval.of(content.guard_change),
            selection=FeedbackSelection.of(content.selection),
            summary=summarize_proof(content),
            unseen_sources=UnseenSourcesEvidence.of(content.unseen_sources),
            judge_pk=judge_pk,
            by_criterion=content.criteria,
            **cls.shared_values(content),
        )
