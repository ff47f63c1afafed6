"""What a training job would do, before it is created."""

from typing import Self

import strawberry

from models.errors import DomainError, RequestRejected
from models.feedback import Summary
from resolvers.jobs import Preflight
from runner.jobs.feedback_quality import FeedbackAssessment, LabelBalance
from runner.jobs.warnings import TrainingWarning as WarningRecord
from schema.decorators import field, object_type
from schema.info import Info
from schema.types.criterion import Criterion
from schema.types.feedback_summary import FeedbackSummary
from schema.types.user_error import UserError, field_path, user_error, user_errors


@object_type
class TrainingWarning:
    """Something a training job can live with, but you may want to know or change."""

    code: str = strawberry.field(description="What kind of warning it is, for programs.")
    message: str = strawberry.field(description="What to know, in a sentence for people.")
    field: list[str] | None = strawberry.field(
        description="Which part of the mutation's `input` it is about, as a path; null when no single one."
    )

    @classmethod
    def of(cls, notice: WarningRecord) -> Self:
        """The GraphQL view of a warning."""
        return cls(code=notice.code, message=notice.message, field=field_path(notice.field or ()))


@object_type
class LeftOut:
    """Things in the feedback that nothing would be learned from, and why."""

    reason: str = strawberry.field(description="What they are and why nothing is learned from them, in words.")
    count: int = strawberry.field(description="How many there are.")


@object_type
class CriterionBalance:
    """How evenly the labels of one criterion are spread over its scale."""

    label_count: int = strawberry.field(description="How many scores people gave or found right.")
    commonest_score: float = strawberry.field(description="The score most of them say, on the scale's grid.")
    commonest_share: float = strawberry.field(
        description="Which share (0 to 1) of them says so. Near 1 there is little to learn about other scores."
    )
    judge_pk: strawberry.Private[int]
    ordinal: strawberry.Private[int]

    @field
    async def criterion(self, info: Info) -> Criterion:
        """What was scored."""
        return Criterion.of((await info.context.loaders.criteria.load(self.judge_pk))[self.ordinal])

    @classmethod
    def of(cls, balance: LabelBalance, judge_pk: int) -> Self:
        """The GraphQL view of a balance."""
        return cls(
            label_count=balance.labels,
            commonest_score=balance.commonest,
            commonest_share=balance.count / balance.labels,
            judge_pk=judge_pk,
            ordinal=balance.ordinal,
        )


@object_type
class FeedbackQuality:
    """How good the feedback is that a job would learn from: what may mislead it, and what it leaves out."""

    examined_count: int = strawberry.field(
        description="How many items of feedback these figures are about: all there are, or the newest 5,000."
    )
    complete: bool = strawberry.field(description="Whether these are all there are.")
    rater_agreement: float | None = strawberry.field(
        description=(
            "How far people agree with each other: Krippendorff's alpha for ordered scores, 1 at best, 0 for chance. "
            "Null when no evaluation has two raters."
        )
    )
    agreeing_share: float | None = strawberry.field(
        description=(
            "Share (0 to 1) of the corrected scores that agree with the judge. Near 0, people seem to tell of its "
            "errors alone, and it looks worse than it is. Null without corrections."
        )
    )
    confirmed_count: int = strawberry.field(
        description="How many scores people found right, by an approval or a high rating."
    )
    duplicate_count: int = strawberry.field(
        description="How many scores and verdicts the same person gave again; only the latest of each counts."
    )
    left_out: list[LeftOut] = strawberry.field(
        description="What nothing would be learned from, and why; the job's log tells the same of all its feedback."
    )
    balance: list[CriterionBalance] = strawberry.field(
        description="How evenly the labels are spread, criterion by criterion; those without labels are left out."
    )

    @classmethod
    def of(cls, quality: FeedbackAssessment, figures: Summary, judge_pk: int) -> Self:
        """The GraphQL view of what was found."""
        return cls(
            examined_count=quality.examined,
            complete=quality.whole,
            rater_agreement=figures.rater_agreement,
            agreeing_share=quality.agreeing_share,
            confirmed_count=quality.confirmed,
            duplicate_count=quality.repeated,
            left_out=[LeftOut(reason=why, count=n) for why, n in quality.excluded.items()],
            balance=[CriterionBalance.of(balance, judge_pk) for balance in quality.balance],
        )


@object_type
class TrainingPreflight:
    """What `createTrainingJob` would do with the same input. Nothing is created by looking."""

    feedback_summary: FeedbackSummary | None = strawberry.field(
        description=(
            "The feedback the job would learn from; null when there is no such judge or the input is not well-formed."
        )
    )
    ready: bool = strawberry.field(description="Whether the job could be created: there are no user errors.")
    user_errors: list[UserError] = strawberry.field(description="Why the job can't be created; empty when it can.")
    warnings: list[TrainingWarning] = strawberry.field(
        description="What the job could live with, but you may want to know."
    )
    estimated_duration: int | None = strawberry.field(
        description=(
            "How many minutes the job would take, waiting for its turn included: at least 1. Null when there is "
            "nothing to go by."
        )
    )
    estimated_seconds: float | None = strawberry.field(
        description="The same in seconds, and finer; null when there is nothing to go by."
    )
    detectable_mae_change: float | None = strawberry.field(
        description=(
            "The smallest change of the mean absolute error that so much feedback could prove four times out of five, "
            "as a share (0 to 1) of the range: more feedback, and above all more groups, make it smaller. A cautious "
            "guess: it takes changes to vary as much as the judge's errors do. Null when there is too little to tell."
        )
    )
    conflict_count: int = strawberry.field(
        description="How many scores people disagree about by more than a step of the scale, on the same evaluation."
    )
    quality: FeedbackQuality | None = strawberry.field(
        description="How good that feedback is. Null when there is no such judge or the input is not well-formed."
    )

    @classmethod
    def refused(cls, refusal: RequestRejected | DomainError) -> Self:
        """What there is to say of a request that is not well-formed."""
        return cls(
            feedback_summary=None,
            ready=False,
            user_errors=user_errors(refusal),
            warnings=[],
            estimated_duration=None,
            estimated_seconds=None,
            detectable_mae_change=None,
            conflict_count=0,
            quality=None,
        )

    @classmethod
    def of(cls, preflight: Preflight) -> Self:
        """The GraphQL view of a dry run."""
        summary: FeedbackSummary | None = None
        quality: FeedbackQuality | None = None
        if preflight.summary is not None and preflight.judge_pk is not None:
            summary = FeedbackSummary.of(preflight.summary, preflight.judge_pk, preflight.bounds)
            quality = FeedbackQuality.of(preflight.quality, preflight.summary, preflight.judge_pk)
        return cls(
            feedback_summary=summary,
            ready=not preflight.errors,
            user_errors=[user_error(error) for error in preflight.errors],
            warnings=[TrainingWarning.of(notice) for notice in preflight.warnings],
            estimated_duration=preflight.estimated_minutes,
            estimated_seconds=preflight.estimated_seconds,
            detectable_mae_change=preflight.detectable_mae_change,
            conflict_count=preflight.conflict_count,
            quality=quality,
        )
