"""What a training job would do, before it is created."""

from typing import Self

import strawberry

from models.errors import DomainError, Refused
from resolvers.jobs import Preflight
from runner.preflight import Notice
from schema.documented import object_type
from schema.summary import FeedbackSummary
from schema.user_error import UserError, field_path, user_error, user_errors


@object_type
class TrainingWarning:
    """Something a training job can live with, but you may want to know or change."""

    code: str = strawberry.field(description="What kind of warning it is, for programs.")
    message: str = strawberry.field(description="What to know, in a sentence for people.")
    field: list[str] | None = strawberry.field(
        description="Which part of the mutation's `input` it is about, as a path; null when no single one."
    )

    @classmethod
    def of(cls, notice: Notice) -> Self:
        """The GraphQL view of a warning."""
        return cls(code=notice.code, message=notice.message, field=field_path(notice.field or ()))


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
            "The smallest change of the mean absolute error that so much feedback could prove, as a share (0 to 1) of "
            "the range: with more feedback it gets smaller. Null when there is too little to tell."
        )
    )
    conflict_count: int = strawberry.field(
        description="How many scores people disagree about by more than a step of the scale, on the same evaluation."
    )

    @classmethod
    def refused(cls, refusal: Refused | DomainError) -> Self:
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
        )

    @classmethod
    def of(cls, preflight: Preflight) -> Self:
        """The GraphQL view of a dry run."""
        figures, judge_pk = preflight.summary, preflight.judge_pk
        return cls(
            feedback_summary=None if figures is None or judge_pk is None else FeedbackSummary.of(figures, judge_pk),
            ready=not preflight.errors,
            user_errors=[user_error(error) for error in preflight.errors],
            warnings=[TrainingWarning.of(notice) for notice in preflight.warnings],
            estimated_duration=preflight.estimated_minutes,
            estimated_seconds=preflight.estimated_seconds,
            detectable_mae_change=preflight.detectable_mae_change,
            conflict_count=preflight.conflict_count,
        )
