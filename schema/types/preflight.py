"""The preflight: the result of a dry run of ``createTrainingJob``."""

from typing import Self

import strawberry

from models.errors import DomainError, RequestRejected
from models.feedback import Summary
from models.job_codes import ExclusionReason, WarningCode
from resolvers.jobs import Preflight
from runner.jobs.feedback_quality import FeedbackAssessment, LabelBalance
from runner.jobs.warnings import TrainingWarning as WarningRecord
from schema.decorators import deprecated_field, field, object_type
from schema.info import Info
from schema.types.criterion import Criterion, load_criteria
from schema.types.feedback_summary import FeedbackSummary
from schema.types.user_error import UserError, field_path, to_user_error, to_user_errors


@object_type
class TrainingWarning:
    """A problem that does not stop a training job."""

    warning_code: WarningCode = strawberry.field(description="The kind of warning, for programs.")
    message: str = strawberry.field(description="A sentence for people about the problem.")
    field: list[str] | None = strawberry.field(
        description="The path from the mutation's `input` to the affected field; null if no single field is affected."
    )

    @deprecated_field("warningCode")
    def code(self) -> str:
        """The kind of warning, as a text."""
        return self.warning_code.value

    @classmethod
    def of(cls, warning: WarningRecord) -> Self:
        """Return the GraphQL object of a warning."""
        return cls(warning_code=warning.code, message=warning.message, field=field_path(warning.field or ()))


@object_type
class ExcludedFeedback:
    """The amount of feedback that is excluded from training for one reason."""

    reason: ExclusionReason = strawberry.field(description="The reason, for programs.")
    description: str = strawberry.field(description="A phrase for people: the feedback and the reason.")
    count: int = strawberry.field(description="The number of items, scores or verdicts.")


@object_type
class LeftOut:
    """The former type of `ExcludedFeedback`, with the reason as a text."""

    reason: str = strawberry.field(description="A phrase for people: the feedback and the reason for its exclusion.")
    count: int = strawberry.field(description="The number of items, scores or verdicts.")


@object_type
class CriterionBalance:
    """The distribution of one criterion's labels over its scale."""

    label_count: int = strawberry.field(description="The number of scores that people gave or confirmed.")
    commonest_score: float = strawberry.field(description="The most frequent score, as a point of the scale.")
    commonest_share: float = strawberry.field(
        description="The share (0 to 1) of that score. Near 1, there is little to learn about other scores."
    )
    judge_pk: strawberry.Private[int]
    ordinal: strawberry.Private[int]

    @field
    async def criterion(self, info: Info) -> Criterion:
        """The criterion."""
        return (await load_criteria(info, self.judge_pk))[self.ordinal]

    @classmethod
    def of(cls, balance: LabelBalance, judge_pk: int) -> Self:
        """Return the GraphQL object of a criterion's balance."""
        return cls(
            label_count=balance.labels,
            commonest_score=balance.commonest,
            commonest_share=balance.count / balance.labels,
            judge_pk=judge_pk,
            ordinal=balance.ordinal,
        )


