"""Feedback summaries: counts and measures of the feedback that a judge can learn from."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date as calendar_date
from datetime import datetime
from typing import Annotated, Self

import strawberry
from strawberry import ID

from models.feedback import Agreement, CriterionShift, DayFigures, FeedbackBounds, FeedbackTotals, RaterCount, Summary
from resolvers import summary as summaries
from schema.decorators import deprecated_field, field, object_type
from schema.info import Info
from schema.types.connection import PAGE_SIZE, First, page_size
from schema.types.criterion import Criterion, load_criteria

UNBOUNDED = FeedbackBounds()

Since = Annotated[
    datetime | None,
    strawberry.argument(description="Count only feedback given at or after this moment. Default: no lower bound."),
]
Until = Annotated[
    datetime | None,
    strawberry.argument(description="Count only feedback given before this moment. Default: no upper bound."),
]
TargetCriteria = Annotated[
    list[ID] | None,
    strawberry.argument(
        description=(
            "Count only corrections of at least one of these criteria, by id or key; other types of feedback are "
            "counted regardless. Default: all criteria."
        )
    ),
]
TimeZone = Annotated[
    str | None,
    strawberry.argument(description="The time zone in which days begin, by its IANA name such as `Europe/Berlin`."),
]


@object_type
class DateRange:
    """The period in which feedback was given."""

    earliest: datetime | None = strawberry.field(description="The moment of the first item; null if there is none.")
    latest: datetime | None = strawberry.field(description="The moment of the last item; null if there is none.")


@object_type
class CriterionFeedback:
    """Differences between people's corrections and the judge on one criterion.

    A shift is the person's score minus the judge's, in points of the scale.
    """

    criterion: Criterion = strawberry.field(description="The criterion.")
    correction_count: int = strawberry.field(description="The number of corrections with a score for the criterion.")
    mean_shift: float | None = strawberry.field(
        description=(
            "The mean shift: above 0 if people find the judge's scores too low, below 0 if too high. Null if there is "
            "nothing to compare."
        )
    )
    mean_absolute_shift: float | None = strawberry.field(
        description="The mean absolute shift. Null if there is nothing to compare."
    )
    ordinal: strawberry.Private[int]
    agreement: strawberry.Private[Callable[[Info], Awaitable[Agreement]]]

    @field
    async def rater_agreement(self, info: Info) -> float | None:
        """Agreement among people on this criterion, measured like the summary's `raterAgreement`."""
        return dict((await self.agreement(info)).by_criterion).get(self.ordinal)

    @classmethod
    def of(cls, shift: CriterionShift, criterion: Criterion, agreement: Callable[[Info], Awaitable[Agreement]]) -> Self:
        """Return the GraphQL object of one criterion's figures.

        Args:
            shift: The figures.
            criterion: The criterion they are about.
            agreement: Returns the agreement of the summary, computed when it is first needed.
        """
        return cls(
            criterion=criterion,
            correction_count=shift.correction_count,
            mean_shift=shift.mean_shift,
            mean_absolute_shift=shift.mean_absolute_shift,
            agreement=agreement,
            ordinal=shift.ordinal,
        )


@object_type
class RaterFeedback:
    """The amount of feedback that one person gave."""

    submitted_by: str = strawberry.field(description="The person's name.")
    total_count: int = strawberry.field(description="The number of items of feedback of all types.")
    correction_count: int = strawberry.field(description="The number of corrections among them.")

    @classmethod
    def of(cls, count: RaterCount) -> Self:
        """Return the GraphQL object of one person's counts."""
        return cls(submitted_by=count.rater, total_count=count.total, correction_count=count.corrections)


@object_type
class DayCriterion:
    """Differences between one day's corrections and the judge on one criterion.

    A shift is the person's score minus the judge's, in points of the scale.
    """

    criterion: Criterion = strawberry.field(description="The criterion.")
    correction_count: int = strawberry.field(description="The number of corrections with a score for the criterion.")
    mean_shift: float | None = strawberry.field(description="The mean shift; null if there is nothing to compare.")

    @classmethod
    def of(cls, shift: CriterionShift, criterion: Criterion) -> Self:
        """Return the GraphQL object of one criterion's day."""
        return cls(criterion=criterion, correction_count=shift.correction_count, mean_shift=shift.mean_shift)


