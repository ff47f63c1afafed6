"""What feedback there is to learn from, in figures."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date as calendar_date
from datetime import datetime
from typing import Annotated, Self

import strawberry
from strawberry import ID

from models.feedback import Agreement, CriterionShift, DayFigures, FeedbackBounds, FeedbackTotals, RaterCount, Summary
from resolvers import summary as summaries
from schema.decorators import field, object_type
from schema.info import Info
from schema.types.connection import PAGE_SIZE, First, size
from schema.types.criterion import Criterion

EVERYTHING = FeedbackBounds()

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

TimeZone = Annotated[
    str | None,
    strawberry.argument(
        description="The time zone whose midnights part the days, by its IANA name such as `Europe/Berlin`."
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

    ordinal: strawberry.Private[int]
    agreement: strawberry.Private[Callable[[Info], Awaitable[Agreement]]]

    @field
    async def rater_agreement(self, info: Info) -> float | None:
        """How far people agree with each other on this criterion: the summary's `raterAgreement` for it alone."""
        found = dict((await self.agreement(info)).by_criterion)
        return found.get(self.ordinal)

    @classmethod
    def of(cls, shift: CriterionShift, criterion: Criterion, agreement: Callable[[Info], Awaitable[Agreement]]) -> Self:
        """The GraphQL view of one criterion's figures."""
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
    """How much feedback one person gave."""

    submitted_by: str = strawberry.field(description="Who gave it.")
    total_count: int = strawberry.field(description="How many items of feedback, of all types.")
    correction_count: int = strawberry.field(description="How many of them are corrections.")

    @classmethod
    def of(cls, count: RaterCount) -> Self:
        """The GraphQL view of one person's counts."""
        return cls(submitted_by=count.rater, total_count=count.total, correction_count=count.corrections)


@object_type
class DayCriterion:
    """How one day's corrections of one criterion differ from the judge. A shift is person minus judge, in points."""

    criterion: Criterion = strawberry.field(description="The criterion that was corrected.")
    correction_count: int = strawberry.field(description="How many corrections give a score for it.")
    mean_shift: float | None = strawberry.field(
        description="How far people moved the score on average; null where there is nothing to compare."
    )

    @classmethod
    def of(cls, shift: CriterionShift, criterion: Criterion) -> Self:
        """The GraphQL view of one criterion's day."""
        return cls(criterion=criterion, correction_count=shift.correction_count, mean_shift=shift.mean_shift)


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
    rater_count: int = strawberry.field(description="How many different people gave them.")
    judge_pk: strawberry.Private[int]
    figures: strawberry.Private[FeedbackTotals]
    bounds: strawberry.Private[FeedbackBounds]
    agreement: strawberry.Private[asyncio.Future[Agreement] | None] = None

    @field
    async def new_since_last_training(self, info: Info) -> int:
        """How many usable items have come in since the newest version was made: what another training could add.

        Without a version, all usable items. Within `since` or `until` it is counted when you ask for it, in a time that
        grows with what came in since.
        """
        if isinstance(self.figures, Summary):
            return self.figures.new_since_last_training
        return await summaries.count_new(info.context, self.judge_pk, self.bounds)

    @field
    async def evaluation_count(self, info: Info) -> int:
        """How many different evaluations they are about.

        Within `since` or `until` it is counted when you ask for it, in a time that grows with the feedback between
        them.
        """
        if isinstance(self.figures, Summary):
            return self.figures.evaluations
        return await summaries.count_evaluations(info.context, self.judge_pk, self.bounds)

    @field
    async def rater_agreement(self, info: Info) -> float | None:
        """How far people agree with each other: Krippendorff's alpha for ordinal scores, the mean over the criteria.

        1 is full agreement, 0 is what chance would give, below 0 is systematic disagreement; from about 0.67 on it is
        usually called good. No judge can agree with people better than they do with each other. Null when no item was
        scored by two people. It is exact: of all items that two people or more scored, each person's latest score.
        Without `since` and `until` it comes from coincidences that are counted as feedback arrives; within them it is
        computed when you ask for it, in a time that grows with the corrections between them.
        """
        return (await self._agreement(info)).mean

    @field
    async def raters(self, info: Info, first: First = PAGE_SIZE) -> list[RaterFeedback]:
        """The people who gave them, those who gave most first; `raterCount` tells how many there are in all."""
        found = await summaries.list_raters(info.context, self.judge_pk, self.bounds, size(first))
        return [RaterFeedback.of(count) for count in found]

    @field
    async def criteria(self, info: Info) -> list[CriterionFeedback]:
        """How people's corrections differ from the judge, criterion by criterion."""
        criteria = {c.ordinal: c for c in await info.context.loaders.criteria.load(self.judge_pk)}
        return [
            CriterionFeedback.of(shift, Criterion.of(criteria[shift.ordinal]), self._agreement)
            for shift in self.figures.criteria
        ]

    async def _agreement(self, info: Info) -> Agreement:
        """Computed once, whoever of the criteria and the summary itself asks."""
        if isinstance(self.figures, Summary):
            return self.figures.agreement
        if self.agreement is None:
            computing = summaries.compute_agreement(info.context, self.judge_pk, self.bounds)
            self.agreement = asyncio.ensure_future(computing)
        return await self.agreement

    @classmethod
    def of(cls, figures: FeedbackTotals, judge_pk: int, bounds: FeedbackBounds = EVERYTHING) -> Self:
        """The GraphQL view of a judge's figures within bounds."""
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
    """The feedback of one day, for charts. Retracted feedback is not counted."""

    date: calendar_date = strawberry.field(
        description="The day, from midnight to midnight in the time zone you asked for."
    )
    total_count: int = strawberry.field(description="How many items of feedback were given, of all types.")
    correction_count: int = strawberry.field(description="How many of them are corrections.")
    rating_count: int = strawberry.field(description="How many of them are ratings.")
    approval_count: int = strawberry.field(description="How many of them are approvals, given or refused.")
    comment_count: int = strawberry.field(description="How many of them are comments without anything else.")
    usable_count: int = strawberry.field(
        description=(
            "How many of them a judge can learn from as of now. A correction that the same person replaced on a later "
            "day counts on that day alone, so the days add up to the summary's `usableCount`."
        )
    )
    judge_pk: strawberry.Private[int]
    shifts: strawberry.Private[tuple[CriterionShift, ...]]

    @field
    async def criteria(self, info: Info) -> list[DayCriterion]:
        """The day's corrections, criterion by criterion."""
        criteria = {c.ordinal: c for c in await info.context.loaders.criteria.load(self.judge_pk)}
        return [DayCriterion.of(shift, Criterion.of(criteria[shift.ordinal])) for shift in self.shifts]

    @classmethod
    def of(cls, day: DayFigures, judge_pk: int) -> Self:
        """The GraphQL view of a day."""
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
    """The criteria a caller named, as the resolvers take them."""
    return None if target_criteria is None else tuple(target_criteria)
