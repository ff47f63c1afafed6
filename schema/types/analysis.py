"""Before you deploy, and before you collect more feedback: comparisons, learning curves, suggestions."""

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

OldVersion = Annotated[
    ID | None,
    strawberry.argument(
        name="from",
        description=(
            "The id of the version to start from; null: the judge's raw scores. Left out: the active version, or the "
            "raw scores where that is the one to compare with."
        ),
    ),
]
NewVersion = Annotated[
    ID | None,
    strawberry.argument(
        name="to",
        description=(
            "The id of the version to compare with it; null: the judge's raw scores. Left out: the newest candidate, "
            "or the active version where there is none."
        ),
    ),
]


def named(version_id: ID | None) -> VersionChoice:
    """Which version an argument means: leaving it out and null are two things."""
    return DEFAULT if version_id is strawberry.UNSET else version_id


@object_type
class CriterionComparison:
    """How the verdicts of two versions differ on one criterion."""

    criterion: Criterion = strawberry.field(description="What was scored.")
    compared_count: int = strawberry.field(description="How many verdicts were compared.")
    flipped_count: int = strawberry.field(description="How many of them differ: `raisedCount` and `loweredCount`.")
    flipped_share: float = strawberry.field(description="The same as a share (0 to 1) of those compared.")
    raised_count: int = strawberry.field(description="How many verdicts `to` puts higher than `from`.")
    lowered_count: int = strawberry.field(description="How many verdicts `to` puts lower than `from`.")
    mean_change: float = strawberry.field(
        description="By how many points of the scale `to` puts verdicts higher on average; negative: lower."
    )
    mean_absolute_change: float = strawberry.field(
        description="By how many points of the scale the verdicts differ on average, in either direction."
    )

    @classmethod
    def of(cls, difference: VerdictChange, criterion: Criterion) -> Self:
        """The GraphQL view of a difference."""
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
    """An evaluation of which two versions give different verdicts, with what each of them says."""

    evaluation: Evaluation = strawberry.field(description="What was judged.")
    flipped_count: int = strawberry.field(description="On how many criteria the verdicts differ: at least one.")
    from_scores: list[CriterionScore] = strawberry.field(
        description="What the version `from` says, with all of its numbers, as in the results of `evaluate`."
    )
    to_scores: list[CriterionScore] = strawberry.field(description="What the version `to` says.")

    @classmethod
    def of(cls, item: FlippedEvaluation) -> Self:
        """The GraphQL view of an evaluation that flips."""
        return cls(
            evaluation=Evaluation.of(item.evaluation),
            flipped_count=item.flips,
            from_scores=[CriterionScore.of(scored) for scored in item.old],
            to_scores=[CriterionScore.of(scored) for scored in item.new],
        )


@object_type
class VersionComparison:
    """What would change if one version scored in place of another, seen on the judge's newest evaluations.

    A verdict is a score put on the grid of its scale; it flips when the two versions give different ones. That tells
    how much would change, not whether it gets better: for that there is the version's `evidence`.
    """

    judge: Judge = strawberry.field(description="The judge whose scores the versions adjust.")
    from_version: JudgeVersion | None = strawberry.field(
        name="from", description="The version to start from; null: the judge's raw scores."
    )
    to_version: JudgeVersion | None = strawberry.field(
        name="to", description="The version compared with it; null: the judge's raw scores."
    )
    evaluation_count: int = strawberry.field(
        description=(
            "How many evaluations were compared: the newest 5,000, or all where there are fewer; also fewer where "
            "their texts are very long."
        )
    )
    flipped_evaluation_count: int = strawberry.field(
        description="On how many of them at least one criterion's verdict differs."
    )
    compared_count: int = strawberry.field(description="How many verdicts were compared, over all criteria.")
    flipped_count: int = strawberry.field(description="How many of these verdicts differ.")
    criteria: list[CriterionComparison] = strawberry.field(
        description="The same by criterion, for those on which the judge scored something."
    )
    items: list[ComparedEvaluation] = strawberry.field(
        description=(
            "The evaluations whose verdicts differ most, in shares of each criterion's range and by its weight; at "
            "most `first`. Those that do not differ are left out."
        )
    )

    @classmethod
    def of(cls, compared: ComparedVersions, criteria: list[Criterion]) -> Self:
        """The GraphQL view of a comparison."""
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
    """How well a version agrees with people after learning from part of the feedback."""

    label_count: int = strawberry.field(
        description="How many labels it learns from; 0: none, these are the judge's own scores."
    )
    mean_absolute_error: Interval = strawberry.field(
        description=(
            "How far its scores are from people's on average, out of fold, as a share (0 to 1) of the range, mean over "
            "criteria."
        )
    )
    spearman: Interval | None = strawberry.field(
        description=(
            "How well it puts items in the same order as people do, out of fold: rank correlation from -1 to 1, mean "
            "over criteria. Null where it is not defined."
        )
    )

    @classmethod
    def of(cls, point: CurvePoint) -> Self:
        """The GraphQL view of a point."""
        return cls(
            label_count=point.labels,
            mean_absolute_error=_interval(point.mae),
            spearman=None if point.spearman is None else _interval(point.spearman),
        )


@object_type
class LearningCurve:
    """How good a full retrain is with growing amounts of feedback: whether more of it is worth collecting.

    All points are measured on the same items, so neighbouring points differ more surely than their intervals suggest.
    """

    label_count: int = strawberry.field(
        description=(
            "How many labels there are in the judge's newest 20,000 items of feedback; of more than about 4,000, a "
            "random part is learned from."
        )
    )
    points: list[LearningCurvePoint] = strawberry.field(
        description="The points, by growing numbers of labels; empty while there are no labels."
    )

    @classmethod
    def of(cls, learning: LearningCurveResult) -> Self:
        """The GraphQL view of a curve."""
        return cls(label_count=learning.labels, points=[LearningCurvePoint.of(point) for point in learning.points])


@object_type
class EvaluationSuggestion:
    """An evaluation whose correction would teach much, and why."""

    evaluation: Evaluation = strawberry.field(description="What people should look at.")
    gain: float = strawberry.field(
        description=(
            "How much its labels are expected to teach: the share (0 to 1) by which they would lessen the doubt about "
            "all evaluations, given the suggestions before it. What the list is ordered by."
        )
    )
    uncertainty: float = strawberry.field(
        description=(
            "How hard a person's score of it is to foresee: its standard deviation as a share of the range, mean over "
            "criteria, 0 to 0.5."
        )
    )
    novelty: float = strawberry.field(
        description="How unlike it is to what people told about already: 1, nothing is known of its kind; 0, all is."
    )
    reason: str = strawberry.field(description="Why it is suggested, in a sentence for people.")

    @classmethod
    def of(cls, row: EvaluationRecord, item: SuggestedItem) -> Self:
        """The GraphQL view of a suggestion."""
        return cls(
            evaluation=Evaluation.of(row),
            gain=item.gain,
            uncertainty=item.uncertainty,
            novelty=item.novelty,
            reason=item.reason,
        )


def _interval(range_: Estimate) -> Interval:
    return Interval(estimate=range_.estimate, lower=range_.lower, upper=range_.upper)
