"""The proof a training job leaves: how well scores agree with people's, before and after."""

from typing import Self

import strawberry

from models.stored import evidence as stored
from models.stored.json_column import Stored
from schema.decorators import field, object_type
from schema.info import Info
from schema.types.criterion import Criterion

_HELD_OUT = "items on a criterion, not learned from; where several people scored one, their mean counts once"


@object_type
class Interval:
    """An estimated figure with its 95 % confidence interval: a paired bootstrap over groups of related items.

    It is never narrower than Student's t on as many groups; of a single group it is all that is possible.
    """

    estimate: float = strawberry.field(description="The figure as measured.")
    lower: float = strawberry.field(description="The lower end of the interval.")
    upper: float = strawberry.field(description="The upper end of the interval.")

    @classmethod
    def of(cls, content: stored.Interval | None) -> Self | None:
        """The GraphQL view of a stored interval."""
        if content is None:
            return None
        return cls(estimate=content.estimate, lower=content.lower, upper=content.upper)


@object_type
class CalibrationPoint:
    """Items that got about the same score: what that score was, and what people gave them, on average."""

    score: float = strawberry.field(description="The mean of the scores, in points of the scale.")
    people: float = strawberry.field(description="The mean of people's scores for the same items, in points.")
    count: int = strawberry.field(description="How many items that is.")


@object_type
class ConfusionMatrix:
    """How often people gave one score where the verdict was another, on at most 21 levels.

    A scale finer than 20 steps is put on 20 equal ones. Where several people scored an item, their mean counts.
    """

    levels: list[float] = strawberry.field(description="The scores that rows and columns stand for, rising, in points.")
    counts: list[list[int]] = strawberry.field(
        description=(
            "How many items: a row for each of `levels` that people gave, in it a column for each that was the "
            "verdict. What agrees lies on the diagonal."
        )
    )


@object_type
class AgreementReport:
    """How well a set of scores agrees with what people said.

    On a single criterion, errors are in points of its scale. In a report over all criteria every figure is the mean
    over the criteria, and `meanAbsoluteError`, `bias` and `calibrationError` are shares of each criterion's range: 0.1
    is a tenth of the scale.
    """

    mean_absolute_error: float = strawberry.field(
        description=(
            "How far the scores are from people's (the mean, where several scored an item) on average, in either "
            "direction; 0 is perfect."
        )
    )
    spearman: float | None = strawberry.field(
        description=(
            "How well the scores put items in the same order as people do: rank correlation from -1 to 1. Null where "
            "it is not defined, as when all scores are the same."
        )
    )
    quadratic_weighted_kappa: float | None = strawberry.field(
        description=(
            "Agreement of the verdicts beyond chance, misses counting by their square (Cohen's weighted kappa), on the "
            "grid of the scale, or on 20 steps where that is finer: 1 is perfect, 0 is chance. Null where it is not "
            "defined."
        )
    )
    exact_agreement: float = strawberry.field(
        description="Share (0 to 1) of the scores that, put on the grid, are exactly the person's."
    )
    within_one_agreement: float = strawberry.field(
        description=(
            "Share (0 to 1) of the scores that, put on the grid, are at most one step from the person's; on scales of "
            "more than 20 steps, at most a tenth of the range."
        )
    )
    bias: float = strawberry.field(
        description="How far the scores are above (positive) or below (negative) people's on average."
    )
    calibration_error: float | None = strawberry.field(
        description=(
            "How far scores can be taken at their word: among items with about the same score, how far that score is "
            "from what people give on average; 0 is perfect. A mean over up to 10 bins of equally many items, weighted "
            "by their count. Null where it is not defined."
        )
    )
    calibration: list[CalibrationPoint] = strawberry.field(
        description=(
            "The curve behind `calibrationError`: up to 10 bins of equally many items, by rising score. Empty in a "
            "report over all criteria, and in proofs made before there was one."
        )
    )
    confusion: ConfusionMatrix | None = strawberry.field(
        description=(
            "People's scores against the verdicts, counted. Null in a report over all criteria, and in proofs made "
            "before there was one."
        )
    )

    @classmethod
    def of(cls, content: stored.AgreementReport) -> Self:
        """The GraphQL view of a stored report."""
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
                CalibrationPoint(score=point.score, people=point.people, count=point.count)
                for point in content.calibration
            ],
            confusion=None if confusion is None else ConfusionMatrix(levels=confusion.levels, counts=confusion.counts),
        )

    @classmethod
    def maybe(cls, content: stored.AgreementReport | None) -> Self | None:
        """The same where there may be none."""
        return None if content is None else cls.of(content)


@object_type
class UnseenSourcesEvidence:
    """How the same way of learning does on items of sources, and of groups, that it learned nothing from.

    Sources are who or what wrote the items. What scores gain by being calibrated mostly holds for unseen writers; what
    they gain in ranking by the texts often does not. Means over the criteria, as in `TrainingEvidence`.
    """

    raw: AgreementReport = strawberry.field(description="How the judge's own scores do on these items.")
    after: AgreementReport = strawberry.field(
        description="How scores do that were learned without the items' sources and groups."
    )
    mae_change: Interval = strawberry.field(
        description="`after` minus `raw` of the mean absolute error, as a share of the range: below 0 is better."
    )
    spearman_change: Interval | None = strawberry.field(
        description="`after` minus `raw` of the rank correlation: above 0 is better. Null when it is not defined."
    )
    source_count: int = strawberry.field(description="How many sources the feedback is about.")
    held_out_count: int = strawberry.field(description=f"How many scores it was measured on: {_HELD_OUT}.")

    @classmethod
    def of(cls, content: stored.UnseenSourcesEvidence | None) -> Self | None:
        """The GraphQL view of stored figures."""
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


