"""Analyses: comparisons of versions, learning curves and suggestions for review."""

from typing import Annotated, Self

import strawberry
from strawberry import ID

from models.evaluation import Evaluation as EvaluationRecord
from resolvers.analysis import DEFAULT, ComparedVersions, FlippedEvaluation, VersionChoice
from runner.analysis.results import CurvePoint, Estimate, LearningCurveResult, SuggestedItem, VerdictChange
from schema.decorators import object_type
from schema.types.criterion import Criterion, CriterionScore
from schema.types.evaluation import Evaluation
from schema.types.evidence import Interval
from schema.types.judge import Judge
from schema.types.judge_version import JudgeVersion

FromVersion = Annotated[
    ID | None,
    strawberry.argument(
        name="from",
        description=(
            "The id of the version to start from; null means the judge's raw scores. Default: the active version, or "
            "the raw scores if `to` is the active version."
        ),
    ),
]
ToVersion = Annotated[
    ID | None,
    strawberry.argument(
        name="to",
        description=(
            "The id of the version to compare; null means the judge's raw scores. Default: the newest candidate, or "
            "the active version if there is no candidate."
        ),
    ),
]


def to_version_choice(version_id: ID | None) -> VersionChoice:
    """Return the version that an argument means; an omitted argument differs from null."""
    return DEFAULT if version_id is strawberry.UNSET else version_id


@object_type
class CriterionComparison:
    """Differences between the verdicts of two versions on one criterion."""

    criterion: Criterion = strawberry.field(description="The criterion.")
    compared_count: int = strawberry.field(description="The number of compared verdicts.")
    flipped_count: int = strawberry.field(
        description="The number of verdicts that differ: the sum of `raisedCount` and `loweredCount`."
    )
    flipped_share: float = strawberry.field(description="The share (0 to 1) of verdicts that differ.")
    raised_count: int = strawberry.field(description="The number of verdicts that are higher in `to` than in `from`.")
    lowered_count: int = strawberry.field(description="The number of verdicts that are lower in `to` than in `from`.")
    mean_change: float = strawberry.field(
        description="The mean of the verdicts in `to` minus those in `from`, in points of the scale."
    )
    mean_absolute_change: float = strawberry.field(
        description="The mean absolute difference between the verdicts, in points of the scale."
    )

    @classmethod
    def of(cls, difference: VerdictChange, criterion: Criterion) -> Self:
        """Return the GraphQL object of a difference."""
        flipped = difference.raised + difference.lowered
        return cls(
            criterion=criterion,
            compared_count=difference.compared,
            flipped_count=flipped,
            flipped_share=flipped / difference.compared,
            raised_count=difference.raised,
            lowered_count=difference.lowered,
            mean_change=difference.mean_change,
            mean_absolute_change=difference.mean_absolute_change,
        )


@object_type
class ComparedEvaluation:
    """An evaluation with different verdicts by two versions."""

    evaluation: Evaluation = strawberry.field(description="The evaluation.")
    flipped_count: int = strawberry.field(description="The number of criteria with different verdicts; at least 1.")
    from_scores: list[CriterionScore] = strawberry.field(
        description="The scores of the version `from`, as in the results of `evaluate`."
    )
    to_scores: list[CriterionScore] = strawberry.field(
        description="The scores of the version `to`, as in the results of `evaluate`."
    )

    @classmethod
    def of(cls, item: FlippedEvaluation) -> Self:
        """Return the GraphQL object of an evaluation with different verdicts."""
        return cls(
            evaluation=Evaluation.of(item.evaluation),
            flipped_count=item.flips,
            from_scores=[CriterionScore.of(scored) for scored in item.old],
            to_scores=[CriterionScore.of(scored) for scored in item.new],
        )