@object_type
class FeedbackSummary:
    """Counts and measures of a judge's feedback within the requested bounds.

    A training job created with the same bounds would start from the same numbers. Retracted feedback is not counted.
    """

    total_feedback_count: int = strawberry.field(description="The number of items of feedback of all types.")
    correction_count: int = strawberry.field(description="The number of corrections.")
    rating_count: int = strawberry.field(description="The number of ratings.")
    approval_count: int = strawberry.field(description="The number of approvals, both given and refused.")
    comment_count: int = strawberry.field(description="The number of items of type `COMMENT`.")
    usable_count: int = strawberry.field(
        description=(
            "The number of usable items: corrections, ratings of 4 or 5, and approvals that approve. If a person "
            "corrected an evaluation several times, only the latest correction counts. `minimumFeedbackCount` is "
            "compared with this number."
        )
    )
    date_range: DateRange = strawberry.field(description="The period in which the feedback was given.")
    rater_count: int = strawberry.field(description="The number of different people who gave it.")
    judge_pk: strawberry.Private[int]
    figures: strawberry.Private[FeedbackTotals]
    bounds: strawberry.Private[FeedbackBounds]
    agreement: strawberry.Private[asyncio.Future[Agreement] | None] = None

    @field
    async def new_usable_count(self, info: Info) -> int:
        """The number of usable items since the newest version was created: the gain of another training.

        All usable items if there is no version. Within `since` or `until` they are counted when you query the field,
        in a time that grows with the number of items since that version.
        """
        return await self._count_new(info)

    @deprecated_field("newUsableCount")
    async def new_since_last_training(self, info: Info) -> int:
        """The number of usable items since the newest version was created."""
        return await self._count_new(info)

    @field
    async def evaluation_count(self, info: Info) -> int:
        """The number of different evaluations with feedback.

        Within `since` or `until` they are counted when you query the field, in a time that grows with the feedback
        between them.
        """
        if isinstance(self.figures, Summary):
            return self.figures.evaluations
        return await summaries.count_evaluations(info.context, self.judge_pk, self.bounds)

    @field
    async def rater_agreement(self, info: Info) -> float | None:
        """Agreement among people: Krippendorff's alpha for ordinal scores, the mean over the criteria.

        1 is full agreement, 0 is chance, below 0 is systematic disagreement; about 0.67 or more is usually considered
        good. No judge can agree with people better than they do among themselves. Null if no item was scored by two
        people. The value is exact: it uses each person's latest score of all items that at least two people scored.
        Without `since` and `until` it is maintained as feedback arrives; within them it is computed when you query the
        field, in a time that grows with the corrections between them.
        """
        return (await self._agreement(info)).mean

    @field
    async def raters(self, info: Info, first: First = PAGE_SIZE) -> list[RaterFeedback]:
        """The people who gave most feedback, in descending order; `raterCount` is the number of all people."""
        counts = await summaries.list_raters(info.context, self.judge_pk, self.bounds, page_size(first))
        return [RaterFeedback.of(count) for count in counts]

    @field
    async def criteria(self, info: Info) -> list[CriterionFeedback]:
        """Differences between people's corrections and the judge by criterion."""
        criteria = await load_criteria(info, self.judge_pk)
        return [
            CriterionFeedback.of(shift, criteria[shift.ordinal], self._agreement) for shift in self.figures.criteria
        ]

    async def _count_new(self, info: Info) -> int:
        if isinstance(self.figures, Summary):
            return self.figures.new_since_last_training
        return await summaries.count_new(info.context, self.judge_pk, self.bounds)

    async def _agreement(self, info: Info) -> Agreement:
        """Return the agreement, computed once for the summary and all of its criteria."""
        if isinstance(self.figures, Summary):
            return self.figures.agreement
        if self.agreement is None:
            computing = summaries.compute_agreement(info.context, self.judge_pk, self.bounds)
            self.agreement = asyncio.ensure_future(computing)
        return await self.agreement

    @classmethod
    def of(cls, figures: FeedbackTotals, judge_pk: int, bounds: FeedbackBounds = UNBOUNDED) -> Self:
        """Return the GraphQL object of a judge's figures.

        Args:
            figures: The figures within the bounds.
            judge_pk: The primary key of the judge.
            bounds: The bounds, for the figures that are computed when they are queried.
        """
        return cls(
            total_feedback_count=figures.total,
            correction_count=figures.corrections,
            rating_count=figures.ratings,
            approval_count=figures.approvals,
            comment_count=figures.comments,
            usable_count=figures.usable,
            date_range=DateRange(earliest=figures.earliest, latest=figures.latest),
            rater_count=figures.raters,
            judge_pk=judge_pk,
            figures=figures,
            bounds=bounds,
        )


@object_type
class FeedbackDay:
    """The feedback of one day. Retracted feedback is not counted."""

    date: calendar_date = strawberry.field(description="The day, from midnight to midnight in the requested time zone.")
    total_count: int = strawberry.field(description="The number of items of feedback of all types.")
    correction_count: int = strawberry.field(description="The number of corrections.")
    rating_count: int = strawberry.field(description="The number of ratings.")
    approval_count: int = strawberry.field(description="The number of approvals, both given and refused.")
    comment_count: int = strawberry.field(description="The number of items of type `COMMENT`.")
    usable_count: int = strawberry.field(
        description=(
            "The number of items that are usable now. A correction that the same person replaced on a later day counts "
            "on the later day only, so that the days add up to the summary's `usableCount`."
        )
    )
    judge_pk: strawberry.Private[int]
    shifts: strawberry.Private[tuple[CriterionShift, ...]]

    @field
    async def criteria(self, info: Info) -> list[DayCriterion]:
        """The day's corrections by criterion."""
        criteria = await load_criteria(info, self.judge_pk)
        return [DayCriterion.of(shift, criteria[shift.ordinal]) for shift in self.shifts]

    @classmethod
    def of(cls, day: DayFigures, judge_pk: int) -> Self:
        """Return the GraphQL object of a day."""
        return cls(
            date=day.date,
            total_count=day.total,
            correction_count=day.corrections,
            rating_count=day.ratings,
            approval_count=day.approvals,
            comment_count=day.comments,
            usable_count=day.usable,
            judge_pk=judge_pk,
            shifts=day.criteria,
        )


def criteria_ids(target_criteria: list[ID] | None) -> tuple[str, ...] | None:
    """Return the argument ``targetCriteria`` as the resolvers take it."""
    return None if target_criteria is None else tuple(target_criteria)