_CEILING = (
    "How far people agree among themselves: Krippendorff's alpha for ordered scores, 1 for perfect agreement, 0 for "
    "chance; a ceiling for any judge. Null where no item was scored by several people."
)


@object_type
class CriterionEvidence:
    """The proof for one criterion; errors and changes are in points of its scale."""

    criterion: Criterion = strawberry.field(description="What was measured.")
    raw: AgreementReport = strawberry.field(description="How the judge's own scores did.")
    before: AgreementReport = strawberry.field(
        description="How the scores did that were in use before, measured on feedback they had not learned from."
    )
    after: AgreementReport | None = strawberry.field(
        description="How the new version's scores did; for a `VALIDATION`, the active version's."
    )
    constant_baseline: AgreementReport | None = strawberry.field(
        description="How always giving the median of people's scores did. Null in proofs made before it was measured."
    )
    rater_agreement: float | None = strawberry.field(description=_CEILING)
    mae_change: Interval | None = strawberry.field(
        description="`after` minus `before` of the mean absolute error: below 0 is better. Null when not comparable."
    )
    spearman_change: Interval | None = strawberry.field(
        description="`after` minus `before` of the rank correlation: above 0 is better. Null when not comparable."
    )
    improved: bool = strawberry.field(
        description="Whether it is proven better, allowing for several criteria being tested at once (Holm)."
    )
    worsened: bool = strawberry.field(
        description="Whether it is proven worse, allowing for several criteria being tested at once (Holm)."
    )
    held_out_count: int = strawberry.field(description=f"How many scores it was measured on: {_HELD_OUT}.")

    @classmethod
    def of(cls, content: stored.CriterionEvidence, criterion: Criterion) -> Self:
        """The GraphQL view of one criterion's stored proof."""
        return cls(
            criterion=criterion,
            raw=AgreementReport.of(content.raw),
            before=AgreementReport.of(content.before),
            after=AgreementReport.maybe(content.after),
            constant_baseline=AgreementReport.maybe(content.constant_baseline),
            rater_agreement=content.rater_agreement,
            mae_change=Interval.of(content.mae_change),
            spearman_change=Interval.of(content.spearman_change),
            improved=content.improved,
            worsened=content.worsened,
            held_out_count=content.held_out_count,
        )


@object_type
class TrainingEvidence:
    """The proof of what a training did, measured only on feedback that the scores had not learned from.

    All reports here are means over the criteria; `criteria` has them one by one.
    """

    raw: AgreementReport = strawberry.field(description="How the judge's own scores do.")
    before: AgreementReport = strawberry.field(
        description=(
            "How the scores do that were in use: the active version, on feedback it never saw, or where there is too "
            "little of that, its recipe refitted out of fold. The same as `raw` when no version was active."
        )
    )
    after: AgreementReport | None = strawberry.field(
        description="How the new version does; for a `VALIDATION`, the active version. Null when there is none."
    )
    constant_baseline: AgreementReport = strawberry.field(
        description=(
            "How it would do to ignore the judge and always give the median of people's scores: scores that do no "
            "better say nothing about the single item."
        )
    )
    mae_change: Interval | None = strawberry.field(
        description=(
            "`after` minus `before` of the mean absolute error, as a share of the range: below 0 is better. Null when "
            "there is nothing to compare."
        )
    )
    spearman_change: Interval | None = strawberry.field(
        description=(
            "`after` minus `before` of the rank correlation: above 0 is better. Null when there is nothing to compare."
        )
    )
    improved: bool = strawberry.field(
        description=(
            "Whether the version is proven better: the whole 95 % interval of `maeChange` lies below 0. What "
            "`autoDeploy` and `deployJudgeVersion` go by."
        )
    )
    held_out_count: int = strawberry.field(description=f"How many scores the proof rests on: {_HELD_OUT}.")
    group_count: int = strawberry.field(
        description="How many groups of related items they come from; the bootstrap draws whole groups."
    )
    method: str = strawberry.field(
        description="How the proof came about, such as by folds or by a held-out share, in words for people."
    )
    rater_agreement: float | None = strawberry.field(description=_CEILING)
    unseen_sources: UnseenSourcesEvidence | None = strawberry.field(
        description=(
            "The same for sources unseen in learning. Null where the feedback names fewer than two sources, where "
            "there is too little of it, and for versions that go on from another one, which had seen them."
        )
    )
    judge_pk: strawberry.Private[int]
    by_criterion: strawberry.Private[tuple[stored.CriterionEvidence, ...]]

    @field
    async def criteria(self, info: Info) -> list[CriterionEvidence]:
        """The proof criterion by criterion, for those criteria that have labels to measure on."""
        criteria = {c.id: c for c in await info.context.loaders.criteria.load(self.judge_pk)}
        return [
            CriterionEvidence.of(content, Criterion.of(criteria[content.criterion])) for content in self.by_criterion
        ]

    @classmethod
    def of(cls, stored_evidence: Stored[stored.TrainingEvidence] | None, judge_pk: int) -> Self | None:
        """The GraphQL view of a stored proof."""
        if stored_evidence is None:
            return None
        content = stored_evidence.value
        return cls(
            raw=AgreementReport.of(content.raw),
            before=AgreementReport.of(content.before),
            after=AgreementReport.maybe(content.after),
            constant_baseline=AgreementReport.of(content.constant_baseline),
            mae_change=Interval.of(content.mae_change),
            spearman_change=Interval.of(content.spearman_change),
            improved=content.improved,
            held_out_count=content.held_out_count,
            group_count=content.group_count,
            method=content.method,
            rater_agreement=content.rater_agreement,
            unseen_sources=UnseenSourcesEvidence.of(content.unseen_sources),
            judge_pk=judge_pk,
            by_criterion=content.criteria,
        )