@object_type
class VersionComparison:
    """A comparison of two versions on the judge's newest evaluations.

    A verdict is a score rounded to a point of the scale; it flips if the two versions give different verdicts. The
    comparison measures how much would change, not whether the change is an improvement; see the version's `evidence`.
    """

    judge: Judge = strawberry.field(description="The judge of both versions.")
    from_version: JudgeVersion | None = strawberry.field(
        name="from", description="The version to start from; null for the judge's raw scores."
    )
    to_version: JudgeVersion | None = strawberry.field(
        name="to", description="The version to compare; null for the judge's raw scores."
    )
    evaluation_count: int = strawberry.field(
        description=(
            "The number of compared evaluations: the newest 5,000, or fewer if the judge has fewer or their texts are "
            "very long."
        )
    )
    flipped_evaluation_count: int = strawberry.field(
        description="The number of evaluations with a different verdict on at least one criterion."
    )
    compared_count: int = strawberry.field(description="The number of compared verdicts on all criteria.")
    flipped_count: int = strawberry.field(description="The number of verdicts that differ on all criteria.")
    criteria: list[CriterionComparison] = strawberry.field(
        description="The comparison by criterion, for criteria on which the judge gave scores."
    )
    items: list[ComparedEvaluation] = strawberry.field(
        description=(
            "The evaluations with the largest differences, as weighted shares of each criterion's range; at most "
            "`first`. Evaluations without differences are omitted."
        )
    )

    @classmethod
    def of(cls, compared: ComparedVersions, criteria: list[Criterion]) -> Self:
        """Return the GraphQL object of a comparison."""
        differences = compared.comparison.criteria
        return cls(
            judge=Judge.of(compared.judge),
            from_version=None if compared.old is None else JudgeVersion.of(compared.old),
            to_version=None if compared.new is None else JudgeVersion.of(compared.new),
            evaluation_count=compared.comparison.evaluations,
            flipped_evaluation_count=compared.comparison.flipped,
            compared_count=sum(difference.compared for difference in differences),
            flipped_count=sum(difference.raised + difference.lowered for difference in differences),
            criteria=[CriterionComparison.of(d, criteria[d.ordinal]) for d in differences],
            items=[ComparedEvaluation.of(item) for item in compared.items],
        )


@object_type
class LearningCurvePoint:
    """The agreement with people after learning from part of the feedback."""

    label_count: int = strawberry.field(
        description="The number of labels that the version learned from; 0 for the judge's raw scores."
    )
    mean_absolute_error: Interval = strawberry.field(
        description=(
            "The mean absolute difference from people's scores, measured out of fold, as a share (0 to 1) of the "
            "range; mean over the criteria."
        )
    )
    spearman: Interval | None = strawberry.field(
        description=(
            "Spearman's rank correlation with people's scores, from -1 to 1, measured out of fold; mean over the "
            "criteria. Null if undefined."
        )
    )

    @classmethod
    def of(cls, point: CurvePoint) -> Self:
        """Return the GraphQL object of a point."""
        return cls(
            label_count=point.labels,
            mean_absolute_error=_to_interval(point.mae),
            spearman=None if point.spearman is None else _to_interval(point.spearman),
        )


@object_type
class LearningCurve:
    """The agreement of a full retrain with growing amounts of feedback. It shows whether more feedback would help.

    All points are measured on the same items, so that the difference between neighbouring points is more certain than
    their intervals suggest.
    """

    label_count: int = strawberry.field(
        description=(
            "The number of labels in the judge's newest 20,000 items of feedback. If there are more than about 4,000, "
            "a random part is used."
        )
    )
    points: list[LearningCurvePoint] = strawberry.field(
        description="The points in ascending order of the number of labels; empty if there are no labels."
    )

    @classmethod
    def of(cls, learning: LearningCurveResult) -> Self:
        """Return the GraphQL object of a curve."""
        return cls(label_count=learning.labels, points=[LearningCurvePoint.of(point) for point in learning.points])


@object_type
class EvaluationSuggestion:
    """An evaluation whose correction is expected to help the training."""

    evaluation: Evaluation = strawberry.field(description="The evaluation to review.")
    gain: float = strawberry.field(
        description=(
            "The expected gain of its labels: the share (0 to 1) by which they would reduce the uncertainty about all "
            "evaluations, given the suggestions before it. The list is sorted by it."
        )
    )
    uncertainty: float = strawberry.field(
        description=(
            "The uncertainty about a person's score: its standard deviation as a share of the range, mean over the "
            "criteria, 0 to 0.5."
        )
    )
    novelty: float = strawberry.field(
        description=(
            "The difference from the items with feedback: 1 if nothing is known about its kind, 0 if everything is."
        )
    )
    reason: str = strawberry.field(description="A sentence for people about the reason for the suggestion.")

    @classmethod
    def of(cls, row: EvaluationRecord, item: SuggestedItem) -> Self:
        """Return the GraphQL object of a suggestion."""
        return cls(
            evaluation=Evaluation.of(row),
            gain=item.gain,
            uncertainty=item.uncertainty,
            novelty=item.novelty,
            reason=item.reason,
        )


def _to_interval(estimate: Estimate) -> Interval:
    return Interval(estimate=estimate.estimate, lower=estimate.lower, upper=estimate.upper)