@object_type
class FeedbackQuality:
    """Measures of the feedback that a job would learn from: possible biases and exclusions."""

    examined_count: int = strawberry.field(
        description="The number of examined items of feedback: all items, or the newest 5,000."
    )
    complete: bool = strawberry.field(description="True if all items were examined.")
    rater_agreement: float | None = strawberry.field(
        description=(
            "Agreement among people: Krippendorff's alpha for ordinal scores, 1 for perfect agreement, 0 for chance. "
            "Null if no evaluation has two raters."
        )
    )
    agreeing_share: float | None = strawberry.field(
        description=(
            "The share (0 to 1) of corrected scores that agree with the judge. Near 0, people seem to report only its "
            "errors, so that it looks worse than it is. Null without corrections."
        )
    )
    confirmed_count: int = strawberry.field(
        description="The number of scores that people confirmed with an approval or a high rating."
    )
    duplicate_count: int = strawberry.field(
        description="The number of scores and verdicts that the same person gave again; only the latest counts."
    )
    excluded_feedback: list[ExcludedFeedback] = strawberry.field(
        description=(
            "The feedback that is excluded from training, by reason. The job's log reports the same about all feedback."
        )
    )
    balance: list[CriterionBalance] = strawberry.field(
        description="The distribution of labels for each criterion that has labels."
    )

    @deprecated_field("excludedFeedback")
    def left_out(self) -> list[LeftOut]:
        """The feedback that is excluded from training, with the reason as a text."""
        return [LeftOut(reason=excluded.description, count=excluded.count) for excluded in self.excluded_feedback]

    @classmethod
    def of(cls, quality: FeedbackAssessment, figures: Summary, judge_pk: int) -> Self:
        """Return the GraphQL object of an assessment.

        Args:
            quality: The assessment of the newest feedback.
            figures: The judge's feedback summary.
            judge_pk: The primary key of the judge.
        """
        return cls(
            examined_count=quality.examined,
            complete=quality.whole,
            rater_agreement=figures.rater_agreement,
            agreeing_share=quality.agreeing_share,
            confirmed_count=quality.confirmed,
            duplicate_count=quality.repeated,
            excluded_feedback=[
                ExcludedFeedback(reason=reason, description=reason.value, count=count)
                for reason, count in quality.excluded.items()
            ],
            balance=[CriterionBalance.of(balance, judge_pk) for balance in quality.balance],
        )


@object_type
class TrainingPreflight:
    """The result of a dry run of `createTrainingJob` with the same input. Nothing is created."""

    feedback_summary: FeedbackSummary | None = strawberry.field(
        description=(
            "The feedback that the job would learn from; null if there is no such judge or the input is not valid."
        )
    )
    ready: bool = strawberry.field(description="True if the job could be created: there are no user errors.")
    user_errors: list[UserError] = strawberry.field(
        description="The reasons why the job cannot be created; empty if it can."
    )
    warnings: list[TrainingWarning] = strawberry.field(description="Problems that would not stop the job.")
    estimated_duration: int | None = strawberry.field(
        description=(
            "The expected duration in minutes, including the time in the queue; at least 1. Null if no estimate is "
            "possible."
        )
    )
    estimated_seconds: float | None = strawberry.field(
        description="The expected duration in seconds; null if no estimate is possible."
    )
    detectable_mae_change: float | None = strawberry.field(
        description=(
            "The smallest change of the mean absolute error that this amount of feedback could prove with a "
            "probability of 80%, as a share (0 to 1) of the range. More feedback, and above all more groups, make it "
            "smaller. The estimate is cautious: it assumes that changes vary as much as the judge's errors do. Null if "
            "there is too little feedback for an estimate."
        )
    )
    conflict_count: int = strawberry.field(
        description=(
            "The number of scores of the same evaluation on which people differ by more than one step of the scale."
        )
    )
    quality: FeedbackQuality | None = strawberry.field(
        description="The quality of that feedback; null if there is no such judge or the input is not valid."
    )

    @classmethod
    def rejected(cls, rejection: RequestRejected | DomainError) -> Self:
        """Return the preflight of an input that is not valid."""
        return cls(
            feedback_summary=None,
            ready=False,
            user_errors=to_user_errors(rejection),
            warnings=[],
            estimated_duration=None,
            estimated_seconds=None,
            detectable_mae_change=None,
            conflict_count=0,
            quality=None,
        )

    @classmethod
    def of(cls, preflight: Preflight) -> Self:
        """Return the GraphQL object of a dry run."""
        summary: FeedbackSummary | None = None
        quality: FeedbackQuality | None = None
        if preflight.summary is not None and preflight.judge_pk is not None:
            summary = FeedbackSummary.of(preflight.summary, preflight.judge_pk, preflight.bounds)
            quality = FeedbackQuality.of(preflight.quality, preflight.summary, preflight.judge_pk)
        return cls(
            feedback_summary=summary,
            ready=not preflight.errors,
            user_errors=[to_user_error(error) for error in preflight.errors],
            warnings=[TrainingWarning.of(warning) for warning in preflight.warnings],
            estimated_duration=preflight.estimated_minutes,
            estimated_seconds=preflight.estimated_seconds,
            detectable_mae_change=preflight.detectable_mae_change,
            conflict_count=preflight.conflict_count,
            quality=quality,
        )
