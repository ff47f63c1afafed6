"""What feedback there is to learn from, in figures."""

from datetime import datetime
from typing import Annotated, Self

import strawberry
from strawberry import ID

from models.feedback import CriterionShift, Summary
from schema.criterion import Criterion
from schema.documented import field, object_type
from schema.info import Info

Since = Annotated[
    datetime | None,
    strawberry.argument(description="Count only feedback given at or after this moment. Left out: from the beginning."),
]
Until = Annotated[
    datetime | None,
    strawberry.argument(description="Count only feedback given before this moment. Left out: up to now."),
]
TargetCriteria = Annotated[
    list[ID] | None,
    strawberry.argument(
        description=(
            "Count only corrections that touch one of these criteria, named by id or key; other types of feedback are "
            "counted as they are. Left out: all criteria."
        )
    ),
]


@object_type
class DateRange:
    """From when to when feedback was given."""

    earliest: datetime | None = strawberry.field(description="When the first item was given; null when there is none.")
    latest: datetime | None = strawberry.field(description="When the last item was given; null when there is none.")


@object_type
class CriterionFeedback:
    """How people's corrections of one criterion differ from the judge. A shift is person minus judge, in points."""

    criterion: Criterion = strawberry.field(description="The criterion that was corrected.")
    correction_count: int = strawberry.field(description="How many corrections give a score for it.")
    mean_shift: float | None = strawberry.field(
        description=(
            "How far people move the score on average: above 0, they find the judge too low; below 0, too high. Null "
            "where there is nothing to compare."
        )
    )
    mean_absolute_shift: float | None = strawberry.field(
        description=(
            "How far people move the score on average, in either direction. Null where there is nothing to compare."
        )
    )

    @classmethod
    def of(cls, shift: CriterionShift, criterion: Criterion) -> Self:
        """The GraphQL view of one criterion's figures."""
        return cls(
            criterion=criterion,
            correction_count=shift.correction_count,
            mean_shift=shift.mean_shift,
            mean_absolute_shift=shift.mean_absolute_shift,
        )


@object_type
class FeedbackSummary:
    """What feedback a judge has to learn from, within the bounds that were asked for.

    A training job created with the same bounds would start from the same figures. Retracted feedback is not counted.
    """

    total_feedback_count: int = strawberry.field(description="How many items of feedback there are, of all types.")
    correction_count: int = strawberry.field(description="How many of them are corrections.")
    rating_count: int = strawberry.field(description="How many of them are ratings.")
    approval_count: int = strawberry.field(description="How many of them are approvals, given or refused.")
    comment_count: int = strawberry.field(description="How many of them are comments without anything else.")
    usable_count: int = strawberry.field(
        description=(
            "How many of them a judge can learn from: corrections, ratings of 4 or 5 and approvals that say yes. Of "
            "several corrections of one evaluation by the same person only the latest counts. This is the number that "
            "`minimumFeedbackCount` is compared with."
        )
    )
    date_range: DateRange = strawberry.field(description="When the first and the last of them were given.")
    evaluation_count: int = strawberry.field(description="How many different evaluations they are about.")
    rater_count: int = strawberry.field(description="How many different people gave them.")
    new_since_last_training: int = strawberry.field(
        description=(
            "How many usable items have come in since the newest version was made: what another training could add. "
            "Without a version, all usable items."
        )
    )
    rater_agreement: float | None = strawberry.field(
        description=(
            "How far people agree with each other: Krippendorff's alpha for ordinal scores. 1 is full agreement, 0 is "
            "what chance would give, below 0 is systematic disagreement; from about 0.67 on it is usually called good. "
            "No judge can agree with people better than they do with each other. Null when no item was scored by two "
            "people."
        )
    )
    judge_pk: strawberry.Private[int]
    shifts: strawberry.Private[tuple[CriterionShift, ...]]

    @field
    async def criteria(self, info: Info) -> list[CriterionFeedback]:
        """How people's corrections differ from the judge, criterion by criterion."""
        criteria = {c.ordinal: c for c in await info.context.loaders.criteria.load(self.judge_pk)}
        return [CriterionFeedback.of(shift, Criterion.of(criteria[shift.ordinal])) for shift in self.shifts]

    @classmethod
    def of(cls, summary: Summary, judge_pk: int) -> Self:
        """The GraphQL view of a judge's figures."""
        return cls(
            total_feedback_count=summary.total,
            correction_count=summary.corrections,
            rating_count=summary.ratings,
            approval_count=summary.approvals,
            comment_count=summary.comments,
            usable_count=summary.usable,
            date_range=DateRange(earliest=summary.earliest, latest=summary.latest),
            evaluation_count=summary.evaluations,
            rater_count=summary.raters,
            new_since_last_training=summary.new_since_last_training,
            rater_agreement=summary.rater_agreement,
            judge_pk=judge_pk,
            shifts=summary.criteria,
        )


def criteria_ids(target_criteria: list[ID] | None) -> tuple[str, ...] | None:
    """The criteria a caller named, as the resolvers take them."""
    return None if target_criteria is None else tuple(target_criteria)
